//! Training: one optimiser step at a time, validation, and checkpoints.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Tensor;
use nn::{
    Adam, AdamSettings, Gradients, Init, NamedArray, Parameters, Weights, from_values, values,
};

use super::network::{DECODER, DISCRIMINATOR, ENCODER, Network, Sound};
use super::objective::{self, Posterior};
use super::{Config, Phase, infer};
use crate::Error;

/// A model in training: its weights, its optimisers, its random numbers, and where it stands.
pub struct Trainer {
    config: Config,
    network: Network,
    parameters: Parameters,
    generator: Adam,
    discriminator: Adam,
    /// All random numbers are drawn from the seed and the number of the step, so there is no other
    /// state of chance to keep.
    seed: u64,
    step: u64,
    /// Bands' frames at the start and the end of an excerpt that the multi-band distance ignores.
    crop: (usize, usize),
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

/// The random numbers of one step.
pub(super) struct Draws {
    /// Standard normal, `[batch, latent, frames]`.
    pub(super) latent: Vec<f32>,
    /// Uniform in [0, 1), one for each sample of every band.
    pub(super) noise: Vec<f32>,
}

/// What one forward and backward pass found.
pub(super) struct Pass {
    pub(super) values: Vec<(&'static str, f64)>,
    pub(super) gradients: Gradients,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Encoder and decoder.
    Autoencoder,
    /// The discriminators.
    Discriminators,
    /// The decoder, before the discriminators.
    Decoder,
}

impl Trainer {
    /// A new model with random weights; the same seed gives the same weights and the same losses.
    #[must_use]
    pub fn new(config: &Config, seed: u64) -> Self {
        let network = Network::new(config);
        let settings = AdamSettings {
            beta1: config.adam_beta_1,
            beta2: config.adam_beta_2,
            ..AdamSettings::default()
        };
        Self {
            parameters: network.initialise(config, seed),
            generator: Adam::new(settings),
            discriminator: Adam::new(settings),
            seed,
            step: 0,
            crop: super::forecast::crop(config, &network),
            network,
            config: config.clone(),
        }
    }

    /// Goes on from a checkpoint exactly as if training had not been interrupted.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a checkpoint of this family.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let checkpoint = nn::checkpoint::read(path)?;
        let config = infer::config_of(&checkpoint.metadata, path)?;
        let number = |key: &str| {
            let text = checkpoint.metadata.get(key);
            text.and_then(|text| text.parse::<u64>().ok())
                .ok_or_else(|| Error::NotResumable { path: path.into(), what: key.into() })
        };
        let mut trainer = Self::new(&config, number("seed")?);
        trainer.step = number("step")?;
        trainer.parameters.load(&checkpoint.arrays)?;
        trainer.generator.load(&within(&checkpoint.arrays, GENERATOR_STATE))?;
        trainer.discriminator.load(&within(&checkpoint.arrays, DISCRIMINATOR_STATE))?;
        Ok(trainer)
    }

    /// Stores everything needed to go on, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let mut arrays = self.parameters.to_arrays();
        for (prefix, optimiser) in
            [(GENERATOR_STATE, &self.generator), (DISCRIMINATOR_STATE, &self.discriminator)]
        {
            arrays.extend(
                optimiser
                    .to_arrays()
                    .into_iter()
                    .map(|array| NamedArray { name: format!("{prefix}{}", array.name), ..array }),
            );
        }
        let metadata = BTreeMap::from([
            ("family".to_owned(), "rave".to_owned()),
            ("settings".to_owned(), self.config.to_settings().to_string()),
            ("seed".to_owned(), self.seed.to_string()),
            ("step".to_owned(), self.step.to_string()),
        ]);
        Ok(nn::checkpoint::write(path, &arrays, &metadata)?)
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Steps done.
    #[must_use]
    pub fn global_step(&self) -> u64 {
        self.step
    }

    /// The phase of the next step.
    #[must_use]
    pub fn phase(&self) -> Phase {
        Phase::of_step(&self.config, self.step)
    }

