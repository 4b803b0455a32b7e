//! The names of the files in the folders of jobs, models and presets.

/// What a job is asked to do: [`api::Order`].
pub const ORDER: &str = "job.json";
/// Numbered lines of [`api::Event`].
pub const EVENTS: &str = "events.jsonl";
/// Lines of [`api::Control`].
pub const CONTROL: &str = "control.jsonl";
/// What the worker printed, for people.
pub const LOG: &str = "log.txt";
/// How the job ended: [`api::Exit`].
pub const EXIT: &str = "exit.json";
/// Another limit than the order's.
pub const LIMIT: &str = "limit.json";
/// The run that a run goes on from.
pub const PARENT: &str = "parent.json";
/// What people said about the job after it was made, like a new name.
pub const CARD: &str = "card.json";
/// What the system had counted when the worker was started.
pub const STARTED: &str = "started.json";
/// Held for as long as a worker lives.
pub const WORKER_LOCK: &str = "worker.lock";
/// Takes space until the job ends, so that its end can be written on a full disk.
pub const RESERVE: &str = ".reserve";
/// The index of a whole dataset.
pub const DATASET_INDEX: &str = "dataset.json";
/// The peaks of a dataset's sounds.
pub const PEAKS: &str = "peaks.bin";
/// What a job found out or made, in its own words.
pub const RESULT: &str = "result.json";
/// Where a job answers: [`api::SessionAddress`].
pub const SESSION: &str = "session.json";
/// A model of the library: [`api::Model`].
pub const MODEL: &str = "model.json";
/// A model's weights.
pub const WEIGHTS: &str = "weights.safetensors";
/// What was kept of playing a model: [`api::Patch`].
pub const PATCH: &str = "patch.json";
/// What a map shows: [`api::LatentMap`].
pub const MAP: &str = "map.json";
/// The folder of a session's recordings, each a sound's folder.
pub const RECORDINGS: &str = "recordings";
/// The folder of a generation's sounds, each a sound's folder that is named by its number.
pub const GENERATED: &str = "sounds";
/// Says in a recording's folder that it was taken into the library of sounds.
pub const TAKEN: &str = "taken.json";
/// The folder of what an `analyse` job has found, in which each file's is named by its SHA-256.
pub const FOUND: &str = "found";
/// Sounds that an order to cut passes over: [`api::KnownSounds`].
pub const KNOWN: &str = "known.json";
/// What was found in a sound: [`api::Analysis`].
pub const ANALYSIS: &str = "analysis.json";
/// Corrections of what was found: [`api::AnalysisEdit`].
pub const EDIT: &str = "edit.json";
/// What the sounds of a folder of the library were made of, by changes that were kept.
pub const CHANGED: &str = "changed.json";
/// What people said of a sound.
pub const MARKS: &str = "marks.json";
/// A preset of one's own.
pub const PRESET: &str = "preset.json";

/// A project: [`api::ProjectFile`].
pub const PROJECT: &str = "project.json";

/// The files that tell about a job; everything else in its folder is what it made.
pub const OF_THE_JOB: [&str; 11] =
    [ORDER, EVENTS, CONTROL, LOG, EXIT, LIMIT, PARENT, CARD, STARTED, WORKER_LOCK, RESERVE];

/// The file of a dataset that holds part of its sound.
pub fn sound(chunk: u32) -> String {
    format!("sound-{chunk:03}.pcm")
}

/// The checkpoint of a step, in the folder of its run.
pub fn checkpoint(step: u64) -> String {
    format!("checkpoints/step-{step:09}.safetensors")
}
