//! [`Chord`]: a root and a quality, read from lead sheets and from labels of analyses, and written as both.

use crate::key::pitch_class_name;

/// A chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    /// The pitch class of its root; 0 is C.
    pub root: u8,
    /// What is on it.
    pub quality: Quality,
    /// The pitch class of the lowest note.
    pub bass: u8,
}

/// What stands on the root of a chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// Major third, fifth.
    Major,
    /// Minor third, fifth.
    Minor,
    /// Minor third, diminished fifth.
    Diminished,
    /// Major third, augmented fifth.
    Augmented,
    /// Second instead of a third.
    Suspended2,
    /// Fourth instead of a third.
    Suspended4,
    /// Major triad, minor seventh.
    Dominant7,
    /// Major triad, major seventh.
    Major7,
    /// Minor triad, minor seventh.
    Minor7,
    /// Minor triad, major seventh.
    MinorMajor7,
    /// Diminished triad, minor seventh.
    HalfDiminished7,
    /// Diminished triad, diminished seventh.
    Diminished7,
    /// Major triad, sixth.
    Major6,
    /// Minor triad, major sixth.
    Minor6,
}

/// A quality: its intervals, its name in labels (`mir_eval`, after Harte 2005), its name in lead sheets, and other
/// ways to write it.
type Row = (Quality, &'static [u8], &'static str, &'static str, &'static [&'static str]);

const QUALITIES: &[Row] = &[
    (Quality::Major, &[0, 4, 7], "maj", "", &["M", "major"]),
    (Quality::Minor, &[0, 3, 7], "min", "m", &["-", "mi", "minor"]),
    (Quality::Diminished, &[0, 3, 6], "dim", "dim", &["°", "o", "m(b5)", "mb5"]),
    (Quality::Augmented, &[0, 4, 8], "aug", "aug", &["+", "(#5)"]),
    (Quality::Suspended2, &[0, 2, 7], "sus2", "sus2", &["2"]),
    (Quality::Suspended4, &[0, 5, 7], "sus4", "sus4", &["sus", "4"]),
    (Quality::Dominant7, &[0, 4, 7, 10], "7", "7", &["dom7", "9", "13", "7sus4", "9sus4", "11"]),
    (Quality::Major7, &[0, 4, 7, 11], "maj7", "maj7", &["M7", "Δ", "Δ7", "maj9", "M9", "ma7"]),
    (Quality::Minor7, &[0, 3, 7, 10], "min7", "m7", &["-7", "mi7", "m9", "min9", "m11"]),
    (Quality::MinorMajor7, &[0, 3, 7, 11], "minmaj7", "m(maj7)", &["mM7", "mmaj7", "-Δ"]),
    (
        Quality::HalfDiminished7,
        &[0, 3, 6, 10],
        "hdim7",
        "m7b5",
        &["ø", "ø7", "m7(b5)", "min7b5", "-7b5"],
    ),
    (Quality::Diminished7, &[0, 3, 6, 9], "dim7", "dim7", &["°7", "o7"]),
    (Quality::Major6, &[0, 4, 7, 9], "maj6", "6", &["M6", "69", "6/9", "6add9"]),
    (Quality::Minor6, &[0, 3, 7, 9], "min6", "m6", &["-6"]),
];

impl Quality {
    fn row(self) -> &'static Row {
        QUALITIES.iter().find(|row| row.0 == self).expect("every quality has a row")
    }

    /// Its notes in semitones above the root, which is the first.
    pub fn intervals(self) -> &'static [u8] {
        self.row().1
    }

    /// Whether its third is minor.
    pub fn is_minor(self) -> bool {
        self.intervals()[1] == 3
    }
}

impl Chord {
    /// A chord with its root in the bass.
    pub fn new(root: u8, quality: Quality) -> Self {
        Self { root: root % 12, quality, bass: root % 12 }
    }

    /// Its pitch classes, the root first.
    pub fn pitch_classes(self) -> impl Iterator<Item = u8> + Clone {
        self.quality.intervals().iter().map(move |it| (self.root + it) % 12)
    }

    /// Whether a key of the keyboard is one of its notes.
    pub fn has(self, key: u8) -> bool {
        self.pitch_classes().any(|class| class == key % 12)
    }

    /// Its third, or what stands in its place, as a pitch class.
    pub fn third(self) -> u8 {
        (self.root + self.quality.intervals()[1]) % 12
    }

