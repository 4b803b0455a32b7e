//! Batch normalisation over batch and time.
//!
//! Source: Ioffe and Szegedy, "Batch Normalization", 2015, as `torch.nn.BatchNorm1d`.

use burn::tensor::Tensor;

use crate::array::{Array, is_host};
use crate::composed;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::collect_chunks;
use crate::kernels::elementwise::{dot, sum};
use crate::threads;

/// The moments of one batch.
#[derive(Clone, Debug)]
pub struct BatchMoments {
    /// The mean of each channel.
    pub mean: Vec<f32>,
    /// The variance of each channel, of the batch itself (divided by the number of values).
    pub variance: Vec<f32>,
    /// How many values a channel had.
    pub n_values: usize,
}

/// Normalises each channel by the mean and variance of the batch, then scales and shifts it.
///
/// # Shapes
/// - `x`: `[batch, channels, time]`
/// - `weight`, `bias`: `[channels]`
/// - output: `[batch, channels, time]`
///
/// # Panics
/// When the shapes do not fit each other.
#[must_use]
pub fn batch_norm(
    x: Tensor<3>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f32,
) -> (Tensor<3>, BatchMoments) {
    let [_, channels, _] = x.dims();
    assert_eq!(weight.dims(), [channels], "one weight for each channel");
    assert_eq!(bias.dims(), [channels], "one bias for each channel");
    if !is_host(&x) {
        return composed::batch_norm(x, weight, bias, epsilon);
    }
    let moments = moments(&Array::from_tensor(x.clone().inner()));
    let scale = moments.variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
    let operation = Normalise { mean: moments.mean.clone(), scale };
    (apply(&operation, [Input::new(x), Input::new(weight), Input::new(bias)]), moments)
}

fn moments(x: &Array) -> BatchMoments {
    let [batch, channels, time] = x.dims();
    let n_values = batch * time;
    let n = n_values.max(1) as f64;
    let mut both = vec![[0.0f32; 2]; channels];
    threads::for_each_chunk(&mut both, 1, |channel, both| {
        let rows = || (0..batch).map(|row| row_of(x, row * channels + channel));
        let mean = rows().map(|row| f64::from(sum(row))).sum::<f64>() / n;
        let deviation = |x: &f32| (f64::from(*x) - mean).powi(2);
        let squares: f64 = rows().flatten().map(deviation).sum();
        both[0] = [mean as f32, (squares / n) as f32];
    });
    BatchMoments {
        mean: both.iter().map(|[mean, _]| *mean).collect(),
        variance: both.iter().map(|[_, variance]| *variance).collect(),
        n_values,
    }
}

fn row_of(x: &Array, row: usize) -> &[f32] {
    let [_, _, time] = x.dims();
    &x.values()[row * time..(row + 1) * time]
}

#[derive(Clone, Debug)]
struct Normalise {
    mean: Vec<f32>,
    /// One over the standard deviation of each channel.
    scale: Vec<f32>,
}

impl Operation<3> for Normalise {
    /// Input and weight.
    type Saved = (Array, Array);

    fn infer(&self, [x, weight, bias]: [Array; 3]) -> Array {
        let [_, channels, time] = x.dims();
        let y = collect_chunks(x.len(), time.max(1), |row, y| {
            let channel = row % channels;
            let y = y.write_copy_of_slice(row_of(&x, row));
            let (mean, scale) = (self.mean[channel], self.scale[channel]);
            let (weight, bias) = (weight.values()[channel], bias.values()[channel]);
            for y in y.iter_mut() {
                *y = (*y - mean) * scale * weight + bias;
            }
            y
        });
        Array::new(y, x.shape())
    }

    fn forward(&self, inputs: [Array; 3], _wanted: [bool; 3]) -> (Array, Self::Saved) {
        let saved = (inputs[0].clone(), inputs[1].clone());
        (self.infer(inputs), saved)
    }

