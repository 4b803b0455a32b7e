//! Chords of songs: degrees of a key, common progressions, and how chords are laid out for hands.

use super::SongPlan;
use crate::Rng;

/// The twelve pitch classes, from C.
pub(super) const NAMES: [&str; 12] =
    ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// The kinds of chords, their names in `mir_eval`'s spelling, and their notes above the root.
const QUALITIES: [(&str, &[u8]); 6] = [
    ("maj", &[0, 4, 7]),
    ("min", &[0, 3, 7]),
    ("7", &[0, 4, 7, 10]),
    ("maj7", &[0, 4, 7, 11]),
    ("min7", &[0, 3, 7, 10]),
    ("hdim7", &[0, 3, 6, 10]),
];
const MAJ: usize = 0;
const MIN: usize = 1;
const SEVEN: usize = 2;
const MAJ7: usize = 3;
const MIN7: usize = 4;
const HDIM7: usize = 5;

/// The name of a chord: root as a pitch class, and kind, as in `chord_label(0, "maj")`, which is `C:maj`.
#[must_use]
pub fn chord_label(root: u8, quality: &str) -> String {
    format!("{}:{quality}", NAMES[usize::from(root % 12)])
}

/// A degree of a scale: semitones above the tonic, the triad, and the chord with its seventh.
type Degree = (u8, usize, usize);

const MAJOR_I: Degree = (0, MAJ, MAJ7);
const MAJOR_II: Degree = (2, MIN, MIN7);
const MAJOR_III: Degree = (4, MIN, MIN7);
const MAJOR_IV: Degree = (5, MAJ, MAJ7);
const MAJOR_V: Degree = (7, MAJ, SEVEN);
const MAJOR_VI: Degree = (9, MIN, MIN7);
const MINOR_I: Degree = (0, MIN, MIN7);
const MINOR_II: Degree = (2, MIN, HDIM7);
const MINOR_III: Degree = (3, MAJ, MAJ7);
const MINOR_IV: Degree = (5, MIN, MIN7);
const MINOR_V: Degree = (7, MAJ, SEVEN);
const MINOR_VI: Degree = (8, MAJ, MAJ7);
const MINOR_VII: Degree = (10, MAJ, SEVEN);

/// Progressions of popular music in major; the first half of the list says the key at once.
const MAJOR: [[Degree; 4]; 10] = [
    [MAJOR_I, MAJOR_V, MAJOR_VI, MAJOR_IV],
    [MAJOR_I, MAJOR_VI, MAJOR_IV, MAJOR_V],
    [MAJOR_I, MAJOR_IV, MAJOR_I, MAJOR_V],
    [MAJOR_I, MAJOR_VI, MAJOR_II, MAJOR_V],
    [MAJOR_I, MAJOR_III, MAJOR_IV, MAJOR_V],
    [MAJOR_II, MAJOR_V, MAJOR_I, MAJOR_I],
    [MAJOR_IV, MAJOR_V, MAJOR_III, MAJOR_VI],
    [MAJOR_VI, MAJOR_IV, MAJOR_I, MAJOR_V],
    [MAJOR_IV, MAJOR_I, MAJOR_V, MAJOR_VI],
    [MAJOR_IV, MAJOR_IV, MAJOR_I, MAJOR_V],
];

/// The same in minor.
const MINOR: [[Degree; 4]; 8] = [
    [MINOR_I, MINOR_IV, MINOR_V, MINOR_I],
    [MINOR_I, MINOR_VI, MINOR_III, MINOR_VII],
    [MINOR_I, MINOR_VII, MINOR_VI, MINOR_V],
    [MINOR_I, MINOR_VI, MINOR_IV, MINOR_V],
    [MINOR_IV, MINOR_VII, MINOR_III, MINOR_VI],
    [MINOR_VI, MINOR_VII, MINOR_I, MINOR_I],
    [MINOR_II, MINOR_V, MINOR_I, MINOR_VI],
    [MINOR_IV, MINOR_I, MINOR_V, MINOR_I],
];

/// A chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chord {
    /// Its root, a pitch class.
    pub(super) root: u8,
    quality: usize,
}

impl Chord {
    /// The chord of the key itself, without a seventh.
    pub(super) fn tonic(plan: &SongPlan) -> Self {
        Self { root: plan.tonic, quality: if plan.is_minor { MIN } else { MAJ } }
    }

    pub(super) fn label(self) -> String {
        chord_label(self.root, QUALITIES[self.quality].0)
    }

    /// Its notes as pitch classes, from the root up.
    pub(super) fn pitch_classes(self) -> Vec<u8> {
        QUALITIES[self.quality].1.iter().map(|above| (self.root + above) % 12).collect()
    }

    /// Its notes in the octave from `lowest` on, so that voices move little from chord to chord.
    pub(super) fn voiced(self, lowest: u8) -> Vec<u8> {
        let raised = |class: u8| lowest + (class + 12 - lowest % 12) % 12;
        let mut notes: Vec<u8> = self.pitch_classes().into_iter().map(raised).collect();
        notes.sort_unstable();
        notes
    }

    /// A note of it near another: what a melody takes on a strong beat.
    pub(super) fn nearest(self, midi: u8) -> u8 {
        let classes = self.pitch_classes();
        let distance = |note: &u8| note.abs_diff(midi);
        let near = midi.saturating_sub(6)..=midi + 6;
        near.filter(|note| classes.contains(&(note % 12))).min_by_key(distance).unwrap_or(midi)
    }
}

/// The chords of a section, `n` of them: a progression, or two in turns. Section A says the key at once.
pub(super) fn progression(plan: &SongPlan, letter: char, n: usize, rng: &mut Rng) -> Vec<Chord> {
    let list: &[[Degree; 4]] = if plan.is_minor { &MINOR } else { &MAJOR };
    let half = list.len() / 2;
    let mut draw = |says_key: bool| {
        list[if says_key { rng.below(half) } else { half + rng.below(list.len() - half) }]
    };
    let (first, second) = match letter {
        'A' => (draw(true), draw(true)),
        'B' => (draw(false), draw(true)),
        _ => (draw(false), draw(false)),
    };
    let chord = |i: usize| {
        let (above, triad, seventh) =
            if (i / 4).is_multiple_of(2) { first[i % 4] } else { second[i % 4] };
        let quality = if plan.has_sevenths { seventh } else { triad };
        Chord { root: (plan.tonic + above) % 12, quality }
    };
    (0..n).map(chord).collect()
}

/// The notes of the key's scale, as pitch classes: natural minor, or major.
pub(super) fn scale(plan: &SongPlan) -> [u8; 7] {
    let above = if plan.is_minor { [0, 2, 3, 5, 7, 8, 10] } else { [0, 2, 4, 5, 7, 9, 11] };
    above.map(|above| (plan.tonic + above) % 12)
}
