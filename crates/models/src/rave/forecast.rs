//! What is known about a model before it is trained: its size, its reach in time, its memory, and
//! whether it fits a dataset.

use api::FieldProblem;

use super::Config;

/// What is known about a model before it is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Trainable numbers in encoder and decoder.
    pub n_parameters: u64,
    /// Trainable numbers in the discriminators of phase 2.
    pub n_discriminator_parameters: u64,
    /// Memory that training needs, in bytes, estimated.
    pub memory_bytes: u64,
    /// Samples of sound per latent frame.
    pub ratio: usize,
    /// How far a sample of the reconstruction looks back and ahead, in samples.
    pub receptive_field_samples: (usize, usize),
    /// The least delay of playing live: what it looks ahead, and one latent frame, in samples.
    pub latency_samples: usize,
    /// The shortest excerpt that can be trained on, in samples.
    pub min_signal_samples: usize,
    /// Things worth knowing before the start, none of which prevents it.
    pub notes: Vec<String>,
}

/// What is known about a model before it is trained.
#[must_use]
pub fn forecast(config: &Config) -> Forecast {
    todo!()
}

/// What prevents training this model on that dataset, with what to change.
#[must_use]
pub fn check(config: &Config, dataset: &api::DatasetSummary) -> Vec<FieldProblem> {
    todo!()
}

/// Excerpts too short for the spectra that are compared.
pub(super) fn too_short(config: &Config) -> Option<FieldProblem> {
    None
}
