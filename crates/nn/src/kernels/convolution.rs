//! Convolution over time and its gradients, for any stride, dilation, groups and zero padding.
//!
//! Arrays are `[batch, channels, time]`, weights `[channels_out, channels_in / groups, kernel]`.
//! The gradient with respect to the input is also the forward pass of a transposed convolution.
//!
//! It has over 600 lines because all three products are the same walk. A tile of the source is copied into a scratch that fits the
//! second-level cache, with its padding, its activation, and its samples sorted by their phase in the
//! stride, so that every tap of the kernel is a constant offset into it ([`Source`]). Then the kernels
//! of [`super::taps`] run over the offsets. A gradient with respect to the input of a strided
//! convolution is one such product for each phase of the input, interleaved at the end.
#![expect(unsafe_code, reason = "threads write disjoint tiles of one output")]

use std::cell::RefCell;
use std::mem::MaybeUninit;

use super::elementwise::{leaky_relu, sum};
use super::simd::{Level, level};
use super::taps::{COLUMNS_STEP, Left, Offsets, Rows, block_rows, dots};
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

/// Slope of the leaky rectifier that sits before a convolution; 1 where there is none.
type Slope = f32;

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

/// One tap of a kernel as it reads a [`Source`].
#[derive(Clone, Copy, Debug)]
struct Tap {
    /// Its place in the weight.
    index: usize,
    /// Which phase of the source it reads.
    phase: usize,
    /// How many samples of that phase it is ahead of the output.
    shift: isize,
}

/// How the channels of one group are laid out for the kernels.
#[derive(Clone, Copy, Debug)]
struct Source {
    n_channels: usize,
    length: usize,
    stride: usize,
    slope: Slope,
}

/// Where a tile of a source lies in its scratch.
struct Layout {
    /// The phases of the source that some tap reads, sorted.
    phases: Vec<usize>,
    /// The least shift of all taps.
    first_shift: isize,
    /// Samples from one row of the scratch to the next; a row is one phase of one channel.
    row: usize,
    /// Outputs in a tile.
    tile: usize,
}

/// Numbers that a scratch may hold: two thirds of a second-level cache of 1 MB.
const SCRATCH_LEN: usize = 160 * 1024;
/// Columns of a product's tile at most.
const PRODUCT_TILE: usize = 4096;
/// Columns of a tile of dot products at most: eight rows of so many should stay in a first-level cache.
const DOTS_TILE: usize = 768;

impl Layout {
    fn new<'a>(
        n_channels: usize,
        taps: impl Iterator<Item = &'a Tap> + Clone,
        n_outputs: usize,
        tile_max: usize,
    ) -> Self {
        let mut phases: Vec<usize> = taps.clone().map(|tap| tap.phase).collect();
        phases.sort_unstable();
        phases.dedup();
        let first_shift = taps.clone().map(|tap| tap.shift).min().unwrap_or(0);
        let last_shift = taps.map(|tap| tap.shift).max().unwrap_or(0);
        let halo = (last_shift - first_shift) as usize;
        let n_rows = (n_channels * phases.len()).max(1);
        // Whole tiles of the widest kernel: 3 vectors of 16.
        let tile = (SCRATCH_LEN / n_rows).saturating_sub(halo).clamp(96, tile_max) / 48 * 48;
        let tile = tile.min(n_outputs.next_multiple_of(COLUMNS_STEP));
        // An odd number of cache lines, so that neighbouring rows do not compete for the same ones.
        let row = (tile + halo).div_ceil(16) | 1;
        Self { phases, first_shift, row: row * 16, tile }
    }

    fn offset(&self, channel: usize, tap: &Tap) -> u32 {
        let phase = self.phases.iter().position(|phase| *phase == tap.phase);
        let row = channel * self.phases.len() + phase.expect("every tap's phase was listed");
        let offset = row * self.row + (tap.shift - self.first_shift) as usize;
        u32::try_from(offset).expect("a scratch is small")
    }

    fn scratch_len(&self, n_channels: usize) -> usize {
        n_channels * self.phases.len() * self.row + COLUMNS_STEP
    }
}

