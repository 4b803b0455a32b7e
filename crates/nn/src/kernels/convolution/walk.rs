//! The product of a convolution's weights with its source, over all sounds, tiles and rows.
#![expect(unsafe_code, reason = "threads write disjoint tiles of one output")]

use std::mem::MaybeUninit;

use super::source::{Layout, PRODUCT_TILE, Source, Tap, grow, with_scratch};
use crate::kernels::simd::{Level, level};
use crate::kernels::taps::{Offsets, Rows, block_rows};
use crate::threads;

/// A product of weights with a source, for all rows of all groups.
pub(super) struct Walk {
    pub(super) batch: usize,
    pub(super) groups: usize,
    pub(super) source: Source,
    /// The taps of each phase of the output.
    pub(super) phases: Vec<Vec<Tap>>,
    /// Rows of output in one group.
    pub(super) n_rows: usize,
    /// Samples of output.
    pub(super) length: usize,
    /// How far apart in the weight the rows of the output and the channels of the source are.
    pub(super) weight_strides: [usize; 2],
}

/// Rows of one group of the output that are computed together.
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) n_rows: usize,
}

/// The weights of one phase, block after block, each `[channel and tap, row]`.
struct Packed {
    offsets: Offsets,
    weights: Vec<f32>,
}

impl Walk {
    /// The output, `[batch, groups, n_rows, length]`, from the source `x` of the same form.
    pub(super) fn run(&self, x: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
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
            with_scratch(|scratch| unsafe { task.run(x, blocks, scratch, &shared) });
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
pub(super) fn blocks(n_rows: usize, level: Level) -> Vec<Block> {
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
