//! From the encoder's output to the latent that the decoder takes, and the latent's regularisation.
//!
//! Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2013 (variational); Tolstikhin et
//! al., "Wasserstein Auto-Encoders", 2017, and Gretton et al., "A Kernel Two-Sample Test", 2012
//! (wasserstein); van den Oord et al., 2017 (discrete).

use burn::tensor::Tensor;
use nn::{Conv1d, Init, Weights, conv1d, from_values, softplus};

use super::network::{Network, constant_like};
use super::{Config, Regularization};

/// A latent for the decoder, and its regularisation loss.
pub(super) struct Latent {
    /// Shape: `[batch, latent and noise channels, frames]`.
    pub(super) z: Tensor<3>,
    /// The regularisation loss; `None` if the latent is not regularised.
    pub(super) regularization: Option<Tensor<1>>,
}

/// The random numbers that a latent needs.
#[derive(Clone, Debug, Default)]
pub(super) struct LatentDraws {
    /// Standard normal, `[batch, latent, frames]`; for `wasserstein` `[batch * frames, latent]`.
    pub(super) latent: Vec<f32>,
    /// Standard normal, `[batch, noise channels, frames]`.
    pub(super) curves: Vec<f32>,
    /// For initial and revived codes.
    pub(super) codes: Option<Init>,
}

impl Latent {
    /// The latent of a training step. `is_quantized` is whether code books are in use yet.
    pub(super) fn drawn(
        config: &Config,
        network: &Network,
        weights: &Weights,
        encoded: Tensor<3>,
        draws: LatentDraws,
        is_quantized: bool,
    ) -> Self {
        let rng = draws.codes.unwrap_or_else(|| Init::new(0));
        match config.regularization {
            Regularization::Variational => {
                let posterior = Posterior::new(encoded);
                let regularization = Some(posterior.divergence());
                Self { z: posterior.sample(draws.latent), regularization }
            }
            Regularization::Wasserstein => {
                let regularization = Some(discrepancy(encoded.clone(), draws.latent));
                Self { z: with_noise_channels(config, encoded, draws.curves), regularization }
            }
            Regularization::Spherical => Self { z: on_sphere(encoded), regularization: None },
            Regularization::Discrete => {
                let quantizer = network.quantizer.as_ref().filter(|_| is_quantized);
                let (z, regularization) = match quantizer {
                    Some(quantizer) => {
                        let quantized = quantizer.forward(weights, encoded, rng);
                        (quantized.latent, Some(quantized.distance))
                    }
                    None => (encoded, None),
                };
                Self { z: with_noise_channels(config, z, draws.curves), regularization }
            }
        }
    }
}

/// The deterministic latents of a trained model. Shape: `[batch, latent, frames]`.
pub(super) fn mean_latent(
    config: &Config,
    network: &Network,
    weights: &Weights,
    encoded: Tensor<3>,
) -> Tensor<3> {
    match config.regularization {
        Regularization::Variational => Posterior::new(encoded).mean,
        Regularization::Wasserstein => encoded,
        Regularization::Spherical => on_sphere(encoded),
        Regularization::Discrete => match &network.quantizer {
            Some(quantizer) => quantizer.forward(weights, encoded, Init::new(0)).latent,
            None => encoded,
        },
    }
}

/// Appends noise channels to a latent, if the configuration has them.
/// `normal`: `[batch, noise channels, frames]`.
pub(super) fn with_noise_channels(
    config: &Config,
    latent: Tensor<3>,
    normal: Vec<f32>,
) -> Tensor<3> {
    let n_curves = config.noise_augmentation();
    if n_curves == 0 {
        return latent;
    }
    let [batch, _, frames] = latent.dims();
    let curves = constant_like(&latent, from_values(normal, [batch, n_curves, frames]));
    Tensor::cat(vec![latent, curves], 1)
}

/// The posterior of a sound: a mean and a standard deviation for every latent value.
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

    /// A latent sampled with standard normal numbers of the shape of [`Self::mean`].
    pub(super) fn sample(&self, normal: Vec<f32>) -> Tensor<3> {
        let normal = constant_like(&self.mean, from_values(normal, self.mean.dims()));
        self.mean.clone() + self.deviation.clone() * normal
    }

    /// The KL divergence from a standard normal distribution, summed over latents, averaged over frames.
    ///
    /// Without the usual factor of one half, as in the original program.
    pub(super) fn divergence(&self) -> Tensor<1> {
        let [batch, _, frames] = self.mean.dims();
        let variance = self.deviation.clone().square();
        let terms = self.mean.clone().square() + variance.clone() - variance.log() - 1.0;
        terms.sum() / (batch * frames) as f64
    }
}

/// How far latents as a whole are from a standard normal distribution: the squared maximum mean
/// discrepancy with a Gaussian kernel, `exp(-mean (x - y)^2 / size)`.
///
/// `normal`: `[batch * frames, latent]`.
fn discrepancy(latent: Tensor<3>, normal: Vec<f32>) -> Tensor<1> {
    let [batch, size, frames] = latent.dims();
    let n = batch * frames;
    let x = latent.swap_dims(0, 1).reshape([1, size, n]);
    let normal: Tensor<2> = from_values(normal, [n, size]);
    let y = constant_like(&x, normal.transpose().reshape([1, size, n]));
    let kernel = |a: &Tensor<3>, b: &Tensor<3>| {
        let square = |x: &Tensor<3>| x.clone().square().sum_dim(1);
        let rows = a.clone().swap_dims(1, 2).reshape([n, size, 1]);
        let products = conv1d(b.clone(), rows, None, Conv1d::default());
        let distances = square(a).swap_dims(1, 2) + square(b) - products * 2.0;
        let distances = distances.clamp_min(0.0);
        (distances / (-((size * size) as f64))).exp().mean()
    };
    kernel(&x, &x) + kernel(&y, &y) - kernel(&x, &y) * 2.0
}

/// Normalises each frame to length 1; frames of length 0 stay 0, where the original program produces
/// NaN.
fn on_sphere(latent: Tensor<3>) -> Tensor<3> {
    let length = latent.clone().square().sum_dim(1).clamp_min(1e-24).sqrt();
    latent / length
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn::values;

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
    fn latents_spread_like_noise_have_no_discrepancy_and_others_do() {
        let check = |shift: f32, range: std::ops::Range<f32>| {
            let normal = |seed: u64| Init::new(seed).normal(4 * 256);
            let latent = normal(1).into_iter().map(|x| x + shift).collect();
            let found = values(discrepancy(from_values(latent, [1, 4, 256]), normal(2)))[0];
            assert!(range.contains(&found), "{found} at a shift of {shift}");
        };
        check(0.0, -1e-4..0.01);
        check(1.0, 0.05..1.0);
    }
}