    /// Learns from one batch. Shape: `[batch, channels, n_signal]`, samples in [-1, 1].
    ///
    /// The excerpts get a dither of half a 16-bit step, so that digital silence has a spectrum.
    ///
    /// # Panics
    /// When the batch does not have that many samples.
    pub fn step(&mut self, batch: &[f32]) -> StepReport {
        let shape = [self.config.batch_size, self.config.channels, self.config.n_signal];
        assert_eq!(batch.len(), shape.iter().product::<usize>(), "a batch of shape {shape:?}");
        let dithered = dithered(batch, &mut self.chance("dither"));
        let audio = from_values(dithered, shape);
        let draws = self.draws(shape[0], shape[2]);
        let turn = self.turn();
        let phase = self.phase();

        let pass = self.pass(turn, audio, draws);
        let mut values = pass.values;
        let norm = pass.gradients.norm();
        let rate = objective::learning_rate(&self.config, self.step);
        let rate_discriminator = self.config.learning_rate_discriminator;
        let is_finite = norm.is_finite() && values.iter().all(|(_, value)| value.is_finite());
        if is_finite {
            self.update(turn, &pass.gradients);
        }
        values.push(("grad_norm", norm));
        values.push(("learning_rate", rate));
        if phase == Phase::Adversarial {
            values.push(("learning_rate_discriminator", rate_discriminator));
        }
        self.step += 1;
        StepReport { step: self.step, phase, values, is_finite }
    }

    /// Distances over held-out clips, each planar `[channel][sample]` and of any length.
    ///
    /// Deterministic: mean latent, noise and dither from fixed seeds. Silent clips are left out; `None`
    /// if nothing is left.
    #[must_use]
    pub fn validate(&self, clips: &[Vec<Vec<f32>>]) -> Option<Validation> {
        let weights = self.parameters.frozen();
        let (mut multiband, mut fullband, mut n_samples) = (0.0, 0.0, 0.0);
        for (excerpt, n_covered) in clips.iter().flat_map(|clip| self.validation_excerpts(clip)) {
            let distances = self.validate_excerpt(&weights, excerpt);
            multiband += distances[0] * n_covered as f64;
            fullband += distances[1] * n_covered as f64;
            n_samples += n_covered as f64;
        }
        (n_samples > 0.0).then(|| Validation {
            multiband_spectral_distance: multiband / n_samples,
            fullband_spectral_distance: fullband / n_samples,
        })
    }

    /// The reconstruction of a clip, sample-aligned with it and as long.
    #[must_use]
    pub fn render(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        infer::reconstruct(&self.config, &self.network, &self.parameters.frozen(), channels)
    }

    #[cfg(test)]
    pub(super) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    #[cfg(test)]
    pub(super) fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn turn(&self) -> Turn {
        if self.phase() == Phase::Reconstruction {
            return Turn::Autoencoder;
        }
        let step = self.step - self.config.phase_1_duration;
        if step.is_multiple_of(self.config.update_discriminator_every) {
            Turn::Discriminators
        } else {
            Turn::Decoder
        }
    }

    /// Losses and gradients of one turn. Shape of `audio`: `[batch, channels, samples]`.
    pub(super) fn pass(&self, turn: Turn, audio: Tensor<3>, draws: Draws) -> Pass {
        match turn {
            Turn::Autoencoder => self.pass_autoencoder(audio, draws),
            Turn::Discriminators => self.pass_discriminators(audio, draws),
            Turn::Decoder => self.pass_decoder(audio, draws),
        }
    }

    /// Moves the weights whose turn it is along their gradients.
    pub(super) fn update(&mut self, turn: Turn, gradients: &Gradients) {
        let (optimiser, rate) = match turn {
            Turn::Discriminators => {
                (&mut self.discriminator, self.config.learning_rate_discriminator)
            }
            Turn::Autoencoder | Turn::Decoder => {
                (&mut self.generator, objective::learning_rate(&self.config, self.step))
            }
        };
        optimiser.step(&mut self.parameters, gradients, rate);
    }

