//! Spectra of windows over time.

use std::fmt;
use std::sync::Arc;

use super::lookback::Lookback;
use super::{Node, Outlet, Play, PowerSpectrum};
use crate::kernels::spectrum::{Transform, Workspace, powers, transform};

/// Power spectra with the frames that they still have to look at.
pub(super) struct SpectrumState {
    seen: Lookback,
    channels: usize,
    transform: Arc<Transform>,
    workspace: Workspace,
    /// One channel of a window.
    window: Vec<f32>,
    out: Vec<f32>,
}

impl SpectrumState {
    pub(super) fn new(spectrum: PowerSpectrum, inlet: Outlet) -> (Self, Outlet) {
        let PowerSpectrum { n_fft, hop } = spectrum;
        assert!(n_fft.is_multiple_of(2) && hop > 0, "windows of an even length");
        let outlet = Outlet {
            channels: inlet.channels * spectrum.n_bins(),
            max_frames: inlet.max_frames.div_ceil(hop) + usize::from(hop > 1),
            frames_in: inlet.frames_in * hop as f64,
            delay: inlet.delay + spectrum.lateness() as f64 * inlet.frames_in,
        };
        let transform = transform(n_fft);
        let made = Self {
            seen: Lookback::new(inlet, [hop, n_fft, spectrum.n_before()]),
            channels: inlet.channels,
            workspace: transform.workspace(),
            transform,
            window: vec![0.0; n_fft],
            out: vec![0.0; outlet.channels * outlet.max_frames],
        };
        (made, outlet)
    }
}

impl Node for SpectrumState {
    fn run<'a>(&'a mut self, x: &'a mut [f32], _: &mut Play<'_>) -> &'a mut [f32] {
        self.seen.take(x);
        let (n, n_bins) = (self.seen.n_due(), self.transform.n_bins());
        let outputs = self.out.chunks_exact_mut(self.channels * n_bins).take(n);
        for (i, out) in outputs.enumerate() {
            let frames = &self.seen.frames()[i * self.seen.step()..];
            for (channel, out) in out.chunks_exact_mut(n_bins).enumerate() {
                let frames = frames[channel..].iter().step_by(self.channels);
                self.window.iter_mut().zip(frames).for_each(|(place, x)| *place = *x);
                self.transform.analyse(&self.window, &mut self.workspace);
                powers(&self.workspace.spectrum, out);
            }
        }
        self.seen.let_go(n);
        &mut self.out[..n * self.channels * n_bins]
    }

    fn reset(&mut self) {
        self.seen.reset();
    }
}

impl fmt::Debug for SpectrumState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpectrumState").field("seen", &self.seen).finish_non_exhaustive()
    }
}
