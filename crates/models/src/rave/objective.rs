//! The losses that training minimises, and the schedules of their weights.
//!
//! Source: Caillon & Esling, "RAVE", 2021, sections 3.1 and 3.2; details that the paper leaves open
//! are those of the original program.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use nn::{mean_difference, spectral_distance};

use super::network::constant_like;
use super::network::discriminator::Features;
use super::{Config, GanLoss};

/// The two phases of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Encoder and decoder learn to minimise the spectral distance.
    Reconstruction,
    /// The encoder is frozen; the decoder is trained against the discriminators.
    Adversarial,
}

impl Phase {
    /// Its display name.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Reconstruction => "phase 1: reconstruction",
            Self::Adversarial => "phase 2: adversarial",
        }
    }
}

/// The weight of the latent's regularisation (beta) at a step.
pub(super) fn beta_factor(config: &Config, step: u64) -> f64 {
    // The original increments its step counter before it reads it.
    let step = step + 1;
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

/// The discriminator loss: low where originals score high and reconstructions low. Shape: `[1]`.
pub(super) fn discriminator_loss(loss: GanLoss, real: &[Features], fake: &[Features]) -> Tensor<1> {
    let terms = real.iter().zip(fake).map(|(real, fake)| {
        let (real, fake) = (score(real), score(fake));
        match loss {
            // Zero once originals score above 1 and reconstructions below -1: confident scores stop learning.
            GanLoss::Hinge => (relu(1.0 - real) + relu(fake + 1.0)).mean(),
            GanLoss::LeastSquares => ((real - 1.0).square() + fake.square()).mean(),
            GanLoss::NonSaturating => {
                (share(real).log() + (share(fake).neg() + 1.0).log()).mean().neg()
            }
        }
    });
    sum(terms)
}

/// The generator loss: low where reconstructions score high. Shape: `[1]`.
pub(super) fn generator_loss(loss: GanLoss, fake: &[Features]) -> Tensor<1> {
    sum(fake.iter().map(|fake| match loss {
        GanLoss::Hinge => score(fake).mean().neg(),
        GanLoss::LeastSquares => (score(fake) - 1.0).square().mean(),
        GanLoss::NonSaturating => share(score(fake)).log().mean().neg(),
    }))
}

/// A score as a probability, clamped away from 0 and 1 so that its logarithm stays finite.
fn share(score: Tensor<3>) -> Tensor<3> {
    nn::sigmoid(score).clamp(1e-7, 1.0 - 1e-7)
}

/// The sum of the mean scores of all discriminators.
pub(super) fn scores(features: &[Features]) -> Tensor<1> {
    sum(features.iter().map(|features| score(features).mean()))
}

/// The feature matching loss: the mean absolute difference of the discriminators' features, relative to
/// their magnitude if so configured, averaged over layers and discriminators. `real` carries no gradient.
pub(super) fn feature_matching(config: &Config, real: &[Features], fake: &[Features]) -> Tensor<1> {
    let n_discriminators = real.len() as f64;
    let of_one = |(real, fake): (&Features, &Features)| {
        let kept = real.iter().zip(fake).skip(config.num_skipped_features);
        let n_kept = kept.len() as f64;
        let differences = kept.map(|(real, fake)| {
            let difference = mean_difference(fake.clone(), real.clone());
            if !config.feature_matching_is_relative {
                return difference;
            }
            let size = constant_like(&difference, real.clone().abs().mean());
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
        near(beta_factor(&config, 0), 1e-4 * 100f64.powf(0.1));
        near(beta_factor(&config, 4), 1e-3);
        near(beta_factor(&config, 9), 1e-2);
        near(beta_factor(&config, 1000), 1e-2);
    }

    #[test]
    fn losses_of_scores_have_the_values_of_their_formulas() {
        let features = |score: f32| vec![vec![from_values(vec![score; 3], [1, 1, 3])]];
        let check = |loss: GanLoss, real: f32, fake: f32, expected: [f32; 2]| {
            let discriminator_loss =
                values(discriminator_loss(loss, &features(real), &features(fake)))[0];
            let generator_loss = values(generator_loss(loss, &features(fake)))[0];
            for (found, expected) in [discriminator_loss, generator_loss].into_iter().zip(expected)
            {
                assert!((found - expected).abs() < 1e-5, "{loss:?}: {found}, not {expected}");
            }
        };
        check(GanLoss::Hinge, 2.0, -2.0, [0.0, 2.0]);
        check(GanLoss::Hinge, 0.0, 0.0, [2.0, 0.0]);
        check(GanLoss::Hinge, -1.0, 1.0, [4.0, -1.0]);
        check(GanLoss::LeastSquares, 2.0, -2.0, [5.0, 9.0]);
        let ln_2 = std::f32::consts::LN_2;
        check(GanLoss::NonSaturating, 0.0, 0.0, [2.0 * ln_2, ln_2]);
    }
}