    /// With `u` the normalised input and `n` values in a channel: `weight * scale * (grad - sum(grad) / n -
    /// u * sum(grad u) / n)`.
    fn backward(
        &self,
        (x, weight): Self::Saved,
        gradient: Array,
        wanted: [bool; 3],
    ) -> [Option<Array>; 3] {
        let [batch, channels, time] = x.dims();
        let mut sums = vec![[0.0f32; 2]; channels];
        threads::for_each_chunk(&mut sums, 1, |channel, sums| {
            let (mean, scale) = (self.mean[channel], self.scale[channel]);
            let (mut plain, mut along) = (0.0f64, 0.0f64);
            for row in (0..batch).map(|row| row * channels + channel) {
                let (gradient, x) = (row_of(&gradient, row), row_of(&x, row));
                let total = f64::from(sum(gradient));
                plain += total;
                let with_x = f64::from(dot(gradient, x));
                along += (with_x - f64::from(mean) * total) * f64::from(scale);
            }
            sums[0] = [plain as f32, along as f32];
        });
        let of_input = || {
            let n = (batch * time).max(1) as f32;
            let out = collect_chunks(x.len(), time.max(1), |row, out| {
                let channel = row % channels;
                let out = out.write_copy_of_slice(row_of(&gradient, row));
                let (mean, scale) = (self.mean[channel], self.scale[channel]);
                let [plain, along] = sums[channel];
                let factor = weight.values()[channel] * scale;
                for (out, x) in out.iter_mut().zip(row_of(&x, row)) {
                    let u = (x - mean) * scale;
                    *out = factor * (*out - plain / n - u * along / n);
                }
                out
            });
            Array::new(out, x.shape())
        };
        let of_channels =
            |part: usize| Array::new(sums.iter().map(|sum| sum[part]).collect(), vec![channels]);
        [
            wanted[0].then(of_input),
            wanted[1].then(|| of_channels(1)),
            wanted[2].then(|| of_channels(0)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Init, from_values, values};

    #[test]
    fn output_moments_and_gradients_agree_with_the_definition() {
        let shape = [2, 3, 29];
        let x = Init::new(3).uniform(174, -1.0, 3.0);
        let leaves = || {
            let leaf = |values: Vec<f32>| from_values::<1>(values, [3]).autodiff().require_grad();
            let x = from_values::<3>(x.clone(), shape).autodiff().require_grad();
            (x, leaf(vec![0.5, 1.0, 2.0]), leaf(vec![0.1, -0.2, 0.3]))
        };
        let toward = from_values::<3>(Init::new(4).uniform(174, -1.0, 1.0), shape).autodiff();
        let (x1, w1, b1) = leaves();
        let (ours, moments) = batch_norm(x1.clone(), w1.clone(), b1.clone(), 1e-5);
        let (x2, w2, b2) = leaves();
        let of_channel = |x: Tensor<3>| x.mean_dim(0).mean_dim(2);
        let mean = of_channel(x2.clone());
        let apart = x2.clone() - mean.clone();
        let variance = of_channel(apart.clone().square());
        let wide = |x: Tensor<1>| x.reshape([1, 3, 1]);
        let theirs = apart / (variance.clone() + 1e-5).sqrt() * wide(w2.clone()) + wide(b2.clone());
        check("mean", &moments.mean, &values(mean));
        check("variance", &moments.variance, &values(variance));
        check("output", &values(ours.clone()), &values(theirs.clone()));
        let ours = (ours * toward.clone()).sum().backward();
        let theirs = (theirs * toward).sum().backward();
        check("x", &values(x1.grad(&ours).unwrap()), &values(x2.grad(&theirs).unwrap()));
        check("weight", &values(w1.grad(&ours).unwrap()), &values(w2.grad(&theirs).unwrap()));
        check("bias", &values(b1.grad(&ours).unwrap()), &values(b2.grad(&theirs).unwrap()));
        assert_eq!(moments.n_values, 58);
    }

    fn check(what: &str, ours: &[f32], expected: &[f32]) {
        for (ours, expected) in ours.iter().zip(expected) {
            assert!((ours - expected).abs() < 1e-5, "{what}: {ours}, not {expected}");
        }
    }
}
