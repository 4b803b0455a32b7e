//! Which key notes are in, by how long each pitch class sounds.
//!
//! Source: Krumhansl, "Cognitive Foundations of Musical Pitch" (1990), chapter 4: the correlation of durations with
//! a profile of each key. The profiles are those of Temperley, "The Cognition of Basic Musical Structures" (2001),
//! table 7.1, which favour the dominant less.

use crate::score::{DRUM_CHANNEL, Note};

/// How well each degree fits a major key, from the tonic up by semitones.
const MAJOR: [f64; 12] = [5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0];
/// The same for a minor key, harmonic.
const MINOR: [f64; 12] = [5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0];

/// A key: a tonic and a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The pitch class of the tonic; 0 is C.
    pub tonic: u8,
    /// Whether it is minor.
    pub is_minor: bool,
}

/// A key that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundKey {
    /// The key that fits best.
    pub key: Key,
    /// The correlation of the durations with its profile, up to 1.
    pub correlation: f64,
    /// How much better it fits than the next best, from 0 to 1.
    pub confidence: f64,
}

/// The names of pitch classes, as `mir_eval` and most people write them without a key.
const NAMES: [&str; 12] = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// The name of a pitch class, 0 is C.
pub fn pitch_class_name(pitch_class: u8) -> &'static str {
    NAMES[usize::from(pitch_class % 12)]
}

/// The name of a key of a keyboard, with the octave in which 60 is C4.
pub fn key_name(key: u8) -> String {
    format!("{}{}", pitch_class_name(key % 12), i32::from(key) / 12 - 1)
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mode = if self.is_minor { "minor" } else { "major" };
        write!(f, "{} {mode}", pitch_class_name(self.tonic))
    }
}

impl Key {
    /// The pitch classes of its scale from the tonic up; minor is natural.
    pub fn scale(self) -> [u8; 7] {
        let steps = if self.is_minor { [0, 2, 3, 5, 7, 8, 10] } else { [0, 2, 4, 5, 7, 9, 11] };
        steps.map(|step| (self.tonic + step) % 12)
    }

    /// Whether a pitch class or a key of the keyboard is in its scale; minor has both sixths and sevenths.
    pub fn has(self, key: u8) -> bool {
        let degree = (key % 12 + 12 - self.tonic) % 12;
        if self.is_minor {
            [0, 2, 3, 5, 7, 8, 9, 10, 11].contains(&degree)
        } else {
            [0, 2, 4, 5, 7, 9, 11].contains(&degree)
        }
    }
}

/// How long each pitch class sounds, in ticks; drums do not count, and notes count for at most two bars or so.
pub fn pitch_class_ticks<'a>(notes: impl Iterator<Item = &'a Note>, longest: u64) -> [f64; 12] {
    let mut ticks = [0.0; 12];
    for note in notes.filter(|note| note.channel != DRUM_CHANNEL) {
        ticks[usize::from(note.key % 12)] += note.length.clamp(1, longest.max(1)) as f64;
    }
    ticks
}

/// The key of how long each pitch class sounds; none where nothing sounds or all sound the same.
pub fn key_from_pitch_classes(weights: &[f64; 12]) -> Option<FoundKey> {
    let mut found: Vec<(f64, Key)> = Vec::with_capacity(24);
    for is_minor in [false, true] {
        let profile = if is_minor { &MINOR } else { &MAJOR };
        for tonic in 0..12u8 {
            let turned = std::array::from_fn(|i| profile[(i + 12 - usize::from(tonic)) % 12]);
            found.push((correlation(weights, &turned)?, Key { tonic, is_minor }));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let confidence = (found[0].0 - found[1].0).clamp(0.0, 1.0);
    Some(FoundKey { key: found[0].1, correlation: found[0].0, confidence })
}

/// Pearson's correlation; none where one does not vary.
fn correlation(a: &[f64; 12], b: &[f64; 12]) -> Option<f64> {
    let mean = |x: &[f64; 12]| x.iter().sum::<f64>() / 12.0;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(x, y)| f(x - mean_a, y - mean_b)).sum()
    };
    let (aa, bb, ab) = (sum(&|x, _| x * x), sum(&|_, y| y * y), sum(&|x, y| x * y));
    (aa > 1e-12 && bb > 1e-12).then(|| ab / (aa * bb).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_and_triads_are_in_their_keys() {
        let check = |classes: &[u8], expected: &str| {
            let mut weights = [0.0; 12];
            classes.iter().for_each(|class| weights[usize::from(*class)] += 1.0);
            let found = key_from_pitch_classes(&weights).unwrap();
            assert_eq!(found.key.to_string(), expected);
            assert!((0.0..=1.0).contains(&found.confidence));
        };
        check(&[0, 2, 4, 5, 7, 9, 11, 0, 4, 7], "C major");
        check(&[9, 11, 0, 2, 4, 5, 8, 9, 0, 4], "A minor");
        check(&[6, 8, 10, 11, 1, 3, 5, 6, 10, 1], "F# major");
        assert_eq!(key_from_pitch_classes(&[0.0; 12]), None);
        assert_eq!(key_from_pitch_classes(&[3.0; 12]), None);
    }

    #[test]
    fn keys_have_names_and_scales() {
        let key = Key { tonic: 9, is_minor: true };
        assert_eq!(key.scale(), [9, 11, 0, 2, 4, 5, 7]);
        assert!(key.has(68) && !key.has(61));
        assert_eq!([0, 60, 61, 127].map(key_name), ["C-1", "C4", "C#4", "G9"]);
    }
}
