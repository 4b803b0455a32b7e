//! Activations, each one pass over memory forward and one backward.

use burn::tensor::Tensor;

use crate::array::Array;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::elementwise::{self, combine, map};

/// `x` where it is positive, `slope * x` elsewhere; before a convolution, [`leaky_conv1d`] is cheaper.
///
/// [`leaky_conv1d`]: crate::leaky_conv1d
#[must_use]
pub fn leaky_relu<const D: usize>(x: Tensor<D>, slope: f32) -> Tensor<D> {
    apply(Activation::LeakyRelu { slope }, [Input::new(x)])
}

/// Hyperbolic tangent.
#[must_use]
pub fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(Activation::Tanh, [Input::new(x)])
}

/// `1 / (1 + exp(-x))`.
#[must_use]
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(Activation::Sigmoid, [Input::new(x)])
}

/// `ln(1 + exp(x))`, and `x` itself above 20, as PyTorch's `softplus`.
#[must_use]
pub fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(Activation::Softplus, [Input::new(x)])
}

/// Above this, PyTorch's softplus is the identity.
const SOFTPLUS_THRESHOLD: f32 = 20.0;

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
            Self::LeakyRelu { slope } => elementwise::leaky_relu(x, slope),
            Self::Tanh => map(x, f32::tanh),
            Self::Sigmoid => map(x, sigmoid_of),
            Self::Softplus => map(x, |x| if x > SOFTPLUS_THRESHOLD { x } else { x.exp().ln_1p() }),
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
            Self::LeakyRelu { slope } => elementwise::leaky_relu_gradient(&saved, gradient, slope),
            Self::Tanh => combine(&saved, gradient, |y, g| g * (1.0 - y * y)),
            Self::Sigmoid => combine(&saved, gradient, |y, g| g * y * (1.0 - y)),
            Self::Softplus => combine(&saved, gradient, |x, g| {
                if x > SOFTPLUS_THRESHOLD { g } else { g * sigmoid_of(x) }
            }),
        })]
    }
}

fn sigmoid_of(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
