//! The forward and backward pass of each turn: losses and gradients, nothing changed yet.

use burn::tensor::Tensor;
use nn::{Gradients, Observed, Weights};

use super::{Trainer, is_generator};
use crate::rave::latent::{Latent, LatentDraws};
use crate::rave::network::{DECODER, DISCRIMINATOR, ENCODER, Sound};
use crate::rave::{Regularization, objective};

/// The random numbers of one step.
pub(in crate::rave) struct Draws {
    pub(in crate::rave) latent: LatentDraws,
    /// Uniform in [0, 1), one for each sample of every band.
    pub(in crate::rave) noise: Vec<f32>,
}

/// What one forward and backward pass found.
pub(in crate::rave) struct Pass {
    pub(in crate::rave) values: Vec<(&'static str, f64)>,
    pub(in crate::rave) gradients: Gradients,
    /// What layers learnt without gradients.
    pub(in crate::rave) observed: Observed,
}

/// Numbers to show, some of them still being computed: a GPU works on while the next operations are
/// queued, and is waited for once.
#[derive(Default)]
struct Metrics(Vec<Metric>);

struct Metric {
    name: &'static str,
    /// The number, or what the value of the tensor is multiplied with.
    number: f64,
    computed: Option<Tensor<1>>,
}

impl Metrics {
    fn note(&mut self, name: &'static str, number: f64) {
        self.0.push(Metric { name, number, computed: None });
    }

    fn watch(&mut self, name: &'static str, value: &Tensor<1>) {
        self.watch_times(name, value, 1.0);
    }

    fn watch_times(&mut self, name: &'static str, value: &Tensor<1>, number: f64) {
        self.0.push(Metric { name, number, computed: Some(value.clone().inner()) });
    }

    /// Waits for all of them.
    fn read(self) -> Vec<(&'static str, f64)> {
        let computed: Vec<_> = self.0.iter().filter_map(|it| it.computed.clone()).collect();
        let read = if computed.is_empty() { vec![] } else { nn::values(Tensor::cat(computed, 0)) };
        let mut read = read.into_iter().map(f64::from);
        let value = |metric: Metric| match metric.computed {
            None => (metric.name, metric.number),
            Some(_) => (metric.name, metric.number * read.next().unwrap_or(f64::NAN)),
        };
        self.0.into_iter().map(value).collect()
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rave) enum Turn {
    /// Encoder and decoder.
    Autoencoder,
    /// The discriminators.
    Discriminators,
    /// The decoder, before the discriminators.
    Decoder,
}

impl Trainer {
    /// Losses and gradients of one turn. Shape of `audio`: `[batch, channels, samples]`.
    pub(in crate::rave) fn pass(&self, turn: Turn, audio: Tensor<3>, draws: Draws) -> Pass {
        match turn {
            Turn::Autoencoder => self.pass_autoencoder(audio, draws),
            Turn::Discriminators => self.pass_discriminators(audio, draws),
            Turn::Decoder => self.pass_decoder(audio, draws),
        }
    }

    fn pass_autoencoder(&self, audio: Tensor<3>, draws: Draws) -> Pass {
        let weights = self.weights(is_generator);
        let original = self.network.analysed(audio);
        let encoded = self.network.encoded(&weights, &original);
        let latent = self.latent(&weights, encoded, draws.latent);
        let made = self.network.decoded(&weights, latent.z, false, || draws.noise);
        let mut metrics = Metrics::default();
        let distance = self.distance(&original, &made, &mut metrics);
        let beta = objective::beta_factor(&self.config, self.step);
        metrics.note("beta_factor", beta);
        let loss = match latent.regularization {
            Some(regularization) => {
                let regularization = regularization * beta;
                metrics.watch("regularization", &regularization);
                distance + regularization
            }
            None => distance,
        };
        metrics.watch("loss_total", &loss);
        drop(made);
        self.finish(weights, loss, metrics)
    }

