//! `CLAP`: words and sounds as directions in one space, so that what sounds like a text lies near it; weights are the
//! user's, in a folder as a model hub has it.
//!
//! The text side is a transformer over words ([`ClapText`]), the audio side a transformer over windows of a spectrogram
//! that grow coarser from stage to stage ([`ClapSound`]). Each stands alone: other models are told by the text side what
//! to make. Embeddings are unit vectors, and their products say how alike two things are.
//!
//! Sources: Wu et al., "Large-Scale Contrastive Language-Audio Pretraining with Feature Fusion and Keyword-to-Caption
//! Augmentation", 2023; Chen et al., "HTS-AT", 2022; Liu et al., "Swin Transformer", 2021, and "`RoBERTa`", 2019. Names
//! of tensors and settings are those of `ClapModel` in Hugging Face's transformers 5.

mod config;
mod features;
mod kind;
mod resize;
mod sound;
mod stage;
mod text;

use std::path::Path;

use nn::dense::Precision;
use nn::weight_files::WeightFiles;

use crate::Error;
use crate::hub::HubFolder;
use crate::layers::{Needed, listed, loaded};
use crate::tokenizer::Tokenizer;

pub use config::{AudioConfig, ClapConfig, FeatureConfig, Fill, Pair, TextConfig};
pub(crate) use config::{activation, check_epsilon, within};
pub(crate) use kind::KIND;
use sound::SoundNetwork;
use text::TextNetwork;

/// The text side, with its weights and words.
#[derive(Debug)]
pub struct ClapText {
    network: TextNetwork,
    words: Tokenizer,
    n_bytes: u64,
}

/// An embedding, and what did not go into it.
#[derive(Clone, Debug, PartialEq)]
pub struct TextEmbedding {
    /// A unit vector.
    pub values: Vec<f32>,
    /// Tokens at the text's end for which there was no room.
    pub n_cut: usize,
}

impl ClapText {
    /// Reads the text side of a configuration; its tokenizer lies in `words`.
    ///
    /// # Errors
    /// When a tensor is missing or of another shape, a file is damaged, or there is no tokenizer.
    pub fn load(
        config: &TextConfig,
        files: &WeightFiles,
        words: &Path,
        precision: Precision,
    ) -> Result<Self, Error> {
        let words = Tokenizer::open(words)?;
        let made = loaded(files, precision, |tensors| TextNetwork::new(tensors, config))?;
        let (network, n_bytes) = made;
        Ok(Self { network, words, n_bytes })
    }

    /// Names and shapes of the tensors that a configuration needs.
    #[must_use]
    pub fn tensors(config: &TextConfig) -> Needed {
        listed(|tensors| TextNetwork::new(tensors, config))
    }

    /// The embedding of a text.
    #[must_use]
    pub fn embed(&self, text: &str) -> TextEmbedding {
        let encoded = self.words.encode(text, self.network.n_tokens_max());
        let hidden = self.network.hidden(&encoded.ids, self.network.n_layers());
        let values = unit(self.network.embedding(&hidden));
        TextEmbedding { values, n_cut: encoded.n_cut }
    }

    /// What layer `layer` gives for a text, `[tokens][channels]`; layer 0 gives what goes into the first.
    ///
    /// # Errors
    /// When there is no such layer.
    pub fn hidden(&self, text: &str, layer: usize) -> Result<Vec<f32>, Error> {
        if layer > self.network.n_layers() {
            return Err(no_layer(layer, self.network.n_layers()));
        }
        let encoded = self.words.encode(text, self.network.n_tokens_max());
        Ok(self.network.hidden(&encoded.ids, layer))
    }

    /// Numbers of a token between layers.
    #[must_use]
    pub fn hidden_size(&self) -> usize {
        self.network.hidden_size()
    }

    /// Bytes that its weights take.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }
}

/// The audio side, with its weights.
#[derive(Debug)]
pub struct ClapSound {
    network: SoundNetwork,
    features: FeatureConfig,
}

/// What a stage of the audio side gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Numbers of each place.
    pub channels: usize,
    /// `[places][channels]`.
    pub values: Vec<f32>,
}

