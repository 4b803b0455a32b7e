//! `EnCodec`: a codec that turns sound into codes, some hundred whole numbers a second, and codes into sound; weights
//! are the user's, in a folder as a model hub has it.
//!
//! Encoder and decoder are convolutions around a recurrent layer; between them a residual vector quantiser names each
//! frame by one code a book, every book taking what the ones before have left over. It is no family that is trained
//! here, and other models speak in its codes.
//!
//! Sources: Défossez et al., "High Fidelity Neural Audio Compression", 2022; names of tensors and settings, and what is
//! computed at the edges, are those of `EncodecModel` in Hugging Face's transformers 5.

mod chunks;
mod config;
mod kind;
mod layers;
mod network;
mod pieces;
mod quantiser;

use nn::weight_files::WeightFiles;
use nn::{Parameters, Weights};

use crate::Error;

pub use config::EncodecConfig;
pub(crate) use kind::KIND;
use network::Network;
use pieces::Pace;

/// A codec with its weights.
#[derive(Debug)]
pub struct Encodec {
    config: EncodecConfig,
    network: Network,
    weights: Weights,
}

/// A sound in codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Codes {
    /// Codes, `[books][frames]`; those of a model that works in chunks stand one chunk after the other.
    pub books: Vec<Vec<i64>>,
    /// The loudness that was taken out of each chunk; empty for models that do not normalise.
    pub scales: Vec<f32>,
}

/// Tensors that only training needs.
const OF_TRAINING: [&str; 3] = [".cluster_size", ".embed_avg", ".inited"];

impl Encodec {
    /// Reads the weights of a configuration.
    ///
    /// # Errors
    /// When one is missing, of another shape, or a file is damaged.
    pub fn load(config: EncodecConfig, files: &WeightFiles) -> Result<Self, Error> {
        let network = Network::new(&config);
        let mut parameters = Parameters::new();
        for array in files.read(&network.tensors())? {
            parameters.insert(&array.name, &array.shape, array.values);
        }
        Ok(Self { config, network, weights: parameters.frozen() })
    }

    /// Names and shapes of the tensors that a configuration needs.
    #[must_use]
    pub fn tensors(config: &EncodecConfig) -> Vec<(String, Vec<usize>)> {
        Network::new(config).tensors()
    }

    /// Whether a tensor is one of those that only training needs.
    #[must_use]
    pub fn is_of_training(name: &str) -> bool {
        name.starts_with("quantizer.") && OF_TRAINING.iter().any(|ending| name.ends_with(ending))
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &EncodecConfig {
        &self.config
    }

    /// The codes of a sound, `[channels][samples]` at the model's rate and with its channels. Without a bandwidth, in
    /// kbit/s, it is the first of the model's, as in the reference.
    ///
    /// # Errors
    /// When the sound is empty, or the bandwidth is none that the model has books for.
    ///
    /// # Panics
    /// When the channels are not those of the model, or are not all as long.
    pub fn encode(&self, sound: &[Vec<f32>], bandwidth: Option<f64>) -> Result<Codes, Error> {
        let codes = self.encode_while(sound, bandwidth, &mut || true)?;
        Ok(codes.expect("nobody ended it"))
    }

    /// Like [`Self::encode`], and asks every few seconds of sound whether to go on; nothing if not.
    ///
    /// # Errors
    /// As [`Self::encode`].
    ///
    /// # Panics
    /// As [`Self::encode`].
    pub fn encode_while(
        &self,
        sound: &[Vec<f32>],
        bandwidth: Option<f64>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Codes>, Error> {
        assert_eq!(sound.len(), self.config.audio_channels, "channels of the sound");
        let n_books = self.config.n_books_of(bandwidth)?;
        let n_frames = pieces::n_frames(&self.config);
        chunks::encode(&self.config, sound, |chunk| {
            let pace = Pace { n_frames, go_on: &mut *go_on };
            let latents = self.network.encode(&self.config, &self.weights, &chunk, pace)?;
            Some(quantiser::encode(&self.weights, &self.config, &latents, n_books))
        })
    }

    /// The sound of codes, `[channels][samples]`: whole frames, so up to a frame longer than what was encoded. Without
    /// scales, a model that normalises gives each chunk at the loudness at which the network makes it.
    ///
    /// # Errors
    /// When there are no codes, more books than the model has, a code that its book lacks, or other scales than chunks.
    pub fn decode(&self, codes: &Codes) -> Result<Vec<Vec<f32>>, Error> {
        let sound = self.decode_while(codes, &mut || true)?;
        Ok(sound.expect("nobody ended it"))
    }

    /// Like [`Self::decode`], and asks every few seconds of sound whether to go on; nothing if not.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_while(
        &self,
        codes: &Codes,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Vec<Vec<f32>>>, Error> {
        quantiser::check(&self.config, codes)?;
        let n_frames = pieces::n_frames(&self.config);
        chunks::decode(&self.config, codes, |books| {
            let latents = quantiser::decode(&self.weights, &self.config, books);
            let pace = Pace { n_frames, go_on: &mut *go_on };
            self.network.decode(&self.config, &self.weights, latents, pace)
        })
    }
}

/// The error that something does not fit the model.
fn unfit(reason: impl Into<String>) -> Error {
    Error::Unfit { reason: reason.into() }
}

#[cfg(test)]
mod tests;
