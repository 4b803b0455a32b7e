//! Batch normalisation with its checkpoint names, for the first architecture's encoder.

use burn::tensor::Tensor;
use nn::{BatchMoments, Parameters, Weights, batch_norm};

/// The defaults of PyTorch's `BatchNorm1d`.
const EPSILON: f32 = 1e-5;
const MOMENTUM: f32 = 0.1;

/// One batch normalisation.
#[derive(Clone, Debug)]
pub(super) struct BatchNorm {
    name: String,
    channels: usize,
}

impl BatchNorm {
    pub(super) fn new(name: String, channels: usize) -> Self {
        Self { name, channels }
    }

    /// Shape: `[batch, channels, frames]`, unchanged.
    ///
    /// In training by the moments of the batch, which update the running ones; else by the latter.
    pub(super) fn forward(&self, weights: &Weights, x: Tensor<3>) -> Tensor<3> {
        let get = |part: &str| weights.get::<1>(&self.key(part));
        if weights.is_training() {
            let (y, moments) = batch_norm(x, get("weight"), get("bias"), EPSILON);
            self.observe(weights, &moments);
            return y;
        }
        let scale = get("weight") / (get("running_var") + EPSILON).sqrt();
        let shift = get("bias") - get("running_mean") * scale.clone();
        let wide = |x: Tensor<1>| x.reshape([1, self.channels, 1]);
        x * wide(scale) + wide(shift)
    }

    pub(super) fn initialise(&self, parameters: &mut Parameters) {
        let first = [("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)];
        for (part, value) in first {
            parameters.insert(&self.key(part), &[self.channels], vec![value; self.channels]);
        }
    }

    /// The number of trainable parameters.
    pub(super) fn n_values(&self) -> usize {
        2 * self.channels
    }

    fn observe(&self, weights: &Weights, moments: &BatchMoments) {
        let n = moments.n_values as f32;
        let unbiased = n / (n - 1.0).max(1.0);
        let moved = |part: &str, new: &[f32], factor: f32| {
            let key = self.key(part);
            let old = weights.values(&key);
            let both = old.iter().zip(new);
            let values = both.map(|(old, new)| old + MOMENTUM * (factor * new - old)).collect();
            weights.observe(|observed| drop(observed.values.insert(key, values)));
        };
        moved("running_mean", &moments.mean, 1.0);
        moved("running_var", &moments.variance, unbiased);
    }

    fn key(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }
}
