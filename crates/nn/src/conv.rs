//! Convolution over time, plain and transposed, with PyTorch's semantics.
//!
//! Source: the definitions of `torch.nn.functional.conv1d` and `conv_transpose1d`.

use burn::tensor::Tensor;

use crate::array::{Array, is_host};
use crate::composed;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::convolution::{self, Geometry};

/// How a convolution walks over its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv1d {
    /// Samples from one output to the next.
    pub stride: usize,
    /// Zeros set before and after the input; they may differ.
    pub padding: (usize, usize),
    /// Samples from one tap of the kernel to the next.
    pub dilation: usize,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

impl Default for Conv1d {
    fn default() -> Self {
        Self { stride: 1, padding: (0, 0), dilation: 1, groups: 1 }
    }
}

impl Conv1d {
    /// Samples that come out of `length` samples.
    #[must_use]
    pub fn length_out(&self, length: usize, kernel: usize) -> usize {
        let padded = length + self.padding.0 + self.padding.1;
        match padded.checked_sub(self.dilation * (kernel - 1) + 1) {
            Some(rest) => rest / self.stride + 1,
            None => 0,
        }
    }
}

/// How a transposed convolution spreads its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTranspose1d {
    /// Samples from one input to the next, in the output.
    pub stride: usize,
    /// Samples cut off at both ends of the output.
    pub padding: usize,
    /// Samples added at the end of the output.
    pub output_padding: usize,
    /// Samples from one tap of the kernel to the next.
    pub dilation: usize,
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

impl Default for ConvTranspose1d {
    fn default() -> Self {
        Self { stride: 1, padding: 0, output_padding: 0, dilation: 1, groups: 1 }
    }
}

impl ConvTranspose1d {
    /// Samples that come out of `length` samples.
    #[must_use]
    pub fn length_out(&self, length: usize, kernel: usize) -> usize {
        let whole = (length.max(1) - 1) * self.stride + self.dilation * (kernel - 1) + 1;
        (whole + self.output_padding).saturating_sub(2 * self.padding)
    }
}

/// Cross-correlation over time.
///
/// # Shapes
/// - `x`: `[batch, channels_in, time]`
/// - `weight`: `[channels_out, channels_in / groups, kernel]`; on a GPU it may have 16 bits, and the
///   products have then too
/// - `bias`: `[channels_out]`
/// - output: `[batch, channels_out, conv.length_out(time, kernel)]`
///
/// # Panics
/// When the shapes do not fit each other.
#[must_use]
pub fn conv1d(x: Tensor<3>, weight: Tensor<3>, bias: Option<Tensor<1>>, conv: Conv1d) -> Tensor<3> {
    leaky_conv1d(x, 1.0, weight, bias, conv)
}

/// [`conv1d`] of `leaky_relu(x, slope)`, without ever writing the rectified input to memory.
///
/// # Panics
/// When the shapes do not fit each other.
#[must_use]
pub fn leaky_conv1d(
    x: Tensor<3>,
    slope: f32,
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    conv: Conv1d,
) -> Tensor<3> {
    let ([batch, channels_in, length_in], [channels_out, n_in, kernel]) = (x.dims(), weight.dims());
    assert_eq!(
        n_in * conv.groups,
        channels_in,
        "channels of {conv:?} with weight {:?}",
        weight.dims()
    );
    assert_eq!(channels_out % conv.groups, 0, "channels out of {conv:?}");
    if !is_host(&x) {
        return composed::conv1d(x, slope, weight, bias, conv);
    }
    let geometry = Geometry {
        batch,
        channels_in,
        length_in,
        channels_out,
        length_out: conv.length_out(length_in, kernel),
        kernel,
        stride: conv.stride,
        dilation: conv.dilation,
        groups: conv.groups,
        pad_left: conv.padding.0,
    };
    run(&Forward { geometry, slope }, x, weight, bias)
}

/// The transpose of [`conv1d`]: every input sample adds a scaled kernel to the output.
///
/// # Shapes
/// - `x`: `[batch, channels_in, time]`
/// - `weight`: `[channels_in, channels_out / groups, kernel]`
/// - `bias`: `[channels_out]`
/// - output: `[batch, channels_out, conv.length_out(time, kernel)]`
///
/// # Panics
/// When the shapes do not fit each other.
#[must_use]
pub fn conv_transpose1d(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    conv: ConvTranspose1d,
) -> Tensor<3> {
    leaky_conv_transpose1d(x, 1.0, weight, bias, conv)
}

