//! A job's folder in a temporary workspace, for the tests.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
};

use api::{
    DatasetIndex, Event, EventBody, Exit, Id, ModelPlace, Order, Outcome, PrepareTask, SoundSource,
    Task, Warning,
};
use models::rave::{Config, Trainer};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A workspace that goes away with the test.
pub(crate) struct Workspace(TempDir);

impl Workspace {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder for sounds.
    pub(crate) fn sounds(&self) -> PathBuf {
        let path = self.0.path().join("sounds");
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// The folder of a job with its order written, not yet run.
    pub(crate) fn job(&self, place: &str, name: &str, task: Task) -> Job {
        let id: Id = name.parse().unwrap();
        let path = self.0.path().join("projects/default").join(place).join(name);
        fs::create_dir_all(&path).unwrap();
        let version = env!("CARGO_PKG_VERSION").into();
        let order =
            Order { format: Order::FORMAT, id, name: name.into(), created_ms: 1, version, task };
        fs::write(path.join("job.json"), serde_json::to_vec(&order).unwrap()).unwrap();
        Job(path)
    }

    /// A prepare job of the sounds' folder, run to its end.
    pub(crate) fn prepare(&self) -> Job {
        let source = SoundSource::Folder { path: self.sounds() };
        let job = self.job("datasets", "notes", Task::Prepare(prepare_task(source)));
        job.run();
        job
    }
}

/// A workspace with a model in its library, and a sound.
pub(crate) struct Scene {
    pub(crate) workspace: Workspace,
    n_jobs: Cell<usize>,
}

impl Scene {
    pub(crate) fn new(changes: &Value) -> Self {
        let scene = Self { workspace: Workspace::new(), n_jobs: 0.into() };
        fs::create_dir_all(scene.model()).unwrap();
        write_model(&scene.model().join("weights.safetensors"), changes);
        write_tone(&scene.sound(), 48_000, 2, 0.4);
        scene
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.workspace.sounds().with_file_name("projects/default")
    }

    pub(crate) fn model(&self) -> PathBuf {
        self.project().join("models/tiny-000001")
    }

    pub(crate) fn sound(&self) -> PathBuf {
        self.workspace.sounds().join("tone.wav")
    }

    /// The model, as orders name it.
    pub(crate) fn library() -> ModelPlace {
        ModelPlace::Library { id: "tiny-000001".parse().unwrap() }
    }

    /// One more job, run to its end.
    pub(crate) fn run(&self, list: &str, task: Task) -> Job {
        self.n_jobs.set(self.n_jobs.get() + 1);
        let job = self.workspace.job(list, &format!("job-{:06}", self.n_jobs.get()), task);
        job.run();
        job
    }
}

pub(crate) fn prepare_task(source: SoundSource) -> PrepareTask {
    PrepareTask { source, rate_hz: 44_100, channels: 1, validation_share: 0.25, seed: 0 }
}

/// A job's folder.
pub(crate) struct Job(PathBuf);

impl Job {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn run(&self) {
        let _ = fs::remove_file(self.0.join("exit.json"));
        worker::run(&self.0).unwrap();
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let text = fs::read(self.0.join("exit.json")).unwrap();
        serde_json::from_slice::<Exit>(&text).unwrap().outcome
    }

    /// The problem of a job that failed.
    pub(crate) fn problem(&self) -> api::Problem {
        match self.outcome() {
            Outcome::Failed { problem } => problem,
            other => panic!("{other:?}"),
        }
    }

    /// Its events, checked to be numbered from 1 without gaps.
    pub(crate) fn events(&self) -> Vec<EventBody> {
        let text = fs::read_to_string(self.0.join("events.jsonl")).unwrap();
        let events: Vec<Event> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        for (i, event) in events.iter().enumerate() {
            assert_eq!(event.seq, i as u64 + 1);
        }
        events.into_iter().map(|it| it.body).collect()
    }

    /// Its warnings as `code file`.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let of = |it: Warning| format!("{} {}", it.code, it.file.unwrap_or_default());
        let found = self.events().into_iter();
        found
            .filter_map(|it| match it {
                EventBody::Warning(warning) => Some(of(warning)),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn index(&self) -> DatasetIndex {
        serde_json::from_slice(&fs::read(self.0.join("dataset.json")).unwrap()).unwrap()
    }

    /// Files in its folder, without those that every job has.
    pub(crate) fn own_files(&self) -> Vec<String> {
        const COMMON: [&str; 5] =
            ["job.json", "events.jsonl", "exit.json", "worker.lock", "log.txt"];
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .filter(|it| !COMMON.contains(&it.as_str()))
            .collect();
        names.sort();
        names
    }
}

/// Saves a model small enough for a test, with random weights.
pub(crate) fn write_model(path: &Path, changes: &Value) {
    let mut settings = json!({
        "capacity": 2,
        "latent_size": 3,
        "n_band": 4,
        "pqmf_attenuation": 70.0,
        "ratios": [4, 2],
        "dilations": [1, 3],
        "dilations_deepest": [1],
        "noise_ratios": [2, 2],
        "noise_bands": 3,
        "noise_hidden": 3,
        "batch_size": 1,
        "n_signal": 2048,
        "stft_scales": [256, 64],
        "discriminator_capacity": 1,
        "discriminator_periods": [2, 3],
        "discriminator_scales": 2,
    });
    for (key, value) in changes.as_object().unwrap() {
        settings[key] = value.clone();
    }
    let mut trainer = Trainer::new(&Config::from_settings(&settings).unwrap(), 4);
    let n = settings["channels"].as_u64().unwrap_or(1) * settings["n_signal"].as_u64().unwrap();
    let sound: Vec<f32> = (0..n).map(|i| 0.5 * (i as f32 * 0.05).sin()).collect();
    trainer.step(&sound);
    trainer.save(path).unwrap();
}

/// A tone of a length, written as 16-bit WAV.
pub(crate) fn write_tone(path: &Path, rate_hz: u32, channels: u16, secs: f64) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..(secs * f64::from(rate_hz)) as u32 {
        let sample = (f64::from(i) * 440.0 * std::f64::consts::TAU / f64::from(rate_hz)).sin();
        for _ in 0..channels {
            writer.write_sample((sample * 16_000.0) as i16).unwrap();
        }
    }
    writer.finalize().unwrap();
}

/// A WAV file of so many seconds that takes no space: the system knows that it is zeros.
pub(crate) fn write_length(path: &Path, secs: u64) {
    let n_bytes = secs * 8000;
    let mut header = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    header.extend(8000_u32.to_le_bytes());
    header.extend(8000_u32.to_le_bytes());
    header.extend(b"\x01\0\x08\0data");
    header.extend((n_bytes as u32).to_le_bytes());
    fs::write(path, header).unwrap();
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(44 + n_bytes).unwrap();
}
