//! The decoder: from latents to frequency bands or a waveform, as a tonal part and a noise part.

use burn::tensor::Tensor;
use nn::{Parameters, Weights, sigmoid, tanh};

use super::encoder::residual;
use super::extent::Extent;
use super::gru::{Gru, Memory};
use super::layers::{self, Conv, Interval, Layer, LayerActivation, Row, union};
use super::noise::{Noise, mod_sigmoid};
use crate::rave::{Architecture, Config, DecoderOutput};

/// The upsampling network and its output branches.
#[derive(Debug)]
pub(crate) struct Decoder {
    gru: Option<Gru>,
    row: Row,
    /// The activation after the row, before the tonal and the noise branch.
    last: LayerActivation,
    /// The tonal part.
    waveform: Conv,
    level: Level,
    noise: Option<Noise>,
}

/// The amplitude of the tonal part.
#[derive(Debug)]
enum Level {
    /// The second half of the tonal branch's channels are the amplitudes of the first half.
    Amplitudes,
    /// One loudness for all bands; the noise branch joins in phase 2.
    Loudness(Conv),
}

impl Decoder {
    pub(super) fn new(config: &Config) -> Self {
        match config.architecture {
            Architecture::V1 => Self::first(config),
            Architecture::V2 => Self::second(config),
        }
    }

    /// RAVE v1: a stack of residual units after each upsampling convolution.
    fn first(config: &Config) -> Self {
        let conv = |name: String, channels: [usize; 2], kernel: usize| {
            Conv::new(name, channels, kernel, config.padding)
        };
        let mut channels = config.capacity << config.decoder_ratios().len();
        let ends = [config.decoder_latent_size(), channels];
        let mut layers = vec![Layer::Conv(conv("decoder.net.0".into(), ends, 7))];
        // The original upsamples by the ratios in the encoder's order, not in reverse.
        for (stage, &ratio) in config.decoder_ratios().iter().enumerate() {
            let name = format!("decoder.net.{}.net.1", 1 + 2 * stage);
            let halved = [channels, channels / 2];
            // A stage that keeps the rate has a plain convolution in that place.
            let upsampling = match ratio {
                1 => conv(name, halved, 3),
                _ => Conv::upsampling(name, halved, ratio),
            };
            layers.push(Layer::Conv(upsampling.rectified()));
            channels /= 2;
            let stack = format!("decoder.net.{}.net.branches.0.net", 2 + 2 * stage);
            layers.extend(config.stack_dilations.iter().enumerate().map(|(i, &dilation)| {
                let name = format!("{stack}.{i}.net.aligned.branches.0");
                let kernels = [3, 3];
                Layer::residual(&name, channels, kernels, dilation, config.padding)
            }));
        }
        let part = |i: usize, rows: usize, kernel: usize| {
            conv(format!("decoder.synth.branches.{i}"), [channels, rows], kernel)
        };
        Self {
            gru: None,
            row: Row(layers),
            last: LayerActivation::None,
            waveform: part(0, rows_out(config), 7),
            level: Level::Loudness(part(1, 1, 3)),
            noise: config.has_noise.then(|| Noise::first(config)),
        }
    }

    /// RAVE v2: the encoder's dilated residual units, mirrored.
    fn second(config: &Config) -> Self {
        let name = |index: usize| format!("decoder.net.{index}");
        let ratios = config.decoder_ratios();
        let mut channels = config.capacity << ratios.len();
        let ends = [config.decoder_latent_size(), channels];
        let mut index = usize::from(config.gru_layers > 0);
        let first = Conv::new(name(index), ends, config.kernel_size, config.padding);
        let mut layers = vec![Layer::Conv(first)];
        index += 1;
        let activation = |index: usize, channels: usize| {
            LayerActivation::new(config.activation, &name(index), channels)
        };
        for (stage, &ratio) in ratios.iter().enumerate().rev() {
            let upsampling = Conv::upsampling(name(index + 1), [channels, channels / 2], ratio);
            layers.push(Layer::Conv(upsampling.after(activation(index, channels))));
            channels /= 2;
            index += 2;
            for &dilation in config.decoder_dilations(stage) {
                index += usize::from(config.has_adain);
                layers.push(residual(config, &name(index), channels, dilation));
                index += 1;
            }
        }
        // If there is a noise part, the tonal part has its own name.
        let waveform =
            if config.has_noise { "decoder.waveform_module".into() } else { name(index + 1) };
        let ends = [channels, 2 * rows_out(config)];
        let wide = 2 * config.kernel_size + 1;
        Self {
            gru: (config.gru_layers > 0).then(|| Gru::new("decoder.net.0.gru", config)),
            row: Row(layers),
            last: activation(index, channels),
            waveform: Conv::new(waveform, ends, wide, config.padding),
            level: Level::Amplitudes,
            noise: config.has_noise.then(|| Noise::second(config)),
        }
    }

