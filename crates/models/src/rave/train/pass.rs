//! The forward and backward pass of each turn: losses and gradients, without changing anything yet.

use burn::tensor::Tensor;
use nn::{Gradients, Observed, Weights};

use super::{Trainer, is_generator};
use crate::rave::latent::{Latent, LatentDraws};
use crate::rave::network::{DECODER, DISCRIMINATOR, ENCODER, Sound, constant_like};
use crate::rave::{Regularization, objective};

/// The random numbers of one step.
pub(in crate::rave) struct Draws {
    pub(in crate::rave) latent: LatentDraws,
    /// Uniform in [0, 1), one for each sample of every band.
    pub(in crate::rave) noise: Vec<f32>,
}

/// The result of one forward and backward pass.
pub(in crate::rave) struct Pass {
    pub(in crate::rave) values: Vec<(&'static str, f64)>,
    pub(in crate::rave) gradients: Gradients,
    /// Values updated without gradients, such as running moments.
    pub(in crate::rave) observed: Observed,
}

/// Metrics, some of them still being computed: a GPU runs asynchronously, and is waited for only
/// once.
#[derive(Default)]
struct Metrics(Vec<Metric>);

struct Metric {
    name: &'static str,
    /// The value, or the factor of the tensor's value.
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

/// The losses of the decoder against the discriminators, and their gradient.
struct DiscriminatorFeedback {
    /// The feature matching loss, unweighted.
    matching: Tensor<1>,
    /// The generator loss, unweighted.
    adversarial: Tensor<1>,
    /// The weighted sum of both.
    loss: Tensor<1>,
    /// The gradient of the [scaled](Trainer::scaled) loss with respect to the sound.
    gradient: Tensor<3>,
}

/// A sum of numbers that a GPU may still be computing.
struct Sum(Option<Tensor<1>>);

impl Sum {
    const fn new() -> Self {
        Self(None)
    }

    fn add(&mut self, value: &Tensor<1>) {
        let value = value.clone().inner();
        self.0 = Some(match self.0.take() {
            Some(sum) => sum + value,
            None => value,
        });
    }

    fn value(self) -> Tensor<1> {
        self.0.expect("there is at least one discriminator")
    }
}

/// The networks that a step trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rave) enum Turn {
    /// Encoder and decoder.
    Autoencoder,
    /// The discriminators.
    Discriminators,
    /// The decoder, against the discriminators.
    Decoder,
}

impl Trainer {
    /// Losses and gradients of one turn. Shape of `audio`: `[batch, channels, samples]`.
    pub(in crate::rave) fn pass(&self, turn: Turn, audio: Tensor<3>, draws: Draws) -> Pass {
        self.pass_while(turn, audio, draws, &mut || true).expect("nobody stops it")
    }

