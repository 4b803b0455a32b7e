//! Conversions: sound to latents, and latents to sound.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Job};

/// What to convert, and into what. Files are named by absolute paths on this computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum ConvertTask {
    /// A sound file to latents.
    Latents {
        /// The model.
        model: ModelPlace,
        /// The sound.
        #[schema(value_type = String)]
        path: PathBuf,
        /// Draw the latents of variational models from this seed; their means if absent.
        #[serde(default)]
        seed: Option<u64>,
        /// Integer codes instead of the vectors that they stand for.
        #[serde(default)]
        codes: bool,
        /// Work as when played live.
        #[serde(default)]
        live: Option<LivePlay>,
    },
    /// Latents or codes to sound.
    Sound {
        /// The model.
        model: ModelPlace,
        /// An `.npy` file.
        #[schema(value_type = String)]
        path: PathBuf,
        /// The seed of the synthesiser's noise; none if absent.
        #[serde(default)]
        noise: Option<u64>,
        /// What kind of file to make.
        format: SoundFormat,
        /// Work as when played live.
        #[serde(default)]
        live: Option<LivePlay>,
    },
}

/// How a model is played live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LivePlay {
    /// Samples that come at a time.
    pub block: u32,
    /// How exactly weights are kept.
    #[serde(default)]
    pub weights: LiveWeights,
}

/// How exactly a model that is played live keeps the weights of its large layers: the fewer bits, the
/// faster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveWeights {
    /// As they are.
    #[default]
    Float32,
    /// Whole numbers of 16 bits: a noise some 80 dB below the sound.
    Int16,
    /// Whole numbers of 8 bits: a noise some 40 dB below the sound.
    Int8,
}

/// Where a model is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum ModelPlace {
    /// In the library.
    Library {
        /// Its identifier.
        id: Id,
    },
    /// In a file or folder on this computer.
    File {
        /// Absolute path.
        #[schema(value_type = String)]
        path: PathBuf,
    },
}

/// A kind of file for sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoundFormat {
    /// WAV with 16 bits.
    Wav,
    /// NumPy's array of `float32`: `[channels, samples]`.
    Npy,
}

/// A conversion: under way, or done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Conversion {
    /// Its identifier.
    pub id: Id,
    /// What it converts.
    pub task: ConvertTask,
    /// The job that does it.
    pub job: Job,
    /// What it made, once it is whole.
    pub result: Option<ConversionResult>,
}

/// `result.json` of a conversion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConversionResult {
    /// What was made: paths of files in the job's folder.
    pub files: Vec<String>,
    /// The shape of an array, or channels and samples of a sound.
    pub shape: Vec<u64>,
    /// Samples per second of the sound that went in or came out.
    pub rate_hz: u32,
    /// Samples of sound per latent frame.
    pub ratio: u32,
    /// By how many samples a decoded sound is late; 0 unless it was made as when played live.
    pub latency_samples: u64,
    /// Computing time, in seconds.
    pub compute_secs: f64,
    /// What is worth knowing about the file that went in: whole sentences.
    pub notes: Vec<String>,
}
