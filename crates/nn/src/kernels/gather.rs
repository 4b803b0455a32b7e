//! Gathered numbers times a matrix: the one product under every layer of a feed-forward network.
//!
//! `out[i][n] = sum over j of x[rows[i] + taps[j]] * matrix[j][n]`. With the places of windows as rows and
//! those of a kernel's taps as taps this is a convolution; with the two exchanged it is the gradient of its
//! weights; with the samples of a batch as rows it is a linear layer. Nothing is copied into columns.
//!
//! The matrix lies in panels of [`width`] outputs, each `[j][width]`, padded with zeros. A tile of rows by
//! one panel stays in registers during the sum, and every output is one sum in one order, however many rows
//! are computed together.
#![expect(unsafe_code, reason = "tiles of vector registers over raw pointers")]

use super::simd::{self, Level, Vector};

/// Outputs of a panel for so many outputs.
pub(crate) fn width(n_out: usize) -> usize {
    match n_out {
        0..=16 => 16,
        17..=32 => 32,
        _ => WIDEST,
    }
}

/// Panels for so many outputs.
pub(crate) fn n_panels(n_out: usize) -> usize {
    n_out.div_ceil(width(n_out))
}

/// Numbers of a matrix in panels.
pub(crate) fn packed_len(n_taps: usize, n_out: usize) -> usize {
    n_panels(n_out) * width(n_out) * n_taps
}

/// Where the element `[tap][output]` of a matrix lies in its panels.
pub(crate) fn place(n_taps: usize, n_out: usize, tap: usize, output: usize) -> usize {
    let width = width(n_out);
    (output / width * n_taps + tap) * width + output % width
}

/// Packs `[n_rows][n_out]` into panels, as the matrix of a product over those rows.
pub(crate) fn pack(from: &[f32], n_rows: usize, n_out: usize, to: &mut [f32]) {
    let width = width(n_out);
    for (panel, to) in to[..packed_len(n_rows, n_out)].chunks_exact_mut(n_rows * width).enumerate()
    {
        let first = panel * width;
        let n_used = (n_out - first).min(width);
        for (row, to) in to.chunks_exact_mut(width).enumerate() {
            to[..n_used].copy_from_slice(&from[row * n_out + first..][..n_used]);
            to[n_used..].fill(0.0);
        }
    }
}

/// Packs the transpose of a matrix in panels, `[tap][output]`, so that outputs become taps.
pub(crate) fn pack_transposed(from: &[f32], n_taps: usize, n_out: usize, to: &mut [f32]) {
    let (width_from, width_to) = (width(n_out), width(n_taps));
    to[..packed_len(n_out, n_taps)].fill(0.0);
    for (panel, from) in from.chunks_exact(n_taps * width_from).enumerate() {
        let first = panel * width_from;
        let n_used = (n_out - first).min(width_from);
        for block in (0..n_taps).step_by(width_to) {
            let end = (block + width_to).min(n_taps);
            let to = &mut to[block / width_to * n_out * width_to..][..n_out * width_to];
            for output in 0..n_used {
                let to = &mut to[(first + output) * width_to..][..width_to];
                for tap in block..end {
                    to[tap - block] = from[tap * width_from + output];
                }
            }
        }
    }
}

/// Places in a slice, and the furthest of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    places: Vec<u32>,
    furthest: usize,
}

impl Places {
    pub(crate) fn new(places: Vec<u32>) -> Self {
        let furthest = places.iter().max().map_or(0, |it| *it as usize);
        Self { places, furthest }
    }

    /// `n` places, `step` apart.
    pub(crate) fn apart(n: usize, step: usize) -> Self {
        Self::new((0..n).map(|i| (i * step) as u32).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn as_slice(&self) -> &[u32] {
        &self.places
    }
}

/// A product to compute.
pub(crate) struct Product<'a> {
    /// The numbers that rows and taps point into.
    pub(crate) x: &'a [f32],
    pub(crate) rows: &'a Places,
    pub(crate) taps: &'a Places,
    /// In panels of `[taps][width]`.
    pub(crate) matrix: &'a [f32],
    pub(crate) n_out: usize,
}

/// Where outputs go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `[row][output]`.
    Rows,
    /// In panels of `[row][width]`, as matrices lie.
    Panels,
}

impl Product<'_> {
    /// Writes the product over `out`, or adds it to what is there.
    ///
    /// # Panics
    /// When a row and a tap point outside of `x`, or the matrix or `out` is too short.
    pub(crate) fn run(&self, layout: Layout, is_added: bool, out: &mut [f32]) {
        if self.rows.len() == 0 {
            return;
        }
        assert!(self.rows.furthest + self.taps.furthest < self.x.len() || self.taps.len() == 0);
        let width = width(self.n_out);
        assert!(self.matrix.len() >= packed_len(self.taps.len(), self.n_out));
        for panel in 0..n_panels(self.n_out) {
            let first = panel * width;
            let (start, stride, n_used) = match layout {
                Layout::Rows => (first, self.n_out, (self.n_out - first).min(width)),
                Layout::Panels => (panel * self.rows.len() * width, width, width),
            };
            assert!(start + (self.rows.len() - 1) * stride + n_used <= out.len());
            let panel = Panel {
                x: self.x.as_ptr(),
                rows: &self.rows.places,
                taps: &self.taps.places,
                matrix: self.matrix[panel * self.taps.len() * width..].as_ptr(),
                stride,
                n_used,
                is_added,
            };
            // SAFETY: the assertions keep every read inside `x` and the matrix and every write inside
            // `out`, and the level is one of this CPU.
            unsafe { panel.run(simd::level(), width, out[start..].as_mut_ptr()) };
        }
    }
}

