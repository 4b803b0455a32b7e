//! Patterns: the parts that a sound falls into, each with what kind of part it is, how sure that is, and a vector that is
//! near those of similar parts.
//!
//! [`cut()`] says where a sound is cut, and [`describe_pattern`] what a part is like. A part is described from its own
//! samples alone, so that the same part cut out of its sound is described in the same way.

mod cut;
mod embedding;
mod kind;
mod scales;
mod spectra;

pub use cut::{Cut, CutSettings, WAYS, agreement, cut};
pub use embedding::{EMBEDDING_DIM, EMBEDDING_VERSION, raw_embedding};
pub use kind::Kind;

use self::spectra::Spectra;
use crate::{Clip, describe, harmony::at_rate, rms_db};

/// The rate at which patterns are heard, in Hz.
const RATE_HZ: u32 = 22_050;

/// What a part of a sound is like.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternDescription {
    /// The frequencies between which nine tenths of its power lie, in Hz.
    pub range_hz: [f64; 2],
    /// What kind of pattern it is.
    pub kind: Kind,
    /// The share of its parts that are of that kind by themselves.
    pub kind_confidence: f64,
    /// Words that describe it.
    pub words: Vec<&'static str>,
    /// The centre of its spectrum, in Hz.
    pub brightness_hz: f64,
    /// How often a second something begins.
    pub attacks_per_sec: f64,
    /// Its level, in dB of full scale.
    pub level_db: f64,
    /// Its vector, one long, of [`EMBEDDING_DIM`] numbers.
    pub embedding: Vec<f32>,
}

/// Describes a part of a sound from its samples, one channel; none for silence.
#[must_use]
pub fn describe_pattern(samples: &[f32], rate_hz: u32) -> Option<PatternDescription> {
    let samples = at_rate(samples, rate_hz, RATE_HZ);
    let measures = describe::measure(&samples, RATE_HZ)?;
    let spectra = Spectra::of(&samples);
    let (kind, kind_confidence) = kind::kind(&samples, &measures, &spectra);
    let mut words = describe::words(&measures, &describe::Context::default());
    words.extend(kind::more_words(&measures, &spectra));
    Some(PatternDescription {
        range_hz: spectra.range_hz(),
        kind,
        kind_confidence,
        words,
        brightness_hz: measures.brightness_hz,
        attacks_per_sec: measures.attacks_per_sec,
        embedding: embedding::embedding(&samples, &measures, &spectra),
        level_db: rms_db(&Clip { rate_hz: RATE_HZ, channels: vec![samples] }),
    })
}

#[cfg(test)]
mod tests;
