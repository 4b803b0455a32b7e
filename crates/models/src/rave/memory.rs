//! The memory that training needs, estimated from the shapes of all layers.
//!
//! A forward pass keeps what its backward pass needs. In phase 1 that is every layer of encoder and
//! decoder; in phase 2 it is the decoder and one discriminator at a time, which receives the original and
//! the reconstruction. Added to that are the weights, their gradients and the optimisers' moments.
//!
//! `tests/memory.rs` counts actual allocations; `cargo xtask bench memory` compares whole processes.

use super::network::Network;
use super::network::extent::Extent;
use super::{Config, Regularization};

/// The memory that training needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Arrays alive at the peak of phase 1 and of phase 2, in bytes.
    pub arrays_bytes: [u64; 2],
}

impl Memory {
    /// The memory of the training process at the peak of phase 1 and of phase 2, in bytes: arrays,
    /// memory lost to fragmentation, and the program itself.
    #[must_use]
    pub fn process_bytes(&self) -> [u64; 2] {
        self.arrays_bytes.map(|bytes| BASE_BYTES + (SPARE * bytes as f64) as u64)
    }

    pub(super) fn of(config: &Config, network: &Network) -> Self {
        let numbers = Numbers::new(config, network);
        Self { arrays_bytes: [numbers.phase_1(), numbers.phase_2()].map(|it| (4.0 * it) as u64) }
    }
}

/// A process that has loaded the program and its transform tables.
const BASE_BYTES: u64 = 24 << 20;
/// Process memory per byte of arrays at the peak.
const SPARE: f64 = 1.05;

/// Arrays as long as the sound, kept for decoding and comparing: the parts that are joined to bands, the
/// bands, the sound, and the gradients of both distances.
const OF_SOUND: f64 = 8.0;
/// The same for the noise part: random numbers, and what is computed from them.
const OF_NOISE: f64 = 2.0;
/// Arrays of the amplitudes that filter the noise.
const OF_NOISE_CURVES: f64 = 1.5;

/// Copies of all code books: codes, their moving averages, and the updated values of both in a step.
const OF_BOOKS: f64 = 4.5;

/// Counts of four-byte numbers.
struct Numbers {
    batch: f64,
    generator: f64,
    discriminators: f64,
    books: f64,
    /// Samples in a batch, in all channels.
    sound: f64,
    encoder: Extent,
    decoder: Extent,
    each: Vec<Extent>,
    has_average: bool,
    does_encoder_rest: bool,
}

impl Numbers {
    fn new(config: &Config, network: &Network) -> Self {
        let [generator, discriminators] = network.n_values();
        let [encoder, decoder] = network.extents(config.n_signal, config.ratio());
        let books = config.num_quantizers * config.codebook_size * config.latent_size;
        let block: usize = config.noise_ratios.iter().product();
        let curves = config.noise_bands as f64 / block as f64;
        let sounds = match config.has_noise {
            true => OF_SOUND + OF_NOISE + OF_NOISE_CURVES * curves,
            false => OF_SOUND,
        };
        Self {
            batch: config.batch_size as f64,
            generator: generator as f64,
            discriminators: discriminators as f64,
            books: if config.is_quantized() { OF_BOOKS * books as f64 } else { 0.0 },
            sound: sounds * (config.batch_size * config.channels * config.n_signal) as f64,
            encoder,
            decoder,
            each: network.discriminators.extents(config.channels, config.n_signal),
            has_average: config.ema > 0.0,
            does_encoder_rest: matches!(
                config.regularization,
                Regularization::Variational | Regularization::Wasserstein
            ),
        }
    }

    /// Weights, moments and the running average.
    fn state(&self, is_phase_2: bool) -> f64 {
        let average = if self.has_average { self.generator } else { 0.0 };
        let moments = if is_phase_2 { self.discriminators } else { 0.0 };
        3.0 * self.generator + average + self.books + self.discriminators + 2.0 * moments
    }

    /// The backward pass of encoder and decoder, or of the decoder alone, with all that they keep.
    fn learning(&self, learning: &Extent) -> f64 {
        // Each weight also exists in the form it is multiplied with. Gradients wait at branches; those of
        // weights appear as kept arrays are freed.
        let kept = self.sound + self.batch * (learning.back() + learning.largest());
        self.generator + kept.max(self.generator)
    }

    fn phase_1(&self) -> f64 {
        let state = self.state(false);
        state + self.learning(&self.encoder.with(&self.decoder))
    }

    fn phase_2(&self) -> f64 {
        let state = self.state(true);
        let learning = match self.does_encoder_rest {
            true => self.decoder.clone(),
            false => self.encoder.with(&self.decoder),
        };
        // The decoder keeps all its arrays while each discriminator runs.
        let most = |need: &dyn Fn(&Extent) -> f64| self.each.iter().map(need).fold(0.0, f64::max);
        let asked = most(&|one| self.batch * one.matched() + one.scratch);
        let asked = self.generator + self.sound + self.batch * learning.kept() + asked;
        let learnt = most(&|one| 2.0 * self.batch * one.back() + one.scratch);
        let learnt = self.discriminators + learnt;
        state + asked.max(learnt).max(self.learning(&learning))
    }
}
