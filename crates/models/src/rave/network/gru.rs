//! Recurrent layers at the start of the hybrid configuration's decoder.
//!
//! Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014, with the
//! gates of `torch.nn.GRU`.

use burn::tensor::Tensor;
use nn::{Conv1d, Init, Parameters, Weights, conv1d, sigmoid, tanh};

use crate::rave::Config;

/// Gated recurrent layers over latents, each as wide as the latent.
#[derive(Debug)]
pub(super) struct Gru {
    name: String,
    size: usize,
    n_layers: usize,
}

/// The hidden state of the recurrent layers, layer by layer.
#[derive(Debug, Default)]
pub(crate) struct Memory(Vec<Option<Tensor<3>>>);

impl Gru {
    pub(super) fn new(name: &str, config: &Config) -> Self {
        Self { name: name.into(), size: config.decoder_latent_size(), n_layers: config.gru_layers }
    }

    /// Shape: `[batch, size, frames]`, unchanged. `memory` is the hidden state after the frames before,
    /// empty at first; it is updated to the state after these.
    pub(super) fn forward(
        &self,
        weights: &Weights,
        x: Tensor<3>,
        memory: &mut Memory,
    ) -> Tensor<3> {
        memory.0.resize(self.n_layers, None);
        let layers = memory.0.iter_mut().enumerate();
        layers.fold(x, |x, (layer, state)| self.layer(weights, layer, x, state))
    }

    fn layer(
        &self,
        weights: &Weights,
        layer: usize,
        x: Tensor<3>,
        before: &mut Option<Tensor<3>>,
    ) -> Tensor<3> {
        let [batch, size, frames] = x.dims();
        let gates = |x: Tensor<3>, weight: &str, bias: &str| {
            let weight = weights.get::<2>(&self.key(weight, layer)).reshape([3 * size, size, 1]);
            let bias = weights.get::<1>(&self.key(bias, layer));
            conv1d(x, weight, Some(bias), Conv1d::default())
        };
        // The input's contribution to the gates is computed for all frames at once.
        let from_input = gates(x, "weight_ih", "bias_ih");
        let mut state: Tensor<3> = match before.take() {
            Some(state) => state,
            None => Tensor::zeros([batch, size, 1], &from_input.device()),
        };
        let mut states = Vec::with_capacity(frames);
        for frame in 0..frames {
            let input = from_input.clone().narrow(2, frame, 1);
            let memory = gates(state.clone(), "weight_hh", "bias_hh");
            let part = |x: &Tensor<3>, i: usize| x.clone().narrow(1, i * size, size);
            let reset = sigmoid(part(&input, 0) + part(&memory, 0));
            let keep = sigmoid(part(&input, 1) + part(&memory, 1));
            let new = tanh(part(&input, 2) + reset * part(&memory, 2));
            state = new.clone() + keep * (state - new);
            states.push(state.clone());
        }
        *before = Some(state);
        Tensor::cat(states, 2)
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

/// Parameters of a layer, and whether each is a matrix.
const PARTS: [(&str, bool); 4] =
    [("weight_ih", true), ("weight_hh", true), ("bias_ih", false), ("bias_hh", false)];
