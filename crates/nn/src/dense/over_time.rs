//! Convolutions along time, over rows of frames: dilated, strided, in groups, and transposed.

use super::Precision;
use crate::kernels::elementwise;
use crate::kernels::frames::{Format, Matrix, Window};

/// The shape of a convolution along time.
#[derive(Clone, Copy, Debug)]
pub struct Kernel1d {
    /// Channels of what it sees.
    pub channels_in: usize,
    /// Channels of what it gives.
    pub channels_out: usize,
    /// Frames that an output looks at.
    pub n_taps: usize,
    /// From one of them to the next.
    pub dilation: usize,
    /// Frames from one output to the next.
    pub stride: usize,
    /// Groups of channels that see nothing of each other.
    pub n_groups: usize,
    /// Silent frames before the first and behind the last.
    pub padding: [usize; 2],
}

impl Kernel1d {
    /// One that gives as many frames as it sees, with an odd number of taps.
    #[must_use]
    pub fn same(channels: [usize; 2], n_taps: usize, dilation: usize) -> Self {
        let [channels_in, channels_out] = channels;
        let padding = [(n_taps - 1) * dilation / 2; 2];
        Self { channels_in, channels_out, n_taps, dilation, stride: 1, n_groups: 1, padding }
    }

    /// Frames between the first and the last that an output looks at, and that one.
    fn span(&self) -> usize {
        (self.n_taps - 1) * self.dilation + 1
    }
}

/// A convolution along time, its weights packed.
#[derive(Debug)]
pub struct Conv1d {
    kernel: Kernel1d,
    matrix: Matrix,
    store: Vec<u32>,
}

impl Conv1d {
    /// Packs a weight `[channels_out][channels_in / groups][taps]`, as PyTorch has it, and biases, which may be none.
    ///
    /// # Panics
    /// When weight or biases are of another length than the kernel says.
    #[must_use]
    pub fn new(kernel: &Kernel1d, weight: &[f32], bias: &[f32], precision: Precision) -> Self {
        let Kernel1d { channels_in, channels_out, n_taps, dilation, n_groups, .. } = *kernel;
        assert!(channels_in.is_multiple_of(n_groups) && channels_out.is_multiple_of(n_groups));
        let in_group = channels_in / n_groups;
        assert_eq!(weight.len(), channels_out * in_group * n_taps, "weights");
        assert!(bias.is_empty() || bias.len() == channels_out, "a bias for every output");
        // Taps next to each other are one run.
        let window = if n_groups == 1 && dilation == 1 {
            Window { n_runs: 1, run_len: n_taps * channels_in, run_step: 0 }
        } else {
            Window { n_runs: n_taps, run_len: in_group, run_step: dilation * channels_in }
        };
        let at = |out: usize, i: usize| {
            let (tap, channel) = (i / in_group, i % in_group);
            weight[(out * in_group + channel) * n_taps + tap]
        };
        let (format, mut store) = (Format::from(precision), vec![]);
        let matrix = Matrix::pack(window, channels_out, n_groups, bias, format, at, &mut store);
        store.shrink_to_fit();
        Self { kernel: *kernel, matrix, store }
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.matrix.n_bytes()
    }

    /// Of frames `[frames][channels_in]`, `[frames][channels_out]`; none if they are fewer than it looks at.
    ///
    /// # Panics
    /// When `x` is no whole number of frames.
    #[must_use]
    pub fn run(&self, x: &[f32]) -> Vec<f32> {
        self.each(x, |_| {})
    }

    /// Like [`Self::run`], of what is left of `x` where negative numbers are multiplied by `slope`, in (0, 1].
    ///
    /// # Panics
    /// As [`Self::run`].
    #[must_use]
    pub fn run_leaky(&self, x: &[f32], slope: f32) -> Vec<f32> {
        self.each(x, |x| elementwise::leaky_relu(x, slope))
    }

