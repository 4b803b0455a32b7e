//! Runs a network over a sound of any length, in overlapping pieces.
//!
//! Pieces overlap by the receptive field, so that the result equals that of the whole sound at once.
//! Recurrent layers, whose receptive field is unbounded, run over all latents once, in order, before pieces
//! are cut.

use std::convert::Infallible;
use std::ops::Range;

use burn::tensor::Tensor;
use nn::{Init, Weights, from_values, values};

use super::{NOISE, Randomness, appending, at_once};
use crate::rave::latent::{Posterior, mean_latent, with_noise_channels};
use crate::rave::network::Network;
use crate::rave::network::gru::Memory;
use crate::rave::{Config, Regularization};

/// The length of a piece without its overlaps, in samples; limits memory.
const PIECE_SAMPLES: usize = 1 << 18;

/// A network with its weights, and the sizes of its pieces.
pub(super) struct Player<'a> {
    config: &'a Config,
    network: &'a Network,
    weights: &'a Weights,
    has_noise: bool,
    n_frames_piece: usize,
    /// Latent frames of overlap on either side of a piece.
    n_frames_around: usize,
}

impl<'a> Player<'a> {
    pub(super) fn new(
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

    /// This player with pieces of `n_frames_piece` latent frames.
    #[cfg(test)]
    pub(super) fn with_pieces_of(self, n_frames_piece: usize) -> Self {
        Self { n_frames_piece, ..self }
    }

    /// Latents of a sound that arrives block by block.
    pub(super) fn encoding(&'a self, randomness: Randomness) -> Encoding<'a> {
        Encoding::new(self, Wanted::Latents(randomness))
    }

    /// Codes of a sound that arrives block by block.
    pub(super) fn encoding_to_codes(&'a self) -> Encoding<'a> {
        Encoding::new(self, Wanted::Codes)
    }

    /// Sound of latents that arrive block by block.
    pub(super) fn decoding(&'a self, randomness: Randomness) -> Decoding<'a> {
        Decoding {
            player: self,
            randomness,
            memory: Memory::default(),
            curves: Window::new(self.config.decoder_latent_size()),
            is_ended: false,
            next_frame: 0,
            n_early: self.network.delay_samples(),
        }
    }

    /// Sends a sound through encoder and decoder.
    pub(super) fn reconstruct<E>(
        &self,
        mut pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
        mut push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut encoding = self.encoding(Randomness::Off);
        let mut decoding = self.decoding(NOISE);
        let mut n_made = 0;
        loop {
            let piece = decoding.next_piece(&mut |curves: &mut [Vec<f32>]| {
                let Some(made) = encoding.next_piece(&mut pull)? else { return Ok(false) };
                for (curve, made) in curves.iter_mut().zip(made) {
                    curve.extend(made);
                }
                Ok(true)
            })?;
            let Some(mut piece) = piece else { return Ok(()) };
            // The last frame may extend beyond the sound.
            let n_left = encoding.sound.end() - n_made;
            piece.iter_mut().for_each(|channel| channel.truncate(n_left));
            n_made += piece[0].len();
            push(&piece)?;
        }
    }

    pub(super) fn encode(&self, channels: &[Vec<f32>]) -> Vec<Vec<f32>> {
        self.encode_with(channels, Randomness::Off)
    }

    pub(super) fn encode_with(
        &self,
        channels: &[Vec<f32>],
        randomness: Randomness,
    ) -> Vec<Vec<f32>> {
        let mut latent = vec![Vec::new(); self.config.latent_size];
        let (mut encoding, mut pull) = (self.encoding(randomness), at_once(channels));
        let mut keep = appending(&mut latent);
        while let Ok::<_, Infallible>(Some(piece)) = encoding.next_piece(&mut pull) {
            let Ok(()) = keep(&piece);
        }
        drop(keep);
        latent
    }

    pub(super) fn decode(&self, latent: &[Vec<f32>]) -> Vec<Vec<f32>> {
        self.decode_with(latent, NOISE)
    }

    pub(super) fn decode_with(&self, latent: &[Vec<f32>], randomness: Randomness) -> Vec<Vec<f32>> {
        let mut channels = vec![Vec::new(); self.config.channels];
        let (mut decoding, mut pull) = (self.decoding(randomness), at_once(latent));
        let mut keep = appending(&mut channels);
        while let Ok::<_, Infallible>(Some(piece)) = decoding.next_piece(&mut pull) {
            let Ok(()) = keep(&piece);
        }
        drop(keep);
        channels
    }

    /// The noise of a frame, the same whichever piece the frame is in; its mean without a seed.
    fn noise(&self, frame: usize, randomness: Randomness) -> Vec<f32> {
        let n = self.config.ratio() * self.config.channels;
        match randomness {
            Randomness::Off => vec![0.5; n],
            Randomness::Seeded(seed) => of_frame(frame, seed, "playing").uniform(n, 0.0, 1.0),
        }
    }

    /// The noise channels of some frames, the same whichever piece a frame is in: `[channel][frame]`.
    fn curves(&self, frames: &Range<usize>, randomness: Randomness) -> Vec<f32> {
        let n_curves = self.config.noise_augmentation();
        rows(frames, n_curves, |frame| match randomness {
            Randomness::Off => vec![0.0; n_curves],
            Randomness::Seeded(seed) => of_frame(frame, seed, "curves").normal(n_curves),
        })
    }

    /// The piece that starts at a frame, in a sound of `n_frames`.
    fn piece(&self, start: usize, n_frames: usize) -> Piece {
        let end = start.saturating_add(self.n_frames_piece).min(n_frames);
        let seen = start.saturating_sub(self.n_frames_around)
            ..end.saturating_add(self.n_frames_around).min(n_frames);
        Piece { made: start..end, seen }
    }
}

/// Converts columns, one for each frame, to rows: `[row][frame]`.
fn rows(frames: &Range<usize>, n_rows: usize, column: impl Fn(usize) -> Vec<f32>) -> Vec<f32> {
    let columns: Vec<Vec<f32>> = frames.clone().map(column).collect();
    (0..n_rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect()
}

/// The random number generator of one frame, the same whichever piece the frame is in.
fn of_frame(frame: usize, seed: u64, name: &str) -> Init {
    Init::named(frame as u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), name)
}

/// Frames computed at once, and the frames of context needed for them.
struct Piece {
    made: Range<usize>,
    seen: Range<usize>,
}

impl Piece {
    /// The frames without overlaps, counted from the first frame of the piece.
    fn kept(&self) -> Range<usize> {
        self.made.start - self.seen.start..self.made.end - self.seen.start
    }
}

/// A sliding window over rows of numbers.
struct Window {
    first: usize,
    rows: Vec<Vec<f32>>,
}

impl Window {
    fn new(n_rows: usize) -> Self {
        Self { first: 0, rows: vec![Vec::new(); n_rows] }
    }

    /// The end of the shortest row, exclusive.
    fn end(&self) -> usize {
        self.first + self.rows.iter().map(Vec::len).min().unwrap_or(0)
    }

    /// A range of every row, one row after the other; zeros beyond the end.
    fn part(&self, range: &Range<usize>) -> Vec<f32> {
        let mut part = vec![0.0; self.rows.len() * range.len()];
        for (row, part) in self.rows.iter().zip(part.chunks_mut(range.len().max(1))) {
            let start = (range.start - self.first).min(row.len());
            let rest = &row[start..(range.end - self.first).min(row.len())];
            part[..rest.len()].copy_from_slice(rest);
        }
        part
    }

    fn forget_before(&mut self, at: usize) {
        let n = at.saturating_sub(self.first);
        for row in &mut self.rows {
            row.drain(..n.min(row.len()));
        }
        self.first += n;
    }
}

/// The form of output wanted from the encoder.
#[derive(Clone, Copy)]
enum Wanted {
    Latents(Randomness),
    Codes,
}

/// Encodes a sound piece by piece.
pub(super) struct Encoding<'a> {
    player: &'a Player<'a>,
    wanted: Wanted,
    sound: Window,
    is_ended: bool,
    next_frame: usize,
}

impl<'a> Encoding<'a> {
    fn new(player: &'a Player<'a>, wanted: Wanted) -> Self {
        let sound = Window::new(player.config.channels);
        Self { player, wanted, sound, is_ended: false, next_frame: 0 }
    }

    /// The next frames, `[row][frame]`; `None` after the last. `pull` appends samples to each channel
    /// and returns whether there may be more.
    pub(super) fn next_piece<E>(
        &mut self,
        pull: &mut impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
    ) -> Result<Option<Vec<Vec<f32>>>, E> {
        let ratio = self.player.config.ratio();
        let needed = self.player.piece(self.next_frame, usize::MAX).seen.end * ratio;
        while !self.is_ended && self.sound.end() < needed {
            self.is_ended = !pull(&mut self.sound.rows)?;
        }
        let n_samples = self.sound.end();
        let n_frames = match (self.is_ended, n_samples) {
            (false, _) => usize::MAX,
            (true, 0) => 0,
            (true, n) => (n + self.player.network.delay_samples()).div_ceil(ratio),
        };
        if self.next_frame >= n_frames {
            return Ok(None);
        }
        let piece = self.player.piece(self.next_frame, n_frames);
        let samples = self.sound.part(&(piece.seen.start * ratio..piece.seen.end * ratio));
        let made = self.encoded(samples, &piece.seen);
        let kept = made.chunks(piece.seen.len()).map(|row| row[piece.kept()].to_vec());
        let rows = kept.collect();
        self.next_frame = piece.made.end;
        let seen_next = self.next_frame.saturating_sub(self.player.n_frames_around);
        self.sound.forget_before((seen_next * ratio).min(n_samples));
        Ok(Some(rows))
    }

    /// The wanted output for samples `[channel][sample]`: `[row][frame]`.
    fn encoded(&self, samples: Vec<f32>, seen: &Range<usize>) -> Vec<f32> {
        let Player { config, network, weights, .. } = self.player;
        let shape = [1, config.channels, seen.len() * config.ratio()];
        let encoded = network.encoded(weights, &network.analysed(from_values(samples, shape)));
        let latents = |randomness: Randomness| -> Tensor<3> {
            let n_latents = config.latent_size;
            match (config.regularization, randomness) {
                (Regularization::Variational, Randomness::Seeded(seed)) => {
                    let normal = |frame| of_frame(frame, seed, "latents").normal(n_latents);
                    Posterior::new(encoded.clone()).sample(rows(seen, n_latents, normal))
                }
                _ => mean_latent(config, network, weights, encoded.clone()),
            }
        };
        match self.wanted {
            Wanted::Latents(randomness) => values(latents(randomness)),
            Wanted::Codes => {
                let quantizer = network.quantizer.as_ref().expect("a model with codes");
                let codes = quantizer.codes(weights, encoded);
                codes.into_iter().flatten().map(|code| code as f32).collect()
            }
        }
    }
}

/// Decodes latents piece by piece.
pub(super) struct Decoding<'a> {
    player: &'a Player<'a>,
    randomness: Randomness,
    memory: Memory,
    /// Latents with noise channels, after the recurrent layers.
    curves: Window,
    is_ended: bool,
    next_frame: usize,
    /// Samples still to be dropped at the beginning: the filter bank's delay.
    n_early: usize,
}

impl Decoding<'_> {
    /// The next samples, `[channel][sample]`; `None` after the last. `pull` appends frames to each latent
    /// and returns whether there may be more.
    pub(super) fn next_piece<E>(
        &mut self,
        pull: &mut impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
    ) -> Result<Option<Vec<Vec<f32>>>, E> {
        let ratio = self.player.config.ratio();
        let needed = self.player.piece(self.next_frame, usize::MAX).seen.end;
        while !self.is_ended && self.curves.end() < needed {
            let mut new = vec![Vec::new(); self.player.config.latent_size];
            self.is_ended = !pull(&mut new)?;
            self.remember(&new);
        }
        let n_frames = if self.is_ended { self.curves.end() } else { usize::MAX };
        if self.next_frame >= n_frames {
            return Ok(None);
        }
        let piece = self.player.piece(self.next_frame, n_frames);
        let audio = self.decoded(&piece.seen);
        let kept = piece.kept().start * ratio..piece.kept().end * ratio;
        let n_early = self.n_early.min(kept.len());
        self.n_early -= n_early;
        let kept = kept.start + n_early..kept.end;
        let of_channel = audio.chunks(piece.seen.len() * ratio);
        let channels = of_channel.map(|channel| channel[kept.clone()].to_vec()).collect();
        self.next_frame = piece.made.end;
        self.curves.forget_before(self.next_frame.saturating_sub(self.player.n_frames_around));
        Ok(Some(channels))
    }

    /// Appends new frames, after the recurrent layers.
    fn remember(&mut self, new: &[Vec<f32>]) {
        let Player { config, network, weights, .. } = self.player;
        let n = new.iter().map(Vec::len).min().unwrap_or(0);
        if n == 0 {
            return;
        }
        let frames = self.curves.end()..self.curves.end() + n;
        let curves: Vec<f32> = new.iter().flat_map(|curve| curve[..n].iter().copied()).collect();
        let curves = from_values(curves, [1, new.len(), n]);
        let curves =
            with_noise_channels(config, curves, self.player.curves(&frames, self.randomness));
        let curves = values(network.decoder.remembered(weights, curves, &mut self.memory));
        for (row, curve) in self.curves.rows.iter_mut().zip(curves.chunks(n)) {
            row.extend_from_slice(curve);
        }
    }

    /// The sound of some frames, one channel after the other.
    fn decoded(&self, seen: &Range<usize>) -> Vec<f32> {
        let Player { config, network, weights, has_noise, .. } = self.player;
        let shape = [1, config.decoder_latent_size(), seen.len()];
        let curves = from_values(self.curves.part(seen), shape);
        let noise =
            || seen.clone().flat_map(|frame| self.player.noise(frame, self.randomness)).collect();
        values(network.decoded_remembered(weights, curves, *has_noise, noise).audio)
    }
}
