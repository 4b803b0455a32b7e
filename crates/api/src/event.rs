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
    /// What says how good the model is, from here on. Runs that do not say it are scored by
    /// [`ScoreMetric::default`].
    Score(ScoreMetric),
    /// A phase of the training began; told again, as it was, by a process that goes on in it.
    Phase(Phase),
    /// What the model that is trained is like; it takes the place of what was said before.
    Facts {
        /// Each with a name, in the order in which to show them.
        facts: Vec<Fact>,
    },
    /// Numbers measured at a step.
    Metrics(Metrics),
    /// What the process uses.
    System(SystemUse),
    /// Something to hear or see was rendered.
    Sample(Sample),
    /// An agent's episode was recorded.
    Episode(crate::Episode),
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
    /// A recording of a live session is whole in its folder.
    Recorded {
        /// Its folder in the job's: a sound with its card.
        path: String,
        /// The name of the sound.
        name: String,
    },
    /// A sound of the library was analysed, or had been before.
    Analysed {
        /// Which one.
        item: crate::Id,
        /// SHA-256 of its file, in hexadecimal. What was found is in the job's folder, in `found/<sha256>`, unless it
        /// was known.
        sha256: String,
        /// The file's size when it was read.
        bytes: u64,
    },
    /// A sound of the library could not be analysed; the job goes on with the next.
    NotAnalysed {
        /// Which one.
        item: crate::Id,
        /// Why, and what to do: sentences.
        problem: String,
    },
    /// Something a person should know; the job goes on.
    Warning(Warning),
    /// The job ended; the last event of a process.
    Finished(Outcome),
}

/// The metric that says how good a model is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoreMetric {
    /// Its name among the [`Metrics`].
    pub name: String,
    /// What it is called, like `Validation distance`.
    pub title: String,
    /// What it is measured in, like `dB`; empty if it has no unit.
    #[serde(default)]
    #[schema(required)]
    pub unit: String,
    /// Whether less is better.
    pub is_smaller_better: bool,
    /// Whether it is a logarithm, as a likelihood in nats: differences of it matter, and it may be negative.
    #[serde(default)]
    #[schema(required)]
    pub is_logarithmic: bool,
}

impl Default for ScoreMetric {
    /// What runs of version 0.1.0 are scored by, which say it nowhere.
    fn default() -> Self {
        Self {
            name: "validation_distance".into(),
            title: "Validation distance".into(),
            unit: String::new(),
            is_smaller_better: true,
            is_logarithmic: false,
        }
    }
}

impl ScoreMetric {
    /// Whether one value is better than another.
    pub fn is_better(&self, value: f64, than: f64) -> bool {
        if self.is_smaller_better { value < than } else { value > than }
    }

    /// The better one first; for `min_by`.
    pub fn compare(&self, a: f64, b: f64) -> std::cmp::Ordering {
        if self.is_smaller_better { a.total_cmp(&b) } else { b.total_cmp(&a) }
    }
}

/// A part of a training in which it learns something else than before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Phase {
    /// A stable word for programs, like `adversarial`.
    pub key: String,
    /// What it is called, like `phase 2: adversarial`.
    pub title: String,
    /// Its place among the phases of the training, from 1.
    pub number: u32,
    /// Steps that were done when it began.
    pub step: u64,
    /// Steps that are done when it ends, where that is known before.
    #[serde(default)]
    pub until_step: Option<u64>,
}

/// Something that is known of what a job works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// A stable word for programs, like `n_parameters`.
    pub key: String,
    /// What it is called, like `Parameters`.
    pub title: String,
    /// What it is.
    pub value: FactValue,
    /// What a number counts, like `samples`; empty if nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

impl Fact {
    /// A fact that is a number.
    pub fn number(key: &str, title: &str, value: f64, unit: &str) -> Self {
        let (key, title, unit) = (key.to_owned(), title.to_owned(), unit.to_owned());
        Self { key, title, value: FactValue::Number(value), unit }
    }
}

/// The value of a [`Fact`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FactValue {
    /// A number.
    Number(f64),
    /// A word or two.
    Text(String),
}

/// Numbers measured at a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Metrics {
    /// The optimiser step.
    pub step: u64,
    /// Each by its name: losses, `learning_rate`, the score's… A value that was not a
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

/// What there is to hear or see of a model as it learns.
///
/// What version 0.1.0 wrote says no medium: it is a sound, next to its original.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    /// The step of the model that rendered it.
    pub step: u64,
    /// What it is of, the same at every step: the held-out file a sound was cut from, or a name of its own.
    pub name: String,
    /// How to show it.
    #[serde(default)]
    #[schema(required)]
    pub medium: Medium,
    /// The media type of the rendered file, like `image/png`.
    #[serde(default = "wav")]
    #[schema(required)]
    pub mime: String,
    /// What it shall be like, if there is that: a file's path in the job's folder.
    #[serde(default)]
    pub original: Option<String>,
    /// What was rendered: a file's path in the job's folder. A sound is sample-aligned with its original.
    pub rendered: String,
    /// Length of both, in seconds, of what has a length.
    #[serde(default)]
    pub length_secs: Option<f64>,
    /// Distances between the two, each by its name.
    pub distances: BTreeMap<String, f64>,
}

fn wav() -> String {
    "audio/wav".to_owned()
}

/// How a sample is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// It is played, beside its original.
    #[default]
    Sound,
    /// It is seen at once.
    Picture,
    /// It is seen as it goes on.
    Film,
    /// It is a file to open elsewhere; what a newer version calls otherwise is one too.
    #[serde(other)]
    File,
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
    /// The score at that step, if it was measured: a value of the run's [`ScoreMetric`].
    pub validation: Option<f64>,
    /// Whether it has the best score of all on disk.
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
    /// The queue moved: every job that waits, with its place.
    Queue {
        /// In order of the queue.
        places: Vec<QueuePlace>,
    },
    /// Something was added to, changed in or removed from a list; ask for it again.
    Changed {
        /// `datasets`, `runs`, `models`, `reconstructions`, `presets`, `exports`, …; or `trash`.
        list: String,
        /// Which one.
        id: crate::Id,
    },
}

/// A job that waits, and its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueuePlace {
    /// Which job.
    pub id: crate::Id,
    /// 0 is next among those that wait for the same thing.
    pub place: u32,
}
