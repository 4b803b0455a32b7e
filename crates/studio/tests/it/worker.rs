//! A worker for tests: it speaks the real protocol in a real process and computes nothing.
//!
//! The test binary is started with the arguments `worker::play --exact --nocapture FOLDER`: the
//! harness takes the folder for one more filter, runs this one test, and the test takes the folder
//! from the arguments. How it plays is told by the settings of a run, or by the name of the job.

mod analyse;
mod change;
mod games;
pub(crate) mod live;
mod measure;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use api::{
    Checkpoint, DatasetIndex, DatasetSummary, Episode, EpisodeKind, Event, EventBody, Exit, Id,
    IndexedSound, Limit, Metrics, Order, Outcome, Phase, Problem, Progress, ReconstructionResult,
    Sample, ScoreMetric, SoundFile, Split, SystemUse, Task, Warning,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use studio::WorkerCommand;

pub(crate) fn command() -> WorkerCommand {
    WorkerCommand {
        program: std::env::current_exe().unwrap(),
        args: ["worker::play", "--exact", "--nocapture"].map(Into::into).to_vec(),
    }
}

/// How to play; from a run's settings, or from words in the name of another job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Play {
    step_ms: u64,
    /// Ends without a word at this step.
    vanish_at: u64,
    /// Renders at this step, if it is the first process, and writes no checkpoint with it.
    sample_at: u64,
    fail_at: u64,
    /// Gets no memory at this step.
    starve_at: u64,
    /// Is killed at this step.
    kill_at: u64,
    /// Goes back to step 20 at this step, once, and removes the checkpoint of step 30.
    step_back_at: u64,
    /// Says that its score is a reward, of which more is better, and that it has two phases.
    rewards: bool,
    ignores_stop: bool,
    /// Overlooks what is asked first.
    is_deaf_at_first: bool,
    /// Writes strange lines into its events.
    is_strange: bool,
    /// Ends at this step as on a full disk: no `exit.json`, and what this says.
    full_at: u64,
    full: Full,
    /// Starts children that live on.
    has_child: bool,
    /// Plays a game: records an episode at every tenth of its steps, and three when it ends.
    plays: bool,
    /// Records an episode of an hour at this step.
    hour_at: u64,
    /// Says that it has done more than it was asked to.
    overshoots: bool,
}

/// What a worker can still say on a full disk.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Full {
    #[default]
    ExitCode,
    Event,
    Log,
}

#[test]
fn play() {
    let folder = PathBuf::from(std::env::args().next_back().unwrap());
    if folder.join("job.json").exists() {
        play_folder(&folder);
    }
}

fn play_folder(folder: &Path) {
    let lock = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(folder.join("worker.lock"))
        .unwrap();
    if lock.try_lock().is_err() {
        println!("another worker is here");
        return;
    }
    let order: Order = serde_json::from_slice(&fs::read(folder.join("job.json")).unwrap()).unwrap();
    let mut events = Events::open(folder);
    let outcome = match &order.task {
        Task::Prepare(task) => prepare(folder, &order.name, task, &mut events),
        Task::Train(task) => train(folder, task, &mut events),
        Task::Convert(task) => convert(folder, task, &mut events),
        Task::Export(order) => export(folder, order, &mut events),
        Task::Import(task) => import(folder, task, &mut events),
        Task::Measure(task) => measure::measure(folder, &order.name, task, &mut events),
        Task::Film(task) => games::film(folder, &order.name, task, &mut events),
        Task::Session(task) => live::session(folder, task, &mut events),
        Task::Generate(task) => live::generate(folder, &order.name, task, &mut events),
        Task::Map(task) => live::map(folder, task, &mut events),
        Task::Analyse(task) => analyse::analyse(folder, task, &mut events),
        Task::Change(task) => change::change(folder, task, &mut events),
        // A reconstruction, and whatever else needs nothing of its order.
        _ => reconstruct(folder, &order.name, &mut events),
    };
    let Some(outcome) = outcome else { return };
    events.write(EventBody::Finished(outcome.clone()));
    let exit = Exit { ended_ms: 1, outcome };
    fs::write(folder.join("exit.tmp"), serde_json::to_vec(&exit).unwrap()).unwrap();
    fs::rename(folder.join("exit.tmp"), folder.join("exit.json")).unwrap();
}

