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
        self.product_of_runs(store, input, [frame_step, self.window.run_step], n, out);
    }

    /// Like [`Self::product_on_all_threads`], of inputs and runs that begin so far apart: one matrix serves pictures of
    /// any width.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub(crate) fn product_of_runs(
        &self,
        store: &[u32],
        input: &[f32],
        steps: [usize; 2],
        n: usize,
        out: &mut [f32],
    ) {
        if n == 0 {
            return;
        }
        self.check(input, steps, n, out);
        let is_small = n * self.n_out * self.window.n_values() < FEW;
        let in_block = if is_small { n } else { FRAMES };
        let n_blocks = n.div_ceil(in_block);
        let output = Output(out.as_mut_ptr());
        let part = |task: usize| {
            let (panel, block) = (&self.panels[task / n_blocks], task % n_blocks);
            let frames = block * in_block..((block + 1) * in_block).min(n);
            let to = output.at(frames.start * self.n_out + panel.first);
            let input = &input[frames.start * steps[0]..];
            // SAFETY: the check keeps reads and writes inside, and the part is this task's alone.
            unsafe { self.part(panel, store, input, steps, frames.len(), to) };
        };
        let n_tasks = self.panels.len() * n_blocks;
        if is_small { (0..n_tasks).for_each(part) } else { threads::for_each(n_tasks, part) }
    }

    /// Bytes that its weights and biases take.
    pub(crate) fn n_bytes(&self) -> usize {
        let words: usize = self.panels.iter().map(|it: &Panel| it.n_words).sum();
        4 * (words + self.bias.len())
    }
}

const _: () = assert!(FRAMES.is_multiple_of(6) && STEP == 16, "whole tiles in a block");
