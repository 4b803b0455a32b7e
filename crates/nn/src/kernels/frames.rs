//! Frames times packed weights: the product under every layer of the streaming engine.
//!
//! Sound lies frame after frame here, the channels of a frame together, so what a kernel sees of an
//! input is a few long runs of numbers, and the outputs of a frame are next to each other. Vectors go
//! along the outputs, never along time: a layer that sees one frame in a block is as well vectorised as
//! one that sees a hundred. Weights lie in panels, in the order in which the sum takes them, so that one
//! pass over a matrix reads every weight once and in order, however few frames there are.
//!
//! Every output is one sum in one order, whatever the number of frames that are computed together:
//! streams do not depend on the sizes of their blocks, to the last bit.
#![expect(unsafe_code, reason = "tiles of vector registers over raw pointers")]
#![expect(clippy::needless_range_loop, reason = "the indices are those of the tile")]

mod spread;

use std::ops::Range;

use super::simd::{self, Level, Vector};

/// The receptive field of one output of a layer: `n_runs` runs of `run_len` numbers, `run_step` apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) n_runs: usize,
    pub(crate) run_len: usize,
    pub(crate) run_step: usize,
}

impl Window {
    /// Numbers that are looked at.
    pub(crate) fn n_values(self) -> usize {
        self.n_runs * self.run_len
    }

    /// The numbers whose weights have their steps in common, in order: [`GROUP`] next to each other.
    fn groups(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.n_runs).flat_map(move |run| {
            let end = (run + 1) * self.run_len;
            let starts = (run * self.run_len..end).step_by(GROUP);
            starts.map(move |start| start..(start + GROUP).min(end))
        })
    }

    /// From the first number that is looked at to behind the last.
    fn extent(self) -> usize {
        (self.n_runs - 1) * self.run_step + self.run_len
    }
}

/// A matrix that lies in a store of weights, and what its outputs are shifted by.
#[derive(Debug)]
pub(crate) struct Matrix {
    window: Window,
    n_out: usize,
    packing: Packing,
    panels: Vec<Panel>,
    /// Of each column of each panel: 0 beyond the outputs.
    bias: Vec<f32>,
}

/// How weights are stored, in words of 32 bits.
/// Whole numbers stand for the weights of [`GROUP`] numbers of a window at a time, and each output has a
/// step of its own for each such group, which lies in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As they are, one in a word.
    Float32,
    /// As whole numbers of 16 bits, two in a word: an error of at most 1/65534 of the largest weight of the
    /// output's group.
    Int16,
    /// As whole numbers of 8 bits, four in a word: an error of at most 1/254 of it.
    Int8,
}

/// How a matrix is packed: in which format, and for which instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing {
    level: Level,
    format: Format,
}

impl From<Format> for Packing {
    /// For the best instructions of this CPU.
    fn from(format: Format) -> Self {
        Self { level: simd::level(), format }
    }
}

/// Numbers of a window whose weights have a step in common.
const GROUP: usize = 64;

/// Some outputs that are computed together.
#[derive(Debug)]
struct Panel {
    /// Offset of its weights in the store: `[n_values, width]`, with the scales in front of each group.
    start: usize,
    n_words: usize,
    width: usize,
    /// Its first output, and how many of its columns are outputs.
    first: usize,
    n_used: usize,
    /// Offset of its inputs in a frame.
    input: usize,
    /// Its first column among all.
    column: usize,
}

/// The prefetch distance for weights, past the end of the panel into the next layer's if need be.
///
/// If few frames share a weight, reading it from memory takes most of the time: a loop that multiplies
/// words of 16 bits read 11.2 GB/s from memory and 20.5 from the third cache with this, 7.8 and 12.5
/// without, and with half of it, into the first cache, 10.4 and 18.7.
const AHEAD_BYTES: usize = 8192;

/// The size of a cache line.
const LINE_BYTES: usize = 64;

/// Columns come in steps of this.
const STEP: usize = 16;

