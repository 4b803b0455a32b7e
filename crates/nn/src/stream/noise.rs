//! Noise that is filtered block by block.

use super::elements::TransferState;
use super::{Node, Noise, Outlet, Packer, Play, Row, row, run};
use crate::kernels::elementwise;

/// A noise synthesiser with its state.
#[derive(Debug)]
pub(super) struct NoiseState {
    nodes: Row,
    channels: usize,
    n_amplitudes: usize,
    n_block: usize,
    response: Vec<f32>,
    /// One impulse response, one block of noise, and one block of what comes out.
    impulse: Vec<f32>,
    noise: Vec<f32>,
    filtered: Vec<f32>,
    out: Vec<f32>,
}

/// Subtracted from the layers' output, so that the noise starts out quiet.
const SHIFT: f32 = -5.0;

impl NoiseState {
    pub(super) fn new(noise: &Noise, inlet: Outlet, weights: &mut Packer) -> (Self, Outlet) {
        let (nodes, drawn) = row(&noise.layers, inlet, weights);
        let (channels, n_block) = (noise.channels, noise.n_block);
        let n_amplitudes = drawn.channels / channels;
        assert_eq!(drawn.channels, n_amplitudes * channels, "amplitudes of each channel");
        assert_eq!(noise.response.len(), n_amplitudes * n_block, "the matrix of responses");
        let outlet = Outlet {
            channels,
            max_frames: drawn.max_frames * n_block,
            frames_in: drawn.frames_in / n_block as f64,
            delay: drawn.delay,
        };
        let state = Self {
            nodes,
            channels,
            n_amplitudes,
            n_block,
            response: noise.response.clone(),
            impulse: vec![0.0; n_block],
            noise: vec![0.0; n_block],
            filtered: vec![0.0; n_block],
            out: vec![0.0; channels * outlet.max_frames],
        };
        (state, outlet)
    }

    /// The block of noise of one channel with these amplitudes, cut off at its end.
    fn filter(&mut self, amplitudes: &[f32]) {
        self.impulse.fill(0.0);
        for (amplitude, response) in amplitudes.iter().zip(self.response.chunks_exact(self.n_block))
        {
            elementwise::add_scaled(&mut self.impulse, response, *amplitude);
        }
        self.filtered.fill(0.0);
        for (k, h) in self.impulse.iter().enumerate() {
            let rest = self.n_block - k;
            elementwise::add_scaled(&mut self.filtered[k..], &self.noise[..rest], *h);
        }
    }
}

impl Node for NoiseState {
    fn run<'a>(&'a mut self, x: &'a mut [f32], play: &mut Play<'_>) -> &'a mut [f32] {
        let mut nodes = std::mem::take(&mut self.nodes);
        let amplitudes = run(&mut nodes, x, play);
        elementwise::loudness(amplitudes, SHIFT);
        let n = amplitudes.len() / self.n_amplitudes;
        for (i, amplitudes) in amplitudes.chunks_exact(self.n_amplitudes).enumerate() {
            (play.uniform)(&mut self.noise);
            self.noise.iter_mut().for_each(|u| *u = 2.0 * *u - 1.0);
            self.filter(amplitudes);
            let (frame, channel) = (i / self.channels, i % self.channels);
            let out = self.out[frame * self.n_block * self.channels + channel..].iter_mut();
            out.step_by(self.channels).zip(&self.filtered).for_each(|(out, x)| *out = *x);
        }
        self.nodes = nodes;
        &mut self.out[..n * self.n_block]
    }

    fn reset(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.reset());
    }

    fn for_each_transfer(&mut self, visit: &mut dyn FnMut(&mut TransferState)) {
        self.nodes.iter_mut().for_each(|node| node.for_each_transfer(visit));
    }
}