impl Source {
    /// Fills the scratch for the outputs from `start` on, from the channels of one group.
    fn gather(&self, layout: &Layout, x: &[f32], start: usize, scratch: &mut [f32]) {
        let rows = scratch.chunks_exact_mut(layout.row);
        let first = start as isize + layout.first_shift;
        for (i, row) in rows.enumerate().take(self.n_channels * layout.phases.len()) {
            let (channel, phase) =
                (i / layout.phases.len(), layout.phases[i % layout.phases.len()]);
            let x = &x[channel * self.length..(channel + 1) * self.length];
            self.gather_row(x, first, phase, row);
        }
    }

    /// `row[i] = x[(first + i) * stride + phase]`, rectified; zero where there is no such sample.
    fn gather_row(&self, x: &[f32], first: isize, phase: usize, row: &mut [f32]) {
        let n_existing = (self.length + self.stride - 1 - phase.min(self.length)) / self.stride;
        let from = (-first).clamp(0, row.len() as isize) as usize;
        let until = (n_existing as isize - first).clamp(from as isize, row.len() as isize) as usize;
        row[..from].fill(0.0);
        row[until..].fill(0.0);
        if from == until {
            return;
        }
        let x = &x[(first + from as isize) as usize * self.stride + phase..];
        let row = &mut row[from..until];
        match self.stride {
            1 => copy_every::<1>(x, row),
            2 => copy_every::<2>(x, row),
            4 => copy_every::<4>(x, row),
            stride => row.iter_mut().zip(x.iter().step_by(stride)).for_each(|(to, x)| *to = *x),
        }
        rectify(row, self.slope);
    }
}

fn rectify(row: &mut [f32], slope: Slope) {
    if slope != 1.0 {
        leaky_relu(row, slope);
    }
}

/// `to[i] = x[i * S]`.
fn copy_every<const S: usize>(x: &[f32], to: &mut [f32]) {
    if S == 1 {
        to.copy_from_slice(&x[..to.len()]);
        return;
    }
    let (groups, _) = x.as_chunks::<S>();
    let n = groups.len().min(to.len());
    for (to, group) in to[..n].iter_mut().zip(groups) {
        *to = group[0];
    }
    for (to, x) in to[n..].iter_mut().zip(x[n * S..].iter().step_by(S)) {
        *to = *x;
    }
}

/// A product of weights with a source, for all rows of all groups.
struct Walk {
    batch: usize,
    groups: usize,
    source: Source,
    /// The taps of each phase of the output.
    phases: Vec<Vec<Tap>>,
    /// Rows of output in one group.
    n_rows: usize,
    /// Samples of output.
    length: usize,
    /// How far apart in the weight the rows of the output and the channels of the source are.
    weight_strides: [usize; 2],
}

/// Rows of one group of the output that are computed together.
struct Block {
    first: usize,
    n_rows: usize,
}

/// The weights of one phase, block after block, each `[channel and tap, row]`.
struct Packed {
    offsets: Offsets,
    weights: Vec<f32>,
}

thread_local! {
    /// The scratch of this thread, kept from one convolution to the next.
    static SCRATCH: RefCell<[Vec<f32>; 3]> = const { RefCell::new([const { Vec::new() }; 3]) };
}

impl Walk {
    fn run(&self, x: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let n_phases = self.phases.len();
        let n_columns = self.length.div_ceil(n_phases);
        let n_values = self.batch * self.groups * self.n_rows * self.length;
        let mut out = Vec::with_capacity(n_values);
        if n_values == 0 {
            return out;
        }
        let layout = Layout::new(
            self.source.n_channels,
            self.phases.iter().flatten(),
            n_columns,
            PRODUCT_TILE,
        );
        let level = level();
        let blocks = blocks(self.n_rows, level);
        let packed = self.pack(&layout, weight, &blocks);

        let n_tiles = n_columns.div_ceil(layout.tile);
        let n_parts = self.batch * self.groups * n_tiles;
        // Few tiles are split by blocks of rows as well, so that every thread has some.
        let n_splits = (3 * threads::n_threads()).div_ceil(n_parts).min(blocks.len());
        let n_splits = if threads::n_threads() == 1 { 1 } else { n_splits };
        let per_split = blocks.len().div_ceil(n_splits);
        let shared = Shared { pointer: out.as_mut_ptr(), len: n_values };
        threads::for_each(n_parts * n_splits, |task| {
            let (part, split) = (task / n_splits, task % n_splits);
            let (sound, tile) = (part / n_tiles, part % n_tiles);
            let blocks = blocks.chunks(per_split).nth(split).unwrap_or_default();
            let task = Task {
                walk: self,
                level,
                layout: &layout,
                packed: &packed,
                bias,
                sound,
                start: tile * layout.tile,
                n: layout.tile.min(n_columns - tile * layout.tile),
            };
            // SAFETY: every pair of sound, tile and blocks writes samples of its own.
            SCRATCH.with_borrow_mut(|scratch| unsafe { task.run(x, blocks, scratch, &shared) });
        });
        // SAFETY: the tasks together wrote every row of every tile of every sound.
        unsafe { out.set_len(n_values) };
        out
    }

