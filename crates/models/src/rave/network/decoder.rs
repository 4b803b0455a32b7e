//! The decoder: latent curves become bands, a tonal part and a noise part.

use burn::tensor::Tensor;
use nn::{Weights, sigmoid, tanh};

use super::layers::{Conv, Interval, Layer, Row};
use super::noise::Noise;
use crate::rave::Config;

/// The encoder backwards, and the parts that end it.
#[derive(Debug)]
pub(crate) struct Decoder {
    row: Row,
    waveform: Conv,
    noise: Option<Noise>,
}

impl Decoder {
    pub(super) fn new(config: &Config) -> Self {
        let name = |place: usize| format!("decoder.net.{place}");
        let data = config.channels * config.n_band;
        let mut channels = config.capacity << config.ratios.len();
        let ends = [config.latent_size, channels];
        let mut layers = vec![Layer::Conv(Conv::centred(name(0), ends, config.kernel_size, 1))];
        let mut place = 1;
        for (stage, &ratio) in config.ratios.iter().enumerate().rev() {
            let quickening = Conv::upsampling(name(place + 1), [channels, channels / 2], ratio);
            layers.push(Layer::Conv(quickening.rectified()));
            channels /= 2;
            place += 2;
            for &dilation in config.decoder_dilations(stage) {
                layers.push(Layer::residual(&name(place), channels, config.kernel_size, dilation));
                place += 1;
            }
        }
        let wide = 2 * config.kernel_size + 1;
        let waveform =
            Conv::centred("decoder.waveform_module".into(), [channels, 2 * data], wide, 1);
        Self {
            row: Row(layers),
            waveform: waveform.rectified(),
            noise: config.has_noise.then(|| Noise::new(config)),
        }
    }

    /// Bands of sound. Shape: `[batch, latent, frames] -> [batch, bands, frames * ratio]`.
    ///
    /// `uniform` are the random numbers in [0, 1) that become noise: one for each sample of every band,
    /// frame after frame; see [`Noise`].
    pub(crate) fn forward(
        &self,
        weights: &Weights,
        latent: Tensor<3>,
        uniform: impl FnOnce() -> Vec<f32>,
    ) -> Tensor<3> {
        let x = self.row.forward(weights, latent);
        let noise = self.noise.as_ref().map(|noise| noise.forward(weights, x.clone(), uniform()));
        let both = self.waveform.forward(weights, x);
        let n_band = both.dims()[1] / 2;
        let wave = both.clone().narrow(1, 0, n_band);
        let amplitude = sigmoid(both.narrow(1, n_band, n_band));
        let tonal = wave * amplitude;
        tanh(match noise {
            Some(noise) => tonal + noise,
            None => tonal,
        })
    }

    pub(super) fn convs(&self) -> impl Iterator<Item = &Conv> {
        let noise = self.noise.iter().flat_map(Noise::convs);
        self.row.convs().chain([&self.waveform]).chain(noise)
    }

    pub(super) fn inputs_of(&self, outputs: Interval) -> Interval {
        let tonal = self.waveform.inputs_of(outputs);
        let (first, last) = match &self.noise {
            Some(noise) => {
                let noise = noise.inputs_of(outputs);
                (tonal.0.min(noise.0), tonal.1.max(noise.1))
            }
            None => tonal,
        };
        self.row.inputs_of((first, last))
    }
}
