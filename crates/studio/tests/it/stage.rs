//! What every test here needs: a workspace of its own, sounds, and waiting for a condition.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::{
    CodecFacts, Dataset, Id, Job, JobState, Limit, Model, NewDataset, NewModel, ReceptiveField,
    Run, SoundSource, WordsForecast, WordsForecastOf,
};
use serde_json::json;
use studio::{Clock, Error, Options, Readers, RunRequest, Studio};
use tempfile::TempDir;

use crate::worker;

/// A studio on a workspace that goes with it.
pub(crate) struct Stage {
    pub(crate) studio: Studio,
    pub(crate) folder: TempDir,
    /// The studio's clock, where a test steps it.
    pub(crate) clock: Clock,
}

/// How long a worker may take to stop before it is ended.
pub(crate) const STOP_GRACE: Duration = Duration::from_secs(60);
/// Where stepped clocks start: one second after 1970, when the workers here begin to write.
const START_MS: u64 = 1000;

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with_clock(Clock::default())
    }

    /// With a clock that the test steps.
    pub(crate) fn stepped() -> Self {
        Self::with_clock(Clock::stepped(START_MS))
    }

    pub(crate) fn with_clock(clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sounds")).unwrap();
        let studio = open_with(folder.path(), clock.clone()).unwrap();
        Self { studio, folder, clock }
    }

    /// Closes the studio and opens it again.
    pub(crate) fn reopen(&mut self) {
        self.studio.close();
        self.studio = open_with(self.folder.path(), self.clock.clone()).unwrap();
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    pub(crate) fn sounds(&self) -> SoundSource {
        SoundSource::Folder { path: self.folder.path().join("sounds") }
    }

    pub(crate) fn job_folder(&self, list: &str, id: &Id) -> PathBuf {
        self.workspace().join("projects/default").join(list).join(id.as_str())
    }

    /// Queues a dataset with a name that tells its worker how to play.
    pub(crate) fn dataset(&self, name: &str) -> Dataset {
        self.studio.create_dataset(self.new_dataset(name)).unwrap()
    }

    pub(crate) fn new_dataset(&self, name: &str) -> NewDataset {
        NewDataset {
            name: Some(name.to_owned()),
            source: self.sounds(),
            rate_hz: None,
            channels: None,
            validation_share: None,
            seed: None,
        }
    }

    pub(crate) fn whole_dataset(&self) -> Id {
        let id = self.dataset("Notes").id;
        self.wait_done(&id);
        id
    }

    /// Queues a run whose settings tell its worker how to play.
    pub(crate) fn run(&self, dataset: &Id, steps: u64, settings: serde_json::Value) -> Run {
        self.studio.create_run(request(dataset, steps, settings)).unwrap()
    }

    pub(crate) fn done_run(&self, steps: u64) -> Id {
        let id = self.run(&self.whole_dataset(), steps, json!({})).id;
        self.wait_done(&id);
        id
    }

    pub(crate) fn model(&self) -> Model {
        let run = self.done_run(30);
        self.studio.add_model(NewModel { run, step: None, name: None }).unwrap()
    }

    /// A model with a name that tells its session how to play.
    pub(crate) fn model_named(&self, name: &str) -> Model {
        let model = self.model();
        self.studio.rename_model(&model.id, name).unwrap()
    }

    /// Closes the studio, loses its database, and opens it again.
    pub(crate) fn rebuild(&mut self) {
        self.studio.close();
        for name in ["maquette.db", "maquette.db-wal", "maquette.db-shm"] {
            std::fs::remove_file(self.workspace().join(name)).ok();
        }
        self.reopen();
    }

    pub(crate) fn wait_done(&self, id: &Id) -> Job {
        self.wait_state(id, |state| matches!(state, JobState::Done { .. }))
    }

    pub(crate) fn wait_running(&self, id: &Id) -> Job {
        self.wait(id, |job| matches!(job.state, JobState::Running { .. }) && job.last_seq > 1)
    }

    /// Waits until a run has trained on for some steps.
    pub(crate) fn wait_more_events(&self, id: &Id) {
        let now = self.studio.job(id).unwrap().last_seq;
        self.wait(id, |job| job.last_seq > now + 10);
    }

    pub(crate) fn wait_state(&self, id: &Id, is_wanted: impl Fn(&JobState) -> bool) -> Job {
        self.wait(id, |job| is_wanted(&job.state))
    }

    pub(crate) fn wait(&self, id: &Id, is_wanted: impl Fn(&Job) -> bool) -> Job {
        let mut last = None;
        let has_come = self.until(|| {
            last = Some(self.studio.job(id).unwrap());
            last.as_ref().is_some_and(&is_wanted)
        });
        has_come.unwrap_or_else(|| panic!("it did not come: {last:?}"));
        last.unwrap()
    }

    /// Waits until something is so that the studio tells of; nothing after half a minute.
    pub(crate) fn until(&self, is_true: impl FnMut() -> bool) -> Option<()> {
        until(&self.studio, is_true)
    }

    pub(crate) fn state(&self, id: &Id) -> JobState {
        self.studio.job(id).unwrap().state
    }
}

