//! Weights of other people's models, in folders as a model hub has them, and sounds in their codes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EngineOfModel, Id, UnixMs};

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
    /// What can be done with the model here.
    pub uses: Vec<WeightsUse>,
    /// How it makes sound from words, if it does.
    pub words: Option<WordsAbilities>,
    /// What a sound of ten seconds takes on this computer, with whole weights and with those of 8 bits; none if it makes
    /// no sound from words, or that was not asked for.
    pub forecasts: Vec<WordsForecast>,
    /// What the model is like: names and values.
    pub facts: Vec<(String, String)>,
    /// What is wrong, sentence by sentence.
    pub problems: Vec<String>,
}

/// What making a sound from words takes on this computer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsForecast {
    /// Length of the sound, in seconds.
    pub sound_secs: f64,
    /// Whether large weights have 8 bits.
    pub in_8_bits: bool,
    /// Seconds that it takes to compute, once the model is loaded and nothing else runs.
    pub compute_secs: f64,
    /// Memory that the weights take, in bytes.
    pub weight_bytes: u64,
    /// Memory besides, at the most, in bytes.
    pub sound_bytes: u64,
}

/// A sound that is thought of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsForecastOf {
    /// A model of the library that makes sound from words.
    pub model: Id,
    /// Length of the sound, in seconds.
    pub secs: f64,
    /// Steps of the sampler; the usual number if absent.
    #[serde(default)]
    pub steps: Option<u32>,
    /// Guidance; the usual one if absent.
    #[serde(default)]
    pub guidance: Option<f64>,
    /// Prompts that are mixed; one if absent.
    #[serde(default)]
    pub n_prompts: Option<u32>,
    /// Whether large weights have 8 bits.
    #[serde(default)]
    pub in_8_bits: bool,
}

/// What can be done with a model of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightsUse {
    /// Sounds become codes, and codes sounds.
    Codec,
    /// Words become sounds.
    Words,
    /// Words or sounds become vectors that can be compared.
    Embedding,
}

/// How a model makes sound from words: what may be asked of it, and what is usual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsAbilities {
    /// Samples per second of its sound.
    pub rate_hz: u32,
    /// Channels of its sound.
    pub channels: u32,
    /// The longest sound that it makes, in seconds.
    pub max_secs: f64,
    /// Steps of its sampler; none for a model that writes one token after the other.
    pub steps: Option<WordsSteps>,
    /// The usual guidance; 1 is none.
    pub guidance: f64,
    /// Whether it can be told what not to make.
    pub takes_negative: bool,
    /// How it can begin with a sound.
    pub begins: Vec<WordsBegin>,
    /// Whether adapters can be trained for it and added to it. Models that were added before 0.2.0 do not say it.
    #[serde(default)]
    #[schema(required)]
    pub takes_adapters: bool,
    /// Whether it writes codes of a codec, which can be had.
    pub writes_codes: bool,
    /// The most tokens of a prompt that it reads; a token is about three quarters of an English word.
    pub max_tokens: u32,
}

/// Steps of a sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WordsSteps {
    /// The fewest.
    pub least: u32,
    /// The usual number.
    pub usual: u32,
    /// The most.
    pub most: u32,
}

/// How a model that makes sound from words begins with a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WordsBegin {
    /// It goes on from the sound.
    Continue,
    /// It makes the sound anew, near to it or far from it.
    Vary,
    /// It fills a gap in the sound.
    Fill,
    /// It follows the melody of the sound.
    Melody,
}

/// A folder of weights to use as a model of the library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewWeights {
    /// The folder, an absolute path; the weights stay there.
    pub folder: String,
    /// A name; the folder's if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether the terms of the licence were read and are accepted.
    #[serde(default)]
    pub accepts_licence: bool,
}

/// A folder to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeightsFolder {
    /// An absolute path.
    pub folder: String,
}

/// Weights of a model hub that a model of the library uses where they lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LinkedWeights {
    /// The folder, an absolute path.
    pub folder: String,
    /// Under which terms they may be used; none if the folder does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<WeightsLicence>,
    /// When somebody accepted those terms; a model whose terms wait for that is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_ms: Option<UnixMs>,
    /// What can be done with the model.
    pub uses: Vec<WeightsUse>,
    /// How it makes sound from words, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<WordsAbilities>,
    /// Memory that its weights take, in bytes.
    pub memory_bytes: u64,
    /// The engine that runs it, of a model that is not run here; the folder is the engine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineOfModel>,
}

impl LinkedWeights {
    /// Whether its terms must be accepted before it is used, and have not been.
    #[must_use]
    pub fn waits_for_acceptance(&self) -> bool {
        self.accepted_ms.is_none() && self.licence.as_ref().is_some_and(|it| it.must_be_accepted)
    }
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
    /// Whether its terms restrict what may be made with the weights, or are not known here, so that they must be
    /// accepted before the model is used.
    #[serde(default)]
    pub must_be_accepted: bool,
}

/// A sound that was made from words, in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WordsFile {
    /// The file that was written.
    pub output: String,
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Samples of each channel.
    pub samples: u64,
    /// The seed: with the same one, and the same of all else, it is the same sound.
    pub seed: u64,
    /// The file of codes, int64 `[books, frames]`, if one was asked for.
    pub codes: Option<String>,
    /// Its books and frames.
    pub codes_shape: Option<[u64; 2]>,
    /// Under which terms the weights may be used; none if their folder does not say.
    pub licence: Option<WeightsLicence>,
    /// How long it took to compute, in seconds, without loading the model.
    pub compute_secs: f64,
    /// What else one should know, sentence by sentence.
    pub notes: Vec<String>,
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
