//! Harmony: how a sound is tuned, in which key it is, and its chords in time.
//!
//! | want | call | source |
//! |---|---|---|
//! | all of it at once | [`harmony()`] | – |
//! | how far it is from A = 440 Hz | [`tuning_cents`] | Zhu, Kankanhalli and Gao (2005), peaks of spectra |
//! | which notes sound, folded to an octave | [`chroma()`] | Mauch and Dixon (2010), NNLS chroma |
//! | its chords | [`chords()`] | Mauch and Dixon (2010); Sheh and Ellis (2003), hidden Markov model |
//! | its key | [`key()`] | Krumhansl (1990); Temperley (2007), profiles of keys |
//!
//! Everything takes one channel at any rate. A minute of sound takes about 1 MB on the way, besides its samples.

mod chords;
mod chroma;
mod key;
mod log_spectrum;
mod nnls;
mod tuning;

pub use chords::{Chord, ChordSpan, Quality, chords};
pub use chroma::{Chroma, chroma};
pub use key::{Key, KeyFound, Mode, key};
pub(crate) use log_spectrum::{LogShape, LogSpectrum, whiten};
pub(crate) use nnls::Nnls;
pub use tuning::tuning_cents;

use crate::{Clip, resample};

/// The names of the twelve pitch classes, as they are mostly written; `mir_eval` reads them all.
pub const PITCH_CLASSES: [&str; 12] =
    ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// What was found of the harmony of a sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Harmony {
    /// How far it is tuned from A = 440 Hz, in cents: from -50 to 50; 0 where nothing has a pitch.
    pub tuning_cents: f64,
    /// Its key; none where nothing has a pitch.
    pub key: Option<KeyFound>,
    /// Its chords, from its start to its end without gaps.
    pub chords: Vec<ChordSpan>,
}

/// Tuning, key and chords of one channel. Chords change on the beats, if there are any, and more readily on the
/// first beats of bars; times are in seconds.
#[must_use]
pub fn harmony(samples: &[f32], rate_hz: u32, beats_s: &[f64], downbeats_s: &[f64]) -> Harmony {
    let tuning_cents = tuning_cents(samples, rate_hz);
    let chroma = chroma(samples, rate_hz, tuning_cents);
    // The key follows from the chords; then chords of the key are a little likelier.
    let first = chords(&chroma, None, beats_s, downbeats_s);
    let key = key(&chroma, &first);
    let chords = chords(&chroma, key.map(|found| found.key), beats_s, downbeats_s);
    Harmony { tuning_cents, key, chords }
}

/// One channel at another rate; what is not a number becomes silence.
pub(crate) fn at_rate(samples: &[f32], from_hz: u32, to_hz: u32) -> Vec<f32> {
    let clean = samples.iter().map(|x| if x.is_finite() { *x } else { 0.0 }).collect();
    let clip = Clip { rate_hz: from_hz, channels: vec![clean] };
    let mut channels =
        if from_hz == to_hz { clip.channels } else { resample(&clip, to_hz).channels };
    channels.swap_remove(0)
}

#[cfg(test)]
mod tests;
