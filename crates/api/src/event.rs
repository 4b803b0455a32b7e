//! Events: the numbered lines of a job's `events.jsonl`, which the pages get live.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Outcome, Progress, UnixMs};

/// One line of `events.jsonl`. Numbers start at 1 and have no gaps, also over a resume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its number in this job.
    pub seq: u64,
    /// When it was written.
    pub time_ms: UnixMs,
    /// What it says.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventBody {
    /// A process took the job up; also after a resume.
    Started {
        /// Its process id.
        pid: u32,
        /// The version of Maquette.
        version: String,
        /// Threads it computes with.
        n_threads: u32,
        /// The step it goes on from; 0 at first.
        from_step: u64,
    },
    /// How far it is; written a few times a second at most.
    Progress(Progress),
    /// Numbers measured at a step.
    Metrics(Metrics),
    /// What the process uses.
    System(SystemUse),
    /// Something to listen to was rendered.
    Sample(Sample),
    /// A checkpoint is whole on disk.
    Checkpoint(Checkpoint),
    /// An old checkpoint was removed to save space.
    CheckpointRemoved {
        /// The step it was of.
        step: u64,
    },
    /// The run went back to an earlier checkpoint: what came after that step counts no longer.
    SteppedBack {
        /// The step it goes on from; 0 where it begins anew.
        to_step: u64,
    },
    /// Something a person should know; the job goes on.
    Warning(Warning),
    /// The job ended; the last event of a process.
    Finished(Outcome),
}

/// Numbers measured at a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Metrics {
    /// The optimiser step.
    pub step: u64,
    /// Each by its name: losses, `learning_rate`, `validation_distance`… A value that was not a
    /// number is absent, and a warning says so.
    pub values: BTreeMap<String, f64>,
}

/// What a process uses of the computer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SystemUse {
    /// Processor use since the last such event, in percent of one core.
    pub cpu_percent: f64,
    /// Memory in use, in bytes.
    pub memory_bytes: u64,
}

/// A sound rendered from a model as it learns, next to its original.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    /// The step of the model that rendered it.
    pub step: u64,
    /// The name of the held-out file it was cut from.
    pub name: String,
    /// Original sound: a WAV file's path in the job's folder.
    pub original: String,
    /// Rendered sound: a WAV file's path in the job's folder, sample-aligned with the original.
    pub rendered: String,
    /// Length of both, in seconds.
    pub length_secs: f64,
    /// Distances between the two, each by its name.
    pub distances: BTreeMap<String, f64>,
}

/// A checkpoint on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checkpoint {
    /// The step it is of.
    pub step: u64,
    /// Its file's path in the job's folder.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The validation distance at that step, if it was measured; smaller is better.
    pub validation: Option<f64>,
    /// Whether it has the smallest distance of all on disk.
    pub is_best: bool,
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// A stable word for programs, like `truncated` or `silent`.
    pub code: String,
    /// The file it is about, if any: its path below the source folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What and why, one sentence.
    pub message: String,
}

/// What the live connection carries: an event of a job, and the job as it stands after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "live", rename_all = "snake_case")]
pub enum Live {
    /// A job's event, already stored.
    Event {
        /// Whose event it is.
        job: crate::Job,
        /// The event.
        event: Event,
    },
    /// A job changed without an event: queued, started, interrupted, renamed.
    Job {
        /// The job as it stands now.
        job: crate::Job,
    },
    /// Something was added to, changed in or removed from a list; ask for it again.
    Changed {
        /// `datasets`, `runs`, `models`, `reconstructions`, `presets`, `exports`, …; or `trash`.
        list: String,
        /// Which one.
        id: crate::Id,
    },
}