    /// [`Self::pass`] in parts of a few seconds at most: `go_on` is called between them, and `None` is
    /// returned once it is false.
    pub(super) fn pass_while(
        &self,
        turn: Turn,
        audio: Tensor<3>,
        draws: Draws,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Pass> {
        match turn {
            Turn::Autoencoder => self.pass_autoencoder(audio, draws, go_on),
            Turn::Discriminators => self.pass_discriminators(audio, draws, go_on),
            Turn::Decoder => self.pass_decoder(audio, draws, go_on),
        }
    }

    fn pass_autoencoder(
        &self,
        audio: Tensor<3>,
        draws: Draws,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Pass> {
        let weights = self.weights(is_generator);
        let original = self.network.analysed(audio);
        let encoded = self.network.encoded(&weights, &original);
        let latent = self.latent(&weights, encoded, draws.latent);
        if !go_on() {
            return None;
        }
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
        drop((original, made));
        if !go_on() {
            return None;
        }
        let observed = weights.take_observed();
        let gradients = self.unscaled(weights.backward(self.scaled(loss)));
        Some(Pass { values: metrics.read(), gradients, observed })
    }

    /// Discriminators are trained one after the other, so that the activations that each keeps for
    /// its backward pass are freed before the next begins.
    fn pass_discriminators(
        &self,
        audio: Tensor<3>,
        draws: Draws,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Pass> {
        let is_discriminator = |name: &str| name.starts_with(DISCRIMINATOR);
        let weights = self.weights(is_discriminator);
        let original = self.network.analysed(audio);
        let encoded = self.network.encoded(&weights, &original);
        let latent = self.latent(&weights, encoded, draws.latent);
        let made = self.network.decoded(&weights, latent.z, true, || draws.noise).audio;
        let observed = weights.take_observed();
        let original = original.audio;
        drop(weights);
        let mut gradients = Gradients::default();
        let [mut losses, mut of_real, mut of_fake] = [const { Sum::new() }; 3];
        for discriminator in self.network.discriminators.each() {
            if !go_on() {
                return None;
            }
            let weights = self.weights(is_discriminator);
            let scores = discriminator.scores_of_both(&weights, [&original, &made]);
            let [real, fake] = scores.map(|features| [features]);
            let loss = objective::discriminator_loss(self.config.gan_loss, &real, &fake);
            losses.add(&loss);
            of_real.add(&objective::scores(&real));
            of_fake.add(&objective::scores(&fake));
            drop((real, fake));
            gradients.join(weights.backward(self.scaled(loss)));
        }
        let mut metrics = Metrics::default();
        metrics.watch("loss_dis", &losses.value());
        metrics.watch("pred_real", &of_real.value());
        metrics.watch("pred_fake", &of_fake.value());
        Some(Pass { values: metrics.read(), gradients: self.unscaled(gradients), observed })
    }

    /// The encoder is frozen: its weights carry no gradient, and the latent's regularisation is left out of
    /// the loss. As in the original, it is trained further if latents are spherical or discrete.
    fn pass_decoder(
        &self,
        audio: Tensor<3>,
        draws: Draws,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Pass> {
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
        let audio = made.audio;
        drop(made.bands);
        let feedback = self.discriminator_feedback(&original.audio, &audio, go_on)?;
        let beta = objective::beta_factor(config, self.step);
        let matching_weight = config.feature_matching_weight;
        if let Some(regularization) = &latent.regularization {
            metrics.watch_times("regularization", regularization, beta);
        }
        metrics.note("beta_factor", beta);
        metrics.watch_times("feature_matching", &feedback.matching, matching_weight);
        metrics.watch_times("adversarial", &feedback.adversarial, config.adversarial_weight);
        let mut own = distance;
        if let Some(regularization) = latent.regularization.filter(|_| !rests) {
            own = own + regularization * beta;
        }
        metrics.watch("loss_total", &(own.clone().inner() + feedback.loss));
        drop(original);
        if !go_on() {
            return None;
        }
        // A surrogate loss: its gradient with respect to `audio` is the one computed above, so that one backward
        // pass propagates it through the decoder.
        let wanted = (audio.clone() * constant_like(&audio, feedback.gradient)).sum();
        drop(audio);
        let observed = weights.take_observed();
        let gradients = self.unscaled(weights.backward(self.scaled(own) + wanted));
        Some(Pass { values: metrics.read(), gradients, observed })
    }

    /// Runs each discriminator forward, and back to the sound, before the next: memory is needed for one at a
    /// time.
    fn discriminator_feedback(
        &self,
        original: &Tensor<3>,
        made: &Tensor<3>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<DiscriminatorFeedback> {
        let config = &self.config;
        let weights = self.weights(|_| false);
        let all = self.network.discriminators.each();
        // Feature matching is a mean over discriminators, so each contributes its share.
        let share = 1.0 / all.len() as f64;
        let [mut matchings, mut adversarials, mut losses] = [const { Sum::new() }; 3];
        let mut gradient: Option<Tensor<3>> = None;
        for discriminator in all {
            if !go_on() {
                return None;
            }
            let made = made.clone().inner().autodiff().require_grad();
            let real = [discriminator.features(&weights, original)];
            let fake = [discriminator.features(&weights, &made)];
            let matching = objective::feature_matching(config, &real, &fake) * share;
            let adversarial = objective::generator_loss(config.gan_loss, &fake);
            drop((real, fake));
            matchings.add(&matching);
            adversarials.add(&adversarial);
            let loss = matching * config.effective(config.feature_matching_weight)
                + adversarial * config.effective(config.adversarial_weight);
            losses.add(&loss);
            let mut all = self.scaled(loss).backward();
            let part = made.grad_remove(&mut all).expect("every discriminator hears the sound");
            gradient = Some(match gradient {
                Some(gradient) => gradient + part,
                None => part,
            });
        }
        let gradient = gradient.expect("there is at least one discriminator");
        let [matching, adversarial, loss] = [matchings, adversarials, losses].map(Sum::value);
        Some(DiscriminatorFeedback { matching, adversarial, loss, gradient })
    }

    /// The weights of this step, on the trainer's device.
    fn weights(&self, is_trained: impl Fn(&str) -> bool) -> Weights {
        self.parameters.weights_at(&self.compute, is_trained)
    }

    /// A loss scaled for its backward pass, where gradients would underflow otherwise.
    fn scaled(&self, loss: Tensor<1>) -> Tensor<1> {
        match self.compute.needs_loss_scale() {
            true => loss * self.loss_scale.factor(),
            false => loss,
        }
    }

    /// Unscales the gradients of a [`Self::scaled`] loss.
    fn unscaled(&self, mut gradients: Gradients) -> Gradients {
        if self.compute.needs_loss_scale() {
            gradients.scale(1.0 / self.loss_scale.factor());
        }
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
