//! The forward and backward pass of each turn: losses and gradients, nothing changed yet.

use burn::tensor::Tensor;
use nn::{Gradients, Observed, Weights};

use super::{Trainer, is_generator, scalar};
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
        let weights = self.parameters.weights(is_generator);
        let original = self.network.analysed(audio);
        let encoded = self.network.encoded(&weights, &original);
        let latent = self.latent(&weights, encoded, draws.latent);
        let made = self.network.decoded(&weights, latent.z, false, || draws.noise);
        let (distance, mut values) = self.distances(&original, &made);
        let beta = objective::beta_factor(&self.config, self.step);
        values.push(("beta_factor", beta));
        let loss = match latent.regularization {
            Some(regularization) => {
                let regularization = regularization * beta;
                values.push(("regularization", scalar(&regularization)));
                distance + regularization
            }
            None => distance,
        };
        values.push(("loss_total", scalar(&loss)));
        drop(made);
        let observed = weights.take_observed();
        Pass { gradients: weights.backward(loss), values, observed }
    }

    fn pass_discriminators(&self, audio: Tensor<3>, draws: Draws) -> Pass {
        let weights = self.parameters.weights(|name| name.starts_with(DISCRIMINATOR));
        let original = self.network.analysed(audio);
        let encoded = self.network.encoded(&weights, &original);
        let latent = self.latent(&weights, encoded, draws.latent);
        let made = self.network.decoded(&weights, latent.z, true, || draws.noise);
        let sounds = [&original.audio, &made.audio];
        let [real, fake] = self.network.discriminators.scores_of_both(&weights, sounds);
        drop((original, made));
        let loss = objective::deception(self.config.gan_loss, &real, &fake);
        let values = vec![
            ("loss_dis", scalar(&loss)),
            ("pred_real", scalar(&objective::scores(&real))),
            ("pred_fake", scalar(&objective::scores(&fake))),
        ];
        drop((real, fake));
        let observed = weights.take_observed();
        Pass { gradients: weights.backward(loss), values, observed }
    }

    /// The encoder rests: its weights carry no gradient, so neither do the latent and its shape. In the
    /// original, and so here, it learns on where latents are directions or codes.
    fn pass_decoder(&self, audio: Tensor<3>, draws: Draws) -> Pass {
        let config = &self.config;
        let rests = match config.regularization {
            Regularization::Variational | Regularization::Wasserstein => true,
            Regularization::Spherical | Regularization::Discrete => false,
        };
        let weights = self
            .parameters
            .weights(|name| name.starts_with(DECODER) || (name.starts_with(ENCODER) && !rests));
        let original = self.network.analysed(audio);
        let encoded = self.network.encoded(&weights, &original);
        let latent = self.latent(&weights, encoded, draws.latent);
        let made = self.network.decoded(&weights, latent.z, true, || draws.noise);
        let (distance, mut values) = self.distances(&original, &made);
        let real = self.network.discriminators.forward(&weights, &original.audio);
        let fake = self.network.discriminators.forward(&weights, &made.audio);
        let matching = objective::feature_matching(config, &real, &fake);
        let adversarial = objective::displeasure(config.gan_loss, &fake);
        let beta = objective::beta_factor(config, self.step);
        let matching_weight = config.feature_matching_weight;
        if let Some(regularization) = &latent.regularization {
            values.push(("regularization", scalar(regularization) * beta));
        }
        values.extend([
            ("beta_factor", beta),
            ("feature_matching", scalar(&matching) * matching_weight),
            ("adversarial", scalar(&adversarial) * config.adversarial_weight),
        ]);
        let mut loss = distance
            + matching * config.effective(matching_weight)
            + adversarial * config.effective(config.adversarial_weight);
        if let Some(regularization) = latent.regularization.filter(|_| !rests) {
            loss = loss + regularization * beta;
        }
        values.push(("loss_total", scalar(&loss)));
        drop((made, real, fake));
        let observed = weights.take_observed();
        Pass { gradients: weights.backward(loss), values, observed }
    }

    fn latent(&self, weights: &Weights, encoded: Tensor<3>, draws: LatentDraws) -> Latent {
        let is_quantized = self.step >= self.config.quantize_after;
        Latent::drawn(&self.config, &self.network, weights, encoded, draws, is_quantized)
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
            ("multiband_spectral_distance", scalar(&multiband)),
            ("fullband_spectral_distance", scalar(&fullband)),
        ];
        (multiband * config.multiband_weight + fullband * config.fullband_weight, values)
    }
}
