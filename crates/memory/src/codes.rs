//! Short forms of a vector: whole numbers of 8 bits and one bit for each number, both of the rotated vector.
//!
//! A random rotation makes the numbers of any vector alike in size and its rounding errors independent of the query, so
//! that the same bounds hold for every space. Source of rotation, bits and their estimate: Gao and Long, "`RaBitQ`:
//! quantizing high-dimensional vectors with a theoretical error bound for approximate nearest neighbor search" (SIGMOD
//! 2024), sections 3.1 and 3.2; the rotation is put together from Hadamard transforms.

use crate::kernels::{Line, Tables};

/// Rows have whole registers: so many numbers at a time.
const PADDING: usize = 64;

/// The rotation of a space: a part of the format, as stored codes are of rotated vectors.
#[derive(Debug)]
pub(crate) struct Rotation {
    dim: usize,
    /// Numbers of a rotated vector: the dimension, up to a multiple of 64.
    pub(crate) width: usize,
    /// The largest power of two that fits.
    span: usize,
    signs: Vec<Vec<f32>>,
}

impl Rotation {
    pub(crate) fn new(dim: usize) -> Self {
        let width = dim.next_multiple_of(PADDING);
        let span = 1 << width.ilog2();
        let mut state = 0x6d61_7175_6574_7465;
        let signs = (0..4).map(|_| (0..width).map(|_| sign(&mut state)).collect()).collect();
        Self { dim, width, span, signs }
    }

    /// The rotated vector, `width` long: products of rotated vectors are those of the vectors.
    pub(crate) fn rotated(&self, vector: &[f32]) -> Vec<f32> {
        let mut x = vec![0.0; self.width];
        x[..self.dim].copy_from_slice(vector);
        for (i, signs) in self.signs.iter().enumerate() {
            x.iter_mut().zip(signs).for_each(|(x, sign)| *x *= sign);
            // In turns on what is in front and on what is behind, where one transform does not reach all.
            let from = if i % 2 == 0 { 0 } else { self.width - self.span };
            hadamard(&mut x[from..from + self.span]);
        }
        x
    }
}

/// `SplitMix64` by Vigna, public domain; its highest bit.
fn sign(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    if (z ^ (z >> 31)) >> 63 == 0 { 1.0 } else { -1.0 }
}

/// The orthonormal Walsh-Hadamard transform, of a power of two of numbers.
fn hadamard(x: &mut [f32]) {
    let mut half = 1;
    while half < x.len() {
        for pair in x.chunks_exact_mut(2 * half) {
            let (left, right) = pair.split_at_mut(half);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
    let scale = (x.len() as f32).sqrt().recip();
    x.iter_mut().for_each(|x| *x *= scale);
}

/// A rotated vector in whole numbers from -127 to 127.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) values: Vec<i8>,
    /// What a step of them is worth.
    pub(crate) step: f32,
    /// By how much a product with its signs alone, each `1 / sqrt(width)` long, is to be multiplied to be that of the
    /// vector, on average.
    pub(crate) factor: f32,
}

impl Code {
    pub(crate) fn of(rotated: &[f32]) -> Self {
        let largest = rotated.iter().fold(0.0f32, |max, x| max.max(x.abs()));
        let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        let values: Vec<i8> = rotated.iter().map(|x| (x / step).round() as i8).collect();
        let along = |(x, value): (&f32, &i8)| if *value >= 0 { *x } else { -*x };
        let sum: f32 = rotated.iter().zip(&values).map(along).sum();
        let norm_squared: f32 = rotated.iter().map(|x| x * x).sum();
        let factor = norm_squared * (rotated.len() as f32).sqrt() / sum.max(1e-20);
        Self { values, step, factor: if factor.is_finite() { factor } else { 0.0 } }
    }
}

/// Eight signs in a byte, the first in its lowest bit; 1 for 0 and above.
pub(crate) fn signs_of(eight: &[i8]) -> u8 {
    eight.iter().enumerate().fold(0, |byte, (i, x)| byte | (u8::from(*x >= 0) << i))
}

/// What estimates the similarity of a query with rows of which only the signs are known.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) tables: Vec<Tables>,
    pub(crate) line: Line,
}

