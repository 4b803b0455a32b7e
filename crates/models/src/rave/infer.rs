//! A finished model: sound to latent curves and back, without gradients and in bounded memory.
//!
//! Sound is worked on in pieces that overlap by the receptive field, so that the result is that of the
//! whole at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use nn::{Init, NamedArray, Parameters, Weights, from_values, values};

use super::Config;
use super::latent::{mean_latent, with_curves};
use super::network::Network;
use super::space::LatentSpace;
use crate::Error;

/// A model that plays.
pub struct Model {
    config: Config,
    network: Network,
    parameters: Parameters,
    /// Whether the noise part of the first architecture is heard: it joins in phase 2.
    has_noise: bool,
    space: Option<LatentSpace>,
}

impl Model {
    /// Reads a checkpoint; only the encoder and the decoder in it.
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
        let has_noise = is_in_phase_2(&checkpoint.metadata, &config);
        let space = LatentSpace::from_arrays(&checkpoint.arrays);
        Ok(Self { config, network, parameters, has_noise, space })
    }

    /// The latent space as it was last measured, if it was.
    #[must_use]
    pub fn space(&self) -> Option<&LatentSpace> {
        self.space.as_ref()
    }

    /// The settings it was trained with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The reconstruction of a clip `[channel][sample]`, sample-aligned with it and as long.
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

    /// The same, telling before every piece how much is done, 0 to 1, and asking whether to go on;
    /// `None` if it was told not to.
    pub fn reconstruct_while(
        &self,
        channels: &[Vec<f32>],
        mut go_on: impl FnMut(f64) -> bool,
    ) -> Option<Vec<Vec<f32>>> {
        let weights = self.parameters.frozen();
        let player = self.player(&weights);
        let latent = player.encode_while(channels, |share| go_on(share / 2.0))?;
        let made = player.decode_while(&latent, |share| go_on(0.5 + share / 2.0))?;
        Some(as_long_as(made, channels))
    }

    /// The mean latent curves of a clip `[channel][sample]`. Shape: `[latent][frame]`, `ratio` samples
    /// a frame, one more than needed where the filter bank's delay asks for it.
    #[must_use]
    pub fn encode(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        self.player(&self.parameters.frozen()).encode(channels)
    }

    /// Sound from latent curves `[latent][frame]`, aligned with the clip that was encoded and at least
    /// as long.
    #[must_use]
    pub fn decode(&self, latent: &[Vec<f32>]) -> Vec<Vec<f32>> {
        self.player(&self.parameters.frozen()).decode(latent)
    }
}

impl Model {
    fn player<'a>(&'a self, weights: &'a Weights) -> Player<'a> {
        Player::new(&self.config, &self.network, weights, self.has_noise)
    }
}

/// What the names of the averaged weights in a checkpoint begin with.
pub(super) const AVERAGE: &str = "average.";

/// Whether a checkpoint is from phase 2.
fn is_in_phase_2(metadata: &BTreeMap<String, String>, config: &Config) -> bool {
    let step = metadata.get("step").and_then(|step| step.parse::<u64>().ok()).unwrap_or(0);
    metadata.contains_key("phase_2_from") || step >= config.phase_1_duration
}

/// The settings in the metadata of a checkpoint.
pub(super) fn config_of(metadata: &BTreeMap<String, String>, path: &Path) -> Result<Config, Error> {
    let wrong = |reason: String| Error::Settings { path: path.into(), reason };
    if metadata.get("family").is_none_or(|family| family != "rave") {
        return Err(wrong("it is not a checkpoint of the family rave".into()));
    }
    let text = metadata.get("settings").ok_or_else(|| wrong("there are none".into()))?;
    let settings = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    Config::from_settings(&settings).map_err(|problems| {
        let words = problems.iter().map(|problem| format!("{}: {}", problem.key, problem.message));
        wrong(words.collect::<Vec<_>>().join("; "))
    })
}

/// The deterministic reconstruction of a clip, sample-aligned with it and as long.
pub(super) fn reconstruct(
    config: &Config,
    network: &Network,
    weights: &Weights,
    has_noise: bool,
    channels: &[Vec<f32>],
) -> Vec<Vec<f32>> {
    let player = Player::new(config, network, weights, has_noise);
    as_long_as(player.decode(&player.encode(channels)), channels)
}

fn as_long_as(mut made: Vec<Vec<f32>>, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
    for (made, original) in made.iter_mut().zip(channels) {
        made.truncate(original.len());
    }
    made
}

/// Samples that are worked on at once, overlaps not counted: bounds the memory.
const PIECE_SAMPLES: usize = 1 << 18;

/// A network on its way through a sound, piece by piece.
struct Player<'a> {
    config: &'a Config,
    network: &'a Network,
    weights: &'a Weights,
    has_noise: bool,
    n_frames_piece: usize,
    /// Frames to either side that a piece has to see.
    n_frames_around: usize,
}

impl<'a> Player<'a> {
    fn new(
        config: &'a Config,
        network: &'a Network,
        weights: &'a Weights,
        has_noise: bool,
    ) -> Self {
        let (left, right) = network.receptive_field();
        Self {
            config,
            network,
            weights,
            has_noise,
            n_frames_piece: (PIECE_SAMPLES / config.ratio()).max(1),
            n_frames_around: left.max(right) / config.ratio() + 2,
        }
    }

