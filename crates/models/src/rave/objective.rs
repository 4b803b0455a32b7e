//! What training minimises, and how that changes over the steps.
//!
//! Source: Caillon & Esling, "RAVE", 2021, sections 3.1 and 3.2; details that the paper leaves open
//! are those of the original program.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use nn::{softplus, spectral_distance};

use super::Config;
use super::network::constant_like;
use super::network::discriminator::Features;

/// The two phases of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Encoder and decoder learn to make spectra alike.
    Reconstruction,
    /// The encoder rests, the decoder learns to please the discriminators.
    Adversarial,
}

impl Phase {
    /// The phase of a step, counted from 0.
    #[must_use]
    pub fn of_step(config: &Config, step: u64) -> Self {
        if step < config.phase_1_duration { Self::Reconstruction } else { Self::Adversarial }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Reconstruction => "phase 1: reconstruction",
            Self::Adversarial => "phase 2: adversarial",
        }
    }
}

/// How strongly latent curves are regularised at a step.
pub(super) fn beta_factor(config: &Config, step: u64) -> f64 {
    if step >= config.beta_warmup {
        return config.beta;
    }
    let share = step as f64 / config.beta_warmup as f64;
    config.beta_initial * (config.beta / config.beta_initial).powf(share)
}

/// The learning rate of encoder and decoder at a step.
pub(super) fn learning_rate(config: &Config, step: u64) -> f64 {
    let duration = config.phase_1_duration.max(1);
    let share = step.min(duration) as f64 / duration as f64;
    config.learning_rate * (1.0 + (config.learning_rate_final - 1.0) * share)
}

/// What the encoder says of a sound: for every latent value, a mean and how sure it is.
pub(super) struct Posterior {
    /// Shape: `[batch, latent, frames]`.
    pub(super) mean: Tensor<3>,
    /// Standard deviations, of the same shape.
    pub(super) deviation: Tensor<3>,
}

impl Posterior {
    /// From the output of the encoder. Shape: `[batch, 2 * latent, frames]`.
    pub(super) fn new(encoded: Tensor<3>) -> Self {
        let n_latent = encoded.dims()[1] / 2;
        let mean = encoded.clone().narrow(1, 0, n_latent);
        let deviation = softplus(encoded.narrow(1, n_latent, n_latent)) + 1e-4;
        Self { mean, deviation }
    }

    /// A latent drawn with standard normal numbers of the shape of [`Self::mean`].
    pub(super) fn sample(&self, normal: Vec<f32>) -> Tensor<3> {
        let normal = nn::from_values(normal, self.mean.dims());
        let normal = constant_like(&self.mean, normal);
        self.mean.clone() + self.deviation.clone() * normal
    }

    /// Divergence from a standard normal distribution, summed over latents, mean over frames.
    ///
    /// Without the usual factor of one half, as the original program.
    pub(super) fn divergence(&self) -> Tensor<1> {
        let [batch, _, frames] = self.mean.dims();
        let variance = self.deviation.clone().square();
        let terms = self.mean.clone().square() + variance.clone() - variance.log() - 1.0;
        terms.sum() / (batch * frames) as f64
    }
}

/// Multi-scale spectral distance between sounds of any number of channels or bands.
///
/// Shapes: `[batch, channels, samples] -> [1]`.
pub(super) fn distance(config: &Config, predicted: Tensor<3>, target: Tensor<3>) -> Tensor<1> {
    let flat = |x: Tensor<3>| {
        let [batch, channels, samples] = x.dims();
        x.reshape([batch * channels, samples])
    };
    let log_epsilon = config.log_epsilon as f32;
    spectral_distance(flat(predicted), flat(target), &config.stft_scales, log_epsilon)
}

/// The hinge loss of discriminators: 0 where originals score above 1 and reconstructions below -1.
pub(super) fn hinge(real: &[Features], fake: &[Features]) -> Tensor<1> {
    let terms = real.iter().zip(fake).map(|(real, fake)| {
        let margins = relu(1.0 - score(real)) + relu(score(fake) + 1.0);
        margins.mean()
    });
    sum(terms)
}

/// How badly reconstructions please the discriminators: minus their scores.
pub(super) fn displeasure(fake: &[Features]) -> Tensor<1> {
    sum(fake.iter().map(|fake| score(fake).mean().neg()))
}

/// The sum of the mean scores of all discriminators.
pub(super) fn scores(features: &[Features]) -> Tensor<1> {
    sum(features.iter().map(|features| score(features).mean()))
}

/// How differently discriminators see two sounds: the relative mean difference of their features,
/// mean over layers and discriminators. `real` carries no gradient.
pub(super) fn feature_matching(config: &Config, real: &[Features], fake: &[Features]) -> Tensor<1> {
    let n_discriminators = real.len() as f64;
    let of_one = |(real, fake): (&Features, &Features)| {
        let kept = real.iter().zip(fake).skip(config.num_skipped_features);
        let n_kept = kept.len() as f64;
        let differences = kept.map(|(real, fake)| {
            let size = real.clone().abs().mean();
            let real = constant_like(fake, real.clone());
            let difference = (fake.clone() - real).abs().mean();
            let size = constant_like(&difference, size);
            difference / size
        });
        sum(differences) / n_kept
    };
    sum(real.iter().zip(fake).map(of_one)) / n_discriminators
}

fn score(features: &Features) -> Tensor<3> {
    features.last().expect("discriminators have layers").clone()
}

fn sum(terms: impl Iterator<Item = Tensor<1>>) -> Tensor<1> {
    terms.reduce(|a, b| a + b).expect("there is at least one discriminator")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn::{from_values, values};

    #[test]
    fn schedules_start_and_end_where_they_should() {
        let mut config = Config::from_settings(&serde_json::json!({})).expect("defaults are right");
        config.phase_1_duration = 100;
        (config.beta_initial, config.beta, config.beta_warmup) = (1e-4, 1e-2, 10);
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
        near(learning_rate(&config, 0), 1e-3);
        near(learning_rate(&config, 50), 5.5e-4);
        near(learning_rate(&config, 1000), 1e-4);
        near(beta_factor(&config, 0), 1e-4);
        near(beta_factor(&config, 5), 1e-3);
        near(beta_factor(&config, 10), 1e-2);
        assert_eq!(Phase::of_step(&config, 99), Phase::Reconstruction);
        assert_eq!(Phase::of_step(&config, 100), Phase::Adversarial);
    }

    #[test]
    fn a_standard_normal_posterior_does_not_diverge() {
        // softplus(scale) + 1e-4 = 1.
        let scale = ((1.0f64 - 1e-4).exp() - 1.0).ln() as f32;
        let check = |mean: f32, expected: f32| {
            let encoded = from_values(vec![mean, mean, scale, scale], [1, 2, 2]);
            let divergence = values(Posterior::new(encoded).divergence())[0];
            assert!((divergence - expected).abs() < 1e-5, "{divergence}");
        };
        check(0.0, 0.0);
        check(2.0, 4.0);
    }

    #[test]
    fn the_hinge_is_zero_for_discriminators_that_are_right_by_far() {
        let features = |score: f32| vec![vec![from_values(vec![score; 3], [1, 1, 3])]];
        let check = |real: f32, fake: f32, expected: f32| {
            assert_eq!(values(hinge(&features(real), &features(fake))), [expected]);
        };
        check(2.0, -2.0, 0.0);
        check(0.0, 0.0, 2.0);
        check(-1.0, 1.0, 4.0);
        assert_eq!(values(displeasure(&features(3.0))), [-3.0]);
    }
}
