//! The encoder: from frequency bands or a mel spectrogram to the parameters of latents.

use burn::tensor::Tensor;
use nn::{Parameters, Weights};

use super::batch_norm::BatchNorm;
use super::layers::{Conv, Interval, Layer, LayerActivation, Row};
use crate::rave::{Architecture, Config, EncoderInput};

/// Residual units and strided convolutions that downsample, alternating.
#[derive(Debug)]
pub(crate) struct Encoder {
    row: Row,
}

impl Encoder {
    pub(super) fn new(config: &Config) -> Self {
        let row = match config.architecture {
            Architecture::V1 => first(config),
            Architecture::V2 => second(config),
        };
        Self { row: Row(row) }
    }

    /// Computes the parameters of latents. Shape:
    /// `[batch, bands, frames] -> [batch, rows per latent * latent, frames / ratio]`.
    pub(crate) fn forward(&self, weights: &Weights, bands: Tensor<3>) -> Tensor<3> {
        self.row.forward(weights, bands)
    }

    pub(super) fn convs(&self) -> impl Iterator<Item = &Conv> {
        self.row.convs()
    }

    pub(super) fn initialise(&self, seed: u64, gain: f32, parameters: &mut Parameters) {
        self.row.initialise(seed, gain, parameters);
    }

    pub(super) fn n_values(&self) -> usize {
        self.row.n_values()
    }

    pub(super) fn inputs_of(&self, outputs: Interval) -> Interval {
        self.row.inputs_of(outputs)
    }
}

fn name(index: usize) -> String {
    format!("encoder.encoder.net.{index}")
}

fn rows_in(config: &Config) -> usize {
    config.channels
        * match config.encoder_input {
            EncoderInput::Bands => config.n_band,
            EncoderInput::Mel => config.n_mels,
        }
}

/// RAVE v1: convolutions with batch normalisation and a leaky ReLU between them.
fn first(config: &Config) -> Vec<Layer> {
    let conv = |index: usize, channels: [usize; 2], kernel: usize| {
        Conv::new(name(index), channels, kernel, config.padding).plain()
    };
    let mut channels = config.capacity;
    let mut layers = vec![Layer::Conv(conv(0, [rows_in(config), channels], 7))];
    let mut index = 1;
    for &ratio in &config.ratios {
        layers.push(Layer::BatchNorm(BatchNorm::new(name(index), channels)));
        let downsampling = conv(index + 2, [channels, 2 * channels], 2 * ratio + 1).strided(ratio);
        layers.push(Layer::Conv(downsampling.rectified()));
        channels *= 2;
        index += 3;
    }
    let rows = config.rows_per_latent();
    let last = conv(index + 1, [channels, rows * config.latent_size], 5).grouped(rows);
    layers.push(Layer::Conv(last.rectified()));
    layers
}

/// RAVE v2: dilated residual units between the downsampling convolutions.
fn second(config: &Config) -> Vec<Layer> {
    let conv = |index: usize, channels: [usize; 2], kernel: usize| {
        Conv::new(name(index), channels, kernel, config.padding)
    };
    let activation = |index: usize, channels: usize| {
        LayerActivation::new(config.activation, &name(index), channels)
    };
    let mut channels = config.capacity;
    let wide = 2 * config.kernel_size + 1;
    let mut layers = vec![Layer::Conv(conv(0, [rows_in(config), channels], wide))];
    let mut index = 1;
    for (stage, &ratio) in config.ratios.iter().enumerate() {
        for &dilation in config.encoder_dilations(stage) {
            // AdaIN has no weights, but occupies an index in the original's list of layers.
            index += usize::from(config.has_adain);
            layers.push(residual(config, &name(index), channels, dilation));
            index += 1;
        }
        let downsampling = conv(index + 1, [channels, 2 * channels], 2 * ratio).strided(ratio);
        layers.push(Layer::Conv(downsampling.after(activation(index, channels))));
        channels *= 2;
        index += 2;
    }
    let ends = [channels, config.rows_per_latent() * config.latent_size];
    let last = conv(index + 1, ends, config.kernel_size);
    layers.push(Layer::Conv(last.after(activation(index, channels))));
    layers
}

/// The residual unit of RAVE v2, at an index of the encoder or the decoder.
///
/// Always with leaky ReLUs: the original's snake configurations mean these layers too, but do not
/// reach them, and its checkpoints were trained that way.
pub(super) fn residual(config: &Config, index: &str, channels: usize, dilation: usize) -> Layer {
    let name = format!("{index}.aligned.branches.0.net");
    let kernels = [config.kernel_size, 1];
    Layer::residual(&name, channels, kernels, dilation, config.padding)
}
