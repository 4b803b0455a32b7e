//! Convolution over time and its gradients, for any stride, dilation, groups and zero padding.
//!
//! Arrays are `[batch, channels, time]`, weights `[channels_out, channels_in / groups, kernel]`.
//! The gradient with respect to the input is also the forward pass of a transposed convolution.
//!
//! It has over 600 lines because all three products are the same walk. A tile of the source is copied into a scratch that fits the
//! second-level cache, with its padding, its activation, and its samples sorted by their phase in the
//! stride, so that every tap of the kernel is a constant offset into it ([`Source`]). Then the kernels
//! of [`super::taps`] run over the offsets. A gradient with respect to the input of a strided
//! convolution is one such product for each phase of the input, interleaved at the end ([`Walk`]).

mod source;
mod walk;

use super::elementwise::sum;
use super::simd::level;
use super::taps::{Left, Offsets, dots};
use crate::threads;
use source::{Layout, Slope, Source, Tap, grow, rectify, with_scratch};
use walk::{Walk, blocks};

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
    fn n_in(&self) -> usize {
        self.channels_in / self.groups
    }

    fn n_out(&self) -> usize {
        self.channels_out / self.groups
    }

    /// Which input sample tap `tap` reads for output 0; negative inside the padding.
    fn reach(&self, tap: usize) -> isize {
        (tap * self.dilation) as isize - self.pad_left as isize
    }

    /// The taps as they read the input.
    fn taps(&self) -> Vec<Tap> {
        let stride = self.stride as isize;
        let tap = |index| Tap {
            index,
            phase: self.reach(index).rem_euclid(stride) as usize,
            shift: self.reach(index).div_euclid(stride),
        };
        (0..self.kernel).map(tap).collect()
    }
}

/// The convolution of the rectified `x` with `weight`, plus `bias`.
pub(crate) fn forward(
    g: &Geometry,
    x: &[f32],
    slope: Slope,
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let taps = g.taps();
    let walk = Walk {
        batch: g.batch,
        groups: g.groups,
        source: Source { n_channels: g.n_in(), length: g.length_in, stride: g.stride, slope },
        phases: vec![taps],
        n_rows: g.n_out(),
        length: g.length_out,
        weight_strides: [g.n_in() * g.kernel, g.kernel],
    };
    walk.run(x, weight, bias)
}

/// The gradient with respect to the (rectified) input, from the rectified `gradient`, plus `bias` on
/// each input channel.
pub(crate) fn input_gradient(
    g: &Geometry,
    gradient: &[f32],
    slope: Slope,
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    // Input sample `v * stride + phase` takes tap `tap` from output `v + shift`.
    let taps_of = |phase: usize| {
        let ahead = move |tap: usize| phase as isize - g.reach(tap);
        (0..g.kernel)
            .filter(|&tap| ahead(tap).rem_euclid(g.stride as isize) == 0)
            .map(|tap| Tap {
                index: tap,
                phase: 0,
                shift: ahead(tap).div_euclid(g.stride as isize),
            })
            .collect()
    };
    let walk = Walk {
        batch: g.batch,
        groups: g.groups,
        source: Source { n_channels: g.n_out(), length: g.length_out, stride: 1, slope },
        phases: (0..g.stride).map(taps_of).collect(),
        n_rows: g.n_in(),
        length: g.length_in,
        weight_strides: [g.kernel, g.n_in() * g.kernel],
    };
    walk.run(gradient, weight, bias)
}

/// The gradient with respect to the weight, from the rectified `x` and the `gradient` of the output.
pub(crate) fn weight_gradient(
    g: &Geometry,
    x: &[f32],
    x_slope: Slope,
    gradient: &[f32],
    gradient_slope: Slope,
) -> Vec<f32> {
    let taps = g.taps();
    let per_row = g.n_in() * g.kernel;
    let mut out = vec![0.0; g.channels_out * per_row];
    if out.is_empty() || g.length_out == 0 {
        return out;
    }
    let source =
        Source { n_channels: g.n_in(), length: g.length_in, stride: g.stride, slope: x_slope };
    let layout = Layout::new(g.n_in(), taps.iter(), g.length_out, source::DOTS_TILE);
    let pairs = (0..g.n_in()).flat_map(|channel| taps.iter().map(move |tap| (channel, tap)));
    let offsets = Offsets::new(pairs.map(|(channel, tap)| layout.offset(channel, tap)).collect());
    let level = level();

    // Every task owns some rows of the weight and walks over all time and the whole batch.
    let per_task = match threads::n_threads() {
        1 => g.n_out(),
        n => g.n_out().div_ceil(2 * n).next_multiple_of(8),
    };
    let mut tasks: Vec<(usize, usize, &mut [f32])> = Vec::new();
    for (group, rows) in out.chunks_mut(g.n_out() * per_row).enumerate() {
        for (i, rows) in rows.chunks_mut(per_task * per_row).enumerate() {
            tasks.push((group, i * per_task, rows));
        }
    }
    threads::for_each_chunk(&mut tasks, 1, |_, task| {
        let (group, first, out) = &mut task[0];
        let blocks = blocks(out.len() / per_row, level);
        with_scratch(|[scratch, rows, sums]| {
            grow(scratch, layout.scratch_len(g.n_in()));
            // An odd number of cache lines between rows.
            let stride = (layout.tile.div_ceil(16) | 1) * 16;
            grow(rows, 8 * stride);
            sums.clear();
            sums.resize(out.len(), 0.0);
            for member in 0..g.batch {
                let sound = member * g.groups + *group;
                let x = &x[sound * g.n_in() * g.length_in..(sound + 1) * g.n_in() * g.length_in];
                let gradient = &gradient[(sound * g.n_out() + *first) * g.length_out..];
                for start in (0..g.length_out).step_by(layout.tile) {
                    let n = layout.tile.min(g.length_out - start);
                    source.gather(&layout, x, start, scratch);
                    for block in &blocks {
                        for (i, row) in rows.chunks_mut(stride).take(block.n_rows).enumerate() {
                            let gradient =
                                &gradient[(block.first + i) * g.length_out + start..][..n];
                            row[..n].copy_from_slice(gradient);
                            rectify(&mut row[..n], gradient_slope);
                            row[n..].fill(0.0);
                        }
                        let left = Left { values: rows, n_rows: block.n_rows, stride };
                        let sums = &mut sums[block.first * per_row..][..block.n_rows * per_row];
                        dots(level, left, &offsets, scratch, n, sums);
                    }
                }
            }
            for block in &blocks {
                let sums = &sums[block.first * per_row..][..block.n_rows * per_row];
                let out = &mut out[block.first * per_row..][..block.n_rows * per_row];
                for (i, out) in out.chunks_mut(per_row).enumerate() {
                    let sums = sums[i..].iter().step_by(block.n_rows);
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = *sum);
                }
            }
        });
    });
    out
}

/// The sum over batch and time of `[batch, channels, length]`: the gradient of a bias.
pub(crate) fn bias_gradient([_, channels, length]: [usize; 3], gradient: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; channels];
    if length == 0 {
        return out;
    }
    threads::for_each_chunk(&mut out, 8, |chunk, out| {
        for (i, out) in out.iter_mut().enumerate() {
            let rows = gradient.chunks(length).skip(8 * chunk + i).step_by(channels);
            *out = rows.map(sum).sum();
        }
    });
    out
}

#[cfg(test)]
mod tests;
