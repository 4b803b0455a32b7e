//! Runs: one training of one model on one dataset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Checkpoint, Choices, CodecFacts, Fact, Id, Job, Limit, Origin, Phase, PresetName, RunMeasure,
    Sample, ScoreMetric, SystemUse, UnixMs, Warning,
};

/// A run as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its identifier.
    pub id: Id,
    /// The name people gave it.
    pub name: String,
    /// When it was queued.
    pub created_ms: UnixMs,
    /// The job that trains it.
    pub job: Job,
    /// The dataset it learns from, if it learns from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<Id>,
    /// The family of its model.
    pub family: String,
    /// The family's preset it started from.
    pub preset: String,
    /// Switches laid over it, in this order.
    pub switches: Vec<String>,
    /// The preset of one's own that named both, if it was one.
    pub own_preset: Option<PresetName>,
    /// When it stops by itself.
    pub limit: Limit,
    /// The newest step it has reported.
    pub step: u64,
    /// The newest value of each metric.
    pub latest: BTreeMap<String, f64>,
    /// The metric that says how good it is.
    pub score_metric: ScoreMetric,
    /// How that moved, once it was measured.
    pub score: Option<Score>,
    /// Phases of its training that have begun, in this order. Runs of version 0.1.0 do not say them.
    pub phases: Vec<Phase>,
    /// The game that its agent plays, once it has recorded an episode; none for what is no agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game: Option<String>,
}

/// How the score of a run moved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Score {
    /// The first value.
    pub first: f64,
    /// The value of the best checkpoint on disk; the best value while no checkpoint was measured.
    pub best: f64,
    /// The newest value.
    pub latest: f64,
}

/// A run with all that its page shows at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunDetail {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// Every setting, as it was frozen.
    pub settings: serde_json::Value,
    /// Its seed.
    pub seed: u64,
    /// The content hash of its dataset.
    pub dataset_hash: String,
    /// The model whose latents it learns, or to whose weights it learns to add, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// The version of Maquette that queued it.
    pub version: String,
    /// Checkpoints on disk, oldest first.
    pub checkpoints: Vec<Checkpoint>,
    /// Sounds rendered so far, oldest first.
    pub samples: Vec<Sample>,
    /// Episodes of its agent, oldest first; none for what is no agent.
    pub episodes: Vec<crate::Episode>,
    /// What it had to say.
    pub warnings: Vec<Warning>,
    /// What its model is like, as its process said.
    pub facts: Vec<Fact>,
    /// What its process uses, as last reported.
    pub system: Option<SystemUse>,
    /// Names of all metrics it has reported.
    pub metrics: Vec<String>,
    /// Models in the library that came from it.
    pub models: Vec<Id>,
    /// Its folder, to copy or to open.
    pub folder: String,
    /// How long it would take, if that was measured before it started.
    pub forecast: Option<RunMeasure>,
    /// The run that it goes on from, if it is a child of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id>,
}

/// A run to make of another: it goes on from the newest checkpoint, and the other stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Continue {
    /// Minutes of training more than the other has had.
    pub minutes: f64,
    /// A name; made from the other's if absent.
    #[serde(default)]
    pub name: Option<String>,
}

/// `parent.json` of a run: where it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunParent {
    /// The run that it goes on from.
    pub run: Id,
    /// The step of the checkpoint that it began with.
    pub step: u64,
}

/// What to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewRun {
    /// A name; made from dataset and preset if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The dataset to learn from; none for a family that learns from no dataset.
    #[serde(default)]
    pub dataset: Option<Id>,
    /// The model whose latents to learn, or to whose weights to learn to add; none for a family that does neither.
    #[serde(default)]
    pub model: Option<Id>,
    /// What its settings are composed of.
    #[serde(flatten)]
    pub choices: Choices,
    /// The same seed gives the same first losses; 0 if absent.
    #[serde(default)]
    pub seed: Option<u64>,
    /// When to stop by itself; the preset's own if absent.
    #[serde(default)]
    pub limit: Option<Limit>,
}

/// How a run goes on after it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Resume {
    /// When to stop by itself from now on; as before if absent.
    #[serde(default)]
    pub limit: Option<Limit>,
}

