//! A product of frames and a matrix, shared by all threads.
#![expect(unsafe_code, reason = "threads write to columns of their own of one output")]

use super::{Matrix, Panel, STEP};
use crate::threads;

/// Frames of a task: so many that a panel, once it is in a cache, is used often, and so few that their input is in a
/// cache as well.
const FRAMES: usize = 96;
/// Products below this many multiplications are not worth waking threads for.
const FEW: usize = 1 << 16;

/// Where an output begins, for threads that write to different parts of it.
struct Output(*mut f32);

// SAFETY: every task writes to columns and frames that are no other's.
unsafe impl Sync for Output {}

impl Output {
    fn at(&self, offset: usize) -> *mut f32 {
        self.0.wrapping_add(offset)
    }
}

impl Matrix {
    /// Like [`Self::product`], on all threads; every number is the same.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub(crate) fn product_on_all_threads(
        &self,
        store: &[u32],
        input: &[f32],
        frame_step: usize,
        n: usize,
        out: &mut [f32],
    ) {
        if n * self.n_out * self.window.n_values() < FEW {
            return self.product(store, input, frame_step, n, out);
        }
        self.check(input, frame_step, n, out);
        let n_blocks = n.div_ceil(FRAMES);
        let output = Output(out.as_mut_ptr());
        threads::for_each(self.panels.len() * n_blocks, |task| {
            let (panel, block) = (&self.panels[task / n_blocks], task % n_blocks);
            let frames = block * FRAMES..((block + 1) * FRAMES).min(n);
            let to = output.at(frames.start * self.n_out + panel.first);
            // SAFETY: the check keeps reads and writes inside, and the part is this task's alone.
            unsafe {
                self.part(
                    panel,
                    store,
                    &input[frames.start * frame_step..],
                    frame_step,
                    frames.len(),
                    to,
                )
            };
        });
    }

    /// Bytes that its weights and biases take.
    pub(crate) fn n_bytes(&self) -> usize {
        let words: usize = self.panels.iter().map(|it: &Panel| it.n_words).sum();
        4 * (words + self.bias.len())
    }
}

const _: () = assert!(FRAMES.is_multiple_of(6) && STEP == 16, "whole tiles in a block");