    fn pass_autoencoder(&self, audio: Tensor<3>, draws: Draws) -> Pass {
        let is_trained = |name: &str| name.starts_with(ENCODER) || name.starts_with(DECODER);
        let weights = self.parameters.weights(is_trained);
        let original = self.network.analysed(audio);
        let encoded = self.network.encoder.forward(&weights, original.bands.clone());
        let posterior = Posterior::new(encoded);
        let beta = objective::beta_factor(&self.config, self.step);
        let regularization = posterior.divergence() * beta;
        let made = self.network.decoded(&weights, posterior.sample(draws.latent), || draws.noise);
        let (distance, mut values) = self.distances(&original, &made);
        values.push(("regularization", scalar(&regularization)));
        values.push(("beta_factor", beta));
        let loss = distance + regularization;
        values.push(("loss_total", scalar(&loss)));
        drop((posterior, made));
        Pass { gradients: weights.backward(loss), values }
    }

    fn pass_discriminators(&self, audio: Tensor<3>, draws: Draws) -> Pass {
        let weights = self.parameters.weights(|name| name.starts_with(DISCRIMINATOR));
        let original = self.network.analysed(audio);
        let encoded = self.network.encoder.forward(&weights, original.bands);
        let latent = Posterior::new(encoded).sample(draws.latent);
        let made = self.network.decoded(&weights, latent, || draws.noise);
        let real = self.network.discriminators.forward(&weights, &original.audio);
        let fake = self.network.discriminators.forward(&weights, &made.audio);
        let loss = objective::hinge(&real, &fake);
        let values = vec![
            ("loss_dis", scalar(&loss)),
            ("pred_real", scalar(&objective::scores(&real))),
            ("pred_fake", scalar(&objective::scores(&fake))),
        ];
        drop((real, fake));
        Pass { gradients: weights.backward(loss), values }
    }

    /// The encoder rests: its weights carry no gradient, so neither do the latent and its divergence.
    fn pass_decoder(&self, audio: Tensor<3>, draws: Draws) -> Pass {
        let config = &self.config;
        let weights = self.parameters.weights(|name| name.starts_with(DECODER));
        let original = self.network.analysed(audio);
        let encoded = self.network.encoder.forward(&weights, original.bands.clone());
        let posterior = Posterior::new(encoded);
        let latent = posterior.sample(draws.latent);
        let made = self.network.decoded(&weights, latent, || draws.noise);
        let (distance, mut values) = self.distances(&original, &made);
        let real = self.network.discriminators.forward(&weights, &original.audio);
        let fake = self.network.discriminators.forward(&weights, &made.audio);
        let matching = objective::feature_matching(config, &real, &fake);
        let adversarial = objective::displeasure(&fake);
        let beta = objective::beta_factor(config, self.step);
        let matching_weight = config.feature_matching_weight;
        values.extend([
            ("regularization", scalar(&posterior.divergence()) * beta),
            ("beta_factor", beta),
            ("feature_matching", scalar(&matching) * matching_weight),
            ("adversarial", scalar(&adversarial) * config.adversarial_weight),
        ]);
        let loss = distance
            + matching * config.effective(matching_weight)
            + adversarial * config.effective(config.adversarial_weight);
        values.push(("loss_total", scalar(&loss)));
        drop((made, real, fake));
        Pass { gradients: weights.backward(loss), values }
    }

