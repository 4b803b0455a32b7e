//! Words for a sound, each from a number and a threshold.

use super::Measures;
use crate::harmony::{ChordSpan, KeyFound, Mode};

/// What else is known of a sound when it is described; all of it may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Its key.
    pub key: Option<KeyFound>,
    /// Its chords.
    pub chords: &'a [ChordSpan],
    /// Its beats, in seconds.
    pub beats_s: &'a [f64],
    /// How sure its tempo is, from 0 to 1.
    pub tempo_confidence: f64,
}

/// A word, and when it is said.
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// What it is about: `spectral`, `timbral`, `rhythmic`, `harmonic`.
    pub about: &'static str,
    /// The number it comes from; none where that cannot be known.
    of: fn(&Measures, &Context<'_>) -> Option<f64>,
    /// It is said from this on.
    least: f64,
    /// And below this.
    below: f64,
}

const UP: f64 = f64::INFINITY;
const DOWN: f64 = f64::NEG_INFINITY;

/// All words, with the thresholds from which they are said; between those of a pair nothing is said.
#[rustfmt::skip]
pub const WORDS: &[Word] = &[
    Word { word: "bright", about: "spectral", of: |m, _| Some(m.brightness_hz), least: 2200.0, below: UP },
    Word { word: "dark", about: "spectral", of: |m, _| Some(m.brightness_hz), least: DOWN, below: 800.0 },
    Word { word: "bass-heavy", about: "spectral", of: |m, _| Some(m.bass_share), least: 0.5, below: UP },
    Word { word: "airy", about: "spectral", of: |m, _| Some(m.treble_share), least: 0.2, below: UP },
    Word { word: "noisy", about: "timbral", of: |m, _| Some(m.flatness_db), least: -8.0, below: UP },
    Word { word: "tonal", about: "timbral", of: |m, _| Some(m.flatness_db), least: DOWN, below: -18.0 },
    Word { word: "percussive", about: "timbral", of: |m, _| Some(percussiveness(m)), least: 0.5, below: UP },
    Word { word: "sustained", about: "timbral", of: |m, _| Some(percussiveness(m)), least: DOWN, below: 0.2 },
    Word { word: "dynamic", about: "timbral", of: |m, _| Some(m.dynamics_db), least: 22.0, below: UP },
    Word { word: "even", about: "timbral", of: |m, _| Some(m.dynamics_db), least: DOWN, below: 8.0 },
    Word { word: "busy", about: "rhythmic", of: |m, _| long(m, m.attacks_per_sec), least: 4.0, below: UP },
    Word { word: "sparse", about: "rhythmic", of: |m, _| long(m, m.attacks_per_sec), least: DOWN, below: 0.7 },
    Word { word: "steady", about: "rhythmic", of: |_, c| unevenness(c), least: DOWN, below: 0.03 },
    Word { word: "free", about: "rhythmic", of: |_, c| unevenness(c), least: 0.08, below: UP },
    Word { word: "major", about: "harmonic", of: |_, c| mode(c, Mode::Major), least: 0.5, below: UP },
    Word { word: "minor", about: "harmonic", of: |_, c| mode(c, Mode::Minor), least: 0.5, below: UP },
    Word { word: "one chord", about: "harmonic", of: |m, c| long(m, changes_per_sec(m, c)?), least: DOWN, below: 0.05 },
    Word { word: "many chords", about: "harmonic", of: |m, c| long(m, changes_per_sec(m, c)?), least: 0.7, below: UP },
];

/// The words that fit, in the order of the table.
#[must_use]
pub fn words(measures: &Measures, context: &Context<'_>) -> Vec<&'static str> {
    let fits =
        |it: &&Word| (it.of)(measures, context).is_some_and(|x| x >= it.least && x < it.below);
    WORDS.iter().filter(fits).map(|it| it.word).collect()
}

/// How much it is struck rather than held, from 0 to 1: it rises fast and is loud for little of the time.
fn percussiveness(measures: &Measures) -> f64 {
    (measures.attack_db / 30.0).clamp(0.0, 1.0) * (1.0 - measures.sustain)
}

/// A number that says something of sounds of two seconds and more only.
fn long(measures: &Measures, x: f64) -> Option<f64> {
    (measures.length_secs >= 2.0).then_some(x)
}

/// How unequal the times between beats are: the middle distance of neighbours, relative to a beat.
fn unevenness(context: &Context<'_>) -> Option<f64> {
    if context.beats_s.len() < 8 || context.tempo_confidence < 0.3 {
        return None;
    }
    let intervals: Vec<f64> = context.beats_s.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut changes: Vec<f64> =
        intervals.windows(2).map(|pair| (pair[1] - pair[0]).abs() / pair[0].max(1e-3)).collect();
    changes.sort_by(f64::total_cmp);
    changes.get(changes.len() / 2).copied()
}

fn mode(context: &Context<'_>, mode: Mode) -> Option<f64> {
    context.key.filter(|it| it.key.mode == mode).map(|it| it.confidence)
}

/// How often the chord changes; none where there is none at all.
fn changes_per_sec(measures: &Measures, context: &Context<'_>) -> Option<f64> {
    let real = context.chords.iter().filter(|it| it.chord != crate::harmony::Chord::None).count();
    (real > 0).then(|| (real - 1) as f64 / measures.length_secs)
}
