//! The inner loops of a search, as wide as the CPU has them, chosen when the program runs.
//!
//! Each is written once in plain Rust, which is also what the wide ones are tested against. Kernels for VNNI are not
//! here: the product of whole numbers takes a tenth of a search, since only candidates get there.
#![expect(unsafe_code, reason = "the CPU's vector instructions are reached through std::arch")]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64 as arch;
use std::sync::OnceLock;

/// Rows whose bits lie together, column by column.
pub(crate) const BLOCK: usize = 32;

/// A set of instructions that this CPU has: only [`levels`] and [`level`] make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// Every level that this CPU has, the best first.
pub(crate) fn levels() -> Vec<Level> {
    let mut levels = vec![];
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        levels.push(Level::Avx2);
    }
    levels.push(Level::Portable);
    levels
}

/// The best level of this CPU.
pub(crate) fn level() -> Level {
    static BEST: OnceLock<Level> = OnceLock::new();
    *BEST.get_or_init(|| levels()[0])
}

/// What a query says of the signs of 8 numbers of a row: a table for the lower four bits, and one for the upper four.
pub(crate) type Tables = [[u8; 16]; 2];

/// How sums of table entries become estimates of similarity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) slope: f32,
    pub(crate) offset: f32,
}

/// Estimates the similarity of every row of blocks: `factor * (slope * sum + offset)`, the sum being over the tables'
/// entries at its bits.
///
/// Shapes: bits `[blocks, columns, 32]`, tables `[columns]`, factors and out `[blocks * 32]`. A sum stays below 2^16.
pub(crate) fn estimate(
    level: Level,
    bits: &[u8],
    tables: &[Tables],
    line: Line,
    (factors, out): (&[f32], &mut [f32]),
) {
    let bytes = BLOCK * tables.len();
    assert!(bits.len() * BLOCK == out.len() * bytes && factors.len() == out.len());
    let of_blocks = factors.chunks_exact(BLOCK).zip(out.chunks_exact_mut(BLOCK));
    for (block, (factors, out)) in bits.chunks_exact(bytes).zip(of_blocks) {
        let mut sums = [0; BLOCK];
        match level {
            // SAFETY: only a CPU that has these instructions has this level.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { sums_avx2(block, tables, &mut sums) },
            Level::Portable => sums_portable(block, tables, &mut sums),
        }
        for ((out, sum), factor) in out.iter_mut().zip(sums).zip(factors) {
            *out = factor * (line.slope * f32::from(sum) + line.offset);
        }
    }
}

fn sums_portable(block: &[u8], tables: &[Tables], sums: &mut [u16; BLOCK]) {
    for (column, [lower, upper]) in block.chunks_exact(BLOCK).zip(tables) {
        for (sum, bits) in sums.iter_mut().zip(column) {
            *sum +=
                u16::from(lower[usize::from(bits & 15)]) + u16::from(upper[usize::from(bits >> 4)]);
        }
    }
}

/// A shuffle of bytes looks up 32 entries at once. Source: André, Kermarrec and Le Scouarnec, "Cache locality is not
/// enough: high-performance nearest neighbor search with product quantization fast scan" (VLDB 2015), section 4.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn sums_avx2(block: &[u8], tables: &[Tables], sums: &mut [u16; BLOCK]) {
    use arch::*;
    let (four, byte) = (_mm256_set1_epi8(15), _mm256_set1_epi16(0xff));
    let (mut even, mut odd) = (_mm256_setzero_si256(), _mm256_setzero_si256());
    for (column, [lower, upper]) in block.chunks_exact(BLOCK).zip(tables) {
        // SAFETY: a column has 32 bytes and a table has 16, of any alignment.
        let (bits, lower, upper) = unsafe {
            (
                _mm256_loadu_si256(column.as_ptr().cast()),
                _mm_loadu_si128(lower.as_ptr().cast()),
                _mm_loadu_si128(upper.as_ptr().cast()),
            )
        };
        let first = _mm256_and_si256(bits, four);
        let second = _mm256_and_si256(_mm256_srli_epi16::<4>(bits), four);
        let first = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(lower), first);
        let second = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(upper), second);
        // Entries are below 128, so that two of them fit in a byte.
        let both = _mm256_add_epi8(first, second);
        even = _mm256_add_epi16(even, _mm256_and_si256(both, byte));
        odd = _mm256_add_epi16(odd, _mm256_srli_epi16::<8>(both));
    }
    let mut halves = [[0u16; 16]; 2];
    // SAFETY: each half has 32 bytes.
    unsafe {
        _mm256_storeu_si256(halves[0].as_mut_ptr().cast(), even);
        _mm256_storeu_si256(halves[1].as_mut_ptr().cast(), odd);
    }
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum = halves[i % 2][i / 2];
    }
}

