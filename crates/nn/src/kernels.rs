//! The loops under the operations: plain slices in, plain vectors out, no tensors and no graph.

use std::mem::MaybeUninit;

use crate::threads;

pub(crate) mod convolution;
pub(crate) mod elementwise;
pub(crate) mod flat_adam;
pub(crate) mod frames;
pub(crate) mod gather;
mod simd;
pub(crate) mod snake;
pub(crate) mod spectrum;
mod taps;

/// A vector of `n` elements that `fill(i, chunk)` writes chunk by chunk, on all threads.
///
/// Saves the zeros that a fresh vector would be filled with: at the speed of the kernels, writing an
/// output twice is felt. `fill` gives back the chunk as proof that it wrote the whole of it.
pub(crate) fn collect_chunks(
    n: usize,
    chunk_len: usize,
    fill: impl Fn(usize, &mut [MaybeUninit<f32>]) -> &mut [f32] + Sync,
) -> Vec<f32> {
    let mut values = Vec::with_capacity(n);
    threads::for_each_chunk(&mut values.spare_capacity_mut()[..n], chunk_len, |i, chunk| {
        let range = chunk.as_ptr_range();
        let filled = fill(i, chunk).as_ptr_range();
        assert_eq!((range.start.cast(), range.end.cast()), (filled.start, filled.end));
    });
    #[expect(unsafe_code, reason = "the one place where a vector learns that it was filled")]
    // SAFETY: every element is in one chunk, and the assertion holds for every chunk.
    unsafe {
        values.set_len(n);
    }
    values
}
