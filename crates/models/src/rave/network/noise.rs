//! The noise synthesiser: white noise in every band, filtered by time-varying amplitudes from the network.
//!
//! Every frame has a short impulse response for each band, made of amplitudes at a few frequencies,
//! and a block of uniform noise that it filters.
//!
//! Source: Engel et al., "DDSP: Differentiable Digital Signal Processing", 2020, with the lengths of
//! RAVE v2.

use std::f64::consts::TAU;

use burn::tensor::Tensor;
use nn::{Conv1d, Weights, conv1d, filter_blocks, from_values, sigmoid};

use super::constant_like;
use super::layers::{Conv, Interval, LayerActivation};
use crate::rave::{Config, DecoderOutput};

/// The noise part of a decoder.
#[derive(Debug)]
pub(crate) struct Noise {
    convs: Vec<Conv>,
    n_data: usize,
    n_amplitudes: usize,
    /// Samples of a band per block, which is as long as its impulse response.
    n_block: usize,
    /// Maps amplitudes to impulse responses: `[n_amplitudes, n_block]`.
    response: Tensor<2>,
}

impl Noise {
    /// The noise part of RAVE v1: centred convolutions, as wide as the decoder.
    pub(super) fn first(config: &Config) -> Self {
        let mut convs: Vec<Conv> = Vec::new();
        let out = config.channels * config.n_band * config.noise_bands;
        for (i, &ratio) in config.noise_ratios.iter().enumerate() {
            let is_last = i + 1 == config.noise_ratios.len();
            let ends = [config.capacity, if is_last { out } else { config.capacity }];
            let name = format!("decoder.synth.branches.2.net.{}", 2 * i);
            let conv = Conv::new(name, ends, 3, config.padding).strided(ratio).plain();
            convs.push(if i == 0 { conv } else { conv.rectified() });
        }
        Self::new(config, convs)
    }

    /// The noise part of RAVE v2: convolutions that look back.
    pub(super) fn second(config: &Config) -> Self {
        let rows = match config.decoder_output {
            DecoderOutput::Bands => config.n_band,
            DecoderOutput::Raw => 1,
        };
        let mut convs: Vec<Conv> = Vec::new();
        let mut channels = config.capacity;
        for (i, &ratio) in config.noise_ratios.iter().enumerate() {
            let is_last = i + 1 == config.noise_ratios.len();
            let rows_out = config.channels * rows * config.noise_bands;
            let out = if is_last { rows_out } else { config.noise_hidden };
            let name = |index: usize| format!("decoder.noise_module.net.{index}");
            let conv = Conv::looking_back(name(2 * i), [channels, out], ratio);
            // The decoder has already applied the activation before the first convolution.
            convs.push(match i {
                0 => conv,
                _ => {
                    conv.after(LayerActivation::new(config.activation, &name(2 * i - 1), channels))
                }
            });
            channels = out;
        }
        Self::new(config, convs)
    }

    fn new(config: &Config, convs: Vec<Conv>) -> Self {
        let n_block = config.noise_ratios.iter().product();
        let n_data = convs.last().map_or(0, Conv::channels_out) / config.noise_bands;
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
        let level = x.reshape([batch * self.n_data, self.n_amplitudes, n_blocks]);
        let amplitudes = mod_sigmoid(level - 5.0);
        let response = constant_like(&amplitudes, self.response.clone());
        let response = response.transpose().reshape([self.n_block, self.n_amplitudes, 1]);
        let impulses = conv1d(amplitudes, response, None, Conv1d::default());
        let impulses = impulses.reshape([batch, self.n_data, self.n_block, n_blocks]);
        let impulses = impulses.permute([0, 3, 1, 2]).reshape([rows, self.n_block]);
        let noise = uniform.into_iter().map(|u| 2.0 * u - 1.0).collect();
        let noise = constant_like(&impulses, from_values(noise, [rows, self.n_block]));
        let filtered = filter_blocks(impulses, noise);
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
pub(super) fn mod_sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    sigmoid(x).powf_scalar(2.3) * 2.0 + 1e-7
}

/// The matrix from amplitudes at evenly spaced frequencies to the impulse response in a block.
///
/// The zero-phase response is centred, windowed (Hann), cut or zero-padded to the block, and rotated
/// to start at its middle. Where it is longer than the block, as in RAVE's `v2_small`, only the quiet
/// beginning remains, rotated about the wrong point: kept for compatibility with stored models.
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
