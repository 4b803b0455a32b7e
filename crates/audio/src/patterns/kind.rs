//! What kind of pattern a part is, by rules over what was measured. The first rule that holds decides.
//!
//! | kind | rule |
//! |---|---|
//! | rhythmic | at least four attacks, and the envelope of onsets repeats itself by a half or more |
//! | granular | seven or more attacks a second that do not repeat |
//! | harmonic | tones stand out by 14 dB or more, and the sound is not noise |
//! | stochastic | the spectrum is flat to 9 dB, and changes little |
//! | atmospheric | four seconds and more, held, without a sudden attack |
//! | spectral | the centre of the spectrum moves by more than half an octave |
//! | textural | everything else |

use super::{RATE_HZ, spectra::Spectra};
use crate::{
    describe::{self, Measures},
    rhythm::Envelope,
};

/// A kind of pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Noise that stays as it is.
    Stochastic,
    /// Many short events without a beat.
    Granular,
    /// Its spectrum moves.
    Spectral,
    /// None of the others stands out.
    Textural,
    /// Events that repeat.
    Rhythmic,
    /// Tones.
    Harmonic,
    /// Long and held.
    Atmospheric,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Stochastic,
        Self::Granular,
        Self::Spectral,
        Self::Textural,
        Self::Rhythmic,
        Self::Harmonic,
        Self::Atmospheric,
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stochastic => "stochastic",
            Self::Granular => "granular",
            Self::Spectral => "spectral",
            Self::Textural => "textural",
            Self::Rhythmic => "rhythmic",
            Self::Harmonic => "harmonic",
            Self::Atmospheric => "atmospheric",
        }
    }
}

/// Groups of bands that are softer than the loudest band by more have no tones.
const TONE_RANGE_DB: f32 = 40.0;
/// Parts that are looked at by themselves: where each begins and ends, as shares of the whole.
const PARTS: [(f64, f64); 5] = [(0.0, 0.6), (0.1, 0.7), (0.2, 0.8), (0.3, 0.9), (0.4, 1.0)];

/// The kind of a part at the patterns' rate, and the share of its parts that are of that kind by themselves.
pub(super) fn kind(samples: &[f32], measures: &Measures, spectra: &Spectra) -> (Kind, f64) {
    let whole = by_rules(samples, measures, spectra);
    let mut n_same = 0;
    let mut n_heard = 0;
    for (from, to) in PARTS {
        let at = |share: f64| (share * samples.len() as f64) as usize;
        let part = &samples[at(from)..at(to)];
        let Some(measures) = describe::measure(part, RATE_HZ) else { continue };
        n_heard += 1;
        n_same += usize::from(by_rules(part, &measures, &Spectra::of(part)) == whole);
    }
    (whole, f64::from(n_same as u32) / f64::from(n_heard.max(1)))
}

fn by_rules(samples: &[f32], measures: &Measures, spectra: &Spectra) -> Kind {
    let (_, movement) = spectra.moments(|i| spectra.centre_octaves(i));
    let n_attacks = measures.attacks_per_sec * measures.length_secs.max(0.25);
    let repeats = regularity(samples);
    if n_attacks >= 3.5 && repeats >= 0.5 {
        Kind::Rhythmic
    } else if measures.attacks_per_sec >= 7.0 {
        Kind::Granular
    } else if tones_db(spectra) >= 14.0 && measures.flatness_db < -10.0 {
        Kind::Harmonic
    } else if measures.flatness_db >= -9.0 && movement < 0.5 {
        Kind::Stochastic
    } else if measures.length_secs >= 4.0 && measures.sustain >= 0.6 && measures.attack_db < 20.0 {
        Kind::Atmospheric
    } else if movement >= 0.5 {
        Kind::Spectral
    } else {
        Kind::Textural
    }
}

/// Words that only patterns have.
pub(super) fn more_words(measures: &Measures, spectra: &Spectra) -> Vec<&'static str> {
    let (_, movement) = spectra.moments(|i| spectra.centre_octaves(i));
    let tones = tones_db(spectra);
    let rings = measures.attack_db >= 15.0 && measures.sustain >= 0.1;
    let mut words = vec![];
    // Struck, bright and ringing, with tones that stand out.
    if measures.brightness_hz >= 1800.0 && tones >= 10.0 && rings && measures.flatness_db < -8.0 {
        words.push("metallic");
    }
    if measures.brightness_hz < 1200.0 && tones >= 10.0 {
        words.push("warm");
    }
    if movement >= 0.7 {
        words.push("moving");
    }
    if measures.length_secs < 0.5 {
        words.push("short");
    }
    if measures.length_secs >= 4.0 {
        words.push("long");
    }
    words
}

/// How far the strongest band of each group of 16 stands out of it, in dB, on average over groups with sound in them.
pub(super) fn tones_db(spectra: &Spectra) -> f64 {
    let of_frame = |i: usize| {
        let frame = spectra.frame_db(i);
        let loudest = frame.iter().copied().fold(f32::MIN, f32::max);
        let (mut sum, mut n) = (0.0, 0u32);
        for group in frame.chunks_exact(16) {
            let largest = group.iter().copied().fold(f32::MIN, f32::max);
            // What is much softer than the loudest is leakage, or nothing.
            if largest > loudest - TONE_RANGE_DB {
                sum += f64::from(largest - group.iter().sum::<f32>() / group.len() as f32);
                n += 1;
            }
        }
        sum / f64::from(n.max(1))
    };
    spectra.moments(of_frame).0
}

/// How much the envelope of onsets repeats itself, from 0 to 1: its largest correlation with itself between a fifth of a
/// second and half its length later.
pub(super) fn regularity(samples: &[f32]) -> f64 {
    let envelope = Envelope::of(samples, RATE_HZ);
    let mean = envelope.all.iter().sum::<f32>() / envelope.all.len().max(1) as f32;
    let wave: Vec<f64> = envelope.all.iter().map(|x| f64::from(x - mean)).collect();
    let largest_lag = (wave.len() / 2).min((2.0 * envelope.rate) as usize);
    let mut largest = 0.0f64;
    for lag in (0.2 * envelope.rate) as usize..largest_lag {
        let (early, late) = (&wave[..wave.len() - lag], &wave[lag..]);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        // Onsets may be a frame early or late.
        let near = |shift: usize| dot(&early[..early.len() - shift], &late[shift..]);
        let together = near(0) + 0.7 * near(1.min(early.len() - 1));
        let norm = (dot(early, early) * dot(late, late)).sqrt();
        largest = largest.max(together / norm.max(1e-9));
    }
    largest.clamp(0.0, 1.0)
}