struct Events {
    file: File,
    seq: u64,
}

impl Events {
    /// Goes on where the file stands; a torn last line is cut off.
    fn open(folder: &Path) -> Self {
        let path = folder.join("events.jsonl");
        let text = fs::read(&path).unwrap_or_default();
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let file = File::options().create(true).append(true).open(&path).unwrap();
        file.set_len(whole as u64).unwrap();
        let last = text[..whole].split(|byte| *byte == b'\n').rfind(|line| !line.is_empty());
        let value = |line| serde_json::from_slice::<serde_json::Value>(line).ok();
        let seq = last.and_then(value).and_then(|value| value["seq"].as_u64()).unwrap_or(0);
        Self { file, seq }
    }

    fn write(&mut self, body: EventBody) {
        self.seq += 1;
        let event = Event { seq: self.seq, time_ms: 1_000 + self.seq, body };
        let mut line = serde_json::to_vec(&event).unwrap();
        line.push(b'\n');
        self.file.write_all(&line).unwrap();
    }

    fn started(&mut self, from_step: u64) {
        let (pid, version) = (std::process::id(), "test".to_owned());
        self.write(EventBody::Started { pid, version, n_threads: 1, from_step });
    }

    fn phase(&mut self, number: u32, step: u64) {
        let (key, title) = (format!("phase-{number}"), format!("phase {number}"));
        self.write(EventBody::Phase(Phase { key, title, number, step, until_step: None }));
    }

    /// That more is done than there is to do.
    fn overshoot(&mut self, n_done: u64, n_total: u64) {
        self.write(EventBody::Progress(Progress {
            phase: "playing".to_owned(),
            n_done,
            n_total: Some(n_total),
            unit: "episodes".to_owned(),
            share: Some(n_done as f64 / n_total as f64),
            rate_per_sec: None,
            elapsed_secs: 1.0,
            left_secs: None,
        }));
    }

    fn progress(&mut self, n_done: u64, unit: &str) {
        self.write(EventBody::Progress(Progress {
            phase: "playing".to_owned(),
            n_done,
            n_total: None,
            unit: unit.to_owned(),
            share: None,
            rate_per_sec: None,
            elapsed_secs: n_done as f64,
            left_secs: None,
        }));
    }
}

/// Whether it is asked to stop; a worker whose test is over, and its workspace with it, is so too.
fn is_stop_asked(folder: &Path) -> bool {
    assert!(folder.exists(), "the test is over");
    fs::read_to_string(folder.join("control.jsonl")).is_ok_and(|text| text.contains("\"stop\""))
}

