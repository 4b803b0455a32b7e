//! Pictures, such as spectrograms, and what networks of two dimensions do with them: convolve, normalise, enlarge.
//!
//! Channels are last, as with frames, so that the receptive field of an output is a few long runs of numbers.

use super::{Activation, Precision, activate};
use crate::kernels::elementwise;
use crate::kernels::frames::{Format, Matrix, Window};
use crate::threads;

/// Pictures of one size, `[pictures][rows][columns][channels]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// How many there are.
    pub n: usize,
    /// Rows of each.
    pub rows: usize,
    /// Columns of each.
    pub columns: usize,
    /// Numbers of a pixel.
    pub channels: usize,
    /// The numbers.
    pub values: Vec<f32>,
}

impl Pictures {
    /// Pictures of nothing but zeros.
    #[must_use]
    pub fn zeros(n: usize, [rows, columns]: [usize; 2], channels: usize) -> Self {
        Self { n, rows, columns, channels, values: vec![0.0; n * rows * columns * channels] }
    }

    /// Rows and columns.
    #[must_use]
    pub fn size(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// Numbers of a row of pixels.
    fn row_len(&self) -> usize {
        self.columns * self.channels
    }

    /// The same pixels with other numbers in them.
    ///
    /// # Panics
    /// When the numbers are no whole number for each pixel.
    #[must_use]
    pub fn with_values(&self, values: Vec<f32>) -> Self {
        let n_pixels = self.n * self.rows * self.columns;
        assert!(values.len().is_multiple_of(n_pixels.max(1)), "whole pixels");
        Self { channels: values.len() / n_pixels.max(1), values, ..*self }
    }

    /// The channels of these and then those of others, pixel by pixel.
    ///
    /// # Panics
    /// When they are not as many or not of one size.
    #[must_use]
    pub fn beside(&self, others: &Self) -> Self {
        assert_eq!((self.n, self.size()), (others.n, others.size()), "pictures of one size");
        let mut values = Vec::with_capacity(self.values.len() + others.values.len());
        let pixels = self.values.chunks_exact(self.channels);
        for (a, b) in pixels.zip(others.values.chunks_exact(others.channels)) {
            values.extend_from_slice(a);
            values.extend_from_slice(b);
        }
        Self { channels: self.channels + others.channels, values, ..*self }
    }

    /// Enlarged to so many rows and columns, every pixel that of the old picture that lies there.
    ///
    /// # Panics
    /// When there are no pixels to take.
    #[must_use]
    pub fn enlarged(&self, [rows, columns]: [usize; 2]) -> Self {
        let mut out = Self::zeros(self.n, [rows, columns], self.channels);
        let row_len = out.row_len();
        threads::for_each_chunk(&mut out.values, row_len, |i, row| {
            let (picture, from) = (i / rows, i % rows * self.rows / rows);
            let from = &self.values[(picture * self.rows + from) * self.row_len()..];
            for (column, pixel) in row.chunks_exact_mut(self.channels).enumerate() {
                let at = column * self.columns / columns * self.channels;
                pixel.copy_from_slice(&from[at..at + self.channels]);
            }
        });
        out
    }
}

/// The shape of a convolution over pictures.
#[derive(Clone, Copy, Debug)]
pub struct Kernel2d {
    /// Channels of what it sees.
    pub channels_in: usize,
    /// Channels of what it gives.
    pub channels_out: usize,
    /// Rows and columns that a pixel looks at.
    pub size: [usize; 2],
    /// From one pixel to the next, in both directions.
    pub stride: usize,
    /// Zeros before the first and behind the last row and column.
    pub padding: [usize; 2],
}

impl Kernel2d {
    /// The usual one: a square that keeps the size of a picture.
    #[must_use]
    pub fn square(channels_in: usize, channels_out: usize, size: usize) -> Self {
        let padding = [size / 2; 2];
        Self { channels_in, channels_out, size: [size; 2], stride: 1, padding }
    }
}

/// A convolution over pictures, its weights packed.
#[derive(Debug)]
pub struct Conv2d {
    kernel: Kernel2d,
    matrix: Matrix,
    store: Vec<u32>,
}

/// A picture is walked over with its padding between the rows if that adds at most this share of pixels.
const WASTE_MAX: f64 = 1.0 / 8.0;

impl Conv2d {
    /// Packs a weight `[channels_out][channels_in][rows][columns]`, as PyTorch has it, and biases, which may be none.
    ///
    /// # Panics
    /// When weight or biases are of another length than the kernel says.
    #[must_use]
    pub fn new(kernel: &Kernel2d, weight: &[f32], bias: &[f32], precision: Precision) -> Self {
        let Kernel2d { channels_in, channels_out, size: [rows, columns], .. } = *kernel;
        assert_eq!(weight.len(), channels_out * channels_in * rows * columns, "weights");
        assert!(bias.is_empty() || bias.len() == channels_out, "a bias for every output");
        let window = Window { n_runs: rows, run_len: columns * channels_in, run_step: 0 };
        let at = |out: usize, i: usize| {
            let (tap, channel) = (i / channels_in, i % channels_in);
            weight[(out * channels_in + channel) * rows * columns + tap]
        };
        let (format, mut store) = (Format::from(precision), vec![]);
        let matrix = Matrix::pack(window, channels_out, 1, bias, format, at, &mut store);
        store.shrink_to_fit();
        Self { kernel: *kernel, matrix, store }
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.matrix.n_bytes()
    }