struct Panel<'a> {
    x: *const f32,
    rows: &'a [u32],
    taps: &'a [u32],
    matrix: *const f32,
    /// From a row of the output to the next.
    stride: usize,
    /// Columns of the output that are written.
    n_used: usize,
    is_added: bool,
}

/// Columns of the widest panel.
const WIDEST: usize = 64;

impl Panel<'_> {
    /// # Safety
    /// The CPU must have the level; what rows and taps point to must lie in `x`, `width` columns for each
    /// tap behind `matrix`, and `n_used` columns of each row behind `out`.
    unsafe fn run(&self, level: Level, width: usize, out: *mut f32) {
        // SAFETY: the caller's.
        unsafe {
            match level {
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => on_avx512(self, width, out),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => on_avx2(self, width, out),
                #[cfg(target_arch = "aarch64")]
                Level::Neon => self.strips::<simd::Neon, 5, 4>(width, out),
                Level::Portable => self.strips::<simd::Portable, 2, 4>(width, out),
            }
        }
    }

    /// All rows by `W` vectors at a time, for registers that do not hold a whole panel.
    ///
    /// # Safety
    /// As for [`Self::run`].
    #[inline(always)]
    unsafe fn strips<V: Vector, const R: usize, const W: usize>(
        &self,
        width: usize,
        out: *mut f32,
    ) {
        for first in (0..width).step_by(W * V::LANES) {
            // SAFETY: the caller's; a strip of columns is inside the panel.
            unsafe { self.strip::<V, R, W>(width, first, out) };
        }
    }

    /// # Safety
    /// As for [`Self::run`]; `W` vectors from column `first` must lie inside the panel.
    #[inline(always)]
    unsafe fn strip<V: Vector, const R: usize, const W: usize>(
        &self,
        width: usize,
        first: usize,
        out: *mut f32,
    ) {
        let mut row = 0;
        // SAFETY: the caller's.
        unsafe {
            while row + R <= self.rows.len() {
                self.tile::<V, R, W>(width, first, row, out);
                row += R;
            }
            if row + 4 <= self.rows.len() {
                self.tile::<V, 4, W>(width, first, row, out);
                row += 4;
            }
            while row < self.rows.len() {
                self.tile::<V, 1, W>(width, first, row, out);
                row += 1;
            }
        }
    }

    /// # Safety
    /// As for [`Self::strip`]; there must be `R` rows from `row` on.
    #[inline(always)]
    unsafe fn tile<V: Vector, const R: usize, const W: usize>(
        &self,
        width: usize,
        first: usize,
        row: usize,
        out: *mut f32,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let x: [*const f32; R] =
                std::array::from_fn(|r| self.x.add(*self.rows.get_unchecked(row + r) as usize));
            let mut sums = [[V::splat(0.0); W]; R];
            let mut matrix = self.matrix.add(first);
            for tap in self.taps {
                let weights: [V; W] = std::array::from_fn(|w| V::load(matrix.add(w * V::LANES)));
                for r in 0..R {
                    let value = V::splat(*x[r].add(*tap as usize));
                    for w in 0..W {
                        sums[r][w] = sums[r][w].add_product(value, weights[w]);
                    }
                }
                matrix = matrix.add(width);
            }
            for (r, sums) in sums.into_iter().enumerate() {
                self.write(sums, first, out.add((row + r) * self.stride + first));
            }
        }
    }

    /// Writes the sums of a row to columns from `first` on.
    ///
    /// # Safety
    /// As for [`Self::strip`]; `to` is where column `first` of the row lies.
    #[inline(always)]
    unsafe fn write<V: Vector, const W: usize>(&self, sums: [V; W], first: usize, to: *mut f32) {
        let n = self.n_used.saturating_sub(first).min(W * V::LANES);
        // SAFETY: the caller's: `n` columns of the output are left from `first` on.
        unsafe {
            let one = V::splat(1.0);
            if n == W * V::LANES {
                for (w, sum) in sums.into_iter().enumerate() {
                    let to = to.add(w * V::LANES);
                    let sum = if self.is_added { sum.add_product(V::load(to), one) } else { sum };
                    sum.store(to);
                }
                return;
            }
            let mut whole = [0.0; WIDEST];
            for (w, sum) in sums.into_iter().enumerate() {
                sum.store(whole.as_mut_ptr().add(w * V::LANES));
            }
            for (i, value) in whole.iter().take(n).enumerate() {
                let to = to.add(i);
                *to = if self.is_added { *to + value } else { *value };
            }
        }
    }
}

/// # Safety
/// As for [`Panel::run`], on a CPU with AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
unsafe fn on_avx512(panel: &Panel<'_>, width: usize, out: *mut f32) {
    // Tiles leave room for all that the compiler loads ahead: with 6 by 4 and 12 by 2 it spilled.
    // SAFETY: the caller's.
    unsafe {
        match width {
            WIDEST => panel.strip::<simd::Avx512, 5, 4>(width, 0, out),
            32 => panel.strip::<simd::Avx512, 8, 2>(width, 0, out),
            _ => panel.strip::<simd::Avx512, 8, 1>(width, 0, out),
        }
    }
}

/// # Safety
/// As for [`Panel::run`], on a CPU with AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn on_avx2(panel: &Panel<'_>, width: usize, out: *mut f32) {
    // SAFETY: the caller's.
    unsafe { panel.strips::<simd::Avx2, 4, 2>(width, out) }
}

#[cfg(test)]
mod tests;