    /// Sorts the weights as the kernels read them, for all groups.
    fn pack(&self, layout: &Layout, weight: &[f32], blocks: &[Block]) -> Vec<Packed> {
        let pack = |taps: &Vec<Tap>| {
            let channels = 0..self.source.n_channels;
            let pairs = channels.flat_map(|channel| taps.iter().map(move |tap| (channel, tap)));
            let offsets = pairs.map(|(channel, tap)| layout.offset(channel, tap)).collect();
            let offsets = Offsets::new(offsets);
            let mut weights = vec![0.0; self.groups * self.n_rows * offsets.len()];
            let mut rest = weights.as_mut_slice();
            let mut chunks = Vec::with_capacity(self.groups * blocks.len());
            for weight in weight.chunks(weight.len() / self.groups) {
                for block in blocks {
                    let (chunk, after) = rest.split_at_mut(block.n_rows * offsets.len());
                    chunks.push((&weight[block.first * self.weight_strides[0]..], block, chunk));
                    rest = after;
                }
            }
            let per_task = PACK_LEN.div_ceil(8 * offsets.len().max(1));
            threads::for_each_chunk(&mut chunks, per_task, |_, chunks| {
                for (weight, block, chunk) in chunks {
                    match block.n_rows {
                        8 => self.pack_block::<8>(taps, weight, chunk),
                        4 => self.pack_block::<4>(taps, weight, chunk),
                        2 => self.pack_block::<2>(taps, weight, chunk),
                        _ => self.pack_block::<1>(taps, weight, chunk),
                    }
                }
            });
            Packed { offsets, weights }
        };
        self.phases.iter().map(pack).collect()
    }

    /// `packed[channel and tap, row]` for the `M` rows that `weight` starts with.
    fn pack_block<const M: usize>(&self, taps: &[Tap], weight: &[f32], packed: &mut [f32]) {
        let [row_stride, channel_stride] = self.weight_strides;
        let (packed, _) = packed.as_chunks_mut::<M>();
        let mut packed = packed.iter_mut();
        for channel in 0..self.source.n_channels {
            let weight = &weight[channel * channel_stride..];
            for (tap, packed) in taps.iter().zip(&mut packed) {
                let weight = &weight[tap.index..][..(M - 1) * row_stride + 1];
                for i in 0..M {
                    packed[i] = weight[i * row_stride];
                }
            }
        }
    }
}

/// Weights that one task sorts.
const PACK_LEN: usize = 1 << 15;

/// Cuts rows into blocks that the kernels have.
fn blocks(n_rows: usize, level: Level) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut first = 0;
    for &size in block_rows(level) {
        while n_rows - first >= size {
            blocks.push(Block { first, n_rows: size });
            first += size;
        }
    }
    blocks
}

/// An output that several threads write, each its own part.
struct Shared {
    pointer: *mut f32,
    len: usize,
}

// SAFETY: the pointer is only written through `Shared::part`, whose callers keep their parts apart.
unsafe impl Sync for Shared {}

impl Shared {
    /// # Safety
    /// Nobody else may hold any of these elements.
    #[expect(clippy::mut_from_ref, reason = "that nobody else holds them is the caller's to keep")]
    unsafe fn part(&self, start: usize, n: usize) -> &mut [MaybeUninit<f32>] {
        assert!(start + n <= self.len);
        // SAFETY: inside the output, and the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(start).cast(), n) }
    }
}

/// Some blocks of rows of one tile of one sound.
struct Task<'a> {
    walk: &'a Walk,
    level: Level,
    layout: &'a Layout,
    packed: &'a [Packed],
    bias: Option<&'a [f32]>,
    /// Counts the groups of all members of the batch.
    sound: usize,
    /// The tile: its first column, and how many there are.
    start: usize,
    n: usize,
}

