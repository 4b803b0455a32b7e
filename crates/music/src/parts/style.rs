//! What a band plays in each style, as rows of a bar's 16ths.
//!
//! A row has a character for each 16th: a digit is the probability of a hit in tenths (9 is always), a dot none.
//! The rows are common practice, as in textbooks of drumming; those for three beats are cut from a waltz.

/// A manner in which a band plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BandStyle {
    /// Straight 8ths, snare on two and four.
    Pop,
    /// Louder, with a bass in 8ths.
    Rock,
    /// Swung, with a walking bass.
    Jazz,
    /// Slow, with few notes.
    Ballad,
    /// Straight 8ths over the clave of bossa nova.
    Bossa,
    /// A bass drum on every beat.
    Electronic,
    /// 16ths, with ghost notes.
    Funk,
}

impl BandStyle {
    /// Every style with its name.
    pub const ALL: [(&str, Self); 7] = [
        ("pop", Self::Pop),
        ("rock", Self::Rock),
        ("jazz", Self::Jazz),
        ("ballad", Self::Ballad),
        ("bossa", Self::Bossa),
        ("electronic", Self::Electronic),
        ("funk", Self::Funk),
    ];

    pub(super) fn template(self) -> &'static Template {
        match self {
            Self::Pop => &POP,
            Self::Rock => &ROCK,
            Self::Jazz => &JAZZ,
            Self::Ballad => &BALLAD,
            Self::Bossa => &BOSSA,
            Self::Electronic => &ELECTRONIC,
            Self::Funk => &FUNK,
        }
    }
}

/// A drum and its rows for four beats and for three.
pub(super) struct DrumRow {
    /// Its key in General MIDI.
    pub(super) key: u8,
    /// How loud it is.
    pub(super) velocity: f64,
    pub(super) four: &'static str,
    pub(super) three: &'static str,
}

/// What the bass plays at a 16th.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BassNote {
    Root,
    Fifth,
    Octave,
    /// A note next to the root of what follows.
    Approach,
}

