//! Layers that treat every frame alone.

use super::{Activation, Learning, Node, Outlet, Play, Statistics, Transfer};
use crate::kernels::elementwise;

/// Applies a function to frames, in place.
pub(super) fn activate(activation: &Activation, x: &mut [f32]) {
    match activation {
        Activation::Leaky(slope) => elementwise::leaky_relu(x, *slope),
        Activation::Snake(alpha) => elementwise::snake(x, alpha),
        Activation::Tanh => elementwise::tanh(x),
        Activation::Loudness => elementwise::loudness(x, 0.0),
        Activation::LogOnePlus => x.iter_mut().for_each(|x| *x = x.ln_1p()),
    }
}

/// An activation on its own.
#[derive(Debug)]
pub(super) struct Activated(pub(super) Activation);

impl Node for Activated {
    fn run<'a>(&'a mut self, x: &'a mut [f32], _: &mut Play<'_>) -> &'a mut [f32] {
        activate(&self.0, x);
        x
    }

    fn reset(&mut self) {}
}

/// Scale and shift.
#[derive(Debug)]
pub(super) struct Affine {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

impl Node for Affine {
    fn run<'a>(&'a mut self, x: &'a mut [f32], _: &mut Play<'_>) -> &'a mut [f32] {
        elementwise::affine(x, &self.scale, &self.shift);
        x
    }

    fn reset(&mut self) {}
}

/// Half of the channels, gated by the other half.
#[derive(Debug)]
pub(super) struct Gate {
    channels_in: usize,
    out: Vec<f32>,
}

impl Gate {
    pub(super) fn new(inlet: Outlet) -> (Self, Outlet) {
        let channels = inlet.channels / 2;
        assert_eq!(inlet.channels, 2 * channels, "two halves");
        let out = vec![0.0; channels * inlet.max_frames];
        (Self { channels_in: inlet.channels, out }, Outlet { channels, ..inlet })
    }
}

impl Node for Gate {
    fn run<'a>(&'a mut self, x: &'a mut [f32], _: &mut Play<'_>) -> &'a mut [f32] {
        let half = self.channels_in / 2;
        let out = &mut self.out[..x.len() / 2];
        for (frame, out) in x.chunks_exact(self.channels_in).zip(out.chunks_exact_mut(half)) {
            out.copy_from_slice(&frame[half..]);
        }
        elementwise::sigmoid(out);
        for (frame, out) in x.chunks_exact(self.channels_in).zip(out.chunks_exact_mut(half)) {
            out.iter_mut().zip(frame).for_each(|(out, x)| *out *= x);
        }
        out
    }

    fn reset(&mut self) {}
}

/// Signs of odd bands in even frames.
#[derive(Debug)]
pub(super) struct Mirror {
    n_band: usize,
    channels: usize,
    is_odd_frame: bool,
}

impl Mirror {
    pub(super) fn new(n_band: usize, channels: usize) -> Self {
        assert!(channels.is_multiple_of(n_band), "whole sounds");
        Self { n_band, channels, is_odd_frame: false }
    }
}

impl Node for Mirror {
    fn run<'a>(&'a mut self, x: &'a mut [f32], _: &mut Play<'_>) -> &'a mut [f32] {
        for frame in x.chunks_exact_mut(self.channels) {
            if !self.is_odd_frame {
                for sound in frame.chunks_exact_mut(self.n_band) {
                    sound.iter_mut().skip(1).step_by(2).for_each(|x| *x = -*x);
                }
            }
            self.is_odd_frame = !self.is_odd_frame;
        }
        x
    }

    fn reset(&mut self) {
        self.is_odd_frame = false;
    }
}

/// Channels that become frames.
#[derive(Debug)]
pub(super) struct Unfold {
    groups: usize,
    n: usize,
    /// Not needed for a single group, whose channels lie as its frames will.
    out: Vec<f32>,
}

impl Unfold {
    pub(super) fn new(groups: usize, inlet: Outlet) -> (Self, Outlet) {
        let n = inlet.channels / groups;
        assert_eq!(inlet.channels, n * groups, "groups of equal size");
        let n_out = if groups == 1 { 0 } else { inlet.channels * inlet.max_frames };
        let outlet = Outlet {
            channels: groups,
            max_frames: n * inlet.max_frames,
            frames_in: inlet.frames_in / n as f64,
            ..inlet
        };
        (Self { groups, n, out: vec![0.0; n_out] }, outlet)
    }
}

