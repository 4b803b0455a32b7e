//! A finished model: sound to latent curves and back, without gradients and in bounded memory.

use std::path::Path;

use super::Config;
use crate::Error;

/// A model that plays.
pub struct Model {
    config: Config,
}

impl Model {
    /// Reads a checkpoint; only the encoder and the decoder in it.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a checkpoint of this family.
    pub fn load(weights: &Path) -> Result<Self, Error> {
        todo!()
    }

    /// The settings it was trained with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The reconstruction of a clip `[channel][sample]`, sample-aligned with it and as long.
    #[must_use]
    pub fn reconstruct(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        todo!()
    }

    /// The mean latent curves of a clip. Shape: `[latent][frame]`, `ceil(samples / ratio)` frames.
    #[must_use]
    pub fn encode(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        todo!()
    }

    /// Sound from latent curves `[latent][frame]`: `ratio` samples a frame, aligned with the clip that
    /// was encoded.
    #[must_use]
    pub fn decode(&self, latent: &[Vec<f32>]) -> Vec<Vec<f32>> {
        todo!()
    }
}