impl Task<'_> {
    /// # Safety
    /// Nobody else may touch the samples of this tile in these rows.
    unsafe fn run(&self, x: &[f32], blocks: &[Block], scratch: &mut [Vec<f32>; 3], out: &Shared) {
        let source = &self.walk.source;
        let [scratch, columns, _] = scratch;
        grow(scratch, self.layout.scratch_len(source.n_channels));
        let group_len = source.n_channels * source.length;
        let x = &x[self.sound * group_len..(self.sound + 1) * group_len];
        source.gather(self.layout, x, self.start, scratch);
        let group = self.sound % self.walk.groups;
        for block in blocks {
            let mut start = [0.0; 8];
            if let Some(bias) = self.bias {
                let first = group * self.walk.n_rows + block.first;
                start[..block.n_rows].copy_from_slice(&bias[first..first + block.n_rows]);
            }
            let rows = |packed| self.rows(packed, group, block, &start[..block.n_rows]);
            let first_row = self.sound * self.walk.n_rows + block.first;
            if let [packed] = self.packed {
                let from = first_row * self.walk.length + self.start;
                // SAFETY: the rows of the block exist, and the columns too.
                unsafe {
                    let len = (block.n_rows - 1) * self.walk.length + self.n;
                    assert!(from + len <= out.len);
                    let out = out.pointer.add(from);
                    rows(packed).product(self.level, scratch, self.n, out, self.walk.length);
                }
                continue;
            }
            let n_phases = self.packed.len();
            grow(columns, n_phases * block.n_rows * self.layout.tile);
            for (phase, packed) in self.packed.iter().enumerate() {
                let columns = &mut columns[phase * block.n_rows * self.layout.tile..]
                    [..block.n_rows * self.layout.tile];
                // SAFETY: `columns` is as long as the rows of the block and ours alone.
                unsafe {
                    rows(packed).product(
                        self.level,
                        scratch,
                        self.n,
                        columns.as_mut_ptr(),
                        self.layout.tile,
                    );
                }
            }
            let first = self.start * n_phases;
            let n = (self.n * n_phases).min(self.walk.length - first);
            for i in 0..block.n_rows {
                // SAFETY: this tile of this row is ours by the caller's promise.
                let out = unsafe { out.part((first_row + i) * self.walk.length + first, n) };
                let columns = &columns[i * self.layout.tile..];
                let step = block.n_rows * self.layout.tile;
                match n_phases {
                    2 => interleave::<2>(columns, step, out),
                    4 => interleave::<4>(columns, step, out),
                    _ => interleave_any(columns, step, n_phases, out),
                }
            }
        }
    }

    fn rows<'b>(
        &self,
        packed: &'b Packed,
        group: usize,
        block: &Block,
        start: &'b [f32],
    ) -> Rows<'b> {
        let per_row = packed.offsets.len();
        let from = (group * self.walk.n_rows + block.first) * per_row;
        Rows {
            weights: &packed.weights[from..from + block.n_rows * per_row],
            n_rows: block.n_rows,
            offsets: &packed.offsets,
            start,
        }
    }
}

/// `out[i * S + phase] = columns[phase * step + i]`.
fn interleave<const S: usize>(columns: &[f32], step: usize, out: &mut [MaybeUninit<f32>]) {
    let (groups, rest) = out.as_chunks_mut::<S>();
    let n = groups.len();
    let phases: [&[f32]; S] = std::array::from_fn(|phase| &columns[phase * step..][..n]);
    for (i, group) in groups.iter_mut().enumerate() {
        for phase in 0..S {
            group[phase].write(phases[phase][i]);
        }
    }
    for (phase, out) in rest.iter_mut().enumerate() {
        out.write(columns[phase * step + n]);
    }
}

fn interleave_any(columns: &[f32], step: usize, n_phases: usize, out: &mut [MaybeUninit<f32>]) {
    for phase in 0..n_phases {
        let columns = &columns[phase * step..];
        for (out, x) in out.iter_mut().skip(phase).step_by(n_phases).zip(columns) {
            out.write(*x);
        }
    }
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
    let layout = Layout::new(g.n_in(), taps.iter(), g.length_out, DOTS_TILE);
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
        SCRATCH.with_borrow_mut(|[scratch, rows, sums]| {
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

/// Makes a buffer at least so long; what it held is of no interest.
fn grow(buffer: &mut Vec<f32>, len: usize) {
    if buffer.len() < len {
        buffer.clear();
        buffer.resize(len, 0.0);
    }
}

#[cfg(test)]
mod tests;
