//! A trained model: sound to latents and back, without gradients and in bounded memory.
//!
//! Sound is processed in pieces that overlap by the receptive field, so that the result equals that of
//! processing the whole at once. It may also come and go in pieces, so that its length costs no
//! memory; see [`pieces`].

mod pieces;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;

use nn::{NamedArray, Parameters, Weights, from_values, values};

use self::pieces::Player;
use super::export::{ExportSettings, Exported};
use super::latent::{mean_latent, with_noise_channels};
use super::network::Network;
use super::space::LatentSpace;
use super::stream::description::Description as Layers;
use super::stream::{self, PlayerSettings, Randomness};
use super::{Config, Phase, Regularization};
use crate::Error;

/// A model ready to play.
pub struct Model {
    config: Config,
    network: Network,
    parameters: Parameters,
    /// Whether the noise synthesiser, if any, is active: that of RAVE v1 joins in phase 2.
    has_noise: bool,
    space: Option<LatentSpace>,
    /// The metadata of its checkpoint.
    metadata: BTreeMap<String, String>,
}

impl Model {
    /// Reads the encoder and the decoder of a checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a checkpoint of this family.
    pub fn load(weights: &Path) -> Result<Self, Error> {
        let checkpoint = nn::checkpoint::read(weights)?;
        let config = config_of(&checkpoint.metadata, weights)?;
        let network = Network::new(&config);
        let mut parameters = network.initialise_generator(&config, 0);
        let average: Vec<NamedArray> = checkpoint
            .arrays
            .iter()
            .filter_map(|array| {
                let name = array.name.strip_prefix(AVERAGE)?.to_owned();
                Some(NamedArray { name, ..array.clone() })
            })
            .collect();
        parameters.load(if average.is_empty() { &checkpoint.arrays } else { &average })?;
        let has_noise =
            is_in_phase_2(&checkpoint.metadata, &config) || !network.decoder.has_late_noise();
        let space = space_of(&checkpoint.arrays, &config);
        let metadata = checkpoint.metadata;
        Ok(Self { config, network, parameters, has_noise, space, metadata })
    }

    /// A model with random weights: useless to listen to, but as expensive to run as a trained one.
    #[must_use]
    pub fn untrained(config: &Config, seed: u64) -> Self {
        let network = Network::new(config);
        let parameters = network.initialise_generator(config, seed);
        let metadata = BTreeMap::from([
            ("family".to_owned(), "rave".to_owned()),
            ("settings".to_owned(), config.to_settings().to_string()),
            ("step".to_owned(), "0".to_owned()),
            ("phase_2_from".to_owned(), "0".to_owned()),
        ]);
        let config = config.clone();
        Self { config, network, parameters, has_noise: true, space: None, metadata }
    }

    /// This model with another latent space.
    #[must_use]
    pub fn with_space(self, space: Option<LatentSpace>) -> Self {
        Self { space, ..self }
    }