/// The product of two rows of whole numbers from -127 to 127. Their length is a multiple of 32, and below 2^16.
pub(crate) fn dot_i8(level: Level, a: &[i8], b: &[i8]) -> i32 {
    assert!(a.len() == b.len() && a.len().is_multiple_of(32));
    match level {
        // SAFETY: only a CPU that has these instructions has this level.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { dot_i8_avx2(a, b) },
        Level::Portable => a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn dot_i8_avx2(a: &[i8], b: &[i8]) -> i32 {
    use arch::*;
    let ones = _mm256_set1_epi16(1);
    let mut sum = _mm256_setzero_si256();
    for (a, b) in a.chunks_exact(32).zip(b.chunks_exact(32)) {
        // SAFETY: both have 32 bytes, of any alignment.
        let (a, b) = unsafe {
            (_mm256_loadu_si256(a.as_ptr().cast()), _mm256_loadu_si256(b.as_ptr().cast()))
        };
        // One side without its sign, the other with both: a pair of products is at most 2 * 127 * 127, below 2^15.
        let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8(b, a));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
    }
    let mut parts = [0i32; 8];
    // SAFETY: it has 32 bytes.
    unsafe { _mm256_storeu_si256(parts.as_mut_ptr().cast(), sum) };
    parts.iter().sum()
}

/// The product of two vectors, in the same order of sums on every machine with the same level.
pub(crate) fn dot_f32(level: Level, a: &[f32], b: &[f32]) -> f32 {
    match level {
        // SAFETY: only a CPU that has these instructions has this level.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { dot_f32_avx2(a, b) },
        Level::Portable => dot_f32_anywhere(a, b),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn dot_f32_avx2(a: &[f32], b: &[f32]) -> f32 {
    dot_f32_anywhere(a, b)
}

#[inline(always)]
fn dot_f32_anywhere(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 32];
    let (a_parts, a_rest) = a.as_chunks::<32>();
    let (b_parts, b_rest) = b.as_chunks::<32>();
    for (a, b) in a_parts.iter().zip(b_parts) {
        for i in 0..32 {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_level_gives_the_same_product_of_whole_numbers(
            pairs in (1usize..9).prop_flat_map(|n| prop::collection::vec((-127i8..=127, -127i8..=127), n * 32)),
        ) {
            let (a, b): (Vec<i8>, Vec<i8>) = pairs.into_iter().unzip();
            let expected: i32 = a.iter().zip(&b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            for level in levels() {
                prop_assert_eq!(dot_i8(level, &a, &b), expected, "{:?}", level);
            }
        }

        #[test]
        fn every_level_looks_up_the_same_sums(
            (bits, tables) in (1usize..20, 1usize..4).prop_flat_map(|(columns, blocks)| (
                prop::collection::vec(any::<u8>(), columns * blocks * BLOCK),
                prop::collection::vec(prop::array::uniform2(prop::array::uniform16(0u8..128)), columns),
            )),
        ) {
            let n = bits.len() / tables.len();
            let (line, factors) = (Line { slope: 0.5, offset: -3.0 }, vec![2.0; n]);
            let mut expected = vec![0.0; n];
            estimate(Level::Portable, &bits, &tables, line, (&factors, &mut expected));
            let first = tables.iter().enumerate().map(|(i, [lower, upper])| {
                let bits = bits[i * BLOCK];
                f32::from(lower[usize::from(bits & 15)]) + f32::from(upper[usize::from(bits >> 4)])
            });
            prop_assert_eq!(expected[0], 2.0 * (0.5 * first.sum::<f32>() - 3.0));
            for level in levels() {
                let mut out = vec![0.0; n];
                estimate(level, &bits, &tables, line, (&factors, &mut out));
                prop_assert_eq!(&out, &expected, "{:?}", level);
            }
        }

        #[test]
        fn every_level_gives_nearly_the_same_product_of_numbers(
            pairs in prop::collection::vec((-1.0f32..1.0, -1.0f32..1.0), 0..200),
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let exact: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            for level in levels() {
                prop_assert!((f64::from(dot_f32(level, &a, &b)) - exact).abs() < 1e-4, "{:?}", level);
            }
        }
    }
}
