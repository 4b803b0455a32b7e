//! The noise synthesiser: noise in every band, filtered by curves that the network draws.
//!
//! Every frame has a short impulse response for each band, made of amplitudes at a few frequencies,
//! and a block of uniform noise that it filters.
//!
//! Source: Engel et al., "DDSP: Differentiable Digital Signal Processing", 2020, with the lengths of
//! the second version of RAVE.

use std::f64::consts::TAU;

use burn::tensor::Tensor;
use nn::{Weights, filter_blocks, from_values, sigmoid};

use super::constant_like;
use super::layers::{Conv, Interval};
use crate::rave::Config;

/// The noise part of a decoder.
#[derive(Debug)]
pub(crate) struct Noise {
    convs: Vec<Conv>,
    n_data: usize,
    n_amplitudes: usize,
    /// Samples of a band in a block, which is as long as its impulse response.
    n_block: usize,
    /// Amplitudes to impulse responses: `[n_amplitudes, n_block]`.
    response: Tensor<2>,
}

impl Noise {
    pub(super) fn new(config: &Config) -> Self {
        let n_data = config.channels * config.n_band;
        let n_last = config.noise_ratios.len() - 1;
        let mut channels = config.capacity;
        let convs = config.noise_ratios.iter().enumerate().map(|(i, &ratio)| {
            let out = if i == n_last { n_data * config.noise_bands } else { config.noise_hidden };
            let name = format!("decoder.noise_module.net.{}", 2 * i);
            let conv = Conv::looking_back(name, [channels, out], ratio).rectified();
            channels = out;
            conv
        });
        let convs = convs.collect();
        let n_block = config.noise_ratios.iter().product();
        let response = impulse_responses(config.noise_bands, n_block);
        Self { convs, n_data, n_amplitudes: config.noise_bands, n_block, response }
    }

    /// Noise to add to bands. Shape: `[batch, channels, frames] -> [batch, bands, frames]`.
    ///
    /// `uniform` are numbers in [0, 1): `[batch, frames / block, bands, block]`.
    pub(super) fn forward(&self, weights: &Weights, x: Tensor<3>, uniform: Vec<f32>) -> Tensor<3> {
        let x = self.convs.iter().fold(x, |x, conv| conv.forward(weights, x));
        let [batch, _, n_blocks] = x.dims();
        let rows = batch * n_blocks * self.n_data;
        let level = x.swap_dims(1, 2).reshape([rows, self.n_amplitudes]);
        let amplitudes = mod_sigmoid(level - 5.0);
        let response = constant_like(&amplitudes, self.response.clone());
        let impulses = amplitudes.matmul(response);
        let noise = uniform.into_iter().map(|u| 2.0 * u - 1.0).collect();
        let filtered = filter_blocks(impulses, from_values(noise, [rows, self.n_block]));
        filtered.reshape([batch, n_blocks, self.n_data, self.n_block]).swap_dims(1, 2).reshape([
            batch,
            self.n_data,
            n_blocks * self.n_block,
        ])
    }

    pub(super) fn convs(&self) -> impl Iterator<Item = &Conv> {
        self.convs.iter()
    }

    pub(super) fn inputs_of(&self, (first, last): Interval) -> Interval {
        let block = self.n_block as i64;
        let blocks = (first.div_euclid(block), last.div_euclid(block));
        self.convs.iter().rev().fold(blocks, |interval, conv| conv.inputs_of(interval))
    }
}

/// A sigmoid for amplitudes, steeper and never quite 0: `2 sigmoid(x)^ln 10 + 1e-7`, with 2.3 for ln 10.
fn mod_sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    sigmoid(x).powf_scalar(2.3) * 2.0 + 1e-7
}

/// The matrix from amplitudes at evenly spaced frequencies to the impulse response in a block.
///
/// The response of zero phase is centred, windowed (Hann), cut or filled up to the block, and turned
/// back to start at its middle. Where it is longer than the block, as in RAVE's `v2_small`, only its
/// quiet beginning is left, and turned by what is not its middle: kept so for its stored models.
pub(crate) fn impulse_responses(n_amplitudes: usize, n_block: usize) -> Tensor<2> {
    let length = 2 * (n_amplitudes - 1);
    let half = length / 2;
    let windowed = |band: usize, i: usize| {
        let t = (i + length - half) % length;
        let sides = if band == 0 || band == half { 1.0 } else { 2.0 };
        let cosine = (TAU * (band * t) as f64 / length as f64).cos();
        let window = 0.5 - 0.5 * (TAU * i as f64 / length as f64).cos();
        sides * cosine * window / length as f64
    };
    let value = |band: usize, i: usize| {
        let i = (i + half) % n_block;
        if i < length { windowed(band, i) as f32 } else { 0.0 }
    };
    let values =
        (0..n_amplitudes).flat_map(|band| (0..n_block).map(move |i| value(band, i))).collect();
    from_values(values, [n_amplitudes, n_block])
}