    fn each(&self, x: &[f32], first: impl Fn(&mut [f32])) -> Vec<f32> {
        let Kernel1d { channels_in, stride, padding: [before, after], .. } = self.kernel;
        assert!(x.len().is_multiple_of(channels_in), "whole frames");
        let n_padded = before + x.len() / channels_in + after;
        if n_padded < self.kernel.span() {
            return vec![];
        }
        let n = (n_padded - self.kernel.span()) / stride + 1;
        let mut padded = vec![0.0; n_padded * channels_in];
        let inside = &mut padded[before * channels_in..][..x.len()];
        inside.copy_from_slice(x);
        first(inside);
        let mut out = vec![0.0; n * self.matrix.n_out()];
        let steps = [stride * channels_in, self.matrix.run_step()];
        self.matrix.product_of_runs(&self.store, &padded, steps, n, &mut out);
        out
    }
}

/// A transposed convolution along time, which makes several frames of one; its weights packed.
#[derive(Debug)]
pub struct ConvTranspose1d {
    channels_in: usize,
    channels_out: usize,
    n_taps: usize,
    stride: usize,
    padding: usize,
    matrix: Matrix,
    store: Vec<u32>,
}

impl ConvTranspose1d {
    /// Packs a weight `[channels_in][channels_out][taps]`, as PyTorch has it, and biases, which may be none. `padding`
    /// frames are cut off at both ends.
    ///
    /// # Panics
    /// When weight or biases are of another length than the numbers say, or there are fewer taps than `stride`.
    #[must_use]
    pub fn new(
        [channels_in, channels_out]: [usize; 2],
        stride: usize,
        padding: usize,
        [weight, bias]: [&[f32]; 2],
        precision: Precision,
    ) -> Self {
        let n_taps = weight.len() / (channels_in * channels_out);
        assert_eq!(weight.len(), channels_in * channels_out * n_taps, "weights");
        assert!(bias.is_empty() || bias.len() == channels_out, "a bias for every output");
        assert!(stride > 0 && n_taps >= stride, "taps of a transposed convolution");
        // `stride` frames of output are one row of the matrix: they are made of the same inputs, the latest last.
        let n_seen = n_taps.div_ceil(stride);
        let window = Window { n_runs: 1, run_len: n_seen * channels_in, run_step: 0 };
        let at = |out: usize, i: usize| {
            let (phase, channel_out) = (out / channels_out, out % channels_out);
            let (seen, channel) = (i / channels_in, i % channels_in);
            let tap = phase + (n_seen - 1 - seen) * stride;
            if tap < n_taps {
                weight[(channel * channels_out + channel_out) * n_taps + tap]
            } else {
                0.0
            }
        };
        let (format, mut store) = (Format::from(precision), vec![]);
        let bias = bias.repeat(stride);
        let matrix = Matrix::pack(window, stride * channels_out, 1, &bias, format, at, &mut store);
        store.shrink_to_fit();
        Self { channels_in, channels_out, n_taps, stride, padding, matrix, store }
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.matrix.n_bytes()
    }

    /// Frames that it makes of `n`.
    #[must_use]
    pub fn n_frames(&self, n: usize) -> usize {
        let whole = if n == 0 { 0 } else { (n - 1) * self.stride + self.n_taps };
        whole.saturating_sub(2 * self.padding)
    }

    /// Of frames `[frames][channels_in]`, `[frames][channels_out]`, of what is left of `x` where negative numbers are
    /// multiplied by `slope`, in (0, 1].
    ///
    /// # Panics
    /// When `x` is no whole number of frames.
    #[must_use]
    pub fn run_leaky(&self, x: &[f32], slope: f32) -> Vec<f32> {
        assert!(x.len().is_multiple_of(self.channels_in), "whole frames");
        let n_in = x.len() / self.channels_in;
        let n_out = self.n_frames(n_in);
        if n_out == 0 {
            return vec![];
        }
        let around = self.n_taps.div_ceil(self.stride) - 1;
        let mut padded = vec![0.0; (n_in + 2 * around) * self.channels_in];
        let inside = &mut padded[around * self.channels_in..][..x.len()];
        inside.copy_from_slice(x);
        elementwise::leaky_relu(inside, slope);
        let n_rows = n_in + around;
        let mut out = vec![0.0; n_rows * self.matrix.n_out()];
        let steps = [self.channels_in, 0];
        self.matrix.product_of_runs(&self.store, &padded, steps, n_rows, &mut out);
        out.drain(..self.padding * self.channels_out);
        out.truncate(n_out * self.channels_out);
        out
    }
}

#[cfg(test)]
mod tests;