impl Matrix {
    /// Packs `weight(output, i)`, for the `i`-th number of the output's window, behind what is in
    /// `store`. Outputs come in `groups` of equal size, and each group looks at its own part of a
    /// frame, `window.run_len` numbers further than the one before.
    pub(crate) fn pack(
        window: Window,
        n_out: usize,
        groups: usize,
        bias: &[f32],
        packing: impl Into<Packing>,
        weight: impl Fn(usize, usize) -> f32,
        store: &mut Vec<u32>,
    ) -> Self {
        let packing = packing.into();
        let mut matrix = Self { window, n_out, packing, panels: vec![], bias: vec![] };
        let n_group = n_out / groups;
        let widest = widest_panel(packing.level, n_group);
        for group in 0..groups {
            let end = (group + 1) * n_group;
            for first in (group * n_group..end).step_by(widest) {
                let n_used = (end - first).min(widest);
                let input = group * window.run_len;
                matrix.pack_panel(first, n_used, input, &weight, store);
                matrix.bias.extend((first..first + n_used).map(|i| bias.get(i).unwrap_or(&0.0)));
                matrix.bias.resize(matrix.bias.len().next_multiple_of(STEP), 0.0);
            }
        }
        matrix
    }

    fn pack_panel(
        &mut self,
        first: usize,
        n_used: usize,
        input: usize,
        weight: impl Fn(usize, usize) -> f32,
        store: &mut Vec<u32>,
    ) {
        let (width, n_values) = (n_used.next_multiple_of(STEP), self.window.n_values());
        let (start, column) = (store.len(), self.bias.len());
        let weight = |c: usize, i: usize| if c < n_used { weight(first + c, i) } else { 0.0 };
        let groups = self.window.groups();
        match self.packing.format {
            Format::Float32 => {
                for i in 0..n_values {
                    store.extend((0..width).map(|c| weight(c, i).to_bits()));
                }
            }
            Format::Int16 => groups.for_each(|group| {
                let steps = pack_steps(&group, width, f32::from(i16::MAX), &weight, store);
                for i in group {
                    let whole = |c: usize| (weight(c, i) / steps[c]).round() as i16;
                    store.extend((0..width / 2).map(|c| {
                        let ([a, b], [c, d]) =
                            (whole(2 * c).to_ne_bytes(), whole(2 * c + 1).to_ne_bytes());
                        u32::from_ne_bytes([a, b, c, d])
                    }));
                }
            }),
            Format::Int8 => groups.for_each(|group| {
                let steps = pack_steps(&group, width, f32::from(i8::MAX), &weight, store);
                for i in group {
                    let whole = |c: usize| (weight(c, i) / steps[c]).round() as i8;
                    store.extend((0..width / 4).map(|c| {
                        u32::from_ne_bytes([0, 1, 2, 3].map(|i| whole(4 * c + i).to_ne_bytes()[0]))
                    }));
                }
            }),
        }
        let n_words = store.len() - start;
        self.panels.push(Panel { start, n_words, width, first, n_used, input, column });
    }

    /// Numbers in a frame of output.
    pub(crate) fn n_out(&self) -> usize {
        self.n_out
    }

    /// From one run of a window to the next.
    pub(crate) fn run_step(&self) -> usize {
        self.window.run_step
    }

    /// Writes `n` frames of output, of inputs that begin `frame_step` apart.
    ///
    /// # Panics
    /// When input, weights or output are too short.
    pub(crate) fn product(
        &self,
        store: &[u32],
        input: &[f32],
        frame_step: usize,
        n: usize,
        out: &mut [f32],
    ) {
        if n == 0 {
            return;
        }
        let steps = [frame_step, self.window.run_step];
        self.check(input, steps, n, out);
        for panel in &self.panels {
            // SAFETY: the check keeps reads and writes inside.
            unsafe {
                let to = out.as_mut_ptr().add(panel.first);
                self.part(panel, store, input, steps, n, to);
            }
        }
    }

