//! Recurrent layers at the start of the hybrid configuration's decoder.
//!
//! Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014, with the
//! gates of `torch.nn.GRU`.

use burn::tensor::Tensor;
use nn::{Init, Parameters, Weights, sigmoid, tanh};

use super::constant_like;
use crate::rave::Config;

/// Gated recurrent layers over latent curves, each as wide as the latent.
#[derive(Debug)]
pub(super) struct Gru {
    name: String,
    size: usize,
    n_layers: usize,
}

impl Gru {
    pub(super) fn new(name: &str, config: &Config) -> Self {
        Self { name: name.into(), size: config.decoder_latent_size(), n_layers: config.gru_layers }
    }

    /// Shape: `[batch, size, frames]`, unchanged; the memory is empty at first.
    pub(super) fn forward(&self, weights: &Weights, x: Tensor<3>) -> Tensor<3> {
        (0..self.n_layers).fold(x, |x, layer| self.layer(weights, layer, x))
    }

    fn layer(&self, weights: &Weights, layer: usize, x: Tensor<3>) -> Tensor<3> {
        let [batch, size, frames] = x.dims();
        let matrix = |part: &str| weights.get::<2>(&self.key(part, layer)).transpose();
        let bias = |part: &str| weights.get::<1>(&self.key(part, layer)).reshape([1, 3 * size]);
        // What the input adds to the gates is computed for all frames at once.
        let rows = x.swap_dims(1, 2).reshape([batch * frames, size]);
        let from_input = rows.matmul(matrix("weight_ih")) + bias("bias_ih");
        let from_input = from_input.reshape([batch, frames, 3 * size]);
        let (recurrent, recurrent_bias) = (matrix("weight_hh"), bias("bias_hh"));
        let zeros = Tensor::zeros([batch, size], &nn::device());
        let mut state: Tensor<2> = constant_like(&from_input, zeros);
        let mut states = Vec::with_capacity(frames);
        for frame in 0..frames {
            let input = from_input.clone().narrow(1, frame, 1).reshape([batch, 3 * size]);
            let memory = state.clone().matmul(recurrent.clone()) + recurrent_bias.clone();
            let part = |x: &Tensor<2>, i: usize| x.clone().narrow(1, i * size, size);
            let reset = sigmoid(part(&input, 0) + part(&memory, 0));
            let keep = sigmoid(part(&input, 1) + part(&memory, 1));
            let new = tanh(part(&input, 2) + reset * part(&memory, 2));
            state = new.clone() + keep * (state - new);
            states.push(state.clone());
        }
        Tensor::stack(states, 2)
    }

    pub(super) fn initialise(&self, seed: u64, parameters: &mut Parameters) {
        let bound = 1.0 / (self.size as f32).sqrt();
        for layer in 0..self.n_layers {
            for (part, columns) in PARTS {
                let key = self.key(part, layer);
                let shape = [3 * self.size, self.size];
                let shape = if columns { &shape[..] } else { &shape[..1] };
                let n = shape.iter().product();
                let values = Init::named(seed, &key).uniform(n, -bound, bound);
                parameters.insert(&key, shape, values);
            }
        }
    }

    pub(super) fn n_values(&self) -> usize {
        self.n_layers * 6 * self.size * (self.size + 1)
    }

    fn key(&self, part: &str, layer: usize) -> String {
        format!("{}.{part}_l{layer}", self.name)
    }
}

/// Parts of a layer, and whether each is a matrix.
const PARTS: [(&str, bool); 4] =
    [("weight_ih", true), ("weight_hh", true), ("bias_ih", false), ("bias_hh", false)];
