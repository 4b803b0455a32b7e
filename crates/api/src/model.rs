//! Models: checkpoints in the library, and sounds sent through them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Job, UnixMs};

/// A model in the library: `model.json` in its folder, beside `weights.safetensors`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    /// Version of this format; see [`Model::FORMAT`].
    pub format: u32,
    /// Its identifier.
    pub id: Id,
    /// The name people gave it.
    pub name: String,
    /// When it was added.
    pub created_ms: UnixMs,
    /// The family it belongs to.
    pub family: String,
    /// Every setting it was trained with.
    pub settings: serde_json::Value,
    /// Samples per second.
    pub rate_hz: u32,
    /// Size of its weights, in bytes.
    pub bytes: u64,
    /// SHA-256 of its weights, in hexadecimal.
    pub sha256: String,
    /// Where it came from.
    pub lineage: Lineage,
}

impl Model {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// Where a model came from: enough to train it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Lineage {
    /// The run.
    pub run: Id,
    /// Its name then.
    pub run_name: String,
    /// The step of the checkpoint.
    pub step: u64,
    /// The dataset.
    pub dataset: Id,
    /// Its content hash.
    pub dataset_hash: String,
    /// The run's seed.
    pub seed: u64,
    /// The preset it started from.
    pub preset: String,
    /// Switches laid over it, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<String>,
    /// The version of Maquette that trained it.
    pub version: String,
    /// The validation distance of the checkpoint, if it was measured.
    pub validation: Option<f64>,
}

/// A model with its reconstructions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelDetail {
    /// The model.
    #[serde(flatten)]
    pub model: Model,
    /// Its folder, to copy or to open.
    pub folder: String,
    /// Sounds that were sent through it, newest first.
    pub reconstructions: Vec<Reconstruction>,
}

/// Which checkpoint to put into the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewModel {
    /// The run.
    pub run: Id,
    /// The step of the checkpoint; the best one if absent, else the newest.
    #[serde(default)]
    pub step: Option<u64>,
    /// A name; the run's if absent.
    #[serde(default)]
    pub name: Option<String>,
}

/// A sound of a dataset to send through a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewReconstruction {
    /// The dataset.
    pub dataset: Id,
    /// The sound's place in it, from 0.
    pub idx: u32,
}

/// A sound sent through a model and back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reconstruction {
    /// Its identifier.
    pub id: Id,
    /// The model.
    pub model: Id,
    /// The name of the sound.
    pub input_name: String,
    /// The job that makes it.
    pub job: Job,
    /// What came out, once it is whole.
    pub result: Option<ReconstructionResult>,
}

/// `result.json` of a reconstruction: two sounds of the same length, sample-aligned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReconstructionResult {
    /// Original, resampled to the model's rate: a WAV file's path in the job's folder.
    pub original: String,
    /// What came out of the model: a WAV file's path in the job's folder.
    pub reconstruction: String,
    /// Samples per second of both.
    pub rate_hz: u32,
    /// Channels of both.
    pub channels: u16,
    /// Length of both, in seconds.
    pub length_secs: f64,
    /// Computing time, in seconds.
    pub compute_secs: f64,
    /// Distances between the two, each by its name.
    pub distances: BTreeMap<String, f64>,
}

/// The shape of a sound, to draw: least and largest sample of every block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Peaks {
    /// Samples per second of the sound.
    pub rate_hz: u32,
    /// Samples of the sound.
    pub n_samples: u64,
    /// Samples that one pair stands for.
    pub block: u32,
    /// Least sample of each block, in 1/127 of full scale.
    pub min: Vec<i8>,
    /// Largest sample of each block, in 1/127 of full scale.
    pub max: Vec<i8>,
}