    /// The weighted sum of both distances, and each of them as metrics show it.
    fn distances(&self, original: &Sound, made: &Sound) -> (Tensor<1>, Vec<(&'static str, f64)>) {
        let config = &self.config;
        let cropped = |bands: &Tensor<3>| {
            let n_kept = bands.dims()[2] - self.crop.0 - self.crop.1;
            bands.clone().narrow(2, self.crop.0, n_kept)
        };
        let multiband = objective::distance(config, cropped(&made.bands), cropped(&original.bands));
        let fullband = objective::distance(config, made.audio.clone(), original.audio.clone());
        let values = vec![
            ("multiband_spectral_distance", scalar(&multiband) * config.multiband_weight),
            ("fullband_spectral_distance", scalar(&fullband) * config.fullband_weight),
        ];
        let sum = multiband * config.effective(config.multiband_weight)
            + fullband * config.effective(config.fullband_weight);
        (sum, values)
    }

    fn draws(&self, batch: usize, samples: usize) -> Draws {
        let config = &self.config;
        let n_latent = batch * config.latent_size * samples / config.ratio();
        let mut latent = self.chance("latent").normal(n_latent);
        latent.iter_mut().for_each(|value| *value *= config.latent_noise as f32);
        Draws {
            latent,
            noise: self.chance("noise").uniform(batch * config.channels * samples, 0.0, 1.0),
        }
    }

    /// Random numbers for one purpose in this step.
    fn chance(&self, purpose: &str) -> Init {
        Init::named(self.seed, &format!("{purpose} {}", self.step))
    }

    /// The clip in pieces that distances can be measured on, and how many of its samples each covers:
    /// long enough for the largest spectrum, short enough for memory, dithered. None if it is silent.
    fn validation_excerpts(&self, clip: &[Vec<f32>]) -> Vec<(Tensor<3>, usize)> {
        if clip.iter().flatten().all(|sample| sample.abs() < SILENCE) {
            return Vec::new();
        }
        let ratio = self.config.ratio();
        let least = super::forecast::samples_for_spectra(&self.config).next_multiple_of(ratio);
        let most = EXCERPT_SAMPLES.next_multiple_of(ratio).max(least);
        let n_samples = clip.iter().map(Vec::len).max().unwrap_or(0);
        let mut chance = Init::named(0, "validation dither");
        let mut excerpt = |start: usize| {
            let n_covered = (n_samples - start).min(most);
            let length = n_covered.next_multiple_of(ratio).max(least);
            let mut samples = vec![0.0; clip.len() * length];
            for (channel, samples) in clip.iter().zip(samples.chunks_mut(length)) {
                let rest = &channel[start.min(channel.len())..];
                let rest = &rest[..rest.len().min(length)];
                samples[..rest.len()].copy_from_slice(rest);
            }
            let samples = dithered(&samples, &mut chance);
            (from_values(samples, [1, clip.len(), length]), n_covered)
        };
        (0..n_samples).step_by(most).map(&mut excerpt).collect()
    }

    /// Multi-band and full-band distance of the deterministic reconstruction of an excerpt.
    fn validate_excerpt(&self, weights: &Weights, audio: Tensor<3>) -> [f64; 2] {
        let [_, channels, samples] = audio.dims();
        let original = self.network.analysed(audio);
        let encoded = self.network.encoder.forward(weights, original.bands.clone());
        let latent = Posterior::new(encoded).mean;
        let noise = || Init::named(0, "validation noise").uniform(channels * samples, 0.0, 1.0);
        let made = self.network.decoded(weights, latent, noise);
        let multiband = objective::distance(&self.config, made.bands, original.bands);
        let fullband = objective::distance(&self.config, made.audio, original.audio);
        [scalar(&multiband), scalar(&fullband)]
    }
}

/// Prefixes of the names of the optimisers' state in a checkpoint.
const GENERATOR_STATE: &str = "optimizer.generator.";
const DISCRIMINATOR_STATE: &str = "optimizer.discriminator.";

/// A clip that never exceeds this is silent: half a step of 16-bit sound.
const SILENCE: f32 = 1.0 / 65_536.0;

/// The most samples of a clip that validation takes at once; bounds its memory.
const EXCERPT_SAMPLES: usize = 131_072;

/// The arrays whose names start with `prefix`, without it.
fn within(arrays: &[NamedArray], prefix: &str) -> Vec<NamedArray> {
    let named = |array: &NamedArray| {
        let name = array.name.strip_prefix(prefix)?.to_owned();
        Some(NamedArray { name, ..array.clone() })
    };
    arrays.iter().filter_map(named).collect()
}

/// Samples with up to one step of 16-bit sound added at random, as if just decoded from it.
fn dithered(samples: &[f32], chance: &mut Init) -> Vec<f32> {
    let dither = chance.uniform(samples.len(), 0.0, 1.0 / 65_536.0);
    samples.iter().zip(dither).map(|(sample, dither)| sample + dither).collect()
}

fn scalar(tensor: &Tensor<1>) -> f64 {
    f64::from(values(tensor.clone())[0])
}

#[cfg(test)]
pub(super) mod tests;
