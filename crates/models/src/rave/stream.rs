//! RAVE as an instrument: sound in, latents and sound out, block by block, in real time.
//!
//! A [`Player`] allocates all its memory when created; playing neither allocates nor locks, and its
//! output does not depend on block sizes. It agrees with the original's streaming models.

pub(super) mod description;
mod latent;

use nn::Parameters;
use nn::stream::{Engine, Learning, Precision};

use self::description::Description;
use self::latent::LatentMaker;
pub use self::latent::Randomness;
use super::Config;
use super::network::Network;

/// Playback settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayerSettings {
    /// The largest block processed at once, in samples; longer blocks are split.
    pub max_block: usize,
    /// The precision in which weights are kept.
    pub precision: Precision,
    /// Seeded: latents are sampled from their posterior, as in training. Off: latents are its mean.
    pub latent: Randomness,
    /// The noise of the synthesiser, and the noise channels that some models append to their latents.
    pub noise: Randomness,
}

impl Default for PlayerSettings {
    /// Mean latents, with noise, for blocks of up to 2048 samples.
    fn default() -> Self {
        Self {
            max_block: 2048,
            precision: Precision::Float32,
            latent: Randomness::Off,
            noise: Randomness::Seeded(0),
        }
    }
}

/// The latency of models with these settings, in samples.
///
/// Latency depends on kernels, strides and dilations alone, so a network of one channel is enough to find it.
pub(super) fn latency_samples(config: &Config) -> usize {
    let num_quantizers = config.num_quantizers.min(1);
    let thin = Config { capacity: 1, num_quantizers, ..config.clone() };
    Player::untrained(&thin, PlayerSettings::default()).latency_samples()
}

/// A model that plays, with its state. Sound is planar, in [-1, 1].
#[derive(Debug)]
pub struct Player {
    encoder: Engine,
    decoder: Engine,
    latents: LatentMaker,
    channels: usize,
    latent_size: usize,
    max_block: usize,
    max_latents: usize,
    ratio: usize,
    bank_delay: usize,
    settings: PlayerSettings,
    noise: latent::Draws,
    /// Samples on their way into the encoder, interleaved.
    samples: Vec<f32>,
    /// Latents that the encoder made of the last block.
    encoded: Vec<f32>,
    /// The latents that the decoder takes, with noise channels.
    augmented: Vec<f32>,
    /// Samples waiting to be played, interleaved.
    waiting: Vec<f32>,
    n_waiting: usize,
}

impl Player {
    /// A model of these settings and weights.
    ///
    /// # Panics
    /// When `parameters` are not those of a model with these settings.
    #[must_use]
    pub fn new(config: &Config, parameters: &Parameters, settings: PlayerSettings) -> Self {
        let (ratio, channels) = (config.ratio(), config.channels);
        let max_block = settings.max_block.max(1);
        let description = Description { config, parameters };
        let precision = settings.precision;
        let encoder = Engine::new(&description.encoder(), channels, max_block, precision);
        let max_latents = max_block.div_ceil(ratio) + 1;
        let n_rows = config.decoder_latent_size();
        let decoder = Engine::new(&description.decoder(), n_rows, max_latents, precision);
        Self {
            latents: LatentMaker::new(config, parameters, settings.latent),
            channels,
            latent_size: config.latent_size,
            max_block,
            max_latents,
            ratio,
            bank_delay: description.bank_delay(),
            settings,
            noise: latent::Draws::new(settings.noise),
            samples: vec![0.0; channels * max_block],
            encoded: Vec::with_capacity(config.latent_size * max_latents),
            augmented: vec![0.0; n_rows * max_latents],
            waiting: vec![0.0; channels * (max_block + (max_latents + 1) * ratio)],
            n_waiting: 0,
            encoder,
            decoder,
        }
    }

    /// A model with random weights: no useful sound, but the same cost as a trained one.
    #[must_use]
    pub fn untrained(config: &Config, settings: PlayerSettings) -> Self {
        let parameters = Network::new(config).initialise_generator(config, 0);
        Self::new(config, &parameters, settings)
    }

    /// Plays a block: writes the output for `input` to `output`, as many samples in as many
    /// channels, delayed by [`Self::latency_samples`].
    ///
    /// Work comes in bursts: the block in which a latent frame begins computes all of the decoder's
    /// and most of the encoder's part of that frame.
    ///
    /// # Panics
    /// When the number of channels is not the model's, or their lengths differ.
    pub fn play(&mut self, input: &[&[f32]], output: &mut [&mut [f32]]) {
        assert!(input.len() == self.channels && output.len() == self.channels, "channels");
        let n = input[0].len();
        assert!(output.iter().all(|channel| channel.len() == n), "channels of equal length");
        for start in (0..n).step_by(self.max_block) {
            let end = (start + self.max_block).min(n);
            self.encode_part(input, start..end);
            self.decode_encoded();
            for (c, output) in output.iter_mut().enumerate() {
                let made = self.waiting.iter().skip(c).step_by(self.channels);
                output[start..end].iter_mut().zip(made).for_each(|(out, made)| *out = *made);
            }
            let n_played = (end - start) * self.channels;
            self.waiting.copy_within(n_played..self.n_waiting, 0);
            self.n_waiting -= n_played;
        }
    }