fn prepare(
    folder: &Path,
    name: &str,
    task: &api::PrepareTask,
    events: &mut Events,
) -> Option<Outcome> {
    events.started(0);
    fs::write(folder.join("sound-000.pcm"), vec![1; 3000]).unwrap();
    println!("preparing {name}");
    let n_files = if name.contains("slow") { 2000 } else { 2 };
    for i in 0..n_files {
        events.progress(i, "files");
        std::thread::sleep(Duration::from_millis(if n_files > 2 { 10 } else { 0 }));
        if is_stop_asked(folder) {
            return Some(Outcome::Stopped);
        }
        if name.contains("vanish") && !folder.join("sound-001.pcm").exists() {
            return None;
        }
        if name.contains("fail") {
            let problem = Problem {
                code: "no_audio".to_owned(),
                what: "There is no sound in it.".to_owned(),
                why: None,
                remedy: None,
                fields: Vec::new(),
            };
            return Some(Outcome::Failed { problem });
        }
    }
    let warning =
        |n| Warning { code: "truncated".to_owned(), file: None, message: format!("w{n}") };
    events.write(EventBody::Warning(warning(1)));
    let sound = |idx: u32| IndexedSound {
        file: SoundFile {
            idx,
            path: format!("a b {idx}.wav"),
            length_secs: 0.1,
            source_rate_hz: 44_100,
            source_channels: 1,
            peak_db: -1.0,
            rms_db: -10.0,
            split: Split::Training,
            caption: None,
        },
        chunk: 0,
        offset_bytes: u64::from(idx) * 1000,
        n_frames: 500,
        peaks_offset_bytes: u64::from(idx) * 4,
        sha256: String::new(),
    };
    let index = DatasetIndex {
        format: DatasetIndex::FORMAT,
        summary: DatasetSummary {
            source: "test".to_owned(),
            rate_hz: task.rate_hz,
            channels: task.channels,
            n_files: 3,
            n_skipped: 1,
            n_validation: 0,
            length_secs: 0.3,
            bytes: 3000,
            hash: format!("hash of seed {}", task.seed),
            prepare_secs: 0.1,
            n_duplicates: 0,
        },
        sounds: (0..3).map(sound).collect(),
        warnings: vec![warning(1)],
        groups: vec![],
    };
    fs::write(folder.join("peaks.bin"), [0x81, 0x7f, 0x82, 0x7e, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
    fs::write(folder.join("dataset.json"), serde_json::to_vec(&index).unwrap()).unwrap();
    Some(Outcome::Done)
}

fn train(folder: &Path, task: &api::TrainTask, events: &mut Events) -> Option<Outcome> {
    let play: Play = serde_json::from_value(task.settings.clone()).unwrap();
    fs::create_dir_all(folder.join("checkpoints")).unwrap();
    let newest = fs::read_dir(folder.join("checkpoints")).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".safetensors")?.parse::<u64>().ok()
    });
    let from_step = newest.max().unwrap_or(0);
    events.started(from_step);
    if play.is_deaf_at_first {
        while fs::remove_file(folder.join("control.jsonl")).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    if play.has_child {
        let mut child = child_process();
        println!("child {}", child.id());
        std::thread::spawn(move || child.wait());
    }
    if play.is_strange && from_step == 0 {
        strange_lines(events);
    }
    let limit = fs::read(folder.join("limit.json")).ok().map_or(task.limit, |bytes| {
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        serde_json::from_value(value["limit"].clone()).unwrap()
    });
    let last_step = match limit {
        Limit::Steps { steps } => steps,
        _ => u64::MAX,
    };
    if play.rewards {
        events.write(EventBody::Score(ScoreMetric {
            name: "reward".to_owned(),
            title: "Reward".to_owned(),
            unit: "points".to_owned(),
            is_smaller_better: false,
            is_logarithmic: false,
        }));
        events.phase(1, 0);
    }
    for step in from_step + 1..=last_step {
        std::thread::sleep(Duration::from_millis(play.step_ms));
        let score = if play.rewards {
            ("reward", step as f64)
        } else {
            ("validation_distance", 10.0 / step as f64)
        };
        let values = [("loss_total", 1.0 / step as f64), score];
        let values: BTreeMap<_, _> = values.map(|(name, value)| (name.to_owned(), value)).into();
        events.write(EventBody::Metrics(Metrics { step, values }));
        events.progress(step, "steps");
        if play.overshoots {
            events.overshoot(2 * step, step);
        }
        if play.plays && (10 * step).is_multiple_of(last_step) {
            let share = step as f64 / last_step as f64;
            let title = format!("{} %", 100.0 * share);
            games::episode(folder, events, step, EpisodeKind::Milestone, &title, Some(share));
        }
        if step == play.hour_at {
            games::episode(folder, events, step, EpisodeKind::Hour, "Hour 1", None);
        }
        if play.rewards && step == 15 {
            events.phase(2, 15);
        }
        if step == play.sample_at && from_step == 0 {
            sample(folder, events, step);
        }
        if step == play.vanish_at && from_step < step {
            return None;
        }
        if step == play.full_at && from_step == 0 {
            full(events, play.full);
            return None;
        }
        if step == play.starve_at {
            std::io::stderr().write_all(b"memory allocation of 64 bytes failed\n").unwrap();
            std::process::abort();
        }
        if step == play.kill_at {
            kill_at_once(std::process::id());
        }
        if step == play.step_back_at {
            events.write(EventBody::CheckpointRemoved { step: 30 });
            events.write(EventBody::SteppedBack { to_step: 20 });
            return Some(Outcome::Done);
        }
        if step == play.fail_at && from_step == 0 {
            panic!("as ordered");
        }
        if step % 10 == 0 {
            checkpoint(folder, events, step);
        }
        if !play.ignores_stop && is_stop_asked(folder) {
            checkpoint(folder, events, step);
            return Some(Outcome::Stopped);
        }
    }
    if play.plays {
        for title in ["Best", "Median", "Worst"] {
            games::episode(folder, events, last_step, EpisodeKind::Evaluation, title, Some(1.0));
        }
    }
    events.write(EventBody::System(SystemUse { cpu_percent: 100.0, memory_bytes: 1 << 20 }));
    Some(Outcome::Done)
}