    /// Writes encoder, decoder and latent space, without what only training needs, atomically.
    ///
    /// A safetensors file whose `__metadata__` contains, as text: `family`, `settings` (JSON), `step`, and,
    /// for other players, `sampling_rate` (Hz), `channels`, `latent_size` and `ratio` (samples
    /// per latent frame). Names and shapes of the arrays are PyTorch's in acids-rave.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let config = &self.config;
        let mut metadata = self.metadata.clone();
        for (key, value) in [
            ("sampling_rate", config.sampling_rate as usize),
            ("channels", config.channels),
            ("latent_size", config.latent_size),
            ("ratio", config.ratio()),
        ] {
            metadata.insert(key.to_owned(), value.to_string());
        }
        // These are only needed to continue training.
        for key in ["seed", "steps_back", "loss_scale", "loss_scale_steps"] {
            metadata.remove(key);
        }
        let mut arrays = self.parameters.to_arrays();
        arrays.extend(self.space.iter().flat_map(LatentSpace::to_arrays));
        Ok(nn::checkpoint::write(path, &arrays, &metadata)?)
    }

    /// Whether all weights equal another model's, bit by bit.
    #[must_use]
    pub fn has_weights_of(&self, other: &Self) -> bool {
        self.weights() == other.weights()
    }

    /// All weight arrays: name, shape and values as bits.
    pub(super) fn weights(&self) -> Vec<(String, Vec<usize>, Vec<u32>)> {
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
        let arrays = self.parameters.to_arrays().into_iter();
        arrays.map(|array| (array.name, array.shape, bits(array.values))).collect()
    }

    /// The number of weight arrays.
    #[must_use]
    pub fn n_arrays(&self) -> usize {
        self.parameters.names().count()
    }

    /// The latent space as last measured, if it was.
    #[must_use]
    pub fn space(&self) -> Option<&LatentSpace> {
        self.space.as_ref()
    }

    /// The settings it was trained with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The reconstruction of a clip `[channel][sample]`, sample-aligned and of the same length.
    ///
    /// Deterministic: the mean latent, and noise from a fixed seed.
    #[must_use]
    pub fn reconstruct(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        reconstruct(
            &self.config,
            &self.network,
            &self.parameters.frozen(),
            self.has_noise,
            channels,
        )
    }

    /// [`Self::reconstruct`] for a sound that arrives block by block, in memory that does not depend on its
    /// length.
    ///
    /// `pull` appends the next samples to each channel and returns whether more may follow; `push` gets
    /// the output, `[channel][sample]`, in all as long as the input.
    ///
    /// # Errors
    /// Those of `pull` and `push`, which end the processing.
    pub fn reconstruct_pieces<E>(
        &self,
        pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
        push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.player(&self.parameters.frozen()).reconstruct(pull, push)
    }

    /// Latents as returned by [`Self::encode`], `[latent][frame]`, of a sound that arrives as in
    /// [`Self::reconstruct_pieces`]. Those of a variational model are sampled from their posterior if `latent`
    /// has a seed.
    ///
    /// # Errors
    /// Those of `pull` and `push`, which end the processing.
    pub fn encode_pieces<E>(
        &self,
        latent: Randomness,
        mut pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
        mut push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let weights = self.parameters.frozen();
        let player = self.player(&weights);
        let mut encoding = player.encoding(latent);
        while let Some(rows) = encoding.next_piece(&mut pull)? {
            push(&rows)?;
        }
        Ok(())
    }

    /// The number of latent frames that [`Self::encode`] returns for a number of samples.
    #[must_use]
    pub fn n_latent_frames(&self, n_samples: u64) -> u64 {
        let delay = self.network.delay_samples() as u64;
        if n_samples == 0 { 0 } else { (n_samples + delay).div_ceil(self.config.ratio() as u64) }
    }

    /// The number of samples that [`Self::decode`] returns for a number of latent frames.
    #[must_use]
    pub fn n_decoded_samples(&self, n_frames: u64) -> u64 {
        let delay = self.network.delay_samples() as u64;
        (n_frames * self.config.ratio() as u64).saturating_sub(delay)
    }

    /// Sound as returned by [`Self::decode`], of latents that arrive block by block, as in
    /// [`Self::reconstruct_pieces`]; `noise` seeds the synthesiser's noise and the noise channels; seed 0 is
    /// the one used for reconstructions.
    ///
    /// # Errors
    /// Those of `pull` and `push`, which end the processing.
    pub fn decode_pieces<E>(
        &self,
        noise: Randomness,
        mut pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
        mut push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let weights = self.parameters.frozen();
        let player = self.player(&weights);
        let mut decoding = player.decoding(noise);
        while let Some(channels) = decoding.next_piece(&mut pull)? {
            push(&channels)?;
        }
        Ok(())
    }

    /// Whether latents are quantised, and the code books have been trained.
    #[must_use]
    pub fn has_codes(&self) -> bool {
        let weights = self.parameters.frozen();
        self.network.quantizer.as_ref().is_some_and(|quantizer| quantizer.is_ready(&weights))
    }

    /// The codes of a sound that arrives as in [`Self::reconstruct_pieces`]: `[book][frame]`, as many
    /// frames as [`Self::n_latent_frames`] says. They are integers far below 2^24, up to which `f32`
    /// is exact.
    ///
    /// # Errors
    /// Those of `pull` and `push`, which end the processing.
    ///
    /// # Panics
    /// When the model has no codes; see [`Self::has_codes`].
    pub fn code_pieces<E>(
        &self,
        mut pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
        mut push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let weights = self.parameters.frozen();
        let player = self.player(&weights);
        let mut encoding = player.encoding_to_codes();
        while let Some(rows) = encoding.next_piece(&mut pull)? {
            push(&rows)?;
        }
        Ok(())
    }

    /// The latents `[latent][frame]` represented by codes `[book][frame]`; `None` if there is
    /// no such code or book.
    #[must_use]
    pub fn latent_of_codes(&self, codes: &[Vec<usize>]) -> Option<Vec<Vec<f32>>> {
        let quantizer = self.network.quantizer.as_ref()?;
        quantizer.latent_of_codes(&self.parameters.frozen(), codes)
    }

    /// The model as an instrument, which plays block by block.
    #[must_use]
    pub fn live(&self, settings: PlayerSettings) -> stream::Player {
        let is_silent = !self.has_noise && self.config.noise_augmentation() == 0;
        let noise = if is_silent { Randomness::Off } else { settings.noise };
        stream::Player::new(&self.config, &self.parameters, PlayerSettings { noise, ..settings })
    }

    /// Whether latents can be ordered by the variance they explain, once the latent space has been measured.
    #[must_use]
    pub fn has_order(&self) -> bool {
        self.config.regularization == Regularization::Variational
    }

    /// This model with code books marked as trained, if it has any.
    #[cfg(test)]
    pub(super) fn with_used_codes(mut self) -> Self {
        let names: Vec<String> = self.parameters.names().map(str::to_owned).collect();
        for name in names {
            let Some(values) = self.parameters.values_mut(&name) else { continue };
            if name.ends_with("_codebook.inited") {
                values.fill(1.0);
            } else if name.ends_with("_codebook.embed") {
                let n = values.len();
                values.copy_from_slice(&nn::Init::named(0, &name).normal(n));
            }
        }
        self
    }

    /// Whether the noise synthesiser is active: that of RAVE v1 joins in phase 2.
    pub(super) fn has_noise(&self) -> bool {
        self.has_noise
    }

    /// The model as seen by another program's player.
    pub(super) fn exported(&self, settings: ExportSettings) -> Exported<'_> {
        let network = Layers { config: &self.config, parameters: &self.parameters };
        Exported::new(network, self.space.as_ref(), settings)
    }

    /// Mean latents of a whole sound, in whole frames, as the network computes them: zero-padded, and without
    /// compensation for the filter bank's delay. `[channel][sample]` to `[frames][latent]`.
    pub(super) fn plain_latents(&self, channels: &[&[f32]]) -> Vec<f32> {
        let weights = self.parameters.frozen();
        let shape = [1, channels.len(), channels[0].len()];
        let audio = from_values(channels.concat(), shape);
        let encoded = self.network.encoded(&weights, &self.network.analysed(audio));
        values(mean_latent(&self.config, &self.network, &weights, encoded).swap_dims(1, 2))
    }

    /// The sound of latents, as the network computes it, without noise: `[frames][latent]` to
    /// `[channel][sample]`, one channel after the other.
    pub(super) fn plain_sound(&self, latents: &[f32]) -> Vec<f32> {
        let weights = self.parameters.frozen();
        let n_frames = latents.len() / self.config.latent_size;
        let latents = from_values(latents.to_vec(), [1, n_frames, self.config.latent_size]);
        let nothing = vec![0.0; n_frames * self.config.noise_augmentation()];
        let curves = with_noise_channels(&self.config, latents.swap_dims(1, 2), nothing);
        let n_noise = n_frames * self.config.ratio() * self.config.channels;
        let noise = || vec![0.5; n_noise];
        values(self.network.decoded(&weights, curves, self.has_noise, noise).audio)
    }

    /// The mean latents of a clip `[channel][sample]`. Shape: `[latent][frame]`, `ratio` samples
    /// per frame, one more than needed if the filter bank's delay requires it.
    #[must_use]
    pub fn encode(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let weights = self.parameters.frozen();
        self.player(&weights).encode(channels)
    }

    /// Sound from latents `[latent][frame]`, aligned with the clip that was encoded and at least
    /// as long.
    #[must_use]
    pub fn decode(&self, latent: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let weights = self.parameters.frozen();
        self.player(&weights).decode(latent)
    }
}

