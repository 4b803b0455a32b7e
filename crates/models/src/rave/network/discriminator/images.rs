//! Convolutions over spectra, with their names in a checkpoint.

use burn::tensor::Tensor;
use nn::{Conv2d, Init, Parameters, Weights, conv2d, leaky_relu, weight_norm};

use crate::rave::network::extent::Extent;

/// A weight-normalised convolution over rows (frames) and columns (bins), with a bias and a rectifier
/// after it.
#[derive(Debug)]
pub(super) struct Image {
    name: String,
    /// As stored in a checkpoint: `[channels_out, channels_in, first, second]`.
    shape: [usize; 4],
    /// Checkpoints store the kernel's columns before its rows.
    is_transposed: bool,
    stride: usize,
    /// Dilation along rows.
    dilation: usize,
    /// The negative slope of the leaky ReLU; 1 for none.
    slope: f32,
}

impl Image {
    /// A convolution that preserves the number of rows and columns.
    pub(super) fn new(
        name: String,
        [channels_in, channels_out]: [usize; 2],
        [first, second]: [usize; 2],
    ) -> Self {
        Self {
            name,
            shape: [channels_out, channels_in, first, second],
            is_transposed: false,
            stride: 1,
            dilation: 1,
            slope: 1.0,
        }
    }

    /// Expects a kernel stored with columns first.
    pub(super) fn transposed(mut self) -> Self {
        self.is_transposed = true;
        self
    }

    /// Sets the stride along columns.
    pub(super) fn strided(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    /// Sets the dilation along rows.
    pub(super) fn dilated(mut self, dilation: usize) -> Self {
        self.dilation = dilation;
        self
    }

    /// Adds a leaky ReLU after it.
    pub(super) fn rectified(mut self, slope: f32) -> Self {
        self.slope = slope;
        self
    }

    /// Shape: `[batch, channels_in, rows, columns] -> [batch, channels_out, rows, columns / stride]`.
    pub(super) fn forward(&self, weights: &Weights, x: Tensor<4>) -> Tensor<4> {
        let [out, channels_in, first, second] = self.shape;
        let v = weights.get::<4>(&self.key("weight_v")).reshape([out, channels_in, first * second]);
        let g = weights.get::<4>(&self.key("weight_g")).reshape([out, 1, 1]);
        let weight = weights.for_products(weight_norm(v, g)).reshape(self.shape);
        let weight = if self.is_transposed { weight.swap_dims(2, 3) } else { weight };
        let [rows, columns] = self.kernel();
        let conv = Conv2d {
            stride_columns: self.stride,
            padding: (self.dilation * (rows / 2), columns / 2),
            dilation: (self.dilation, 1),
        };
        let y = conv2d(x, weight, weights.get::<1>(&self.key("bias")), conv);
        if self.slope == 1.0 { y } else { leaky_relu(y, self.slope) }
    }

    pub(super) fn initialise(&self, seed: u64, parameters: &mut Parameters) {
        let [out, channels_in, first, second] = self.shape;
        let flat = [out, channels_in, first * second];
        let mut init = Init::named(seed, &self.name);
        let weight = init.conv_weight(flat);
        parameters.insert(&self.key("weight_g"), &[out, 1, 1, 1], Init::norms(&weight, out));
        parameters.insert(&self.key("weight_v"), &self.shape, weight);
        parameters.insert(&self.key("bias"), &[out], init.conv_bias(out, flat));
    }

    pub(super) fn n_values(&self) -> usize {
        self.shape.iter().product::<usize>() + 2 * self.shape[0]
    }

    /// The number of output channels.
    pub(super) fn channels_out(&self) -> usize {
        self.shape[0]
    }

    /// The kernel's rows and columns.
    fn kernel(&self) -> [usize; 2] {
        let [_, _, first, second] = self.shape;
        if self.is_transposed { [second, first] } else { [first, second] }
    }

    fn key(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }
}

/// The memory that a sequence of convolutions needs for one example, over a spectrum of rows and columns,
/// added to `extent`.
pub(super) fn extent(
    images: &[Image],
    [rows, mut columns]: [usize; 2],
    mut extent: Extent,
) -> Extent {
    for image in images {
        let [kernel_rows, _] = image.kernel();
        // Rows under the kernel are laid out as channels; so is their gradient.
        let folded = (image.shape[1] * kernel_rows * rows * columns) as f64;
        columns = columns.div_ceil(image.stride);
        let out = (image.shape[0] * rows * columns) as f64;
        extent.keep(out);
        extent.scratch = extent.scratch.max(2.0 * folded + out);
    }
    extent
}