/// What is known about a run before it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunForecast {
    /// The family.
    pub family: String,
    /// The family's preset that everything starts from.
    pub preset: String,
    /// Every switch over it, in this order: those of a preset of one's own first.
    pub switches: Vec<String>,
    /// The preset of one's own that was chosen, if it was one.
    pub own_preset: Option<PresetName>,
    /// When it stops by itself if nothing else is said.
    pub limit: Limit,
    /// The whole settings that would be frozen.
    pub settings: serde_json::Value,
    /// Whether it would train on a GPU.
    pub on_gpu: bool,
    /// Where each of them got its value from, by key.
    pub origins: BTreeMap<String, Origin>,
    /// Trainable numbers in the model.
    pub n_parameters: u64,
    /// Trainable numbers in the discriminators, which only training needs.
    pub n_discriminator_parameters: u64,
    /// Memory that training needs, in bytes, estimated: that of the phase which needs more.
    pub memory_bytes: u64,
    /// The same for each phase, with what is free, and what to do where that is not enough.
    pub memory: MemoryForecast,
    /// What it is like as a codec, if it is one.
    pub codec: Option<CodecFacts>,
    /// Things worth knowing before the start, none of which prevents it.
    pub notes: Vec<String>,
    /// How long it would take, if that was measured with the same settings.
    pub measured: Option<RunMeasure>,
}

/// Memory that training needs, and memory there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(from = "AnyMemoryForecast")]
pub struct MemoryForecast {
    /// Needed in each phase of the training, in order, in bytes, estimated.
    pub phase_bytes: Vec<u64>,
    /// Free to use now, in bytes, where the system reports it: on the computer, or below the limit that the
    /// system sets this program if that is less.
    pub free_bytes: Option<u64>,
    /// Whether it fits.
    pub level: MemoryLevel,
    /// Changes with which it would fit, best first; empty where it does.
    pub advice: Vec<MemoryAdvice>,
}

impl MemoryForecast {
    /// What the phase needs that needs most, in bytes.
    #[must_use]
    pub fn needed_bytes(&self) -> u64 {
        self.phase_bytes.iter().copied().max().unwrap_or(0)
    }
}

/// [`MemoryForecast`] as it is or was written.
#[derive(Deserialize)]
struct AnyMemoryForecast {
    #[serde(default)]
    phase_bytes: Vec<u64>,
    /// Until 0.1.0 there were two phases, always.
    #[serde(default)]
    phase_1_bytes: u64,
    #[serde(default)]
    phase_2_bytes: u64,
    free_bytes: Option<u64>,
    level: MemoryLevel,
    advice: Vec<MemoryAdvice>,
}

impl From<AnyMemoryForecast> for MemoryForecast {
    fn from(any: AnyMemoryForecast) -> Self {
        let AnyMemoryForecast { mut phase_bytes, free_bytes, level, advice, .. } = any;
        if phase_bytes.is_empty() {
            phase_bytes = vec![any.phase_1_bytes, any.phase_2_bytes];
        }
        Self { phase_bytes, free_bytes, level, advice }
    }
}

/// How the memory that training needs compares with what is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemoryLevel {
    /// It leaves at least a tenth of what is free.
    Fits,
    /// It leaves less than that.
    Tight,
    /// There is not as much.
    TooLarge,
    /// The system does not tell, or the training computes elsewhere.
    Unknown,
}

/// A change of settings that needs less memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MemoryAdvice {
    /// What to change, like `Batch size 4`.
    pub title: String,
    /// The settings that change, with their new values.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Memory that training would need then, in bytes, estimated.
    pub memory_bytes: u64,
}

/// How far a sample of the reconstruction looks into the sound that went in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceptiveField {
    /// Samples before it.
    pub back_samples: u64,
    /// Samples after it.
    pub ahead_samples: u64,
}

/// The curves of a run, thinned to what a screen can show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Curves {
    /// The number of the newest event in them: live events after it continue the curves.
    pub last_seq: u64,
    /// One curve a metric.
    pub curves: Vec<Curve>,
}

/// One metric over the steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Curve {
    /// The metric's name.
    pub name: String,
    /// Steps, rising.
    pub steps: Vec<u64>,
    /// The value at each step. Thinned by least and largest in each bucket, so peaks stay.
    pub values: Vec<f64>,
    /// How many points there are without thinning.
    pub n_points: u64,
}

/// The end of a job's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Log {
    /// Its last lines.
    pub text: String,
    /// Whether earlier lines were left out.
    pub is_cut: bool,
}
