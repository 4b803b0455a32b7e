//! Latent frames of a whole dataset, in memory that does not grow with it.

use anyhow::Context;
use models::{Codec, Randomness};

use super::super::{refuse, steps::Steps};
use crate::dataset::{Dataset, Shaper};

/// Frames that are kept, at most: enough for percentiles.
const FRAMES_MAX: u64 = 1 << 16;
/// Sound that is encoded, at most, in seconds: of a larger dataset excerpts are, spread evenly over it.
const ENCODED_SECS_MAX: f64 = 600.0;
/// An excerpt, and what is encoded before and after it so that its edges do not matter, in seconds.
const EXCERPT_SECS: f64 = 8.0;
const MARGIN_SECS: f64 = 1.0;
/// Samples that are read at a time.
const BLOCK: usize = 1 << 16;
/// A frame's loudness is that of at least so many seconds around it: a period of the lowest sounds.
const LOUDNESS_SECS: f64 = 0.04;

/// Frames of latents, spread evenly over a dataset.
pub(super) struct Frames {
    /// `[frame][latent]`: means.
    pub(super) latents: Vec<f32>,
    /// Where each frame is.
    pub(super) places: Vec<Place>,
}

/// Where a frame is, and how loud.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    /// The sound's place in the dataset.
    pub(super) sound: u32,
    /// The middle of the frame, in seconds from the sound's start.
    pub(super) secs: f64,
    /// Root mean square around it, in dB relative to full scale.
    pub(super) loudness_db: f32,
}

/// A part of a sound that is encoded at once, in latent frames.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    sound: usize,
    /// The frames that count, within the sound.
    from: u64,
    to: u64,
    /// Frames that are encoded around them.
    before: u64,
    after: u64,
}

impl Frames {
    /// Encodes a dataset with a model at a rate.
    pub(super) fn of(
        dataset: &Dataset,
        model: &dyn Codec,
        rate_hz: u32,
        steps: &mut Steps<'_>,
    ) -> anyhow::Result<Self> {
        let shape = model.shape();
        let summary = &dataset.index().summary;
        let lengths: Vec<u64> = dataset
            .index()
            .sounds
            .iter()
            .map(|it| audio::resampled_len(it.n_frames, summary.rate_hz, rate_hz))
            .map(|n_samples| n_samples.div_ceil(shape.ratio as u64))
            .collect();
        let pieces = pieces(&lengths, f64::from(rate_hz) / shape.ratio as f64);
        let n_all: u64 = pieces.iter().map(|piece| piece.to - piece.from).sum();
        let mut sieve = Sieve { every: n_all.div_ceil(FRAMES_MAX).max(1), n_seen: 0 };
        let mut frames = Self { latents: vec![], places: vec![] };
        let mut n_done = 0;
        for piece in pieces {
            let encoded = encode(dataset, model, rate_hz, piece)?;
            frames.keep(&encoded, piece, (rate_hz, shape.ratio), &mut sieve);
            n_done += piece.to - piece.from;
            steps.check(n_done as f64 / n_all.max(1) as f64)?;
        }
        if frames.latents.iter().any(|x| !x.is_finite()) {
            let why = "For some of the dataset's sounds it gives what is not a number.";
            let remedy = "Train it again, or choose an earlier checkpoint.";
            return refuse("not_finite", "The model's latents cannot be drawn.", why, remedy);
        }
        Ok(frames)
    }

    fn keep(
        &mut self,
        encoded: &Encoded,
        piece: Piece,
        (rate_hz, ratio): (u32, usize),
        sieve: &mut Sieve,
    ) {
        let around = (LOUDNESS_SECS * f64::from(rate_hz) / ratio as f64 / 2.0) as usize;
        let n = encoded.latents.first().map_or(0, Vec::len);
        for frame in piece.from..piece.to {
            let at = (frame - piece.from + piece.before) as usize;
            if !sieve.takes() || at >= n {
                continue;
            }
            self.latents.extend(encoded.latents.iter().map(|latent| latent[at]));
            let end = (at + around + 1).min(encoded.powers.len());
            let powers = encoded.powers.get(at.saturating_sub(around)..end).unwrap_or(&[]);
            let power = powers.iter().sum::<f64>() / powers.len().max(1) as f64;
            self.places.push(Place {
                sound: piece.sound as u32,
                secs: (frame as f64 + 0.5) * ratio as f64 / f64::from(rate_hz),
                loudness_db: audio::db_from_gain(power.sqrt()) as f32,
            });
        }
    }
}

/// Takes every so many frames.
struct Sieve {
    every: u64,
    n_seen: u64,
}

impl Sieve {
    fn takes(&mut self) -> bool {
        self.n_seen += 1;
        (self.n_seen - 1).is_multiple_of(self.every)
    }
}

/// Which parts of sounds of these lengths, in frames, are encoded: all of them, or excerpts in equal distances.
fn pieces(lengths: &[u64], frames_a_sec: f64) -> Vec<Piece> {
    let n_all: u64 = lengths.iter().sum();
    let whole = |(sound, to): (usize, &u64)| Piece { sound, from: 0, to: *to, before: 0, after: 0 };
    let secs = n_all as f64 / frames_a_sec;
    if secs <= ENCODED_SECS_MAX {
        return lengths.iter().enumerate().filter(|(_, n)| **n > 0).map(whole).collect();
    }
    let in_frames = |secs: f64| ((secs * frames_a_sec).ceil() as u64).max(1);
    let (excerpt, margin) = (in_frames(EXCERPT_SECS), in_frames(MARGIN_SECS));
    let distance = ((excerpt as f64) * secs / ENCODED_SECS_MAX) as u64;
    // Excerpts lie on one line on which all sounds follow each other; those that reach over an end are cut there.
    let (mut pieces, mut start) = (vec![], 0);
    for (sound, n) in lengths.iter().enumerate() {
        let end = start + n;
        let first_excerpt = (start + 1).saturating_sub(excerpt).div_ceil(distance);
        let places = (first_excerpt..).map(|i| i * distance).take_while(|at| *at < end);
        for at in places {
            let (from, to) = (at.max(start) - start, (at + excerpt).min(end) - start);
            let (before, after) = (margin.min(from), margin.min(n - to));
            pieces.push(Piece { sound, from, to, before, after });
        }
        start = end;
    }
    pieces
}

