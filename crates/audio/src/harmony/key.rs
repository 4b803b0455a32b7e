//! The key of a sound: which of 24 fits its notes and its chords best.
//!
//! Source of the method and of the profiles: Krumhansl, "Cognitive foundations of musical pitch" (1990), chapters 2 and
//! 4. Chords tell a minor key from the major one with the same notes; how much each degree counts follows how common it
//! is in either mode (Temperley, "Music and probability", 2007, chapter 6), rounded.

use std::fmt;

use super::{Chord, ChordSpan, Chroma, PITCH_CLASSES};

/// How well each note goes with a key, from the tonic up.
const MAJOR: [f64; 12] = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88];
const MINOR: [f64; 12] = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17];

/// How much a chord speaks for a key: semitones above the tonic, whether it is minor, and how much.
const OF_MAJOR: [(u8, bool, f64); 6] = [
    (0, false, 1.3),
    (2, true, 0.8),
    (4, true, 0.6),
    (5, false, 1.0),
    (7, false, 1.1),
    (9, true, 0.8),
];
const OF_MINOR: [(u8, bool, f64); 7] = [
    (0, true, 1.3),
    (3, false, 0.7),
    (5, true, 1.0),
    (7, false, 1.1),
    (7, true, 0.55),
    (8, false, 0.8),
    (10, false, 0.8),
];
/// What chords count against the profile of notes.
const CHORDS: f64 = 1.5;
/// How sharply a better fit is preferred, for the confidence alone: with 12, relative keys that were taken for each
/// other on rendered songs still had 0.9.
const SHARPNESS: f64 = 5.0;
/// Below this difference between its notes, relative to their mean, a sound has no key. Measured: noise and
/// drums are below.
const CONTRAST_MIN: f64 = 0.2;

/// A pitch class is notable that is at least so strong, relative to the strongest of its moment, for such a share of the
/// time. A tone has harmonics that are other pitch classes, as its fifth and its third; of single notes of basses, guitars,
/// organs and drones the third strongest class reaches 0.11 of the time, of music it has 0.19 or more.
const NOTABLE_LEVEL: f32 = 0.5;
const NOTABLE_TIME: f64 = 0.15;
/// With fewer notable pitch classes every key that has them fits as well as another, so there is none to know.
const CLASSES_MIN: usize = 3;

/// Whether a key has a major or a minor third.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A major third.
    Major,
    /// A minor third.
    Minor,
}

/// A key. It is written as `C major` or `F# minor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The pitch class of its tonic; C is 0.
    pub tonic: u8,
    /// Its mode.
    pub mode: Mode,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            Mode::Major => "major",
            Mode::Minor => "minor",
        };
        write!(f, "{} {mode}", PITCH_CLASSES[usize::from(self.tonic) % 12])
    }
}

/// A key that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyFound {
    /// The key.
    pub key: Key,
    /// How sure that is, from 0 to 1: its share among all keys, each by how well it fits. It says how much better this key
    /// fits than others, and nothing of how much there was to hear: a chord that is held fits its own key best.
    pub confidence: f64,
}

/// The key that fits best on the whole: its profile correlates with the notes, and the chords are its own.
///
/// None for silence, for sounds whose notes are all about equally strong, and for those that have fewer than three pitch
/// classes besides harmonics, as a single tone.
#[must_use]
pub fn key(chroma: &Chroma, chords: &[ChordSpan]) -> Option<KeyFound> {
    let notes = histogram(chroma);
    let mean = notes.iter().sum::<f64>() / 12.0;
    if mean <= 0.0 || deviation(&notes) < CONTRAST_MIN * mean {
        return None;
    }
    if n_notable(chroma) < CLASSES_MIN {
        return None;
    }
    let triads = triads(chords);
    let fits: [f64; 24] = std::array::from_fn(|i| {
        let key = candidate(i);
        let profile = if key.mode == Mode::Major { &MAJOR } else { &MINOR };
        let rotated =
            std::array::from_fn(|class| profile[(class + 12 - usize::from(key.tonic)) % 12]);
        correlation(&notes, &rotated) + CHORDS * share(&triads, key)
    });
    let best = (0..24).max_by(|a, b| fits[*a].total_cmp(&fits[*b]))?;
    let sum: f64 = fits.iter().map(|fit| (SHARPNESS * (fit - fits[best])).exp()).sum();
    Some(KeyFound { key: candidate(best), confidence: 1.0 / sum })
}