    /// Fails when input or output are too short for frames and runs that are so far apart.
    fn check(&self, input: &[f32], [frame_step, run_step]: [usize; 2], n: usize, out: &[f32]) {
        let furthest = self.panels.last().map_or(0, |it| it.input);
        let window = Window { run_step, ..self.window };
        assert!((n - 1) * frame_step + furthest + window.extent() <= input.len());
        assert!(n * self.n_out <= out.len());
    }

    /// The columns of a panel for `n` frames, written from `to` on.
    ///
    /// # Safety
    /// As [`Self::check`] checks, for `input` from the first frame on; nobody else may use those columns.
    unsafe fn part(
        &self,
        panel: &Panel,
        store: &[u32],
        input: &[f32],
        [frame_step, run_step]: [usize; 2],
        n: usize,
        to: *mut f32,
    ) {
        let columns = panel.column..panel.column + panel.width;
        let task = Task {
            weights: &store[panel.start..panel.start + panel.n_words],
            window: Window { run_step, ..self.window },
            bias: &self.bias[columns],
            input: &input[panel.input..],
            frame_step,
            n,
            n_out: self.n_out,
            n_used: panel.n_used,
        };
        let level = self.packing.level;
        // SAFETY: the caller's; the slices of the task are as long as its width says, and the level is one of
        // this CPU.
        unsafe {
            match self.packing.format {
                Format::Float32 => task.run::<Float32>(level, panel.width, to),
                Format::Int16 => task.run::<Int16>(level, panel.width, to),
                Format::Int8 => task.run::<Int8>(level, panel.width, to),
            }
        }
    }
}

/// Puts the steps of a group into the store, whose largest weight becomes `largest`, and gives them.
fn pack_steps(
    group: &Range<usize>,
    width: usize,
    largest: f32,
    weight: &impl Fn(usize, usize) -> f32,
    store: &mut Vec<u32>,
) -> Vec<f32> {
    let step = |c: usize| {
        let weights = group.clone().map(|i| weight(c, i).abs());
        weights.fold(f32::MIN_POSITIVE * 1e6, f32::max) / largest
    };
    let steps: Vec<f32> = (0..width).map(step).collect();
    store.extend(steps.iter().map(|step| step.to_bits()));
    steps
}

/// How wide panels of so many outputs are: as many as registers can hold well without waste.
fn widest_panel(level: Level, n_out: usize) -> usize {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => {
            let padded = n_out.next_multiple_of(STEP);
            if !padded.is_multiple_of(3 * STEP) && padded.is_multiple_of(4 * STEP) {
                4 * STEP
            } else {
                3 * STEP
            }
        }
        _ => STEP,
    }
}

/// Weights as they lie in a store.
trait Stored {
    /// Whether they are integers in groups, each with its scales in front.
    const IS_GROUPED: bool;
    const WEIGHT_BYTES: usize;

    /// The vector of weights that begins here.
    ///
    /// # Safety
    /// As for [`Vector`].
    unsafe fn load<V: Vector>(weights: *const u8) -> V;
}

macro_rules! stored {
    ($name:ident, $number:ty, $is_grouped:literal, $load:ident) => {
        struct $name;

        impl Stored for $name {
            const IS_GROUPED: bool = $is_grouped;
            const WEIGHT_BYTES: usize = size_of::<$number>();

            #[inline(always)]
            unsafe fn load<V: Vector>(weights: *const u8) -> V {
                // SAFETY: the caller's; all bits are numbers.
                unsafe { V::$load(weights.cast::<$number>()) }
            }
        }
    };
}

stored!(Float32, f32, false, load);
stored!(Int16, i16, true, load_i16);
stored!(Int8, i8, true, load_i8);

/// One panel over some frames.
struct Task<'a> {
    weights: &'a [u32],
    window: Window,
    bias: &'a [f32],
    input: &'a [f32],
    frame_step: usize,
    n: usize,
    n_out: usize,
    n_used: usize,
}