    /// Its fifth as a pitch class.
    pub fn fifth(self) -> u8 {
        (self.root + self.quality.intervals()[2]) % 12
    }

    /// Its seventh or sixth as a pitch class.
    pub fn seventh(self) -> Option<u8> {
        self.quality.intervals().get(3).map(|it| (self.root + it) % 12)
    }

    /// Its label as analyses write it: `C:maj`, `A:min7/b3` without the inversion.
    pub fn label(self) -> String {
        format!("{}:{}", pitch_class_name(self.root), self.quality.row().2)
    }

    /// Reads a name as in lead sheets (`F#m7b5/A`) or a label (`C:maj`); none for other texts.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (root, rest) = pitch_class(text)?;
        let is_label = rest.starts_with(':');
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        if let Some(quality) = quality(rest) {
            return Some(Self { root, quality, bass: root });
        }
        let (rest, bass) = rest.rsplit_once('/')?;
        let quality = quality(rest)?;
        let bass = match pitch_class(bass) {
            Some((class, "")) if !is_label => class,
            _ => (root + interval(bass)?) % 12,
        };
        Some(Self { root, quality, bass })
    }
}

impl std::fmt::Display for Chord {
    /// The name as in lead sheets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", pitch_class_name(self.root), self.quality.row().3)?;
        if self.bass != self.root { write!(f, "/{}", pitch_class_name(self.bass)) } else { Ok(()) }
    }
}

fn quality(text: &str) -> Option<Quality> {
    let text = text.trim();
    let row =
        QUALITIES.iter().find(|row| row.2 == text || row.3 == text || row.4.contains(&text))?;
    Some(row.0)
}

/// A note name at the start of a text, and the rest of it.
fn pitch_class(text: &str) -> Option<(u8, &str)> {
    let class = match text.chars().next()? {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = &text[1..];
    for (sign, by) in [("#", 1), ("♯", 1), ("b", 11), ("♭", 11)] {
        if let Some(rest) = rest.strip_prefix(sign) {
            return Some(((class + by) % 12, rest));
        }
    }
    Some((class, rest))
}

/// Semitones of a degree as labels write it after the slash: `3`, `b3`, `5`, `b7`.
fn interval(text: &str) -> Option<u8> {
    let degree = text.trim_start_matches('b').trim_start_matches('#');
    let flat = text.chars().filter(|it| *it == 'b').count().min(2) as u8;
    let sharp = text.chars().filter(|it| *it == '#').count().min(2) as u8;
    let semitones = match degree {
        "1" => 0,
        "2" | "9" => 2,
        "3" => 4,
        "4" | "11" => 5,
        "5" => 7,
        "6" | "13" => 9,
        "7" => 11,
        _ => return None,
    };
    Some((semitones + 12 + sharp - flat) % 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_read_and_written() {
        let check = |text: &str, label: &str, name: &str| {
            let chord = Chord::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (chord.label().as_str(), chord.to_string().as_str()),
                (label, name),
                "{text}"
            );
            assert_eq!(Chord::parse(&chord.label()).unwrap().root, chord.root);
            assert_eq!(Chord::parse(&chord.to_string()), Some(chord));
        };
        check("C", "C:maj", "C");
        check("Am", "A:min", "Am");
        check("F#m7b5/A", "F#:hdim7", "F#m7b5/A");
        check("Bb7", "Bb:7", "Bb7");
        check("Db", "C#:maj", "C#");
        check("C:maj7", "C:maj7", "Cmaj7");
        check("A:min/b3", "A:min", "Am/C");
        check("G/B", "G:maj", "G/B");
        check("C6/9", "C:maj6", "C6");
        check(" E♭maj7 ", "Eb:maj7", "Ebmaj7");
        for text in ["", "N", "Verse", "Chorus", "Hm", "C/H", "Amen", "Bridge", "é", "F♮x"] {
            assert_eq!(Chord::parse(text), None, "{text}");
        }
    }

    #[test]
    fn chords_have_their_notes() {
        let chord = Chord::parse("G7").unwrap();
        assert_eq!(chord.pitch_classes().collect::<Vec<_>>(), [7, 11, 2, 5]);
        assert_eq!((chord.third(), chord.fifth(), chord.seventh()), (11, 2, Some(5)));
        assert!(chord.has(65) && !chord.has(60));
    }
}
