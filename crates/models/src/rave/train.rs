//! Training: one optimiser step at a time, validation, and checkpoints.

use std::path::Path;

use super::{Config, Phase};
use crate::Error;

/// A model in training: its weights, its optimisers, its random numbers, and where it stands.
pub struct Trainer {
    config: Config,
}

/// What happened in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The number of the step, from 1.
    pub step: u64,
    /// The phase it belonged to.
    pub phase: Phase,
    /// What was measured, by the names of metrics.
    pub values: Vec<(&'static str, f64)>,
    /// Whether every loss and gradient was a number. If not, no weight was changed.
    pub is_finite: bool,
}

/// How far reconstructions of held-out sound are from their originals; smaller is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// The distance of spectra in each band.
    pub multiband_spectral_distance: f64,
    /// The distance of spectra of the whole sound.
    pub fullband_spectral_distance: f64,
}

impl Trainer {
    /// A new model with random weights; the same seed gives the same weights and the same losses.
    #[must_use]
    pub fn new(config: &Config, seed: u64) -> Self {
        todo!()
    }

    /// Goes on from a checkpoint exactly as if training had not been interrupted.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a checkpoint of this family.
    pub fn load(path: &Path) -> Result<Self, Error> {
        todo!()
    }

    /// Stores everything needed to go on, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        todo!()
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Steps done.
    #[must_use]
    pub fn global_step(&self) -> u64 {
        todo!()
    }

    /// The phase of the next step.
    #[must_use]
    pub fn phase(&self) -> Phase {
        todo!()
    }

    /// Learns from one batch. Shape: `[batch, channels, n_signal]`, samples in [-1, 1].
    ///
    /// # Panics
    /// When the batch does not have that many samples.
    pub fn step(&mut self, batch: &[f32]) -> StepReport {
        todo!()
    }

    /// Distances over held-out clips, each planar `[channel][sample]` and of any length.
    ///
    /// Deterministic: mean latent, noise from a fixed seed.
    #[must_use]
    pub fn validate(&self, clips: &[Vec<Vec<f32>>]) -> Validation {
        todo!()
    }

    /// The reconstruction of a clip, sample-aligned with it and as long.
    #[must_use]
    pub fn render(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        todo!()
    }
}
