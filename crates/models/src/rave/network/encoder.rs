//! The encoder: bands become the mean and scale of latent curves.

use burn::tensor::Tensor;
use nn::Weights;

use super::layers::{Conv, Interval, Layer, Row};
use crate::rave::Config;

/// Residual layers that look around, and strided convolutions that slow down, in turns.
#[derive(Debug)]
pub(crate) struct Encoder {
    row: Row,
}

impl Encoder {
    pub(super) fn new(config: &Config) -> Self {
        let name = |place: usize| format!("encoder.encoder.net.{place}");
        let data = config.channels * config.n_band;
        let mut channels = config.capacity;
        let wide = 2 * config.kernel_size + 1;
        let mut layers = vec![Layer::Conv(Conv::centred(name(0), [data, channels], wide, 1))];
        let mut place = 1;
        for (stage, &ratio) in config.ratios.iter().enumerate() {
            for &dilation in config.encoder_dilations(stage) {
                layers.push(Layer::residual(&name(place), channels, config.kernel_size, dilation));
                place += 1;
            }
            // A rectifier has a place of its own in the original's list.
            let slowing =
                Conv::centred(name(place + 1), [channels, 2 * channels], 2 * ratio, ratio);
            layers.push(Layer::Conv(slowing.rectified()));
            channels *= 2;
            place += 2;
        }
        let ends = [channels, 2 * config.latent_size];
        let last = Conv::centred(name(place + 1), ends, config.kernel_size, 1);
        layers.push(Layer::Conv(last.rectified()));
        Self { row: Row(layers) }
    }

    /// Means and scales of latent curves. Shape: `[batch, bands, frames] -> [batch, 2 * latent, frames / ratio]`.
    pub(crate) fn forward(&self, weights: &Weights, bands: Tensor<3>) -> Tensor<3> {
        self.row.forward(weights, bands)
    }

    pub(super) fn convs(&self) -> impl Iterator<Item = &Conv> {
        self.row.convs()
    }

    pub(super) fn inputs_of(&self, outputs: Interval) -> Interval {
        self.row.inputs_of(outputs)
    }
}
