//! Convolution over time and its three gradients, for any stride, dilation, groups and zero padding.
//!
//! Arrays are `[batch, channels, time]`, weights `[channels_out, channels_in / groups, kernel]`.
//! The gradient with respect to the input is also the forward pass of a transposed convolution.

use std::sync::Mutex;

use super::matrix::{Matrix, multiply};
use crate::threads;

/// The extents of one convolution; the padding on the right follows from the lengths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    pub(crate) channels_in: usize,
    pub(crate) length_in: usize,
    pub(crate) channels_out: usize,
    pub(crate) length_out: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) groups: usize,
    pub(crate) pad_left: usize,
}

impl Geometry {
    /// Channels of input and output in one group.
    fn group_channels(&self) -> (usize, usize) {
        (self.channels_in / self.groups, self.channels_out / self.groups)
    }

    /// Which outputs `j` of `[0, length_out)` read tap `tap` inside the input, and where the first reads.
    fn valid(&self, tap: usize) -> (usize, usize, usize) {
        let offset = (tap * self.dilation) as isize - self.pad_left as isize;
        let stride = self.stride as isize;
        let from = if offset >= 0 { 0 } else { (-offset + stride - 1) / stride };
        let until = (self.length_in as isize - offset + stride - 1).div_euclid(stride);
        let until = until.clamp(0, self.length_out as isize);
        let from = from.min(until);
        (from as usize, until as usize, (from * stride + offset).max(0) as usize)
    }

    /// Writes `columns[(channel, tap), j] = x[channel, j * stride + tap * dilation - pad_left]`.
    fn gather(&self, x: &[f32], columns: &mut [f32]) {
        let (n_in, _) = self.group_channels();
        for channel in 0..n_in {
            let row = &x[channel * self.length_in..(channel + 1) * self.length_in];
            for tap in 0..self.kernel {
                let column = &mut columns[(channel * self.kernel + tap) * self.length_out..]
                    [..self.length_out];
                let (from, until, first) = self.valid(tap);
                column[..from].fill(0.0);
                column[until..].fill(0.0);
                for (value, x) in column[from..until]
                    .iter_mut()
                    .zip(row[first.min(row.len())..].iter().step_by(self.stride))
                {
                    *value = *x;
                }
            }
        }
    }

    /// The transpose of [`Self::gather`]: adds each column element to the input position it came from.
    fn scatter(&self, columns: &[f32], x: &mut [f32]) {
        let (n_in, _) = self.group_channels();
        for channel in 0..n_in {
            let row = &mut x[channel * self.length_in..(channel + 1) * self.length_in];
            for tap in 0..self.kernel {
                let column =
                    &columns[(channel * self.kernel + tap) * self.length_out..][..self.length_out];
                let (from, until, first) = self.valid(tap);
                let first = first.min(row.len());
                for (value, x) in
                    column[from..until].iter().zip(row[first..].iter_mut().step_by(self.stride))
                {
                    *x += *value;
                }
            }
        }
    }
}

/// The convolution of `x` with `weight`, plus `bias`.
pub(crate) fn forward(g: &Geometry, x: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let (n_in, n_out) = g.group_channels();
    let mut y = vec![0.0; g.batch * g.channels_out * g.length_out];
    if y.is_empty() {
        return y;
    }
    let parts: Mutex<Vec<_>> = Mutex::new(y.chunks_mut(n_out * g.length_out).enumerate().collect());
    let n_parts = g.batch * g.groups;
    let n_rows = n_in * g.kernel;
    threads::for_each_with(
        n_parts,
        || vec![0.0; n_rows * g.length_out],
        |columns, _| {
            let (part, y) = parts.lock().expect("no task panics").pop().expect("one part a task");
            let group = part % g.groups;
            g.gather(&x[part * n_in * g.length_in..(part + 1) * n_in * g.length_in], columns);
            for (channel, y) in y.chunks_mut(g.length_out).enumerate() {
                y.fill(bias.map_or(0.0, |bias| bias[group * n_out + channel]));
            }
            let weight = &weight[group * n_out * n_rows..(group + 1) * n_out * n_rows];
            multiply(
                [n_out, n_rows, g.length_out],
                y,
                g.length_out,
                true,
                Matrix { values: weight, row_stride: n_rows, column_stride: 1 },
                Matrix { values: columns, row_stride: g.length_out, column_stride: 1 },
            );
        },
    );
    y
}

/// The gradient with respect to the input, plus `bias` on each input channel.
pub(crate) fn input_gradient(
    g: &Geometry,
    gradient: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let (n_in, n_out) = g.group_channels();
    let mut x = vec![0.0; g.batch * g.channels_in * g.length_in];
    if x.is_empty() || g.length_out == 0 {
        return x;
    }
    let parts: Mutex<Vec<_>> = Mutex::new(x.chunks_mut(n_in * g.length_in).enumerate().collect());
    let n_rows = n_in * g.kernel;
    threads::for_each_with(
        g.batch * g.groups,
        || vec![0.0; n_rows * g.length_out],
        |columns, _| {
            let (part, x) = parts.lock().expect("no task panics").pop().expect("one part a task");
            let group = part % g.groups;
            let weight = &weight[group * n_out * n_rows..(group + 1) * n_out * n_rows];
            let gradient =
                &gradient[part * n_out * g.length_out..(part + 1) * n_out * g.length_out];
            multiply(
                [n_rows, n_out, g.length_out],
                columns,
                g.length_out,
                false,
                Matrix { values: weight, row_stride: 1, column_stride: n_rows },
                Matrix { values: gradient, row_stride: g.length_out, column_stride: 1 },
            );
            for (channel, x) in x.chunks_mut(g.length_in).enumerate() {
                x.fill(bias.map_or(0.0, |bias| bias[group * n_in + channel]));
            }
            g.scatter(columns, x);
        },
    );
    x
}

/// The gradient with respect to the weight.
pub(crate) fn weight_gradient(g: &Geometry, x: &[f32], gradient: &[f32]) -> Vec<f32> {
    let (n_in, n_out) = g.group_channels();
    let n_rows = n_in * g.kernel;
    let mut out = vec![0.0; g.channels_out * n_rows];
    if g.length_out == 0 {
        return out;
    }
    let mut columns = vec![0.0; n_rows * g.length_out];
    for part in 0..g.batch * g.groups {
        let group = part % g.groups;
        g.gather(&x[part * n_in * g.length_in..(part + 1) * n_in * g.length_in], &mut columns);
        multiply(
            [n_out, g.length_out, n_rows],
            &mut out[group * n_out * n_rows..(group + 1) * n_out * n_rows],
            n_rows,
            true,
            Matrix {
                values: &gradient[part * n_out * g.length_out..(part + 1) * n_out * g.length_out],
                row_stride: g.length_out,
                column_stride: 1,
            },
            Matrix { values: &columns, row_stride: 1, column_stride: g.length_out },
        );
    }
    out
}

/// The sum over batch and time of `[batch, channels, length]`: the gradient of a bias.
pub(crate) fn bias_gradient([_, channels, length]: [usize; 3], gradient: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; channels];
    for (i, row) in gradient.chunks(length.max(1)).enumerate() {
        out[i % channels] += row.iter().sum::<f32>();
    }
    out
}
