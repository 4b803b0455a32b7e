//! Gated recurrent units, frame by frame.

use super::{GruLayer, Node, Outlet, Packer, Play};
use crate::kernels::elementwise;
use crate::kernels::frames::{Matrix, Window};

/// Layers of units with what they remember.
#[derive(Debug)]
pub(super) struct GruState {
    layers: Vec<LayerState>,
}

#[derive(Debug)]
struct LayerState {
    of_input: Matrix,
    of_hidden: Matrix,
    channels_in: usize,
    hidden: Vec<f32>,
    gates_input: Vec<f32>,
    gates_hidden: Vec<f32>,
    out: Vec<f32>,
}

impl GruState {
    pub(super) fn new(layers: &[GruLayer], inlet: Outlet, weights: &mut Packer) -> (Self, Outlet) {
        let mut outlet = inlet;
        let mut state = |layer: &GruLayer| {
            let n_hidden = layer.bias_hidden.len() / 3;
            let made = LayerState {
                of_input: matrix(&layer.weight_input, &layer.bias_input, outlet.channels, weights),
                of_hidden: matrix(&layer.weight_hidden, &layer.bias_hidden, n_hidden, weights),
                channels_in: outlet.channels,
                hidden: vec![0.0; n_hidden],
                gates_input: vec![0.0; 3 * n_hidden * outlet.max_frames],
                gates_hidden: vec![0.0; 3 * n_hidden],
                out: vec![0.0; n_hidden * outlet.max_frames],
            };
            outlet.channels = n_hidden;
            made
        };
        let layers = layers.iter().map(&mut state).collect();
        (Self { layers }, outlet)
    }
}

fn matrix(weight: &[f32], bias: &[f32], n_in: usize, store: &mut Packer) -> Matrix {
    assert_eq!(weight.len(), n_in * bias.len(), "weights of gated recurrent units");
    let window = Window { n_runs: 1, run_len: n_in, run_step: 0 };
    store.pack(window, [bias.len(), 1], bias, |out, i| weight[out * n_in + i])
}

impl LayerState {
    fn run<'a>(&'a mut self, x: &[f32], weights: &[u32]) -> &'a mut [f32] {
        let (n, n_hidden) = (x.len() / self.channels_in, self.hidden.len());
        self.of_input.product(weights, x, self.channels_in, n, &mut self.gates_input);
        let frames = self.gates_input.chunks_exact_mut(3 * n_hidden).take(n);
        for (gates, out) in frames.zip(self.out.chunks_exact_mut(n_hidden)) {
            self.of_hidden.product(weights, &self.hidden, n_hidden, 1, &mut self.gates_hidden);
            let (both, new) = gates.split_at_mut(2 * n_hidden);
            let (both_hidden, new_hidden) = self.gates_hidden.split_at(2 * n_hidden);
            elementwise::add(both, both_hidden);
            elementwise::sigmoid(both);
            let (reset, update) = both.split_at(n_hidden);
            for (new, (reset, hidden)) in new.iter_mut().zip(reset.iter().zip(new_hidden)) {
                *new += reset * hidden;
            }
            elementwise::tanh(new);
            for (hidden, (update, new)) in self.hidden.iter_mut().zip(update.iter().zip(&*new)) {
                *hidden = (1.0 - update) * new + update * *hidden;
            }
            out.copy_from_slice(&self.hidden);
        }
        &mut self.out[..n * n_hidden]
    }
}

impl Node for GruState {
    fn run<'a>(&'a mut self, x: &'a mut [f32], play: &mut Play<'_>) -> &'a mut [f32] {
        self.layers.iter_mut().fold(x, |x, layer| layer.run(x, play.weights))
    }

    fn reset(&mut self) {
        self.layers.iter_mut().for_each(|layer| layer.hidden.fill(0.0));
    }
}