    fn pass_discriminators(&self, audio: Tensor<3>, draws: Draws) -> Pass {
        let weights = self.weights(|name| name.starts_with(DISCRIMINATOR));
        let original = self.network.analysed(audio);
        let encoded = self.network.encoded(&weights, &original);
        let latent = self.latent(&weights, encoded, draws.latent);
        let made = self.network.decoded(&weights, latent.z, true, || draws.noise);
        let sounds = [&original.audio, &made.audio];
        let [real, fake] = self.network.discriminators.scores_of_both(&weights, sounds);
        drop((original, made));
        let loss = objective::deception(self.config.gan_loss, &real, &fake);
        let mut metrics = Metrics::default();
        metrics.watch("loss_dis", &loss);
        metrics.watch("pred_real", &objective::scores(&real));
        metrics.watch("pred_fake", &objective::scores(&fake));
        drop((real, fake));
        self.finish(weights, loss, metrics)
    }

    /// The encoder rests: its weights carry no gradient, so neither do the latent and its shape. In the
    /// original, and so here, it learns on where latents are directions or codes.
    fn pass_decoder(&self, audio: Tensor<3>, draws: Draws) -> Pass {
        let config = &self.config;
        let rests = match config.regularization {
            Regularization::Variational | Regularization::Wasserstein => true,
            Regularization::Spherical | Regularization::Discrete => false,
        };
        let weights =
            self.weights(|name| name.starts_with(DECODER) || (name.starts_with(ENCODER) && !rests));
        let original = self.network.analysed(audio);
        let encoded = self.network.encoded(&weights, &original);
        let latent = self.latent(&weights, encoded, draws.latent);
        let made = self.network.decoded(&weights, latent.z, true, || draws.noise);
        let mut metrics = Metrics::default();
        let distance = self.distance(&original, &made, &mut metrics);
        let real = self.network.discriminators.forward(&weights, &original.audio);
        let fake = self.network.discriminators.forward(&weights, &made.audio);
        let matching = objective::feature_matching(config, &real, &fake);
        let adversarial = objective::displeasure(config.gan_loss, &fake);
        let beta = objective::beta_factor(config, self.step);
        let matching_weight = config.feature_matching_weight;
        if let Some(regularization) = &latent.regularization {
            metrics.watch_times("regularization", regularization, beta);
        }
        metrics.note("beta_factor", beta);
        metrics.watch_times("feature_matching", &matching, matching_weight);
        metrics.watch_times("adversarial", &adversarial, config.adversarial_weight);
        let mut loss = distance
            + matching * config.effective(matching_weight)
            + adversarial * config.effective(config.adversarial_weight);
        if let Some(regularization) = latent.regularization.filter(|_| !rests) {
            loss = loss + regularization * beta;
        }
        metrics.watch("loss_total", &loss);
        drop((made, real, fake));
        self.finish(weights, loss, metrics)
    }

    /// The weights of this step, where it is computed.
    fn weights(&self, is_trained: impl Fn(&str) -> bool) -> Weights {
        self.parameters.weights_at(&self.compute, is_trained)
    }

    fn finish(&self, weights: Weights, loss: Tensor<1>, metrics: Metrics) -> Pass {
        let observed = weights.take_observed();
        let gradients = self.gradients(weights, loss);
        Pass { values: metrics.read(), gradients, observed }
    }

    /// The gradients of a loss, through a larger one where they would vanish on their way.
    fn gradients(&self, weights: Weights, loss: Tensor<1>) -> Gradients {
        if !self.compute.needs_loss_scale() {
            return weights.backward(loss);
        }
        let factor = self.loss_scale.factor();
        let mut gradients = weights.backward(loss * factor);
        gradients.scale(1.0 / factor);
        gradients
    }

    fn latent(&self, weights: &Weights, encoded: Tensor<3>, draws: LatentDraws) -> Latent {
        let is_quantized = self.step >= self.config.quantize_after;
        Latent::drawn(&self.config, &self.network, weights, encoded, draws, is_quantized)
    }

    /// The weighted sum of both distances.
    fn distance(&self, original: &Sound, made: &Sound, metrics: &mut Metrics) -> Tensor<1> {
        let config = &self.config;
        let cropped = |bands: &Tensor<3>| {
            let n_kept = bands.dims()[2] - self.crop.0 - self.crop.1;
            bands.clone().narrow(2, self.crop.0, n_kept)
        };
        let multiband = objective::distance(config, cropped(&made.bands), cropped(&original.bands));
        let fullband = objective::distance(config, made.audio.clone(), original.audio.clone());
        metrics.watch("multiband_spectral_distance", &multiband);
        metrics.watch("fullband_spectral_distance", &fullband);
        multiband * config.multiband_weight + fullband * config.fullband_weight
    }
}