impl Lookup {
    pub(crate) fn of(rotated: &[f32]) -> Self {
        let n_tables = rotated.len() / 4;
        // Two entries fit in a byte, and the sum of all in 16 bits.
        let top = (65_535 / n_tables).min(127) as f32;
        let spread = |four: &[f32]| four.iter().map(|x| x.abs()).sum::<f32>();
        let widest = rotated.chunks_exact(4).map(spread).fold(0.0, f32::max);
        let slope = if widest > 0.0 { 2.0 * widest / top } else { 1.0 };
        let table = |four: &[f32]| {
            let spread = spread(four);
            std::array::from_fn(|bits| {
                let signed = |(i, x): (usize, &f32)| if bits >> i & 1 == 1 { *x } else { -*x };
                let sum: f32 = four.iter().enumerate().map(signed).sum();
                ((sum + spread) / slope).round() as u8
            })
        };
        let tables = rotated.chunks_exact(8).map(|eight| [table(&eight[..4]), table(&eight[4..])]);
        let root = (rotated.len() as f32).sqrt();
        let total: f32 = rotated.iter().map(|x| x.abs()).sum();
        Self { tables: tables.collect(), line: Line { slope: slope / root, offset: -total / root } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Random, dot};

    #[test]
    fn a_rotation_keeps_products_in_every_dimension() {
        let mut random = Random::new(1);
        for dim in [1, 3, 35, 64, 100, 128, 512, 768, 1000] {
            let rotation = Rotation::new(dim);
            let (a, b) = (random.unit(dim), random.unit(dim));
            let rotated = dot(&rotation.rotated(&a), &rotation.rotated(&b));
            assert!((dot(&a, &b) - rotated).abs() < 1e-5, "{dim}");
        }
    }

    #[test]
    fn signs_estimate_similarity_within_the_bound() {
        let mut random = Random::new(2);
        for dim in [128, 512, 768] {
            let rotation = Rotation::new(dim);
            // One large number among small ones: the rotation spreads it.
            let mut query = random.unit(dim);
            query[0] = 3.0;
            crate::unit(&mut query);
            let rotated = rotation.rotated(&query);
            let lookup = Lookup::of(&rotated);
            let mut errors = vec![];
            for _ in 0..300 {
                let row = random.unit(dim);
                let code = Code::of(&rotation.rotated(&row));
                let entries =
                    code.values.chunks_exact(8).zip(&lookup.tables).map(|(eight, [low, up])| {
                        let bits = usize::from(signs_of(eight));
                        f32::from(low[bits & 15]) + f32::from(up[bits >> 4])
                    });
                let sum: f32 = entries.sum();
                let estimate = code.factor * (lookup.line.slope * sum + lookup.line.offset);
                errors.push(estimate - dot(&query, &row));
            }
            let n = errors.len() as f32;
            let mean = errors.iter().sum::<f32>() / n;
            let spread = (errors.iter().map(|x| x * x).sum::<f32>() / n).sqrt();
            let expected = 0.77 / (rotation.width as f32).sqrt();
            assert!(mean.abs() < 0.2 * expected, "{dim}: {mean}");
            assert!((0.8..1.2).contains(&(spread / expected)), "{dim}: {spread}, {expected}");
        }
    }

    #[test]
    fn nothing_becomes_nothing() {
        let code = Code::of(&[0.0; 64]);
        assert!(code.values.iter().all(|x| *x == 0) && code.factor == 0.0);
        assert!(Lookup::of(&[0.0; 64]).tables.iter().flatten().flatten().all(|x| *x == 0));
    }
}