/// [`conv_transpose1d`] of `leaky_relu(x, slope)`.
///
/// # Panics
/// When the shapes do not fit each other.
#[must_use]
pub fn leaky_conv_transpose1d(
    x: Tensor<3>,
    slope: f32,
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    conv: ConvTranspose1d,
) -> Tensor<3> {
    let ([batch, channels_in, length_in], [rows, n_out, kernel]) = (x.dims(), weight.dims());
    assert_eq!(rows, channels_in, "channels of {conv:?} with weight {:?}", weight.dims());
    assert_eq!(channels_in % conv.groups, 0, "channels in of {conv:?}");
    if !is_host(&x) {
        return composed::conv_transpose1d(x, slope, weight, bias, conv);
    }
    // The geometry is that of the convolution of which this is the transpose.
    let geometry = Geometry {
        batch,
        channels_in: n_out * conv.groups,
        length_in: conv.length_out(length_in, kernel),
        channels_out: channels_in,
        length_out: length_in,
        kernel,
        stride: conv.stride,
        dilation: conv.dilation,
        groups: conv.groups,
        pad_left: conv.padding,
    };
    run(&Transposed { geometry, slope }, x, weight, bias)
}

fn run<O: Operation<2> + Operation<3>>(
    operation: &O,
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
) -> Tensor<3> {
    let (x, weight) = (Input::new(x), Input::new(weight));
    match bias {
        None => apply(operation, [x, weight]),
        Some(bias) => apply(operation, [x, weight, Input::new(bias)]),
    }
}

#[derive(Clone, Debug)]
struct Forward {
    geometry: Geometry,
    slope: f32,
}

#[derive(Clone, Debug)]
struct Transposed {
    geometry: Geometry,
    slope: f32,
}

impl<const N: usize> Operation<N> for Forward {
    /// Input and weight.
    type Saved = (Array, Array);

    fn infer(&self, inputs: [Array; N]) -> Array {
        let (g, [x, weight]) = (&self.geometry, [&inputs[0], &inputs[1]].map(Array::values));
        let bias = inputs.get(2).map(Array::values);
        let y = convolution::forward(g, x, self.slope, weight, bias);
        Array::new(y, vec![g.batch, g.channels_out, g.length_out])
    }

    fn forward(&self, inputs: [Array; N], _wanted: [bool; N]) -> (Array, Self::Saved) {
        let saved = (inputs[0].clone(), inputs[1].clone());
        (Operation::<N>::infer(self, inputs), saved)
    }

    fn backward(
        &self,
        (x, weight): Self::Saved,
        gradient: Array,
        wanted: [bool; N],
    ) -> [Option<Array>; N] {
        let (g, gy) = (&self.geometry, gradient.values());
        std::array::from_fn(|i| {
            wanted[i].then(|| match i {
                0 => {
                    let gx = convolution::input_gradient(g, gy, 1.0, weight.values(), None);
                    Array::new(gx, x.shape()).rectified(&x, self.slope)
                }
                1 => {
                    let gw = convolution::weight_gradient(g, x.values(), self.slope, gy, 1.0);
                    Array::new(gw, weight.shape())
                }
                _ => bias_gradient(&gradient),
            })
        })
    }
}

impl<const N: usize> Operation<N> for Transposed {
    /// Input and weight.
    type Saved = (Array, Array);

    fn infer(&self, inputs: [Array; N]) -> Array {
        let (g, [x, weight]) = (&self.geometry, [&inputs[0], &inputs[1]].map(Array::values));
        let bias = inputs.get(2).map(Array::values);
        let y = convolution::input_gradient(g, x, self.slope, weight, bias);
        Array::new(y, vec![g.batch, g.channels_in, g.length_in])
    }

    fn forward(&self, inputs: [Array; N], _wanted: [bool; N]) -> (Array, Self::Saved) {
        let saved = (inputs[0].clone(), inputs[1].clone());
        (Operation::<N>::infer(self, inputs), saved)
    }

    fn backward(
        &self,
        (x, weight): Self::Saved,
        gradient: Array,
        wanted: [bool; N],
    ) -> [Option<Array>; N] {
        let (g, gy) = (&self.geometry, gradient.values());
        std::array::from_fn(|i| {
            wanted[i].then(|| match i {
                0 => {
                    let gx = convolution::forward(g, gy, 1.0, weight.values(), None);
                    Array::new(gx, x.shape()).rectified(&x, self.slope)
                }
                1 => {
                    let gw = convolution::weight_gradient(g, gy, 1.0, x.values(), self.slope);
                    Array::new(gw, weight.shape())
                }
                _ => bias_gradient(&gradient),
            })
        })
    }
}

fn bias_gradient(gradient: &Array) -> Array {
    let dims: [usize; 3] = gradient.dims();
    Array::new(convolution::bias_gradient(dims, gradient.values()), vec![dims[1]])
}
