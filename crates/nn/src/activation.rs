//! Activations, each one pass over memory forward and one backward.

use std::sync::{Mutex, PoisonError};

use burn::tensor::Tensor;

use crate::array::{Array, is_host};
use crate::composed;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::{collect_chunks, elementwise, snake};
use crate::threads;

/// `x` where it is positive, `slope * x` elsewhere; before a convolution, [`leaky_conv1d`] is cheaper.
///
/// [`leaky_conv1d`]: crate::leaky_conv1d
#[must_use]
pub fn leaky_relu<const D: usize>(x: Tensor<D>, slope: f32) -> Tensor<D> {
    if !is_host(&x) {
        return composed::leaky_relu(x, slope);
    }
    apply(&Activation::LeakyRelu { slope }, [Input::new(x)])
}

/// Hyperbolic tangent.
#[must_use]
pub fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !is_host(&x) {
        return x.tanh();
    }
    apply(&Activation::Tanh, [Input::new(x)])
}

/// `1 / (1 + exp(-x))`.
#[must_use]
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !is_host(&x) {
        return burn::tensor::activation::sigmoid(x);
    }
    apply(&Activation::Sigmoid, [Input::new(x)])
}

/// `ln(1 + exp(x))`, and `x` itself above 20, as PyTorch's `softplus`.
#[must_use]
pub fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !is_host(&x) {
        return composed::softplus(x);
    }
    apply(&Activation::Softplus, [Input::new(x)])
}

/// `x + sin(alpha x)^2 / (alpha + 1e-9)`, periodic for each channel's own `alpha`.
///
/// # Shapes
/// - `x`: `[batch, channels, time]`
/// - `alpha`: `[channels]`
/// - output: `[batch, channels, time]`
///
/// Source: Ziyin, Hartwig and Ueda, 2020, <https://arxiv.org/abs/2006.08195>.
///
/// # Panics
/// When the shapes do not fit each other.
#[must_use]
pub fn snake(x: Tensor<3>, alpha: Tensor<1>) -> Tensor<3> {
    assert_eq!(x.dims()[1], alpha.dims()[0], "one alpha for each channel");
    if !is_host(&x) {
        return composed::snake(x, alpha);
    }
    apply(&Snake, [Input::new(x), Input::new(alpha)])
}

#[derive(Clone, Copy, Debug)]
struct Snake;

impl Operation<2> for Snake {
    /// Input and alpha.
    type Saved = (Array, Array);

    fn infer(&self, [x, alpha]: [Array; 2]) -> Array {
        let [_, channels, time] = x.dims();
        let (shape, alphas) = (x.shape(), alpha.values());
        let y = collect_chunks(x.len(), time.max(1), |row, chunk| {
            let chunk = chunk.write_copy_of_slice(&x.values()[row * time..(row + 1) * time]);
            snake::snake(chunk, alphas[row % channels]);
            chunk
        });
        Array::new(y, shape)
    }

    fn forward(&self, inputs: [Array; 2], _wanted: [bool; 2]) -> (Array, Self::Saved) {
        let [x, alpha] = inputs.clone();
        (self.infer(inputs), (x, alpha))
    }

    fn backward(
        &self,
        (x, alpha): Self::Saved,
        mut gradient: Array,
        wanted: [bool; 2],
    ) -> [Option<Array>; 2] {
        let [batch, channels, time] = x.dims();
        let sums = Mutex::new(vec![0.0f32; batch * channels]);
        threads::for_each_chunk(gradient.values_mut(), time.max(1), |row, gradient| {
            let x = &x.values()[row * time..(row + 1) * time];
            let sum = snake::snake_gradient(x, gradient, alpha.values()[row % channels]);
            sums.lock().unwrap_or_else(PoisonError::into_inner)[row] = sum;
        });
        let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
        let of_alpha = || {
            let sum = |channel: usize| sums.iter().skip(channel).step_by(channels).sum();
            Array::new((0..channels).map(sum).collect(), vec![channels])
        };
        let of_alpha = wanted[1].then(of_alpha);
        [wanted[0].then_some(gradient), of_alpha]
    }
}

#[derive(Clone, Copy, Debug)]
enum Activation {
    LeakyRelu { slope: f32 },
    Tanh,
    Sigmoid,
    Softplus,
}

impl Operation<1> for Activation {
    /// The output where it gives the derivative, the input elsewhere.
    type Saved = Array;

    fn infer(&self, [x]: [Array; 1]) -> Array {
        match *self {
            Self::LeakyRelu { slope } => x.map(|x| elementwise::leaky_relu(x, slope)),
            Self::Tanh => x.map(elementwise::tanh),
            Self::Sigmoid => x.map(elementwise::sigmoid),
            Self::Softplus => x.map(elementwise::softplus),
        }
    }

    fn forward(&self, [x]: [Array; 1], _wanted: [bool; 1]) -> (Array, Array) {
        let is_output_enough = match *self {
            Self::Tanh | Self::Sigmoid => true,
            // The output has the sign of the input. Nothing else is kept of the two.
            Self::LeakyRelu { slope } => slope > 0.0,
            Self::Softplus => false,
        };
        if is_output_enough {
            let y = self.infer([x]);
            return (y.clone(), y);
        }
        (self.infer([x.clone()]), x)
    }

    fn backward(&self, saved: Array, gradient: Array, _wanted: [bool; 1]) -> [Option<Array>; 1] {
        [Some(match *self {
            Self::LeakyRelu { slope } => gradient.rectified(&saved, slope),
            Self::Tanh => gradient.combine(&saved, elementwise::tanh_gradient),
            Self::Sigmoid => gradient.combine(&saved, elementwise::sigmoid_gradient),
            Self::Softplus => gradient.combine(&saved, elementwise::softplus_gradient),
        })]
    }
}

#[cfg(test)]
mod tests;