/// The keys in order: twelve major ones, twelve minor ones.
fn candidate(i: usize) -> Key {
    let mode = if i < 12 { Mode::Major } else { Mode::Minor };
    Key { tonic: (i % 12) as u8, mode }
}

/// The share of the time of each triad, major ones first; sevenths count as their triads.
fn triads(chords: &[ChordSpan]) -> [f64; 24] {
    let mut secs = [0.0; 24];
    for span in chords {
        if let Chord::Of { root, quality } = span.chord {
            let third = usize::from(quality.intervals()[1] == 3);
            secs[12 * third + usize::from(root)] += span.end_secs - span.start_secs;
        }
    }
    let sum: f64 = secs.iter().sum::<f64>().max(1e-9);
    secs.map(|it| it / sum)
}

/// How much the chords speak for a key.
fn share(triads: &[f64; 24], key: Key) -> f64 {
    let of = |(above, is_minor, weight): &(u8, bool, f64)| {
        weight * triads[12 * usize::from(*is_minor) + usize::from((key.tonic + above) % 12)]
    };
    match key.mode {
        Mode::Major => OF_MAJOR.iter().map(of).sum(),
        Mode::Minor => OF_MINOR.iter().map(of).sum(),
    }
}

/// How long and how strong each pitch class sounds.
fn histogram(chroma: &Chroma) -> [f64; 12] {
    let mut sums = [0.0; 12];
    for frame in 0..chroma.treble.len() {
        let (bass, treble) = (&chroma.bass[frame], &chroma.treble[frame]);
        let largest = treble.iter().chain(bass).fold(0.0f32, |max, x| max.max(*x));
        let gain = loudness(chroma, frame) / f64::from(largest).max(1e-9);
        for (sum, note) in sums.iter_mut().zip(notes(chroma, frame)) {
            *sum += gain * f64::from(note);
        }
    }
    sums
}

/// How many pitch classes are notable.
fn n_notable(chroma: &Chroma) -> usize {
    let (mut times, mut all) = ([0.0; 12], 0.0);
    for frame in 0..chroma.treble.len() {
        let notes = notes(chroma, frame);
        let largest = notes.iter().fold(0.0f32, |max, x| max.max(*x));
        if largest <= 0.0 {
            continue;
        }
        let loudness = loudness(chroma, frame);
        all += loudness;
        for (time, note) in times.iter_mut().zip(notes) {
            *time += if note >= NOTABLE_LEVEL * largest { loudness } else { 0.0 };
        }
    }
    times.iter().filter(|time| **time >= NOTABLE_TIME * all).count()
}

/// How strong each pitch class is in a frame; low notes count half.
fn notes(chroma: &Chroma, frame: usize) -> [f32; 12] {
    let (bass, treble) = (&chroma.bass[frame], &chroma.treble[frame]);
    std::array::from_fn(|class| treble[class] + 0.5 * bass[class])
}

/// What a frame counts: its loudness, softly, whatever whitening made of it.
fn loudness(chroma: &Chroma, frame: usize) -> f64 {
    f64::from(chroma.level[frame]).sqrt()
}

fn deviation(values: &[f64; 12]) -> f64 {
    let mean = values.iter().sum::<f64>() / 12.0;
    (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 12.0).sqrt()
}

fn correlation(a: &[f64; 12], b: &[f64; 12]) -> f64 {
    let mean = |x: &[f64; 12]| x.iter().sum::<f64>() / 12.0;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product: f64 = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum();
    product / (12.0 * deviation(a) * deviation(b)).max(1e-12)
}