/// How the bass goes.
pub(super) enum BassWay {
    /// 16ths with what is played there.
    Steps(&'static [(usize, BassNote)]),
    /// A note on each beat, towards the next root.
    Walking,
}

/// What a band plays in a style.
pub(super) struct Template {
    pub(super) drums: &'static [DrumRow],
    pub(super) bass: BassWay,
    /// Where the keys play.
    pub(super) keys: &'static str,
    /// How long they hold, in 16ths.
    pub(super) keys_steps: usize,
    /// How late the second 8th of a beat is, in 8ths: 1/3 is a triplet.
    pub(super) swing_8ths: f64,
    pub(super) lead_program: u8,
    pub(super) bass_program: u8,
    pub(super) keys_program: u8,
}

const KICK: u8 = 36;
const STICK: u8 = 37;
const SNARE: u8 = 38;
const CLAP: u8 = 39;
const HAT: u8 = 42;
const FOOT_HAT: u8 = 44;
const OPEN_HAT: u8 = 46;
const RIDE: u8 = 51;
const SHAKER: u8 = 70;

const fn row(key: u8, velocity: f64, four: &'static str, three: &'static str) -> DrumRow {
    DrumRow { key, velocity, four, three }
}

use BassNote::{Approach, Fifth, Octave, Root};

const POP: Template = Template {
    drums: &[
        row(KICK, 104.0, "9......39.3.....", "9.......2..."),
        row(SNARE, 100.0, "....9.......9..1", "....9...9..."),
        row(HAT, 72.0, "9.9.9.9.9.9.9.8.", "9.9.9.9.9.9."),
        row(OPEN_HAT, 70.0, "..............1.", "............"),
    ],
    bass: BassWay::Steps(&[(0, Root), (6, Root), (8, Root), (12, Fifth), (14, Approach)]),
    keys: "9.....6.9...3...",
    keys_steps: 4,
    swing_8ths: 0.0,
    lead_program: 80,
    bass_program: 33,
    keys_program: 4,
};

const ROCK: Template = Template {
    drums: &[
        row(KICK, 112.0, "9.....3.9.6.....", "9.....3....."),
        row(SNARE, 112.0, "....9.......9...", "....9...9..."),
        row(HAT, 84.0, "9.9.9.9.9.9.9.9.", "9.9.9.9.9.9."),
    ],
    bass: BassWay::Steps(&[
        (0, Root),
        (2, Root),
        (4, Root),
        (6, Root),
        (8, Root),
        (10, Root),
        (12, Root),
        (14, Approach),
    ]),
    keys: "9.......9.....4.",
    keys_steps: 6,
    swing_8ths: 0.0,
    lead_program: 29,
    bass_program: 34,
    keys_program: 30,
};

const JAZZ: Template = Template {
    drums: &[
        row(RIDE, 84.0, "9...9.9.9...9.9.", "9...9.9.9.9."),
        row(FOOT_HAT, 70.0, "....9.......9...", "....9...9..."),
        row(KICK, 48.0, "5.......3.....1.", "5..........1"),
        row(SNARE, 46.0, "......2...1...3.", "......2...2."),
    ],
    bass: BassWay::Walking,
    keys: "3.....7.....4...",
    keys_steps: 3,
    swing_8ths: 1.0 / 3.0,
    lead_program: 66,
    bass_program: 32,
    keys_program: 0,
};

const BALLAD: Template = Template {
    drums: &[
        row(KICK, 84.0, "9.........3.....", "9..........."),
        row(STICK, 80.0, "........9.......", "........9..."),
        row(HAT, 56.0, "9...9...9...9...", "9...9...9..."),
    ],
    bass: BassWay::Steps(&[(0, Root), (8, Fifth)]),
    keys: "9...5...7...5...",
    keys_steps: 4,
    swing_8ths: 0.0,
    lead_program: 73,
    bass_program: 33,
    keys_program: 0,
};

const BOSSA: Template = Template {
    drums: &[
        row(KICK, 80.0, "9.....9.9.....9.", "9.....9.9..."),
        row(STICK, 84.0, "9.....9.....9...", "9.....9....."),
        row(SHAKER, 60.0, "9.9.9.9.9.9.9.9.", "9.9.9.9.9.9."),
    ],
    bass: BassWay::Steps(&[(0, Root), (6, Fifth), (8, Fifth), (14, Approach)]),
    keys: "9.....7...9...5.",
    keys_steps: 3,
    swing_8ths: 0.0,
    lead_program: 73,
    bass_program: 32,
    keys_program: 24,
};

const ELECTRONIC: Template = Template {
    drums: &[
        row(KICK, 116.0, "9...9...9...9...", "9...9...9..."),
        row(CLAP, 96.0, "....9.......9...", "....9......."),
        row(OPEN_HAT, 76.0, "..9...9...9...9.", "..9...9...9."),
        row(HAT, 60.0, "7.393.39739373.9", "7.393.397.39"),
    ],
    bass: BassWay::Steps(&[
        (2, Root),
        (3, Octave),
        (6, Root),
        (7, Octave),
        (10, Root),
        (11, Octave),
        (14, Root),
        (15, Octave),
    ]),
    keys: "..9...9..9....9.",
    keys_steps: 2,
    swing_8ths: 0.0,
    lead_program: 81,
    bass_program: 38,
    keys_program: 90,
};

const FUNK: Template = Template {
    drums: &[
        row(KICK, 108.0, "9.9...1...9..3..", "9.9...1...9."),
        row(SNARE, 108.0, "....9.......9...", "....9......."),
        // Ghost notes.
        row(SNARE, 36.0, ".....2.4.4.2...3", ".....2.4.4.2"),
        row(HAT, 74.0, "9393939393939393", "939393939393"),
        row(OPEN_HAT, 78.0, "..............3.", "............"),
    ],
    bass: BassWay::Steps(&[
        (0, Root),
        (3, Octave),
        (6, Root),
        (7, Fifth),
        (10, Root),
        (13, Octave),
        (15, Approach),
    ]),
    keys: "..5..7.3..7..5.3",
    keys_steps: 1,
    swing_8ths: 0.0,
    lead_program: 61,
    bass_program: 36,
    keys_program: 7,
};

/// The probability of a hit at a step of a row; rows go round.
pub(super) fn probability(row: &str, step: usize) -> f64 {
    let bytes = row.as_bytes();
    match bytes[step % bytes.len()] {
        b'9' => 1.0,
        digit @ b'1'..=b'8' => f64::from(digit - b'0') / 10.0,
        _ => 0.0,
    }
}