pub(crate) fn open(folder: &Path) -> Result<Studio, Error> {
    open_with(folder, Clock::default())
}

fn open_with(folder: &Path, clock: Clock) -> Result<Studio, Error> {
    let readers = Readers { codec_of, forecast };
    let options = Options { clock, seed: 1, stop_grace: STOP_GRACE, readers };
    Studio::open_with(&folder.join("workspace"), worker::command(), options)
}

/// Waits until something is so that a studio tells of; nothing after half a minute.
pub(crate) fn until(studio: &Studio, mut is_true: impl FnMut() -> bool) -> Option<()> {
    // Subscribed before the first look, so that nothing is missed in between.
    let subscription = studio.subscribe();
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        subscription.next_timeout(deadline.saturating_duration_since(Instant::now()))?;
    }
    Some(())
}

const PATIENCE: Duration = Duration::from_secs(30);

/// What a sound takes here: a gigabyte, or as many as the folder is called, a quarter of that with weights of 8 bits.
fn forecast(folder: &Path, of: &WordsForecastOf) -> Option<WordsForecast> {
    let name = folder.file_name()?.to_str()?;
    let n = name.split_whitespace().find_map(|it| it.parse::<u64>().ok()).unwrap_or(1);
    Some(WordsForecast {
        sound_secs: of.secs,
        in_8_bits: of.in_8_bits,
        compute_secs: n as f64,
        weight_bytes: n * 1_000_000_000 / if of.in_8_bits { 4 } else { 1 },
        sound_bytes: 0,
    })
}

/// What models are like here: mono at 8 kHz, and stereo where the weights' folder says so; a file that is no model is none.
pub(crate) fn codec_of(weights: &Path) -> Option<CodecFacts> {
    let is_stereo = weights.to_string_lossy().contains("stereo");
    let is_codec = weights.is_file() && !weights.to_string_lossy().contains("agent");
    is_codec.then(|| CodecFacts {
        rate_hz: 8000,
        channels: if is_stereo { 2 } else { 1 },
        latent_size: 4,
        regularization: "variational".to_owned(),
        ratio: 16,
        latent_rate_hz: 500.0,
        compression: 4.0,
        receptive_field: ReceptiveField { back_samples: 0, ahead_samples: 0 },
        latency_samples: 0,
    })
}

pub(crate) fn request(dataset: &Id, steps: u64, settings: serde_json::Value) -> RunRequest {
    RunRequest {
        name: None,
        dataset: Some(dataset.clone()),
        model: None,
        family: "rave".to_owned(),
        preset: "sketch".to_owned(),
        switches: Vec::new(),
        own_preset: None,
        settings,
        on_gpu: false,
        seed: 7,
        limit: Limit::Steps { steps },
        forecast: None,
        memory: None,
    }
}

/// Waits for what no studio tells of: files, and processes of others. Nothing after half a minute.
pub(crate) fn poll(mut is_true: impl FnMut() -> bool) -> Option<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(())
}
