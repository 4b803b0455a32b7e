//! Maps of what a model knows: the latents of a dataset, drawn in two dimensions.
//!
//! A map is a job; its folder holds `map.json` ([`LatentMap`]) and, as plain little-endian `f32`, row after row:
//! - `points.bin`: for each point x and y of the first two directions in standard deviations, the number of its sound in
//!   [`LatentMap::sounds`], its time in that sound in seconds, its loudness in dB below full scale, and its
//!   pitch in Hz (0: none). Six numbers a point.
//! - `coordinates.bin`: for each point its coordinates along the first [`LatentMap::n_directions`] directions, in
//!   standard deviations.
//! - `embedding.bin`: for each point x and y of the neighbour embedding, −1 to 1; written last, in the background.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Job};

/// A map to draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewMap {
    /// The model.
    pub model: Id,
    /// The dataset; the one that the model learnt from if absent.
    #[serde(default)]
    pub dataset: Option<Id>,
}

/// The order to draw a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapTask {
    /// The model.
    pub model: Id,
    /// Its folder, relative to the job's.
    pub model_path: PathBuf,
    /// SHA-256 of its weights.
    pub model_sha256: String,
    /// The dataset.
    pub dataset: Id,
    /// Its folder, relative to the job's.
    pub dataset_path: PathBuf,
    /// Its content hash.
    pub dataset_hash: String,
}

/// `map.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LatentMap {
    /// SHA-256 of the model's weights.
    pub model_sha256: String,
    /// The dataset's content hash.
    pub dataset_hash: String,
    /// Samples per second.
    pub rate_hz: u32,
    /// Samples per latent frame.
    pub ratio: u32,
    /// Points.
    pub n_points: u32,
    /// Directions of `coordinates.bin` and of the lists below, those that matter most first.
    pub n_directions: u32,
    /// How each of them is spread.
    pub directions: Vec<DirectionSpread>,
    /// The sounds of the dataset that have points.
    pub sounds: Vec<MappedSound>,
    /// The 5th, 50th and 95th percentile of pitch over points that have one, in Hz; none if few have.
    #[serde(default)]
    pub pitch_hz: Option<[f32; 3]>,
    /// The 5th, 50th and 95th percentile of loudness, in dB below full scale.
    pub loudness_db: [f32; 3],
}

/// How a direction of the latent space is spread over a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DirectionSpread {
    /// Its standard deviation, in the model's own units.
    pub deviation: f32,
    /// The share of all variance that it has, 0 to 1.
    pub share: f32,
    /// The 1st, 5th, 50th, 95th and 99th percentile, in standard deviations.
    pub percentiles: [f32; 5],
    /// How many frames lie in each of 64 equal parts from −4 to 4 standard deviations, in shares of the fullest.
    pub histogram: Vec<f32>,
    /// How strongly it goes with loudness, pitch and spectral centroid: correlations, −1 to 1.
    pub goes_with: [f32; 3],
}

/// A sound of a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MappedSound {
    /// Its place in the dataset, from 0.
    pub idx: u32,
    /// Its name there.
    pub name: String,
    /// Its length, in seconds.
    pub secs: f64,
}

/// A map: under way, or drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MapJob {
    /// Its identifier.
    pub id: Id,
    /// The model.
    pub model: Id,
    /// The dataset.
    pub dataset: Id,
    /// The job that draws it.
    pub job: Job,
    /// What it shows, once the first part is there.
    pub map: Option<LatentMap>,
    /// Whether the neighbour embedding is there too.
    pub has_embedding: bool,
}
