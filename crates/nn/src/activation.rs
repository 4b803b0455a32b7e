//! Activations, each one pass over memory forward and one backward.

use burn::tensor::Tensor;

use crate::array::Array;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::elementwise;

/// `x` where it is positive, `slope * x` elsewhere; before a convolution, [`leaky_conv1d`] is cheaper.
///
/// [`leaky_conv1d`]: crate::leaky_conv1d
#[must_use]
pub fn leaky_relu<const D: usize>(x: Tensor<D>, slope: f32) -> Tensor<D> {
    apply(&Activation::LeakyRelu { slope }, [Input::new(x)])
}

/// Hyperbolic tangent.
#[must_use]
pub fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(&Activation::Tanh, [Input::new(x)])
}

/// `1 / (1 + exp(-x))`.
#[must_use]
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(&Activation::Sigmoid, [Input::new(x)])
}

/// `ln(1 + exp(x))`, and `x` itself above 20, as PyTorch's `softplus`.
#[must_use]
pub fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(&Activation::Softplus, [Input::new(x)])
}

#[derive(Clone, Copy, Debug)]
enum Activation {
    LeakyRelu { slope: f32 },
    Tanh,
    Sigmoid,
    Softplus,
}

impl Operation<1> for Activation {
    /// The output for the two whose derivative it gives, the input for the others.
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
        let y = self.infer([x.clone()]);
        match self {
            Self::Tanh | Self::Sigmoid => (y.clone(), y),
            Self::LeakyRelu { .. } | Self::Softplus => (y, x),
        }
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