/// A checkpoint without its weights: settings and progress.
#[derive(Clone, Debug)]
pub struct Description {
    /// The settings it was trained with.
    pub config: Config,
    /// Optimiser steps it was trained for, if stated.
    pub step: Option<u64>,
    /// The phase it was saved in.
    pub phase: Phase,
    /// The latent space as last measured, if it was.
    pub space: Option<LatentSpace>,
}

/// Reads the settings and the progress of a checkpoint; its weights stay on disk.
///
/// # Errors
/// As [`Model::load`].
pub fn describe(weights: &Path) -> Result<Description, Error> {
    let found = nn::checkpoint::read_some(weights, |name| LatentSpace::NAMES.contains(&name))?;
    let config = config_of(&found.metadata, weights)?;
    let is_in_phase_2 = is_in_phase_2(&found.metadata, &config);
    Ok(Description {
        step: found.metadata.get("step").and_then(|step| step.parse().ok()),
        phase: if is_in_phase_2 { Phase::Adversarial } else { Phase::Reconstruction },
        space: space_of(&found.arrays, &config),
        config,
    })
}

impl Model {
    fn player<'a>(&'a self, weights: &'a Weights) -> Player<'a> {
        Player::new(&self.config, &self.network, weights, self.has_noise)
    }
}

/// The noise of reconstructions.
const NOISE: Randomness = Randomness::Seeded(0);

