//! The layers of RAVE and how they are joined.
//!
//! Layers know their names and shapes; their weights are kept apart ([`nn::Parameters`]) under the
//! names of the original program, so that its checkpoints and ours are alike.

pub(super) mod decoder;
pub(super) mod discriminator;
pub(super) mod encoder;
mod layers;
pub(super) mod noise;
pub(super) mod pqmf;

use burn::tensor::Tensor;
use nn::{Parameters, Weights};

use self::decoder::Decoder;
use self::discriminator::Discriminators;
use self::encoder::Encoder;
use self::pqmf::Pqmf;
use super::Config;

/// Names of the parameters of the generator begin with one of these.
pub(super) const ENCODER: &str = "encoder.";
/// See [`ENCODER`].
pub(super) const DECODER: &str = "decoder.";
/// Names of the parameters of the discriminators begin with this.
pub(super) const DISCRIMINATOR: &str = "discriminator.";

/// All layers of a model.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) pqmf: Pqmf,
    pub(super) encoder: Encoder,
    pub(super) decoder: Decoder,
    pub(super) discriminators: Discriminators,
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
            pqmf: Pqmf::new(config.n_band, config.pqmf_attenuation),
            encoder: Encoder::new(config),
            decoder: Decoder::new(config),
            discriminators: Discriminators::new(config),
        }
    }

    /// How many numbers the encoder and the decoder learn, and how many the discriminators.
    pub(super) fn n_values(&self) -> [usize; 2] {
        let generator = self.encoder.convs().chain(self.decoder.convs());
        [
            generator.map(|conv| conv.n_values()).sum(),
            self.discriminators.convs().map(|conv| conv.n_values()).sum(),
        ]
    }

    /// Random first weights; the same seed gives the same.
    pub(super) fn initialise(&self, config: &Config, seed: u64) -> Parameters {
        let mut parameters = self.initialise_generator(config, seed);
        for conv in self.discriminators.convs() {
            conv.initialise(seed, 1.0, &mut parameters);
        }
        parameters
    }

    /// Random first weights of the encoder and the decoder alone.
    pub(super) fn initialise_generator(&self, config: &Config, seed: u64) -> Parameters {
        let mut parameters = Parameters::new();
        for conv in self.encoder.convs().chain(self.decoder.convs()) {
            conv.initialise(seed, config.initial_gain as f32, &mut parameters);
        }
        parameters
    }

    /// A sound with its bands.
    pub(super) fn analysed(&self, audio: Tensor<3>) -> Sound {
        Sound { bands: self.pqmf.bands_from_audio(audio.clone()), audio }
    }

    /// The sound of a latent; see [`Decoder::forward`] for the random numbers.
    pub(super) fn decoded(
        &self,
        weights: &Weights,
        latent: Tensor<3>,
        uniform: impl FnOnce() -> Vec<f32>,
    ) -> Sound {
        let bands = self.decoder.forward(weights, latent, uniform);
        Sound { audio: self.pqmf.audio_from_bands(bands.clone()), bands }
    }

    /// How far a sample of the reconstruction looks back and ahead, in samples of the input.
    ///
    /// It differs a little with the sample's place in its frame; this is the first of a frame, as the
    /// original program measures it.
    pub(super) fn receptive_field(&self) -> (usize, usize) {
        let bands = self.decoder.inputs_of(self.pqmf.frames_of((0, 0)));
        let latent = self.encoder.inputs_of(bands);
        let (first, last) = self.pqmf.samples_of(latent);
        (first.unsigned_abs() as usize, last.unsigned_abs() as usize + 1)
    }

    /// Numbers that an example of `samples` writes to memory on its way through the encoder, the
    /// decoder, and the discriminators.
    pub(super) fn activations(&self, samples: usize, ratio: usize) -> [f64; 3] {
        let frames = samples as f64 / self.pqmf.n_band() as f64;
        [
            layers::activations(self.encoder.convs(), frames),
            layers::activations(self.decoder.convs(), samples as f64 / ratio as f64),
            self.discriminators.activations(samples as f64),
        ]
    }
}

/// A constant that can be joined with `x` in one operation: in the gradient graph if `x` is.
pub(super) fn constant_like<const D: usize, const C: usize>(
    x: &Tensor<D>,
    constant: Tensor<C>,
) -> Tensor<C> {
    if x.is_autodiff() { constant.autodiff() } else { constant }
}
