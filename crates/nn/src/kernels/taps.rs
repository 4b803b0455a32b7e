//! The two products under every convolution and gradient, without gathering a matrix first.
//!
//! A convolution is a matrix product whose right side is the input read at one offset for each channel
//! and tap. The kernels here take the offsets instead of the matrix:
//! - [`Rows::product`]: `out[row, t] = start[row] + sum over p of weights[p, row] * input[offsets[p] + t]`
//! - [`dots`]: `out[row, p] += sum over t of left[row, t] * input[offsets[p] + t]`
//!
//! Both keep a tile of accumulators in registers for the whole sum, so every sum has the same order
//! whatever the number of threads.
#![expect(unsafe_code, reason = "tiles of vector registers over raw pointers")]
#![expect(clippy::needless_range_loop, reason = "the indices are those of the tile")]

use super::simd::{self, Level, Vector};

/// Kernels read columns in steps of this; inputs must reach that far behind the last one.
pub(crate) const COLUMNS_STEP: usize = 16;

/// Offsets in an input of the elements of a sum.
pub(crate) struct Offsets {
    values: Vec<u32>,
    furthest: usize,
}

impl Offsets {
    pub(crate) fn new(values: Vec<u32>) -> Self {
        let furthest = values.iter().max().map_or(0, |&offset| offset as usize);
        Self { values, furthest }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The offsets, in the order of the sum.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.values.iter().map(|&offset| offset as usize)
    }

    /// Panics unless `n` columns can be read at every offset.
    fn assert_within(&self, input: &[f32], n: usize) {
        let last = self.furthest + n.next_multiple_of(COLUMNS_STEP);
        assert!(self.values.is_empty() || last <= input.len(), "{last} of {}", input.len());
    }
}

/// A few rows of output that are computed together.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// `[offsets.len(), n_rows]`.
    pub(crate) weights: &'a [f32],
    /// One of [`block_rows`].
    pub(crate) n_rows: usize,
    pub(crate) offsets: &'a Offsets,
    /// The initial value of each row; `n_rows` values.
    pub(crate) start: &'a [f32],
}

/// The numbers of rows that one product can have, largest first, down to 1.
pub(crate) fn block_rows(level: Level) -> &'static [usize] {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => &[8, 4, 2, 1],
        #[cfg(target_arch = "aarch64")]
        Level::Neon => &[8, 4, 2, 1],
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => &[4, 2, 1],
        Level::Portable => &[4, 2, 1],
    }
}

