//! Models: checkpoints in the library, and sounds sent through them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ExportKind, Id, Job, LinkedWeights, ScoreMetric, UnixMs};

/// A model in the library: `model.json` in its folder, beside `weights.safetensors`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    /// Version of this format; see [`Model::FORMAT`].
    pub format: u32,
    /// Its identifier.
    pub id: Id,
    /// The project it lies in; its file does not say that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Id>,
    /// The name people gave it.
    pub name: String,
    /// When it was added.
    pub created_ms: UnixMs,
    /// The family it belongs to.
    pub family: String,
    /// Every setting it was trained with.
    pub settings: serde_json::Value,
    /// Samples per second, if it has to do with sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<u32>,
    /// Size of its weights, in bytes.
    pub bytes: u64,
    /// SHA-256 of its weights, in hexadecimal.
    pub sha256: String,
    /// Whose latents it makes, if it is a prior.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_of: Option<PriorOf>,
    /// Whose weights it is added to, if it is an adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter_of: Option<AdapterOf>,
    /// Which run it came from, if it was trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<Lineage>,
    /// Which file it was added from, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<AddedFrom>,
    /// The weights of a model hub that it uses, if it does: they lie elsewhere, and it has no file of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<LinkedWeights>,
}

impl Model {
    /// The version that this program writes.
    /// 2: a model need not come from a run, or may use weights that lie elsewhere.
    pub const FORMAT: u32 = 2;
}

/// The model whose latents a prior makes: a prior goes with that model and no other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PriorOf {
    /// SHA-256 of that model's weights, in hexadecimal.
    pub sha256: String,
    /// What it was called when the prior was trained.
    pub name: String,
    /// It in the library, if it is there; the file of the prior does not say that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
}

/// The model whose weights an adapter is added to: models of the same shape take it too, and sound otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AdapterOf {
    /// SHA-256 that names the weights of that model, as the library has it; empty where the adapter does not say it.
    #[serde(default)]
    #[schema(required)]
    pub sha256: String,
    /// What it was called when the adapter was trained.
    #[serde(default)]
    #[schema(required)]
    pub name: String,
    /// The licence of its weights, which is that of the adapter too; none if it was not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// It in the library, if it is there; the file of the adapter does not say that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
}

/// Where a model came from that was not trained here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AddedFrom {
    /// The file or folder.
    pub path: String,
    /// What it was, in words.
    pub kind: String,
    /// Optimiser steps it was trained for, if the file says so.
    pub step: Option<u64>,
    /// What was not understood, and what else is worth knowing: whole sentences.
    pub notes: Vec<String>,
    /// What its package said, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packaged: Option<Box<Packaged>>,
}

/// What a package says of where its model comes from; it goes into the next package too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Packaged {
    /// Who made it; empty if that is not said.
    pub author: String,
    /// What others may do with it; empty if that is not said.
    pub license: String,
    /// The run that it came from, on its maker's computer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<Lineage>,
}

/// What a model's settings and weights tell about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelFacts {
    /// Trainable numbers of the model.
    pub n_parameters: u64,
    /// The phase of training it was saved in, from 1.
    pub phase: u8,
    /// What it can be exported as.
    pub exports: Vec<ExportKind>,
    /// What it is like as a codec, if it is one.
    pub codec: Option<CodecFacts>,
    /// How its latent space was last measured, if it was.
    pub latent_use: Option<LatentUse>,
}

/// What a model is like that turns sound into latents and back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CodecFacts {
    /// Samples per second, which makes the counts of samples times.
    pub rate_hz: u32,
    /// Channels of sound.
    pub channels: u16,
    /// Curves that describe sound.
    pub latent_size: u32,
    /// What keeps them in shape: `variational`, `wasserstein`, `spherical` or `discrete`.
    pub regularization: String,
    /// Samples of sound per latent frame.
    pub ratio: u32,
    /// Latent frames per second.
    pub latent_rate_hz: f64,
    /// Numbers of sound for each number of the latent.
    pub compression: f64,
    /// How far a sample of the reconstruction looks back and ahead.
    pub receptive_field: crate::ReceptiveField,
    /// By how many samples it is late when it is played live.
    pub latency_samples: u64,
}

/// How much of a latent space is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LatentUse {
    /// Latents that carry anything.
    pub n_active: u32,
    /// How many directions together have a share of what latents vary.
    pub for_fidelity: Vec<Fidelity>,
}

/// How many directions of a latent space a fidelity takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fidelity {
    /// A share of the variance, 0 to 1.
    pub share: f64,
    /// Directions.
    pub n_latents: u32,
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
    /// The dataset, if it learnt from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<Id>,
    /// Its content hash.
    #[serde(default)]
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
    /// The score of the checkpoint, if it was measured: a value of `score_metric`.
    pub validation: Option<f64>,
    /// What it was scored by.
    #[serde(default)]
    #[schema(required)]
    pub score_metric: ScoreMetric,
}

/// A model with its reconstructions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelDetail {
    /// The model.
    #[serde(flatten)]
    pub model: Model,
    /// Its folder, to copy or to open.
    pub folder: String,
    /// What its settings and weights tell, where they can be read.
    pub facts: Option<ModelFacts>,
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