    /// Encodes a block of at most `max_block` samples to latents `[frames, latent]`: one for each
    /// [`Self::ratio`] samples, available with the first of them.
    ///
    /// # Panics
    /// When the block is too long, or does not have the model's channels, all equally long.
    pub fn encode(&mut self, input: &[&[f32]]) -> &[f32] {
        assert!(input.len() == self.channels, "channels");
        self.encode_part(input, 0..input[0].len());
        &self.encoded
    }

    /// Decodes latents `[frames, latent]` to interleaved sound
    /// `[frames * ratio, channels]`. At most as many frames as blocks of `max_block` samples can have.
    ///
    /// # Panics
    /// When there are more.
    pub fn decode(&mut self, latents: &[f32]) -> &[f32] {
        decode(&mut self.decoder, &mut self.noise, latents, self.latent_size, &mut self.augmented)
    }

    /// Clears the state of all layers and restarts the noise from its seed; style statistics stay.
    pub fn reset(&mut self) {
        self.reset_encoder();
        self.reset_decoder();
        self.latents.reset(self.settings.latent);
        self.noise = latent::Draws::new(self.settings.noise);
    }

    /// Clears the state of the encoder's layers; the next sample begins a latent frame.
    pub fn reset_encoder(&mut self) {
        self.encoder.reset();
        self.encoded.clear();
    }

    /// Clears the state of the decoder's layers, and the sound that waits to be played.
    pub fn reset_decoder(&mut self) {
        self.decoder.reset();
        self.n_waiting = 0;
    }

    /// Restarts random numbers from a seed, where there are any; the state of the layers stays.
    pub fn reseed(&mut self, seed: u64) {
        let anew = |randomness| match randomness {
            Randomness::Off => Randomness::Off,
            Randomness::Seeded(_) => Randomness::Seeded(seed),
        };
        self.latents.reset(anew(self.settings.latent));
        self.noise = latent::Draws::new(anew(self.settings.noise));
    }

    /// Samples per latent frame.
    #[must_use]
    pub fn ratio(&self) -> usize {
        self.ratio
    }

    /// The number of channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The number of latents.
    #[must_use]
    pub fn latent_size(&self) -> usize {
        self.latent_size
    }

    /// The number of frames that [`Self::decode`] takes at a time.
    #[must_use]
    pub fn max_latents(&self) -> usize {
        self.max_latents
    }

    /// The latency of the output, in samples, due to layers that look ahead and the filter bank.
    #[must_use]
    pub fn latency_samples(&self) -> usize {
        let decoder = self.decoder.delay() * self.ratio as f64;
        (self.encoder.delay() + decoder).round() as usize + self.bank_delay
    }

    /// By how many of these samples sound comes later than its latents: the filter bank is late by as much on either
    /// side.
    #[must_use]
    pub fn decoder_latency_samples(&self) -> usize {
        (self.decoder.delay() * self.ratio as f64).round() as usize + self.bank_delay / 2
    }

    /// The size of the weights, in bytes.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.encoder.weight_bytes() + self.decoder.weight_bytes()
    }

    /// Makes style layers gather statistics from now on; has no effect without such layers.
    pub fn learn(&mut self, learning: Learning) {
        self.encoder.learn(learning);
        self.decoder.learn(learning);
    }

    /// Makes style layers forget the source.
    pub fn forget_source(&mut self) {
        self.encoder.forget_source();
        self.decoder.forget_source();
    }

    /// Makes style layers forget the target.
    pub fn forget_target(&mut self) {
        self.encoder.forget_target();
        self.decoder.forget_target();
    }

    fn encode_part(&mut self, input: &[&[f32]], range: std::ops::Range<usize>) {
        let samples = &mut self.samples[..range.len() * self.channels];
        for (c, input) in input.iter().enumerate() {
            let places = samples.iter_mut().skip(c).step_by(self.channels);
            places.zip(&input[range.clone()]).for_each(|(place, x)| *place = *x);
        }
        let rows = self.encoder.process(samples, &mut |_| ());
        self.encoded.clear();
        self.latents.make(rows, &mut self.encoded);
    }

    fn decode_encoded(&mut self) {
        let made = decode(
            &mut self.decoder,
            &mut self.noise,
            &self.encoded,
            self.latent_size,
            &mut self.augmented,
        );
        self.waiting[self.n_waiting..self.n_waiting + made.len()].copy_from_slice(made);
        self.n_waiting += made.len();
    }
}

/// Appends noise channels to latents, and decodes them.
fn decode<'a>(
    decoder: &'a mut Engine,
    noise: &mut latent::Draws,
    latents: &[f32],
    latent_size: usize,
    augmented: &mut [f32],
) -> &'a [f32] {
    let n = latents.len() / latent_size;
    let n_rows = decoder.channels_in();
    let augmented = &mut augmented[..n * n_rows];
    for (latent, row) in latents.chunks_exact(latent_size).zip(augmented.chunks_exact_mut(n_rows)) {
        let (curves, noise_rows) = row.split_at_mut(latent_size);
        curves.copy_from_slice(latent);
        noise.fill_normal(noise_rows);
    }
    decoder.process(augmented, &mut |uniform| noise.fill_uniform(uniform))
}

#[cfg(test)]
mod tests;
