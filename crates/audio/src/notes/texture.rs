//! Whether a sound is one voice, several notes of one instrument, or a mix: what decides how its notes are found.

use super::hz_from_midi;
use crate::{harmony::at_rate, pitches};

/// What a sound is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texture {
    /// One note at a time.
    Voice,
    /// Several notes at once.
    Several,
}

/// A sound is one voice if a single period explains most of it: the share of loud moments whose pitch is that sure.
const SHARE: f64 = 0.6;
/// Confidence of a pitch that leaves a twelfth of the sound unexplained.
const SURE: f32 = 0.9;

/// What a channel is made of: the share of its loud moments that repeat themselves exactly decides. Chords repeat
/// themselves, too, but only at the period of a note far below all of theirs.
#[must_use]
pub fn texture(samples: &[f32], rate_hz: u32) -> Texture {
    const RATE_HZ: u32 = 22_050;
    const HOP: usize = 1024;
    let samples = at_rate(samples, rate_hz, RATE_HZ);
    let range = [hz_from_midi(33.0) as f32, hz_from_midi(96.0) as f32];
    let found = pitches(&samples, RATE_HZ, range, HOP);
    let level = |i: usize| {
        let part = &samples[i * HOP..((i + 1) * HOP).min(samples.len())];
        (part.iter().map(|x| x * x).sum::<f32>() / part.len().max(1) as f32).sqrt()
    };
    let levels: Vec<f32> = (0..found.len()).map(level).collect();
    let loudest = levels.iter().fold(0.0f32, |max, x| max.max(*x));
    let loud: Vec<usize> = (0..found.len()).filter(|i| levels[*i] > 0.1 * loudest).collect();
    let sure = loud.iter().filter(|i| found[**i].is_some_and(|it| it.confidence >= SURE)).count();
    if sure as f64 >= SHARE * loud.len() as f64 { Texture::Voice } else { Texture::Several }
}
