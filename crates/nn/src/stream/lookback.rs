//! The frames that a layer still has to look at.

use super::Outlet;

/// Frames before the block, and the block, for a layer whose outputs each see `span` frames, `stride` apart.
#[derive(Debug)]
pub(super) struct Lookback {
    channels: usize,
    stride: usize,
    /// From the first frame that an output looks at to the last.
    span: usize,
    /// Frames of zeros that were there before everything.
    n_before: usize,
    /// The frames from the first that the next output looks at.
    held: Vec<f32>,
    n_held: usize,
    /// Frames still to come that nothing looks at, for strides wider than a span.
    n_skipped: usize,
    n_in: u64,
    n_out: u64,
}

impl Lookback {
    pub(super) fn new(inlet: Outlet, [stride, span, n_before]: [usize; 3]) -> Self {
        let room = n_before + span + stride + inlet.max_frames;
        Self {
            channels: inlet.channels,
            stride,
            span,
            n_before,
            held: vec![0.0; room * inlet.channels],
            n_held: n_before,
            n_skipped: 0,
            n_in: 0,
            n_out: 0,
        }
    }

    /// Takes in frames behind those that are held; gives those of them that are looked at, to be changed.
    pub(super) fn take(&mut self, x: &[f32]) -> &mut [f32] {
        let n = x.len() / self.channels;
        self.n_in += n as u64;
        let n_skipped = self.n_skipped.min(n);
        self.n_skipped -= n_skipped;
        let x = &x[n_skipped * self.channels..];
        let start = self.n_held * self.channels;
        self.n_held += n - n_skipped;
        let held = &mut self.held[start..start + x.len()];
        held.copy_from_slice(x);
        held
    }

    /// How many outputs there are now: an output comes with the first of the frames that it stands for.
    pub(super) fn n_due(&self) -> usize {
        let n_seen = (self.n_held + self.stride).saturating_sub(self.span) / self.stride;
        let n_due = self.n_in.div_ceil(self.stride as u64) - self.n_out;
        n_seen.min(n_due as usize)
    }

    /// All frames from the first that the next output looks at.
    pub(super) fn frames(&self) -> &[f32] {
        &self.held
    }

    /// Numbers from where one output begins to look to where the next does.
    pub(super) fn step(&self) -> usize {
        self.stride * self.channels
    }

    /// Lets go of the frames that nothing looks at after `n` outputs.
    pub(super) fn let_go(&mut self, n: usize) {
        self.n_out += n as u64;
        let n = n * self.stride;
        let kept = self.n_held.saturating_sub(n);
        self.n_skipped += n.saturating_sub(self.n_held);
        self.held.copy_within((self.n_held - kept) * self.channels..self.n_held * self.channels, 0);
        self.n_held = kept;
    }

    pub(super) fn reset(&mut self) {
        self.held.fill(0.0);
        (self.n_held, self.n_skipped) = (self.n_before, 0);
        (self.n_in, self.n_out) = (0, 0);
    }
}