impl Rows<'_> {
    /// Writes `n` columns of each row to `out`, rows `out_stride` apart.
    ///
    /// # Safety
    /// `out` must be valid for writing `n` elements at each multiple of `out_stride` below
    /// `n_rows * out_stride`, and nobody else may touch them meanwhile.
    pub(crate) unsafe fn product(
        &self,
        level: Level,
        input: &[f32],
        n: usize,
        out: *mut f32,
        out_stride: usize,
    ) {
        assert_eq!(self.weights.len(), self.offsets.len() * self.n_rows);
        assert_eq!(self.start.len(), self.n_rows);
        self.offsets.assert_within(input, n);
        // SAFETY: the assertions keep the loads inside `weights` and `input`, the level is one of
        // this CPU, and the caller vouches for `out`.
        unsafe {
            match level {
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => product_avx512(self, input, n, out, out_stride),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => product_avx2(self, input, n, out, out_stride),
                #[cfg(target_arch = "aarch64")]
                Level::Neon => product_of_8::<simd::Neon>(self, input, n, out, out_stride),
                Level::Portable => {
                    product_of_4::<simd::Portable>(self, input, n, out, out_stride);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn product_avx512(
    rows: &Rows<'_>,
    input: &[f32],
    n: usize,
    out: *mut f32,
    out_stride: usize,
) {
    // SAFETY: the caller's, and this function may only be called where the CPU has AVX-512.
    unsafe { product_of_8::<simd::Avx512>(rows, input, n, out, out_stride) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn product_avx2(rows: &Rows<'_>, input: &[f32], n: usize, out: *mut f32, out_stride: usize) {
    // SAFETY: the caller's, and this function may only be called where the CPU has AVX2 and FMA.
    unsafe { product_of_4::<simd::Avx2>(rows, input, n, out, out_stride) }
}

/// For 32 registers: 24 accumulators, 3 inputs and the weight.
///
/// # Safety
/// As [`Rows::product`], after its assertions.
#[inline(always)]
unsafe fn product_of_8<V: Vector>(
    rows: &Rows<'_>,
    input: &[f32],
    n: usize,
    out: *mut f32,
    out_stride: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        match rows.n_rows {
            8 => product_of::<V, 8, 3>(rows, input, n, out, out_stride),
            4 => product_of::<V, 4, 4>(rows, input, n, out, out_stride),
            2 => product_of::<V, 2, 8>(rows, input, n, out, out_stride),
            1 => product_of::<V, 1, 8>(rows, input, n, out, out_stride),
            n => unreachable!("blocks of {n} rows are never made"),
        }
    }
}

/// For 16 registers: 12 accumulators, 3 inputs and the weight.
///
/// # Safety
/// As [`Rows::product`], after its assertions.
#[inline(always)]
unsafe fn product_of_4<V: Vector>(
    rows: &Rows<'_>,
    input: &[f32],
    n: usize,
    out: *mut f32,
    out_stride: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        match rows.n_rows {
            4 => product_of::<V, 4, 3>(rows, input, n, out, out_stride),
            2 => product_of::<V, 2, 4>(rows, input, n, out, out_stride),
            1 => product_of::<V, 1, 8>(rows, input, n, out, out_stride),
            n => unreachable!("blocks of {n} rows are never made"),
        }
    }
}

/// Walks over the columns in tiles of `N` vectors, and of 4, 2 and 1 for the rest.
///
/// # Safety
/// As [`Rows::product`], after its assertions.
#[inline(always)]
unsafe fn product_of<V: Vector, const M: usize, const N: usize>(
    rows: &Rows<'_>,
    input: &[f32],
    n: usize,
    out: *mut f32,
    out_stride: usize,
) {
    let mut at = 0;
    while at < n {
        let n_vectors = (n - at).div_ceil(V::LANES);
        // SAFETY: `at < n`, so the columns from `at` on are those that the caller vouches for.
        unsafe {
            let (input, out) = (input.as_ptr().add(at), out.add(at));
            let n_left = n - at;
            at += V::LANES
                * if n_vectors >= N {
                    product_tile::<V, M, N>(rows, input, n_left, out, out_stride)
                } else if n_vectors >= 4 && N > 4 {
                    product_tile::<V, M, 4>(rows, input, n_left, out, out_stride)
                } else if n_vectors >= 2 {
                    product_tile::<V, M, 2>(rows, input, n_left, out, out_stride)
                } else {
                    product_tile::<V, M, 1>(rows, input, n_left, out, out_stride)
                };
        }
    }
}

/// `M` rows by `N` vectors of columns, of which the first `n` exist; gives `N`.
///
/// # Safety
/// As [`Rows::product`], after its assertions.
#[inline(always)]
unsafe fn product_tile<V: Vector, const M: usize, const N: usize>(
    rows: &Rows<'_>,
    input: *const f32,
    n: usize,
    out: *mut f32,
    out_stride: usize,
) -> usize {
    // SAFETY: `weights` and `start` have the lengths that were asserted, `input` reaches to the end
    // of the vector that holds the last column, and only existing columns are written.
    unsafe {
        let mut sums = [[V::splat(0.0); N]; M];
        for i in 0..M {
            sums[i] = [V::splat(*rows.start.as_ptr().add(i)); N];
        }
        let mut weights = rows.weights.as_ptr();
        for &offset in &rows.offsets.values {
            let input = input.add(offset as usize);
            let mut columns = [V::splat(0.0); N];
            for j in 0..N {
                columns[j] = V::load(input.add(j * V::LANES));
            }
            for i in 0..M {
                let weight = V::splat(*weights.add(i));
                for j in 0..N {
                    sums[i][j] = sums[i][j].add_product(weight, columns[j]);
                }
            }
            weights = weights.add(M);
        }
        for i in 0..M {
            for j in 0..N {
                let out = out.add(i * out_stride + j * V::LANES);
                store_first(sums[i][j], n.saturating_sub(j * V::LANES), out);
            }
        }
    }
    N
}

/// Stores the first `n` lanes, or all.
///
/// # Safety
/// `out` must be valid for so many elements.
#[inline(always)]
unsafe fn store_first<V: Vector>(vector: V, n: usize, out: *mut f32) {
    // SAFETY: no vector has more than 16 lanes, and only `n` elements are written to `out`.
    unsafe {
        if n >= V::LANES {
            vector.store(out);
        } else {
            let mut lanes = [0.0f32; 16];
            vector.store(lanes.as_mut_ptr());
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), out, n);
        }
    }
}

/// A few rows to be multiplied with an input at many offsets.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    /// Rows `stride` apart, followed by zeros up to the next [`COLUMNS_STEP`].
    pub(crate) values: &'a [f32],
    /// One of [`block_rows`].
    pub(crate) n_rows: usize,
    pub(crate) stride: usize,
}

/// Adds to `out[p * n_rows + row]` the dot product of `n` columns of row `row` with the input at
/// offset `p`.
pub(crate) fn dots(
    level: Level,
    left: Left<'_>,
    offsets: &Offsets,
    input: &[f32],
    n: usize,
    out: &mut [f32],
) {
    let n_padded = n.next_multiple_of(COLUMNS_STEP);
    assert!(n_padded <= left.stride && left.values.len() >= left.n_rows * left.stride);
    assert_eq!(out.len(), left.n_rows * offsets.len());
    offsets.assert_within(input, n);
    let task = Dots { left, offsets: &offsets.values, input, n: n_padded };
    // SAFETY: the assertions keep every access inside its slice; the level is one of this CPU.
    unsafe {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => dots_avx512(&task, out),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => dots_avx2(&task, out),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => dots_of_8::<simd::Neon>(&task, out),
            Level::Portable => dots_of_4::<simd::Portable>(&task, out),
        }
    }
}

