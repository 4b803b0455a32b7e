//! Facts about a model before it is trained: its size, its receptive field, its memory, and
//! whether it fits a dataset.

use api::FieldProblem;

use super::Config;
use super::memory::Memory;
use super::network::Network;
use super::stream;
use crate::knobs::{problem, problem_with};

/// What is known about a model before it is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Trainable parameters in encoder and decoder.
    pub n_parameters: u64,
    /// Trainable parameters in the discriminators of phase 2.
    pub n_discriminator_parameters: u64,
    /// The estimated memory for training.
    pub memory: Memory,
    /// Samples of sound per latent frame.
    pub ratio: usize,
    /// How far a sample of the reconstruction looks back and ahead, in samples.
    pub receptive_field_samples: (usize, usize),
    /// The latency of live playback, in samples.
    pub latency_samples: usize,
    /// The shortest excerpt that can be trained on, in samples.
    pub min_signal_samples: usize,
    /// Remarks before the start, none of which prevents it.
    pub notes: Vec<String>,
}

/// What is known about a model before it is trained.
#[must_use]
pub fn forecast(config: &Config) -> Forecast {
    let network = Network::new(config);
    let [n_generator, n_discriminator] = network.n_values();
    let (left, right) = network.receptive_field();
    let ratio = config.ratio();
    let mut forecast = Forecast {
        n_parameters: n_generator as u64,
        n_discriminator_parameters: n_discriminator as u64,
        memory: Memory::of(config, &network),
        ratio,
        receptive_field_samples: (left, right),
        latency_samples: stream::latency_samples(config),
        min_signal_samples: min_signal(config),
        notes: Vec::new(),
    };
    forecast.notes = notes(config, &forecast);
    forecast
}

/// Problems that prevent training this model on that dataset, each with a change that would solve it.
#[must_use]
pub fn check(config: &Config, dataset: &api::DatasetSummary) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    if config.sampling_rate != dataset.rate_hz {
        let message = format!(
            "the dataset is at {} Hz: train at that rate, or create a dataset at {} Hz",
            dataset.rate_hz, config.sampling_rate
        );
        problems.push(problem_with("sampling_rate", message, dataset.rate_hz));
    }
    if config.channels != usize::from(dataset.channels) {
        let message = format!(
            "the dataset has {} channel(s): train with as many, or create another dataset",
            dataset.channels
        );
        problems.push(problem_with("channels", message, dataset.channels));
    }
    if dataset.n_files <= dataset.n_validation {
        problems
            .push(problem("dataset", "it has no sound to train on: create one with more files"));
    }
    problems
}

/// Checks for excerpts too short for the spectra that are compared.
pub(super) fn too_short(config: &Config) -> Option<FieldProblem> {
    let least = min_signal(config);
    let message = || {
        format!(
            "must be at least {least}, so that spectra of {} samples fit into each of {} bands",
            largest_scale(config),
            config.n_band
        )
    };
    (config.n_signal < least).then(|| problem_with("n_signal", message(), least))
}

/// Frames of the bands at the start and the end of an excerpt whose reconstruction lacks
/// context, and which the multi-band distance leaves out if so configured.
///
/// The original program crops stereo by half as much, as it divides by all bands of both channels.
pub(super) fn crop(config: &Config, network: &Network) -> (usize, usize) {
    if !config.valid_signal_crop {
        return (0, 0);
    }
    let (left, right) = network.receptive_field();
    (left / config.n_band, right.div_ceil(config.n_band))
}

/// The fewest samples whose bands fit the largest spectrum, which mirrors half its window
/// at the ends.
pub(super) fn samples_for_spectra(config: &Config) -> usize {
    config.n_band * (largest_scale(config) / 2 + 1)
}

/// The shortest excerpt that can be trained on, in samples.
fn min_signal(config: &Config) -> usize {
    let (left, right) = crop(config, &Network::new(config));
    let samples = samples_for_spectra(config) + config.n_band * (left + right);
    samples.next_multiple_of(config.ratio())
}

fn largest_scale(config: &Config) -> usize {
    config.stft_scales.iter().copied().max().unwrap_or(0)
}

fn notes(config: &Config, forecast: &Forecast) -> Vec<String> {
    let secs = |samples: usize| samples as f64 / f64::from(config.sampling_rate);
    let mut notes = vec![format!(
        "{:.0} latent frames per second; {:.0} ms of latency when played live.",
        f64::from(config.sampling_rate) / config.ratio() as f64,
        1000.0 * secs(forecast.latency_samples)
    )];
    if config.noise_bands > 5 && config.has_noise {
        let block: usize = config.noise_ratios.iter().product();
        if 2 * (config.noise_bands - 1) > block {
            notes.push(format!(
                "{} noise bands do not fit into blocks of {block} samples, so the noise will be nearly \
                 silent, as in the original; {} fit.",
                config.noise_bands,
                block / 2 + 1
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests;