impl Node for Unfold {
    fn run<'a>(&'a mut self, x: &'a mut [f32], _: &mut Play<'_>) -> &'a mut [f32] {
        if self.groups == 1 {
            return x;
        }
        let out = &mut self.out[..x.len()];
        let width = self.groups * self.n;
        for (frame, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
            for (i, x) in frame.iter().enumerate() {
                out[i % self.n * self.groups + i / self.n] = *x;
            }
        }
        out
    }

    fn reset(&mut self) {}
}

/// Frames that wait for each other.
#[derive(Debug)]
pub(super) struct Gather {
    channels: usize,
    n_frames: usize,
    /// Those that wait, in front, and room for those that come.
    held: Vec<f32>,
    n_held: usize,
    n_in: u64,
    out: Vec<f32>,
}

impl Gather {
    pub(super) fn new(n_frames: usize, inlet: Outlet) -> (Self, Outlet) {
        let (channels, max_frames) = (inlet.channels, inlet.max_frames + n_frames);
        let room = vec![0.0; max_frames * channels];
        let state = Self { channels, n_frames, held: room.clone(), n_held: 0, n_in: 0, out: room };
        (state, Outlet { max_frames, ..inlet })
    }
}

impl Node for Gather {
    fn run<'a>(&'a mut self, x: &'a mut [f32], _: &mut Play<'_>) -> &'a mut [f32] {
        let start = self.n_held * self.channels;
        self.held[start..start + x.len()].copy_from_slice(x);
        self.n_held += x.len() / self.channels;
        self.n_in += (x.len() / self.channels) as u64;
        // Behind the last frame that is the first of its group, frames wait.
        let n_waiting = self.n_in.saturating_sub(1) as usize % self.n_frames;
        let n = self.n_held.saturating_sub(n_waiting) * self.channels;
        self.out[..n].copy_from_slice(&self.held[..n]);
        self.held.copy_within(n..self.n_held * self.channels, 0);
        self.n_held -= n / self.channels;
        &mut self.out[..n]
    }

    fn reset(&mut self) {
        (self.n_held, self.n_in) = (0, 0);
    }
}

/// Adaptive instance normalisation while it plays and learns.
#[derive(Debug)]
pub(super) struct TransferState {
    pub(super) statistics: Transfer,
    pub(super) learning: Learning,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl TransferState {
    pub(super) fn new(transfer: &Transfer, channels: usize) -> Self {
        for statistics in [&transfer.source, &transfer.target] {
            let lengths = [statistics.mean.len(), statistics.deviation.len()];
            assert_eq!(lengths, [channels; 2], "statistics of each channel");
        }
        Self {
            statistics: transfer.clone(),
            learning: Learning::default(),
            scale: vec![1.0; channels],
            shift: vec![0.0; channels],
        }
    }

    /// `(x - source mean) / (source deviation + 1e-5) * target deviation + target mean`.
    fn transfer(&mut self, x: &mut [f32]) {
        let Transfer { source, target } = &self.statistics;
        for (c, (scale, shift)) in self.scale.iter_mut().zip(&mut self.shift).enumerate() {
            *scale = target.deviation[c] / (source.deviation[c] + 1e-5);
            *shift = target.mean[c] - source.mean[c] * *scale;
        }
        elementwise::affine(x, &self.scale, &self.shift);
    }
}

impl Statistics {
    /// Averages in the statistics of a block; the deviation of a single frame is not known.
    fn learn(&mut self, x: &[f32]) {
        let channels = self.mean.len();
        let n = x.len() / channels;
        if n < 2 {
            return;
        }
        for channel in 0..channels {
            let values = || x.iter().skip(channel).step_by(channels).map(|x| f64::from(*x));
            let mean = values().sum::<f64>() / n as f64;
            let square = values().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
            let move_to =
                |old: &mut f32, new: f64| *old += (new as f32 - *old) / (self.n_blocks + 1.0);
            move_to(&mut self.mean[channel], mean);
            move_to(&mut self.deviation[channel], square.sqrt());
        }
        self.n_blocks += 1.0;
    }
}

impl Node for TransferState {
    fn run<'a>(&'a mut self, x: &'a mut [f32], _: &mut Play<'_>) -> &'a mut [f32] {
        if self.learning.target {
            self.statistics.target.learn(x);
            return x;
        }
        if self.learning.source {
            self.statistics.source.learn(x);
        }
        if self.statistics.source.n_blocks > 0.0 && self.statistics.target.n_blocks > 0.0 {
            self.transfer(x);
        }
        x
    }

    fn reset(&mut self) {}

    fn for_each_transfer(&mut self, visit: &mut dyn FnMut(&mut TransferState)) {
        visit(self);
    }
}