/// The prefix of the names of averaged weights in a checkpoint.
pub(super) const AVERAGE: &str = "average.";

/// The latent space stored among arrays, if it fits such a model.
fn space_of(arrays: &[NamedArray], config: &Config) -> Option<LatentSpace> {
    LatentSpace::from_arrays(arrays).filter(|space| space.mean.len() == config.latent_size)
}

/// Whether a checkpoint is from phase 2.
fn is_in_phase_2(metadata: &BTreeMap<String, String>, config: &Config) -> bool {
    let step = metadata.get("step").and_then(|step| step.parse::<u64>().ok()).unwrap_or(0);
    metadata.contains_key("phase_2_from") || step >= config.phase_1_duration
}

/// The settings in the metadata of a checkpoint.
pub(super) fn config_of(metadata: &BTreeMap<String, String>, path: &Path) -> Result<Config, Error> {
    let wrong = |reason: String| Error::Settings { path: path.into(), reason };
    if metadata.get("family").is_none_or(|family| family != "rave") {
        return Err(wrong("it is not a RAVE checkpoint".into()));
    }
    let text = metadata.get("settings").ok_or_else(|| wrong("the file has none".into()))?;
    let settings = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    Config::from_settings(&settings).map_err(|problems| {
        let words = problems.iter().map(|problem| format!("{}: {}", problem.key, problem.message));
        wrong(words.collect::<Vec<_>>().join("; "))
    })
}

/// The deterministic reconstruction of a clip, sample-aligned and of the same length.
pub(super) fn reconstruct(
    config: &Config,
    network: &Network,
    weights: &Weights,
    has_noise: bool,
    channels: &[Vec<f32>],
) -> Vec<Vec<f32>> {
    let player = Player::new(config, network, weights, has_noise);
    let mut made = vec![Vec::new(); config.channels];
    let Ok(()) = player.reconstruct(at_once(channels), appending(&mut made));
    made
}

/// Supplies all rows as one piece.
fn at_once(rows: &[Vec<f32>]) -> impl FnMut(&mut [Vec<f32>]) -> Result<bool, Infallible> {
    move |place| {
        place.iter_mut().zip(rows).for_each(|(place, row)| place.extend_from_slice(row));
        Ok(false)
    }
}

/// Collects all pieces.
fn appending(rows: &mut [Vec<f32>]) -> impl FnMut(&[Vec<f32>]) -> Result<(), Infallible> {
    move |piece| {
        rows.iter_mut().zip(piece).for_each(|(row, piece)| row.extend_from_slice(piece));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