impl Task<'_> {
    /// # Safety
    /// The CPU must have the level. Each of the `n` windows must lie in `input`, `weights` must hold
    /// `width` numbers for each number of a window, and as many steps for each group of them, `bias` `width` numbers, and `out` must be valid for
    /// `n_used` numbers at each of `n` multiples of `n_out`.
    unsafe fn run<S: Stored>(&self, level: Level, width: usize, out: *mut f32) {
        // SAFETY: the caller's.
        unsafe {
            match level {
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => run_avx512::<S>(self, width, out),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => run_avx2::<S>(self, out),
                #[cfg(target_arch = "aarch64")]
                Level::Neon => frames::<S, simd::Neon, 4, 6>(self, out),
                Level::Portable => frames::<S, simd::Portable, 4, 2>(self, out),
            }
        }
    }
}

/// For 32 registers of 16: at most 24 accumulators, 4 weights and an input.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn run_avx512<S: Stored>(task: &Task<'_>, width: usize, out: *mut f32) {
    // SAFETY: the caller's, and this function may only be called where the CPU has AVX-512.
    unsafe {
        match width / STEP {
            1 => frames::<S, simd::Avx512, 1, 8>(task, out),
            2 => frames::<S, simd::Avx512, 2, 8>(task, out),
            3 => frames::<S, simd::Avx512, 3, 8>(task, out),
            4 => frames::<S, simd::Avx512, 4, 6>(task, out),
            n => unreachable!("panels of {n} vectors are never made"),
        }
    }
}

/// For 16 registers of 8: 12 accumulators, 2 weights and an input.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<S: Stored>(task: &Task<'_>, out: *mut f32) {
    // SAFETY: the caller's, and this function may only be called where the CPU has AVX2 and FMA.
    unsafe { frames::<S, simd::Avx2, 2, 6>(task, out) }
}

/// Walks over the frames in tiles of `F`, and of 4, 2 and 1 for the rest.
///
/// # Safety
/// As [`Task::run`]; a panel is `N` vectors wide.
#[inline(always)]
unsafe fn frames<S: Stored, V: Vector, const N: usize, const F: usize>(
    task: &Task<'_>,
    out: *mut f32,
) {
    // SAFETY: the caller's.
    let mut at = unsafe { next_tile::<S, V, N, F, true>(task, 0, out) };
    while at < task.n {
        // SAFETY: the caller's. The weights are in a cache by now.
        at += unsafe { next_tile::<S, V, N, F, false>(task, at, out) };
    }
}

/// The largest tile that the frames from `at` on fill; gives its size.
///
/// # Safety
/// As [`Task::run`]; a panel is `N` vectors wide, and frames are left.
#[inline(always)]
unsafe fn next_tile<S: Stored, V: Vector, const N: usize, const F: usize, const IS_FIRST: bool>(
    task: &Task<'_>,
    at: usize,
    out: *mut f32,
) -> usize {
    let n_left = task.n - at;
    // SAFETY: as many frames are left as each tile takes.
    unsafe {
        if n_left >= F {
            tile::<S, V, N, F, IS_FIRST>(task, at, out)
        } else if n_left >= 4 && F > 4 {
            tile::<S, V, N, 4, IS_FIRST>(task, at, out)
        } else if n_left >= 2 {
            tile::<S, V, N, 2, IS_FIRST>(task, at, out)
        } else {
            tile::<S, V, N, 1, IS_FIRST>(task, at, out)
        }
    }
}