    /// The pictures that it makes of others.
    ///
    /// # Panics
    /// When they have other channels, or are smaller than the kernel.
    #[must_use]
    pub fn run(&self, x: &Pictures) -> Pictures {
        let Kernel2d { channels_in, size, stride, padding, .. } = self.kernel;
        assert_eq!(x.channels, channels_in, "channels of the pictures");
        let extent = |i: usize| {
            let padded = x.size()[i] + padding[0] + padding[1];
            assert!(padded >= size[i], "a picture as large as the kernel");
            (padded - size[i]) / stride + 1
        };
        let size = [extent(0), extent(1)];
        let gap = padding[0].max(padding[1]);
        let values = if stride > 1 || gap as f64 > WASTE_MAX * x.columns as f64 {
            self.gathered(x, size)
        } else if self.kernel.size == [1, 1] && gap == 0 {
            let n = x.n * x.rows * x.columns;
            let mut out = vec![0.0; n * self.matrix.n_out()];
            self.product(&x.values, [x.channels, 0], n, &mut out);
            out
        } else {
            self.walked(x, size, gap)
        };
        let [rows, columns] = size;
        Pictures { n: x.n, rows, columns, channels: self.matrix.n_out(), values }
    }

    fn product(&self, input: &[f32], steps: [usize; 2], n: usize, out: &mut [f32]) {
        self.matrix.product_of_runs(&self.store, input, steps, n, out);
    }

    /// Pixels in one walk over all rows: the zeros behind a row are those before the next, and what is computed there
    /// is left out afterwards.
    fn walked(&self, x: &Pictures, [rows, columns]: [usize; 2], gap: usize) -> Vec<f32> {
        let Kernel2d { size, padding: [before, _], .. } = self.kernel;
        let (pitch, picture) = (x.columns + gap, x.rows + gap);
        let n = ((x.n - 1) * picture + rows - 1) * pitch + columns;
        let n_read = n + (size[0] - 1) * pitch + size[1] - 1;
        let n_padded = (before + x.n * picture) * pitch + before;
        let mut padded = vec![0.0; n_read.max(n_padded) * x.channels];
        for (i, row) in x.values.chunks_exact(x.row_len()).enumerate() {
            let at = before + i / x.rows * picture + i % x.rows;
            let from = (at * pitch + before) * x.channels;
            padded[from..from + row.len()].copy_from_slice(row);
        }
        let n_out = self.matrix.n_out();
        let mut out = vec![0.0; n * n_out];
        self.product(&padded, [x.channels, pitch * x.channels], n, &mut out);
        for i in 0..x.n * rows {
            let from = (i / rows * picture + i % rows) * pitch * n_out;
            out.copy_within(from..from + columns * n_out, i * columns * n_out);
        }
        out.truncate(x.n * rows * columns * n_out);
        out
    }

    /// Pixels whose receptive fields are copied out first.
    fn gathered(&self, x: &Pictures, [rows, columns]: [usize; 2]) -> Vec<f32> {
        let Kernel2d { size, stride, padding: [before, _], .. } = self.kernel;
        let (run, channels) = (size[1] * x.channels, x.channels);
        let (field, n) = (size[0] * run, x.n * rows * columns);
        let mut fields = vec![0.0; n * field];
        threads::for_each_chunk(&mut fields, field * columns, |i, fields| {
            let (picture, row) = (i / rows, i % rows);
            for (column, field) in fields.chunks_exact_mut(field).enumerate() {
                for (tap, to) in field.chunks_exact_mut(run).enumerate() {
                    let Some(from_row) = (row * stride + tap).checked_sub(before) else { continue };
                    if from_row >= x.rows {
                        continue;
                    }
                    // Columns of the run that are none of the picture stay zero.
                    let first = column * stride;
                    let start = first.max(before);
                    let end = (first + size[1]).min(before + x.columns);
                    if start < end {
                        let at = (picture * x.rows + from_row) * x.columns + start - before;
                        let from = &x.values[at * channels..][..(end - start) * channels];
                        to[(start - first) * channels..][..from.len()].copy_from_slice(from);
                    }
                }
            }
        });
        let mut out = vec![0.0; n * self.matrix.n_out()];
        self.product(&fields, [field, run], n, &mut out);
        out
    }
}

/// Normalisation of groups of channels over a whole picture. Source: Wu and He, "Group Normalization", 2018.
#[derive(Clone, Debug)]
pub struct GroupNorm {
    /// How many groups the channels make.
    pub n_groups: usize,
    /// What each channel is multiplied by.
    pub gain: Vec<f32>,
    /// What is added to each channel.
    pub bias: Vec<f32>,
    /// What is added to variances.
    pub epsilon: f32,
}

/// Numbers of a task.
const CHUNK: usize = 1 << 14;

impl GroupNorm {
    /// Normalises each picture.
    ///
    /// # Panics
    /// When the pictures have other channels, or the groups do not divide them.
    #[must_use]
    pub fn run(&self, x: &Pictures) -> Pictures {
        self.each(x, |_| {})
    }

