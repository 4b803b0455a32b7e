//! A tile of a signal, laid out so that every tap of a convolution is a constant offset into it.

use std::cell::RefCell;

use crate::kernels::elementwise::leaky_relu;
use crate::kernels::taps::COLUMNS_STEP;

/// Slope of the leaky rectifier that sits before a convolution; 1 where there is none.
pub(super) type Slope = f32;

/// One tap of a kernel as it reads a [`Source`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    /// Its index in the weight.
    pub(super) index: usize,
    /// Which phase of the source it reads.
    pub(super) phase: usize,
    /// How many samples of that phase it is ahead of the output.
    pub(super) shift: isize,
}

/// How the channels of one group are laid out for the kernels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) n_channels: usize,
    pub(super) length: usize,
    pub(super) stride: usize,
    pub(super) slope: Slope,
}

/// The layout of a source's tile in its scratch.
pub(super) struct Layout {
    /// The phases of the source that some tap reads, sorted.
    pub(super) phases: Vec<usize>,
    /// The least shift of all taps.
    pub(super) first_shift: isize,
    /// Samples from one row of the scratch to the next; a row is one phase of one channel.
    pub(super) row: usize,
    /// Outputs in a tile.
    pub(super) tile: usize,
}

/// Numbers that a scratch may hold: two thirds of a second-level cache of 1 MB.
const SCRATCH_LEN: usize = 160 * 1024;
/// Columns of a product's tile at most.
pub(super) const PRODUCT_TILE: usize = 4096;
/// Columns of a tile of dot products at most: eight rows of so many should stay in a first-level cache.
pub(super) const DOTS_TILE: usize = 768;

impl Layout {
    pub(super) fn new<'a>(
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

    pub(super) fn offset(&self, channel: usize, tap: &Tap) -> u32 {
        let phase = self.phases.iter().position(|phase| *phase == tap.phase);
        let row = channel * self.phases.len() + phase.expect("every tap's phase was listed");
        let offset = row * self.row + (tap.shift - self.first_shift) as usize;
        u32::try_from(offset).expect("a scratch is small")
    }

    pub(super) fn scratch_len(&self, n_channels: usize) -> usize {
        n_channels * self.phases.len() * self.row + COLUMNS_STEP
    }
}

impl Source {
    /// Fills the scratch for the outputs from `start` on, from the channels of one group.
    pub(super) fn gather(&self, layout: &Layout, x: &[f32], start: usize, scratch: &mut [f32]) {
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

pub(super) fn rectify(row: &mut [f32], slope: Slope) {
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

thread_local! {
    /// The scratch of this thread, kept from one convolution to the next.
    static SCRATCH: RefCell<[Vec<f32>; 3]> = const { RefCell::new([const { Vec::new() }; 3]) };
}

/// Lends this thread's scratch: buffers of any length and content.
pub(super) fn with_scratch<T>(use_it: impl FnOnce(&mut [Vec<f32>; 3]) -> T) -> T {
    SCRATCH.with_borrow_mut(use_it)
}

/// Makes a buffer at least so long; what it held is of no interest.
pub(super) fn grow(buffer: &mut Vec<f32>, len: usize) {
    if buffer.len() < len {
        buffer.clear();
        buffer.resize(len, 0.0);
    }
}