/// `F` frames from frame `at` on; gives `F`. The first tile of a panel asks for weights ahead.
///
/// # Safety
/// As [`Task::run`]; a panel is `N` vectors wide, and `F` frames are left.
#[inline(always)]
unsafe fn tile<S: Stored, V: Vector, const N: usize, const F: usize, const IS_FIRST: bool>(
    task: &Task<'_>,
    at: usize,
    out: *mut f32,
) -> usize {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[V::splat(0.0); N]; F];
        for j in 0..N {
            let bias = V::load(task.bias.as_ptr().add(j * V::LANES));
            for f in 0..F {
                sums[f][j] = bias;
            }
        }
        let mut weights = task.weights.as_ptr().cast::<u8>();
        let input = task.input.as_ptr().add(at * task.frame_step);
        let run_len = task.window.run_len;
        for run in 0..task.window.n_runs {
            let input = input.add(run * task.window.run_step);
            if S::IS_GROUPED {
                for start in (0..run_len).step_by(GROUP) {
                    let steps = weights.cast::<f32>();
                    if IS_FIRST {
                        ask_ahead(weights, N * V::LANES * size_of::<f32>());
                    }
                    weights = weights.add(N * V::LANES * size_of::<f32>());
                    let mut of_group = [[V::splat(0.0); N]; F];
                    let n = GROUP.min(run_len - start);
                    let input = input.add(start);
                    weights = add_products::<S, V, N, F, IS_FIRST>(
                        &mut of_group,
                        weights,
                        input,
                        task.frame_step,
                        n,
                    );
                    for j in 0..N {
                        let step = V::load(steps.add(j * V::LANES));
                        for f in 0..F {
                            sums[f][j] = sums[f][j].add_product(of_group[f][j], step);
                        }
                    }
                }
            } else {
                weights = add_products::<S, V, N, F, IS_FIRST>(
                    &mut sums,
                    weights,
                    input,
                    task.frame_step,
                    run_len,
                );
            }
        }
        for f in 0..F {
            let out = out.add((at + f) * task.n_out);
            if task.n_used == N * V::LANES {
                for j in 0..N {
                    sums[f][j].store(out.add(j * V::LANES));
                }
            } else {
                let mut row = [0.0f32; 4 * STEP];
                for j in 0..N {
                    sums[f][j].store(row.as_mut_ptr().add(j * V::LANES));
                }
                std::ptr::copy_nonoverlapping(row.as_ptr(), out, task.n_used);
            }
        }
    }
    F
}

/// Adds the products of `n` weights with the numbers of `F` frames, `frame_step` apart, and gives where
/// the next weights begin.
///
/// # Safety
/// As [`tile`]: so many numbers and weights must exist.
#[inline(always)]
unsafe fn add_products<
    S: Stored,
    V: Vector,
    const N: usize,
    const F: usize,
    const IS_FIRST: bool,
>(
    sums: &mut [[V; N]; F],
    weights: *const u8,
    input: *const f32,
    frame_step: usize,
    n: usize,
) -> *const u8 {
    let vector_bytes = V::LANES * S::WEIGHT_BYTES;
    // SAFETY: the caller's.
    unsafe {
        let mut weights = weights;
        let mut rows = [input; F];
        for f in 0..F {
            rows[f] = input.add(f * frame_step);
        }
        for i in 0..n {
            let mut columns = [V::splat(0.0); N];
            for j in 0..N {
                columns[j] = S::load(weights.add(j * vector_bytes));
            }
            if IS_FIRST {
                ask_ahead(weights, N * vector_bytes);
            }
            weights = weights.add(N * vector_bytes);
            for f in 0..F {
                let x = V::splat(*rows[f].add(i));
                for j in 0..N {
                    sums[f][j] = sums[f][j].add_product(x, columns[j]);
                }
            }
        }
        weights
    }
}

/// Asks for as many bytes as are read from `from` on now, [`AHEAD_BYTES`] further, to come into the second
/// cache. They need not exist.
#[inline(always)]
fn ask_ahead(from: *const u8, n_bytes: usize) {
    for line in (0..n_bytes).step_by(LINE_BYTES) {
        let at = from.wrapping_add(AHEAD_BYTES + line);
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
            // SAFETY: a prefetch reads nothing that the program could see, and cannot fail.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }
}

#[cfg(test)]
mod tests;