    /// Normalises each picture, and applies an activation.
    ///
    /// # Panics
    /// As [`Self::run`].
    #[must_use]
    pub fn run_activated(&self, x: &Pictures, activation: Activation) -> Pictures {
        match activation {
            Activation::Silu => self.each(x, elementwise::silu),
            other => {
                let mut out = self.run(x);
                activate(other, &mut out.values);
                out
            }
        }
    }

    fn each(&self, x: &Pictures, then: impl Fn(&mut [f32]) + Sync) -> Pictures {
        let n_channels = self.gain.len();
        assert!(
            x.channels == n_channels && self.bias.len() == n_channels,
            "channels of a group norm"
        );
        assert!(n_channels.is_multiple_of(self.n_groups), "whole groups of channels");
        let mut values = vec![0.0; x.values.len()];
        let of_picture = x.rows * x.row_len();
        if values.is_empty() {
            return x.clone();
        }
        let in_task = (CHUNK / n_channels).max(1) * n_channels;
        for (from, to) in x.values.chunks_exact(of_picture).zip(values.chunks_exact_mut(of_picture))
        {
            let [scale, shift] = self.line_of(from, in_task);
            threads::for_each_chunk(to, in_task, |i, to| {
                to.copy_from_slice(&from[i * in_task..][..to.len()]);
                elementwise::affine(to, &scale, &shift);
                then(to);
            });
        }
        Pictures { values, ..*x }
    }

    /// What each channel of a picture is multiplied by, and what is added then.
    fn line_of(&self, picture: &[f32], in_task: usize) -> [Vec<f32>; 2] {
        let n_channels = self.gain.len();
        let in_group = n_channels / self.n_groups;
        let n = (picture.len() / self.n_groups) as f64;
        let of_groups = |of_channels: Vec<f64>| -> Vec<f64> {
            of_channels.chunks(in_group).map(|sums| sums.iter().sum::<f64>() / n).collect()
        };
        let zeros = vec![0.0; n_channels];
        let means = of_groups(sums(picture, &zeros, in_task, |x, _| x));
        let centres: Vec<f32> = (0..n_channels).map(|i| means[i / in_group] as f32).collect();
        let squares = |x: f32, centre: f32| (x - centre) * (x - centre);
        let variances = of_groups(sums(picture, &centres, in_task, squares));
        let scale_of = |i: usize| {
            f64::from(self.gain[i]) / (variances[i / in_group] + f64::from(self.epsilon)).sqrt()
        };
        let scale: Vec<f64> = (0..n_channels).map(scale_of).collect();
        let shift =
            (0..n_channels).map(|i| f64::from(self.bias[i]) - means[i / in_group] * scale[i]);
        [scale.iter().map(|it| *it as f32).collect(), shift.map(|it| it as f32).collect()]
    }
}

/// Sums over pixels for each channel, in parts that do not depend on the number of threads.
fn sums(
    picture: &[f32],
    centres: &[f32],
    in_task: usize,
    of: impl Fn(f32, f32) -> f32 + Sync,
) -> Vec<f64> {
    let n_channels = centres.len();
    let mut parts = vec![0.0f32; picture.len().div_ceil(in_task) * n_channels];
    threads::for_each_chunk(&mut parts, n_channels, |i, part| {
        let end = ((i + 1) * in_task).min(picture.len());
        for pixel in picture[i * in_task..end].chunks_exact(n_channels) {
            for ((sum, x), centre) in part.iter_mut().zip(pixel).zip(centres) {
                *sum += of(*x, *centre);
            }
        }
    });
    let mut sums = vec![0.0; n_channels];
    for part in parts.chunks_exact(n_channels) {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += f64::from(*part));
    }
    sums
}

#[cfg(test)]
mod tests;