/// The latents of a piece with its surroundings, and the mean square of each frame's samples.
struct Encoded {
    /// `[latent][frame]`.
    latents: Vec<Vec<f32>>,
    powers: Vec<f64>,
}

fn encode(
    dataset: &Dataset,
    model: &dyn Codec,
    rate_hz: u32,
    piece: Piece,
) -> anyhow::Result<Encoded> {
    let shape = model.shape();
    let sound = &dataset.index().sounds[piece.sound];
    let from_hz = dataset.index().summary.rate_hz;
    let n_wanted = (piece.to - piece.from + piece.before + piece.after) * shape.ratio as u64;
    let first = (piece.from - piece.before) * shape.ratio as u64;
    // Where that is at the dataset's rate.
    let mut at = first * u64::from(from_hz) / u64::from(rate_hz);
    let mut shaper = Shaper::new(from_hz, rate_hz, shape.channels);
    let (mut shaped, mut n_given) = (vec![], 0u64);
    let mut powers = Powers { ratio: shape.ratio, sum: 0.0, n: 0, of: vec![] };
    let pull = |rows: &mut [Vec<f32>]| -> anyhow::Result<bool> {
        let n = BLOCK.min(usize::try_from(sound.n_frames.saturating_sub(at)).unwrap_or(BLOCK));
        if n == 0 || n_given >= n_wanted {
            shaper.finish(&mut shaped);
        } else {
            let block = dataset.read(sound, at, n).context("read the dataset")?;
            at += n as u64;
            shaper.push(block, None, &mut shaped);
        }
        let n_now = shaped[0].len().min((n_wanted - n_given) as usize);
        let new: Vec<&[f32]> = shaped.iter().map(|channel| &channel[..n_now]).collect();
        rows.iter_mut().zip(&new).for_each(|(row, new)| row.extend_from_slice(new));
        powers.push(&new);
        n_given += n_now as u64;
        Ok(n > 0 && n_given < n_wanted)
    };
    let mut latents = vec![vec![]; shape.latent_size];
    model.encode_pieces(Randomness::Off, pull, |made| -> anyhow::Result<()> {
        latents.iter_mut().zip(made).for_each(|(row, made)| row.extend_from_slice(made));
        Ok(())
    })?;
    Ok(Encoded { latents, powers: powers.finish() })
}

/// The mean square of every `ratio` samples.
struct Powers {
    ratio: usize,
    sum: f64,
    n: usize,
    of: Vec<f64>,
}

impl Powers {
    fn push(&mut self, channels: &[&[f32]]) {
        for i in 0..channels[0].len() {
            let square = |channel: &&[f32]| f64::from(channel[i]) * f64::from(channel[i]);
            self.sum += channels.iter().map(square).sum::<f64>() / channels.len() as f64;
            self.n += 1;
            if self.n == self.ratio {
                self.of.push(self.sum / self.n as f64);
                (self.sum, self.n) = (0.0, 0);
            }
        }
    }

    fn finish(mut self) -> Vec<f64> {
        if self.n > 0 {
            self.of.push(self.sum / self.n as f64);
        }
        self.of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_dataset_is_encoded_whole() {
        let found = pieces(&[10, 0, 500], 21.5);
        let whole = |sound, to| Piece { sound, from: 0, to, before: 0, after: 0 };
        assert_eq!(found, [whole(0, 10), whole(2, 500)]);
    }

    #[test]
    fn of_a_large_one_excerpts_are_spread_evenly() {
        let frames_a_sec = 86.0;
        // Three hours: many short sounds and two long ones.
        let mut lengths = vec![40u64; 2000];
        lengths.extend([200_000, 650_000]);
        let found = pieces(&lengths, frames_a_sec);
        let n_all: u64 = lengths.iter().sum();
        let n_encoded: u64 = found.iter().map(|it| it.to - it.from).sum();
        let wanted = ENCODED_SECS_MAX * frames_a_sec;
        assert!((n_encoded as f64 / wanted - 1.0).abs() < 0.02, "{n_encoded} {wanted}");
        for piece in &found {
            assert!(piece.from < piece.to && piece.to + piece.after <= lengths[piece.sound]);
            assert!(piece.before <= piece.from);
        }
        // As much of each half as it is long.
        let share = n_encoded as f64 / n_all as f64;
        for (range, n) in [(0..2000, 80_000.0), (2000..2001, 200_000.0), (2001..2002, 650_000.0)] {
            let of: u64 =
                found.iter().filter(|it| range.contains(&it.sound)).map(|it| it.to - it.from).sum();
            assert!((of as f64 / (n * share) - 1.0).abs() < 0.1, "{range:?}: {of}");
        }
        assert!(found.windows(2).all(|it| it[0].sound < it[1].sound || it[0].to <= it[1].from));
    }
}