struct Dots<'a> {
    left: Left<'a>,
    offsets: &'a [u32],
    input: &'a [f32],
    n: usize,
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn dots_avx512(task: &Dots<'_>, out: &mut [f32]) {
    // SAFETY: the caller's, and this function may only be called where the CPU has AVX-512.
    unsafe { dots_of_8::<simd::Avx512>(task, out) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn dots_avx2(task: &Dots<'_>, out: &mut [f32]) {
    // SAFETY: the caller's, and this function may only be called where the CPU has AVX2 and FMA.
    unsafe { dots_of_4::<simd::Avx2>(task, out) }
}

/// For 32 registers.
///
/// # Safety
/// As [`dots`], after its assertions.
#[inline(always)]
unsafe fn dots_of_8<V: Vector>(task: &Dots<'_>, out: &mut [f32]) {
    // SAFETY: the caller's.
    unsafe {
        match task.left.n_rows {
            8 => dots_of::<V, 8, 3>(task, out),
            4 => dots_of::<V, 4, 4>(task, out),
            2 => dots_of::<V, 2, 6>(task, out),
            1 => dots_of::<V, 1, 6>(task, out),
            n => unreachable!("blocks of {n} rows are never made"),
        }
    }
}

/// For 16 registers.
///
/// # Safety
/// As [`dots`], after its assertions.
#[inline(always)]
unsafe fn dots_of_4<V: Vector>(task: &Dots<'_>, out: &mut [f32]) {
    // SAFETY: the caller's.
    unsafe {
        match task.left.n_rows {
            4 => dots_of::<V, 4, 2>(task, out),
            2 => dots_of::<V, 2, 3>(task, out),
            1 => dots_of::<V, 1, 6>(task, out),
            n => unreachable!("blocks of {n} rows are never made"),
        }
    }
}

/// Walks over the offsets in blocks of `N`.
///
/// # Safety
/// As [`dots`], after its assertions.
#[inline(always)]
unsafe fn dots_of<V: Vector, const M: usize, const N: usize>(task: &Dots<'_>, out: &mut [f32]) {
    let mut p = 0;
    while p < task.offsets.len() {
        // SAFETY: the caller's; no block goes beyond the last offset.
        p += unsafe {
            if task.offsets.len() - p >= N {
                dots_tile::<V, M, N>(task, p, out)
            } else {
                dots_tile::<V, M, 1>(task, p, out)
            }
        };
    }
}

/// `M` rows against `N` offsets; gives `N`.
///
/// # Safety
/// As [`dots`], after its assertions.
#[inline(always)]
unsafe fn dots_tile<V: Vector, const M: usize, const N: usize>(
    task: &Dots<'_>,
    p: usize,
    out: &mut [f32],
) -> usize {
    // SAFETY: `M` rows and offsets up to `p + N` exist, and `n` columns of each.
    unsafe {
        let mut sums = [[V::splat(0.0); M]; N];
        let mut rows = [task.left.values.as_ptr(); M];
        for i in 0..M {
            rows[i] = rows[i].add(i * task.left.stride);
        }
        let mut inputs = [task.input.as_ptr(); N];
        for j in 0..N {
            inputs[j] = inputs[j].add(*task.offsets.get_unchecked(p + j) as usize);
        }
        for _ in 0..task.n / V::LANES {
            let mut columns = [V::splat(0.0); N];
            for j in 0..N {
                columns[j] = V::load(inputs[j]);
                inputs[j] = inputs[j].add(V::LANES);
            }
            for i in 0..M {
                let left = V::load(rows[i]);
                rows[i] = rows[i].add(V::LANES);
                for j in 0..N {
                    sums[j][i] = sums[j][i].add_product(left, columns[j]);
                }
            }
        }
        for j in 0..N {
            V::add_sums(sums[j], out.as_mut_ptr().add((p + j) * M));
        }
    }
    N
}

#[cfg(test)]
mod tests;
