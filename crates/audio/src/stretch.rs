//! Longer, shorter, higher, lower: sound in another time and at another pitch, each apart from the other.
//!
//! A phase vocoder does both (`stretch/vocoder.rs`). Around attacks the sound keeps its own speed for some milliseconds,
//! and what begins there its phases; the time between attacks takes up the change. This was chosen by measure over taking
//! struck sounds and tones apart first (Driedger, Müller and Ewert, 2014): docs/benchmarks.md has the figures.

mod attacks;
mod envelope;
mod read;
mod vocoder;
mod warp;

pub(crate) use read::sample_at;
pub use warp::Warp;

use self::{
    attacks::attacks_of,
    envelope::Formants,
    vocoder::{Attack, Windows, vocoded},
};
use crate::Clip;

/// How a sound is stretched besides its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// How much higher it becomes, in semitones.
    pub semitones: f64,
    /// Whether its colour stays where it is when the pitch moves, as for voices.
    pub keeps_formants: bool,
    /// How much is computed.
    pub quality: StretchQuality,
}

impl Default for Stretch {
    fn default() -> Self {
        Self { semitones: 0.0, keeps_formants: false, quality: StretchQuality::Best }
    }
}

/// How much is computed for a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StretchQuality {
    /// Four windows overlap: half the time.
    Fast,
    /// Eight windows overlap.
    Best,
}

/// The length of a window of the vocoder in seconds; the power of two above is taken.
const WINDOW_SECS: f64 = 0.06;
/// How far around an attack the sound keeps its own speed, in seconds.
const KEPT_SECS: f64 = 0.04;

/// A sound whose moments come when a [`Warp`] says, `n_out` frames long, at another pitch.
///
/// If neither time nor pitch moves, it is the same sound, bit for bit.
///
/// # Panics
/// If the pitch is not a number, or is moved by more than four octaves.
#[must_use]
pub fn warped(clip: &Clip, warp: &Warp, n_out: usize, stretch: Stretch) -> Clip {
    assert!(stretch.semitones.abs() <= 48.0, "a pitch moves by up to four octaves");
    if warp.is_identity() && stretch.semitones == 0.0 {
        let mut same = clip.clone();
        same.channels.iter_mut().for_each(|channel| channel.resize(n_out, 0.0));
        return same;
    }
    if clip.n_frames() == 0 || n_out == 0 {
        return Clip { channels: vec![vec![0.0; n_out]; clip.channels.len()], ..clip.clone() };
    }
    // Stretched by the pitch as well, and then read as much faster.
    let pitch = (stretch.semitones / 12.0).exp2();
    let n_long = (n_out as f64 * pitch).ceil() as usize + 64;
    let long = stretched(clip, &warp.longer(pitch), n_long, pitch, stretch);
    let channels = match stretch.semitones == 0.0 {
        true => long
            .into_iter()
            .map(|mut it| {
                it.truncate(n_out);
                it
            })
            .collect(),
        false => long.iter().map(|channel| read::read_at(channel, pitch, n_out)).collect(),
    };
    Clip { rate_hz: clip.rate_hz, channels }
}

/// Where something begins suddenly, in frames, in order: the places that a stretch keeps sharp.
#[must_use]
pub fn attacks(clip: &Clip) -> Vec<usize> {
    attacks_of(&clip.channels, clip.rate_hz)
}

/// How long a sound becomes: `round(n * ratio)`, at least one frame unless it is empty.
#[must_use]
pub fn stretched_len(n_frames: usize, ratio: f64) -> usize {
    if n_frames == 0 { 0 } else { ((n_frames as f64 * ratio).round() as usize).max(1) }
}

/// The sound in another time, as it is before its pitch moves.
fn stretched(
    clip: &Clip,
    warp: &Warp,
    n_out: usize,
    pitch: f64,
    stretch: Stretch,
) -> Vec<Vec<f32>> {
    let rate = f64::from(clip.rate_hz);
    let windows = Windows {
        len: ((WINDOW_SECS * rate) as usize).next_power_of_two().max(64),
        overlap: match stretch.quality {
            StretchQuality::Fast => 4,
            StretchQuality::Best => 8,
        },
    };
    let formants = (stretch.keeps_formants && pitch != 1.0)
        .then(|| Formants::new(windows.len, clip.rate_hz, pitch));
    let places = attacks(clip);
    let (warp, spans) = warp.kept_at(&places, KEPT_SECS * rate);
    let attacks = |place: &usize| {
        let span = spans.iter().find(|[start, end]| (*start..=*end).contains(&(*place as f64)));
        span.map(|[start, _]| Attack { start: *start, place: *place })
    };
    let attacks: Vec<Attack> = places.iter().filter_map(attacks).collect();
    vocoded(&clip.channels, &warp, &attacks, windows, formants, n_out)
}

#[cfg(test)]
mod tests;