    fn encode(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        self.encode_while(channels, |_| true).unwrap_or_default()
    }

    fn encode_while(
        &self,
        channels: &[Vec<f32>],
        mut go_on: impl FnMut(f64) -> bool,
    ) -> Option<Vec<Vec<f32>>> {
        let (ratio, delay) = (self.config.ratio(), self.network.delay_samples());
        let n_samples = channels.iter().map(Vec::len).max().unwrap_or(0);
        let n_frames = if n_samples == 0 { 0 } else { (n_samples + delay).div_ceil(ratio) };
        let mut latent = vec![Vec::with_capacity(n_frames); self.config.latent_size];
        for piece in self.pieces(n_frames, self.n_frames_piece) {
            if !go_on(piece.made.start as f64 / n_frames as f64) {
                return None;
            }
            let length = piece.seen.len() * ratio;
            let mut samples = vec![0.0; channels.len() * length];
            for (channel, samples) in channels.iter().zip(samples.chunks_mut(length)) {
                let rest = &channel[(piece.seen.start * ratio).min(channel.len())..];
                let rest = &rest[..rest.len().min(length)];
                samples[..rest.len()].copy_from_slice(rest);
            }
            let audio = from_values(samples, [1, channels.len(), length]);
            let encoded = self.network.encoded(self.weights, &self.network.analysed(audio));
            let mean = mean_latent(self.config, self.network, self.weights, encoded);
            let mean = values(mean);
            for (latent, mean) in latent.iter_mut().zip(mean.chunks(piece.seen.len())) {
                latent.extend_from_slice(&mean[piece.kept()]);
            }
        }
        Some(latent)
    }

    fn decode(&self, latent: &[Vec<f32>]) -> Vec<Vec<f32>> {
        self.decode_while(latent, |_| true).unwrap_or_default()
    }

    fn decode_while(
        &self,
        latent: &[Vec<f32>],
        mut go_on: impl FnMut(f64) -> bool,
    ) -> Option<Vec<Vec<f32>>> {
        let (ratio, delay) = (self.config.ratio(), self.network.delay_samples());
        let n_channels = self.config.channels;
        let n_frames = latent.iter().map(Vec::len).min().unwrap_or(0);
        let mut channels = vec![Vec::with_capacity(n_frames * ratio); n_channels];
        // What has a memory is decoded in one piece.
        let n_most = if self.network.decoder.has_memory() { n_frames } else { self.n_frames_piece };
        for piece in self.pieces(n_frames, n_most) {
            if !go_on(piece.made.start as f64 / n_frames as f64) {
                return None;
            }
            let curves: Vec<f32> =
                latent.iter().flat_map(|curve| curve[piece.seen.clone()].iter().copied()).collect();
            let curves = from_values(curves, [1, latent.len(), piece.seen.len()]);
            let curves = with_curves(self.config, curves, self.curves_of_chance(&piece.seen));
            let noise = || piece.seen.clone().flat_map(|frame| self.noise(frame)).collect();
            let sound = self.network.decoded(self.weights, curves, self.has_noise, noise);
            let audio = values(sound.audio);
            let kept = piece.kept();
            for (channel, audio) in channels.iter_mut().zip(audio.chunks(piece.seen.len() * ratio))
            {
                channel.extend_from_slice(&audio[kept.start * ratio..kept.end * ratio]);
            }
        }
        for channel in &mut channels {
            channel.drain(..delay.min(channel.len()));
        }
        Some(channels)
    }

    /// The random numbers of a frame, which are the same in whatever piece it is.
    fn noise(&self, frame: usize) -> Vec<f32> {
        let n = self.config.ratio() * self.config.channels;
        Init::named(frame as u64, "playing").uniform(n, 0.0, 1.0)
    }

    /// Curves of chance for some frames, each frame's the same in whatever piece it is: `[curve][frame]`.
    fn curves_of_chance(&self, frames: &Range<usize>) -> Vec<f32> {
        let n_curves = self.config.noise_augmentation();
        let of_frame = |frame: usize| Init::named(frame as u64, "curves").normal(n_curves);
        let rows: Vec<Vec<f32>> = frames.clone().map(of_frame).collect();
        (0..n_curves).flat_map(|curve| rows.iter().map(move |row| row[curve])).collect()
    }

    fn pieces(&self, n_frames: usize, n_most: usize) -> impl Iterator<Item = Piece> {
        (0..n_frames).step_by(n_most.max(1)).map(move |start| {
            let end = (start + n_most).min(n_frames);
            let seen = start.saturating_sub(self.n_frames_around)
                ..(end + self.n_frames_around).min(n_frames);
            Piece { made: start..end, seen }
        })
    }
}

/// Frames that are made at once, and those that are seen for it.
struct Piece {
    made: Range<usize>,
    seen: Range<usize>,
}

impl Piece {
    /// What is made, counted from the first that is seen.
    fn kept(&self) -> Range<usize> {
        self.made.start - self.seen.start..self.made.end - self.seen.start
    }
}

#[cfg(test)]
mod tests;
