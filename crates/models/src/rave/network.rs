//! The layers of RAVE and how they are connected.
//!
//! Layers know their names and shapes; their weights are kept apart ([`nn::Parameters`]) under the
//! names of the original program, so that checkpoints of both have the same layout.

mod batch_norm;
pub(super) mod decoder;
pub(super) mod discriminator;
pub(super) mod encoder;
pub(super) mod extent;
pub(super) mod gru;
mod layers;
pub(super) mod mel;
pub(super) mod noise;
pub(super) mod pqmf;
pub(super) mod quantizer;

use burn::tensor::Tensor;
use nn::{Parameters, Weights};

use self::decoder::Decoder;
use self::discriminator::Discriminators;
use self::encoder::Encoder;
use self::extent::Extent;
use self::mel::Mel;
use self::pqmf::Pqmf;
use self::quantizer::Quantizer;
use super::{Config, DecoderOutput, EncoderInput};

/// Prefixes of the names of the generator's parameters.
pub(super) const ENCODER: &str = "encoder.";
/// See [`ENCODER`].
pub(super) const DECODER: &str = "decoder.";
/// The prefix of the names of the discriminators' parameters.
pub(super) const DISCRIMINATOR: &str = "discriminator.";

/// All layers of a model.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) pqmf: Pqmf,
    /// The mel spectrogram that replaces bands as the encoder's input, if configured.
    mel: Option<Mel>,
    pub(super) encoder: Encoder,
    /// Code books, if latents are quantised.
    pub(super) quantizer: Option<Quantizer>,
    pub(super) decoder: Decoder,
    pub(super) discriminators: Discriminators,
    output: DecoderOutput,
}

/// A sound and its bands.
pub(super) struct Sound {
    /// Shape: `[batch, channels, samples]`.
    pub(super) audio: Tensor<3>,
    /// Shape: `[batch, channels * bands, frames]`.
    pub(super) bands: Tensor<3>,
}

impl Network {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            pqmf: Pqmf::new(config.n_band, config.pqmf_attenuation, config.padding),
            mel: (config.encoder_input == EncoderInput::Mel).then(|| Mel::new(config)),
            encoder: Encoder::new(config),
            quantizer: config.is_quantized().then(|| Quantizer::new(config)),
            decoder: Decoder::new(config),
            discriminators: Discriminators::new(config),
            output: config.decoder_output,
        }
    }

    /// The number of trainable parameters in encoder and decoder, and in the discriminators.
    pub(super) fn n_values(&self) -> [usize; 2] {
        [self.encoder.n_values() + self.decoder.n_values(), self.discriminators.n_values()]
    }

    /// Random initial weights; the same seed gives the same weights.
    pub(super) fn initialise(&self, config: &Config, seed: u64) -> Parameters {
        let mut parameters = self.initialise_generator(config, seed);
        self.discriminators.initialise(seed, &mut parameters);
        parameters
    }

    /// Random initial weights of the encoder and the decoder alone.
    pub(super) fn initialise_generator(&self, config: &Config, seed: u64) -> Parameters {
        let mut parameters = Parameters::new();
        let gain = config.initial_gain as f32;
        self.encoder.initialise(seed, gain, &mut parameters);
        if let Some(quantizer) = &self.quantizer {
            quantizer.initialise(&mut parameters);
        }
        self.decoder.initialise(seed, gain, &mut parameters);
        parameters
    }

    /// A sound with its bands.
    pub(super) fn analysed(&self, audio: Tensor<3>) -> Sound {
        Sound { bands: self.pqmf.bands_from_audio(audio.clone()), audio }
    }

    /// The encoder's output for a sound; see [`Encoder::forward`] for the shape.
    pub(super) fn encoded(&self, weights: &Weights, sound: &Sound) -> Tensor<3> {
        let heard = match &self.mel {
            Some(mel) => mel.forward(sound.audio.clone()),
            None => sound.bands.clone(),
        };
        self.encoder.forward(weights, heard)
    }

    /// The sound of a latent; see [`Decoder::forward`] for noise and the random numbers.
    pub(super) fn decoded(
        &self,
        weights: &Weights,
        latent: Tensor<3>,
        has_noise: bool,
        uniform: impl FnOnce() -> Vec<f32>,
    ) -> Sound {
        self.joined(self.decoder.forward(weights, latent, has_noise, uniform))
    }

    /// [`Self::decoded`] from the output of [`Decoder::remembered`].
    pub(super) fn decoded_remembered(
        &self,
        weights: &Weights,
        latent: Tensor<3>,
        has_noise: bool,
        uniform: impl FnOnce() -> Vec<f32>,
    ) -> Sound {
        self.joined(self.decoder.forward_remembered(weights, latent, has_noise, uniform))
    }

    /// The decoder's output as a sound with its bands.
    fn joined(&self, made: Tensor<3>) -> Sound {
        match self.output {
            DecoderOutput::Bands => {
                Sound { audio: self.pqmf.audio_from_bands(made.clone()), bands: made }
            }
            DecoderOutput::Raw => {
                Sound { bands: self.pqmf.bands_from_audio(made.clone()), audio: made }
            }
        }
    }

    /// The latency of a reconstruction, in samples: the delay of the filter bank, if the decoder outputs
    /// bands.
    pub(super) fn delay_samples(&self) -> usize {
        match self.output {
            DecoderOutput::Bands => self.pqmf.delay_samples(),
            DecoderOutput::Raw => 0,
        }
    }

    /// The receptive field of a sample of the reconstruction, back and ahead, in samples of the input.
    ///
    /// Measured for the first sample of a frame, as in the original program; the field of the others differs
    /// slightly.
    pub(super) fn receptive_field(&self) -> (usize, usize) {
        let made = match self.output {
            DecoderOutput::Bands => self.pqmf.frames_of((0, 0)),
            DecoderOutput::Raw => (0, 0),
        };
        let heard = self.encoder.inputs_of(self.decoder.inputs_of(made));
        let (first, last) = match &self.mel {
            Some(mel) => mel.samples_of(heard),
            None => self.pqmf.samples_of(heard),
        };
        ((-first).max(0) as usize, (last + 1).max(0) as usize)
    }

    /// The memory that the encoder and the decoder need for one example of `samples`.
    pub(super) fn extents(&self, samples: usize, ratio: usize) -> [Extent; 2] {
        let hop = self.mel.as_ref().map_or(self.pqmf.n_band(), Mel::hop);
        let frames = samples as f64 / hop as f64;
        [
            layers::extent(self.encoder.convs(), frames),
            self.decoder.extent(samples as f64 / ratio as f64),
        ]
    }
}

/// A constant that can be combined with `x` in one operation: on its device, and in the gradient graph
/// if `x` is.
pub(super) fn constant_like<const D: usize, const C: usize>(
    x: &Tensor<D>,
    constant: Tensor<C>,
) -> Tensor<C> {
    let constant = constant.to_device(&x.device().inner());
    if x.is_autodiff() { constant.autodiff() } else { constant }
}