impl ClapSound {
    /// Reads the audio side of a configuration.
    ///
    /// # Errors
    /// When a tensor is missing or of another shape, or a file is damaged.
    pub fn load(
        config: &AudioConfig,
        features: FeatureConfig,
        files: &WeightFiles,
        precision: Precision,
    ) -> Result<Self, Error> {
        let (network, _) = loaded(files, precision, |tensors| SoundNetwork::new(tensors, config))?;
        Ok(Self { network, features })
    }

    /// Names and shapes of the tensors that a configuration needs.
    #[must_use]
    pub fn tensors(config: &AudioConfig) -> Needed {
        listed(|tensors| SoundNetwork::new(tensors, config))
    }

    /// The rate at which it hears, in Hz.
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        self.features.sampling_rate
    }

    /// The embedding of a sound of one channel at [`Self::rate_hz`]. One that is shorter than the model hears is
    /// repeated; a longer one is heard part by part, and the embeddings of the parts are averaged.
    ///
    /// # Errors
    /// When the sound is empty.
    pub fn embed(&self, samples: &[f32]) -> Result<Vec<f32>, Error> {
        let mut sum = vec![];
        for part in self.features.parts(samples)? {
            let places = self.stage_of(part, self.network.n_stages());
            let embedding = unit(self.network.embedding(&places.values));
            if sum.is_empty() {
                sum = embedding;
            } else {
                nn::dense::add(&mut sum, &embedding);
            }
        }
        Ok(unit(sum))
    }

    /// What stage `stage` gives for the beginning of a sound; stage 0 gives what goes into the first.
    ///
    /// # Errors
    /// When there is no such stage, or the sound is empty.
    pub fn hidden(&self, samples: &[f32], stage: usize) -> Result<Stage, Error> {
        if stage > self.network.n_stages() {
            return Err(no_layer(stage, self.network.n_stages()));
        }
        let first = self.features.parts(samples)?[0];
        Ok(self.stage_of(first, stage))
    }

    fn stage_of(&self, part: &[f32], stage: usize) -> Stage {
        let spectrogram = features::spectrogram(&self.features, part);
        let picture = self.network.hidden(&spectrogram, stage);
        Stage { channels: picture.channels, values: picture.values }
    }
}

/// Both sides.
#[derive(Debug)]
pub struct Clap {
    /// The side that reads.
    pub text: ClapText,
    /// The side that hears.
    pub sound: ClapSound,
}

impl Clap {
    /// Opens a folder as a hub has it: `config.json`, weights, `tokenizer.json`, and `preprocessor_config.json`.
    ///
    /// # Errors
    /// When it is a folder of another kind of model, or its files are damaged or not whole.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let folder = HubFolder::new(folder);
        let (config, features) = kind::settings(&folder).map_err(|why| folder.unusable(why))?;
        let files = folder.weights("")?;
        let precision = Precision::Float32;
        Ok(Self {
            text: ClapText::load(&config.text_config, &files, folder.path(), precision)?,
            sound: ClapSound::load(&config.audio_config, features, &files, precision)?,
        })
    }
}

/// Tensors that are no weights, or of which nothing here is computed.
const KNOWN: [&str; 6] = [
    "logit_scale_a",
    "logit_scale_t",
    ".num_batches_tracked",
    ".position_ids",
    ".token_type_ids",
    ".relative_position_index",
];

/// Whether a tensor may be there without being needed.
#[must_use]
pub fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|ending| name.ends_with(ending))
}

/// A vector of length 1 in the same direction.
fn unit(mut x: Vec<f32>) -> Vec<f32> {
    let square: f64 = x.iter().map(|x| f64::from(*x).powi(2)).sum();
    // As the reference divides, which keeps zeros zero.
    let scale = (1.0 / square.sqrt().max(1e-12)) as f32;
    x.iter_mut().for_each(|x| *x *= scale);
    x
}

fn no_layer(layer: usize, n_layers: usize) -> Error {
    Error::Unfit { reason: format!("it has no layer {layer}; its layers are 0 to {n_layers}") }
}

#[cfg(test)]
mod tests;
