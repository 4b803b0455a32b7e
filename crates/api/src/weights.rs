//! Weights of other people's models, in folders as a model hub has them, and sounds in their codes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is in a folder of weights, and whether it can be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeightsCheck {
    /// The folder, as it was named.
    pub folder: String,
    /// The kind of model, by its configuration: `encodec`; none if the folder does not say.
    pub family: Option<String>,
    /// Whether everything that is needed is there, and the kind of model can be used.
    pub is_usable: bool,
    /// The files of weights.
    pub files: Vec<WeightsFile>,
    /// Tensors in the files.
    pub tensors: u64,
    /// Tensors that the model needs and the files lack.
    pub missing: Vec<String>,
    /// Tensors in the files that the model does not know; they do no harm.
    pub unexpected: Vec<String>,
    /// Under which terms the weights may be used; none if the folder does not say.
    pub licence: Option<WeightsLicence>,
    /// Memory that the weights take when they are loaded, in bytes.
    pub memory_bytes: u64,
    /// What the model is like: names and values.
    pub facts: Vec<(String, String)>,
    /// What is wrong, sentence by sentence.
    pub problems: Vec<String>,
}

/// A file of weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeightsFile {
    /// Its name in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Tensors in it; 0 if it could not be read.
    pub tensors: u64,
}

/// The licence of weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeightsLicence {
    /// Its name, such as `cc-by-nc-4.0`.
    pub name: String,
    /// Its terms in a sentence; none for a licence that is not known here.
    pub terms: Option<String>,
    /// The file that says so.
    pub file: String,
}

/// A sound that was turned into the codes of a codec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EncodedSound {
    /// The file that was read, as it was named.
    pub file: String,
    /// The file of codes: int64 `[books, frames]`.
    pub output: String,
    /// The file of the loudness that was taken out of each chunk, float32 `[chunks]`; only for models that normalise.
    pub scales: Option<String>,
    /// Books.
    pub books: u64,
    /// Frames.
    pub frames: u64,
    /// Samples per second of the model.
    pub rate_hz: u32,
    /// Channels of the model.
    pub channels: u32,
    /// Length of the sound, in seconds.
    pub secs: f64,
    /// What the codes take, in kbit/s.
    pub kbits_per_sec: f64,
    /// How long it took to compute, in seconds.
    pub compute_secs: f64,
    /// What else one should know, sentence by sentence.
    pub notes: Vec<String>,
}

/// Codes of a codec that were turned into sound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecodedCodes {
    /// The file of codes, as it was named.
    pub file: String,
    /// The file that was written.
    pub output: String,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Samples of each channel.
    pub samples: u64,
    /// How long it took to compute, in seconds.
    pub compute_secs: f64,
    /// What else one should know, sentence by sentence.
    pub notes: Vec<String>,
}