    /// Decodes to bands. Shape: `[batch, latent, frames] -> [batch, bands, frames * ratio]`.
    ///
    /// `uniform` are the random numbers in [0, 1) that become noise: one for each sample of every band,
    /// frame after frame; see [`Noise`]. `has_noise` is whether the noise part of the first
    /// architecture is active yet.
    pub(crate) fn forward(
        &self,
        weights: &Weights,
        latent: Tensor<3>,
        has_noise: bool,
        uniform: impl FnOnce() -> Vec<f32>,
    ) -> Tensor<3> {
        let latent = self.remembered(weights, latent, &mut Memory::default());
        self.forward_remembered(weights, latent, has_noise, uniform)
    }

    /// Applies the recurrent layers, which continue from `memory`; returns the latent unchanged if there
    /// are none. Shape: `[batch, latent, frames]`, unchanged.
    pub(crate) fn remembered(
        &self,
        weights: &Weights,
        latent: Tensor<3>,
        memory: &mut Memory,
    ) -> Tensor<3> {
        match &self.gru {
            Some(gru) => gru.forward(weights, latent, memory),
            None => latent,
        }
    }

    /// [`Self::forward`] from the output of [`Self::remembered`]; looks back and ahead only within the
    /// receptive field.
    pub(crate) fn forward_remembered(
        &self,
        weights: &Weights,
        latent: Tensor<3>,
        has_noise: bool,
        uniform: impl FnOnce() -> Vec<f32>,
    ) -> Tensor<3> {
        let x = self.last.forward(weights, self.row.forward(weights, latent));
        let noise = self.noise.as_ref().filter(|_| has_noise || !self.has_late_noise());
        let noise = noise.map(|noise| noise.forward(weights, x.clone(), uniform()));
        let made = self.waveform.forward(weights, x.clone());
        match &self.level {
            Level::Amplitudes => {
                let rows = made.dims()[1] / 2;
                let wave = made.clone().narrow(1, 0, rows);
                let tonal = wave * sigmoid(made.narrow(1, rows, rows));
                tanh(match noise {
                    Some(noise) => tonal + noise,
                    None => tonal,
                })
            }
            Level::Loudness(conv) => {
                let tonal = tanh(made) * mod_sigmoid(conv.forward(weights, x));
                match noise {
                    Some(noise) => tonal + noise,
                    None => tonal,
                }
            }
        }
    }

    /// Whether the noise part is silent in phase 1.
    pub(crate) fn has_late_noise(&self) -> bool {
        matches!(self.level, Level::Loudness(_))
    }

    pub(super) fn convs(&self) -> impl Iterator<Item = &Conv> {
        let loudness = match &self.level {
            Level::Amplitudes => None,
            Level::Loudness(conv) => Some(conv),
        };
        let noise = self.noise.iter().flat_map(Noise::convs);
        self.row.convs().chain([&self.waveform]).chain(loudness).chain(noise)
    }

    /// The memory it needs for one example of `frames` latent frames.
    pub(super) fn extent(&self, frames: f64) -> Extent {
        let mut extent = layers::extent(self.convs(), frames);
        if let LayerActivation::Snake { channels, .. } = &self.last {
            extent.keep(frames * layers::ratio(self.row.convs()) * *channels as f64);
        }
        extent
    }

    pub(super) fn initialise(&self, seed: u64, gain: f32, parameters: &mut Parameters) {
        if let Some(gru) = &self.gru {
            gru.initialise(seed, parameters);
        }
        self.row.initialise(seed, gain, parameters);
        self.last.initialise(parameters);
        for conv in self.ends() {
            conv.initialise(seed, gain, parameters);
        }
    }

    pub(super) fn n_values(&self) -> usize {
        let gru = self.gru.as_ref().map_or(0, Gru::n_values);
        let ends: usize = self.ends().map(Conv::n_values).sum();
        gru + self.row.n_values() + self.last.n_values() + ends
    }

    pub(super) fn inputs_of(&self, outputs: Interval) -> Interval {
        let mut of_parts = self.waveform.inputs_of(outputs);
        if let Level::Loudness(conv) = &self.level {
            of_parts = union(of_parts, conv.inputs_of(outputs));
        }
        if let Some(noise) = &self.noise {
            of_parts = union(of_parts, noise.inputs_of(outputs));
        }
        self.row.inputs_of(of_parts)
    }

    /// The convolutions after the row.
    fn ends(&self) -> impl Iterator<Item = &Conv> {
        self.convs().skip(self.row.convs().count())
    }
}

fn rows_out(config: &Config) -> usize {
    config.channels
        * match config.decoder_output {
            DecoderOutput::Bands => config.n_band,
            DecoderOutput::Raw => 1,
        }
}