#[expect(clippy::exit, reason = "a worker that cannot write anything tells by its exit code alone")]
fn full(events: &mut Events, full: Full) {
    match full {
        Full::ExitCode => std::process::exit(Exit::DISK_FULL),
        Full::Event => {
            let problem = Problem {
                code: "disk_full".to_owned(),
                what: "The disk is full.".to_owned(),
                why: None,
                remedy: None,
                fields: Vec::new(),
            };
            events.write(EventBody::Finished(Outcome::Failed { problem }));
        }
        Full::Log => {
            println!("failed [disk_full]: append to events.jsonl: No space left on device")
        }
    }
}

/// As by somebody who is not the studio.
fn kill_at_once(pid: u32) {
    #[expect(clippy::disallowed_methods, reason = "plays somebody who kills a worker")]
    std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

fn checkpoint(folder: &Path, events: &mut Events, step: u64) {
    let path = format!("checkpoints/{step}.safetensors");
    let bytes = format!("weights at {step}").into_bytes();
    fs::write(folder.join(&path), &bytes).unwrap();
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    events.write(EventBody::Checkpoint(Checkpoint {
        step,
        path,
        bytes: bytes.len() as u64,
        sha256,
        // Step 20 is the best there will be. What was said when it was written does not count.
        validation: Some(1.0 + step.abs_diff(20) as f64),
        is_best: true,
    }));
    sample(folder, events, step);
}

fn sample(folder: &Path, events: &mut Events, step: u64) {
    let sample = format!("samples/{step}-rendered.wav");
    fs::create_dir_all(folder.join("samples")).unwrap();
    fs::write(folder.join(&sample), "RIFF").unwrap();
    events.write(EventBody::Sample(Sample {
        step,
        name: "a.wav".to_owned(),
        medium: api::Medium::Sound,
        mime: "audio/wav".to_owned(),
        original: Some(sample.clone()),
        rendered: sample,
        length_secs: Some(1.0),
        distances: BTreeMap::new(),
    }));
}

fn reconstruct(folder: &Path, name: &str, events: &mut Events) -> Option<Outcome> {
    events.started(0);
    while name.contains("slow") && !is_stop_asked(folder) {
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::write(folder.join("reconstruction.wav"), "RIFF").unwrap();
    let result = ReconstructionResult {
        original: "input.wav".to_owned(),
        reconstruction: "reconstruction.wav".to_owned(),
        rate_hz: 44_100,
        channels: 1,
        length_secs: 0.1,
        compute_secs: 0.1,
        distances: BTreeMap::new(),
    };
    fs::write(folder.join("result.json"), serde_json::to_vec(&result).unwrap()).unwrap();
    Some(Outcome::Done)
}

fn convert(folder: &Path, task: &api::ConvertTask, events: &mut Events) -> Option<Outcome> {
    events.started(0);
    let (api::ConvertTask::Latents { path, .. } | api::ConvertTask::Sound { path, .. }) = task;
    while path.to_string_lossy().contains("slow") && !is_stop_asked(folder) {
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::copy(path, folder.join("latents.npy")).unwrap();
    let result = api::ConversionResult {
        files: vec!["latents.npy".to_owned()],
        shape: vec![1, 2, 3],
        rate_hz: 44_100,
        ratio: 2048,
        latency_samples: 0,
        compute_secs: 0.1,
        notes: vec!["It is a test.".to_owned()],
    };
    fs::write(folder.join("result.json"), serde_json::to_vec(&result).unwrap()).unwrap();
    Some(Outcome::Done)
}

/// Writes a file with the name of the model in it; waits for a stop if that is called slow.
fn export(folder: &Path, order: &api::ExportOrder, events: &mut Events) -> Option<Outcome> {
    events.started(0);
    while order.model_name.contains("slow") && !is_stop_asked(folder) {
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::create_dir(folder.join("files")).unwrap();
    fs::write(folder.join("files/model.ts"), &order.model_name).unwrap();
    let result = api::ExportResult {
        files: vec![api::ExportedFile { path: "model.ts".into(), bytes: 1 }],
        checks: vec![],
        rate_hz: Some(44_100),
        channels: Some(1),
        latents: Some(16),
        ratio: Some(2048),
        latency_samples: Some(100),
        speed: None,
        difference: Some(1e-6),
        compute_secs: 0.1,
        notes: vec![],
    };
    fs::write(folder.join("result.json"), serde_json::to_vec(&result).unwrap()).unwrap();
    Some(Outcome::Done)
}

/// Makes what the folders in a folder hold, in their order; one model of a file, whatever it is.
fn import(folder: &Path, task: &api::ImportTask, events: &mut Events) -> Option<Outcome> {
    events.started(0);
    if task.path.is_dir() {
        let mut result = api::ImportResult::default();
        let mut paths: Vec<_> =
            fs::read_dir(&task.path).unwrap().map(|it| it.unwrap().path()).collect();
        paths.sort();
        for (i, path) in paths.iter().enumerate() {
            let place = format!("made/{i}");
            crate::imports::copy_all(path, &folder.join(&place));
            let is_run = path.join("checkpoints").exists();
            result.made.push(api::Made {
                key: i.to_string(),
                kind: if is_run { api::FindingKind::Run } else { api::FindingKind::Dataset },
                folder: place,
                name: "made".to_owned(),
                learnt: is_run.then_some(api::Learnt { rate_hz: 44_100, channels: 1 }),
            });
        }
        fs::write(folder.join("result.json"), serde_json::to_vec(&result).unwrap()).unwrap();
        return Some(Outcome::Done);
    }
    while task.path.to_string_lossy().contains("slow") && !is_stop_asked(folder) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let name = task.name.clone().unwrap_or_else(|| "My best".to_owned());
    let model = api::Model {
        project: None,
        format: api::Model::FORMAT,
        id: Id::numbered(&name, 1),
        name: name.clone(),
        created_ms: 1,
        family: "rave".to_owned(),
        settings: serde_json::json!({}),
        rate_hz: Some(48_000),
        prior_of: None,
        adapter_of: None,
        bytes: 5,
        sha256: "abc".to_owned(),
        lineage: None,
        added: Some(api::AddedFrom {
            path: task.path.display().to_string(),
            kind: "a test".to_owned(),
            step: Some(7),
            notes: vec!["It is a test.".to_owned()],
            packaged: None,
        }),
        linked: None,
    };
    let made = folder.join("made/0");
    fs::create_dir_all(&made).unwrap();
    fs::copy(&task.path, made.join("weights.safetensors")).unwrap();
    fs::write(made.join("model.json"), serde_json::to_vec(&model).unwrap()).unwrap();
    let made = api::Made {
        key: ".".to_owned(),
        kind: api::FindingKind::Model,
        folder: "made/0".to_owned(),
        name,
        learnt: None,
    };
    let result = api::ImportResult { made: vec![made] };
    fs::write(folder.join("result.json"), serde_json::to_vec(&result).unwrap()).unwrap();
    Some(Outcome::Done)
}

/// Everything a worker of another make could write: unknown events, garbage, a line that is too
/// long, a gap in the numbers.
fn strange_lines(events: &mut Events) {
    events.seq += 1;
    let unknown = format!("{{\"seq\":{},\"time_ms\":1,\"event\":\"new\"}}\n", events.seq);
    let long = format!("{{\"seq\":99,\"x\":\"{}\"}}\n", "x".repeat(2 << 20));
    for line in [unknown.as_str(), "garbage\n", "\n", "{\"seq\":\n", &long, "\u{0}\n"] {
        events.file.write_all(line.as_bytes()).unwrap();
    }
    events.seq += 10;
}

#[expect(clippy::disallowed_methods, reason = "a child of the worker, to be killed with it")]
fn child_process() -> std::process::Child {
    std::process::Command::new("sleep").arg("60").spawn().unwrap()
}
