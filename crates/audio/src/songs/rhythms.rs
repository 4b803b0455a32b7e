//! Rhythms of songs: what chords, bass and drums play in a bar, by meter.

use super::drums::Drum;
use crate::rhythm::Meter;

/// A bar of chords: start in beats, length in beats, loudness.
pub(super) type ChordRhythm = &'static [(f64, f64, f64)];
/// A bar of the bass: start in beats, length in beats, and what it plays.
pub(super) type BassRhythm = &'static [(f64, f64, BassTone)];
/// A bar of drums: start in beats, what, loudness.
pub(super) type DrumRhythm = &'static [(f64, Drum, f64)];

/// What a bass plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BassTone {
    Root,
    Third,
    Fifth,
    Octave,
    /// A step from the next root.
    Leading,
}
use BassTone::{Fifth, Leading, Octave, Root, Third};

/// How chords are played: as they are, or one note after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Comping {
    Struck(ChordRhythm),
    /// Broken, so many notes a beat.
    Broken(usize),
}
use Comping::{Broken, Struck};

const COMPING_4: [Comping; 8] = [
    Struck(&[(0.0, 3.9, 1.0)]),
    Struck(&[(0.0, 1.9, 1.0), (2.0, 1.9, 0.8)]),
    Struck(&[(0.0, 0.9, 1.0), (1.0, 0.9, 0.75), (2.0, 0.9, 0.9), (3.0, 0.9, 0.75)]),
    Struck(&[(0.0, 1.4, 1.0), (1.5, 2.3, 0.9)]),
    Struck(&[(0.0, 1.4, 1.0), (1.5, 0.9, 0.8), (2.5, 0.4, 0.8), (3.0, 0.9, 0.9)]),
    Struck(&[
        (0.0, 0.45, 1.0),
        (0.5, 0.45, 0.6),
        (1.0, 0.45, 0.8),
        (1.5, 0.45, 0.6),
        (2.0, 0.45, 0.9),
        (2.5, 0.45, 0.6),
        (3.0, 0.45, 0.8),
        (3.5, 0.45, 0.6),
    ]),
    Struck(&[(0.5, 0.35, 0.9), (1.5, 0.35, 0.9), (2.5, 0.35, 0.9), (3.5, 0.35, 0.9)]),
    Broken(2),
];
const COMPING_3: [Comping; 4] = [
    Struck(&[(0.0, 2.9, 1.0)]),
    Struck(&[(1.0, 0.7, 0.8), (2.0, 0.7, 0.75)]),
    Struck(&[(0.0, 0.9, 1.0), (1.0, 0.9, 0.7), (2.0, 0.9, 0.7)]),
    Broken(2),
];
const COMPING_6: [Comping; 3] = [
    Struck(&[(0.0, 1.9, 1.0)]),
    Struck(&[(0.0, 0.6, 1.0), (0.667, 0.3, 0.6), (1.0, 0.6, 0.8), (1.667, 0.3, 0.6)]),
    Broken(3),
];

const BASS_4: [BassRhythm; 6] = [
    &[(0.0, 3.8, Root)],
    &[(0.0, 1.9, Root), (2.0, 1.9, Fifth)],
    &[(0.0, 1.4, Root), (1.5, 0.4, Root), (2.0, 0.9, Root), (3.0, 0.9, Fifth)],
    &[
        (0.0, 0.45, Root),
        (0.5, 0.45, Root),
        (1.0, 0.45, Root),
        (1.5, 0.45, Root),
        (2.0, 0.45, Root),
        (2.5, 0.45, Root),
        (3.0, 0.45, Root),
        (3.5, 0.45, Leading),
    ],
    &[(0.0, 0.9, Root), (1.0, 0.9, Third), (2.0, 0.9, Fifth), (3.0, 0.9, Leading)],
    &[(0.0, 1.4, Root), (1.5, 1.4, Octave), (3.0, 0.4, Fifth), (3.5, 0.4, Root)],
];
const BASS_3: [BassRhythm; 3] = [
    &[(0.0, 2.8, Root)],
    &[(0.0, 1.9, Root), (2.0, 0.9, Fifth)],
    &[(0.0, 0.9, Root), (1.0, 0.9, Third), (2.0, 0.9, Fifth)],
];
const BASS_6: [BassRhythm; 2] = [
    &[(0.0, 0.9, Root), (1.0, 0.6, Root), (1.667, 0.3, Fifth)],
    &[(0.0, 0.95, Root), (1.0, 0.95, Fifth)],
];

use Drum::{Hat, Kick, OpenHat, Ride, Snare};

const DRUMS_4: [DrumRhythm; 6] = [
    // Rock, in eighths.
    &[
        (0.0, Kick, 1.0),
        (2.0, Kick, 0.9),
        (2.5, Kick, 0.7),
        (1.0, Snare, 0.9),
        (3.0, Snare, 0.9),
        (0.0, Hat, 0.8),
        (0.5, Hat, 0.5),
        (1.0, Hat, 0.7),
        (1.5, Hat, 0.5),
        (2.0, Hat, 0.8),
        (2.5, Hat, 0.5),
        (3.0, Hat, 0.7),
        (3.5, Hat, 0.5),
    ],
    // Pop, the bass drum ahead of the second half.
    &[
        (0.0, Kick, 1.0),
        (1.5, Kick, 0.8),
        (2.5, Kick, 0.7),
        (1.0, Snare, 0.9),
        (3.0, Snare, 1.0),
        (0.0, Hat, 0.7),
        (0.5, Hat, 0.6),
        (1.0, Hat, 0.7),
        (1.5, Hat, 0.6),
        (2.0, Hat, 0.7),
        (2.5, Hat, 0.6),
        (3.0, Hat, 0.7),
        (3.5, OpenHat, 0.5),
    ],
    // Four on the floor.
    &[
        (0.0, Kick, 1.0),
        (1.0, Kick, 0.95),
        (2.0, Kick, 0.95),
        (3.0, Kick, 0.95),
        (1.0, Snare, 0.7),
        (3.0, Snare, 0.7),
        (0.5, OpenHat, 0.6),
        (1.5, OpenHat, 0.6),
        (2.5, OpenHat, 0.6),
        (3.5, OpenHat, 0.6),
    ],
    // Funk, in sixteenths, with ghost notes.
    &[
        (0.0, Kick, 1.0),
        (0.75, Kick, 0.6),
        (2.5, Kick, 0.8),
        (1.0, Snare, 0.9),
        (1.75, Snare, 0.25),
        (2.25, Snare, 0.25),
        (3.0, Snare, 0.9),
        (0.0, Hat, 0.7),
        (0.25, Hat, 0.35),
        (0.5, Hat, 0.55),
        (0.75, Hat, 0.35),
        (1.0, Hat, 0.65),
        (1.25, Hat, 0.35),
        (1.5, Hat, 0.55),
        (1.75, Hat, 0.35),
        (2.0, Hat, 0.7),
        (2.25, Hat, 0.35),
        (2.5, Hat, 0.55),
        (2.75, Hat, 0.35),
        (3.0, Hat, 0.65),
        (3.25, Hat, 0.35),
        (3.5, Hat, 0.55),
        (3.75, Hat, 0.35),
    ],
    // A ballad, the hat in quarters.
    &[
        (0.0, Kick, 0.9),
        (2.0, Kick, 0.8),
        (1.0, Snare, 0.6),
        (3.0, Snare, 0.65),
        (0.0, Hat, 0.6),
        (1.0, Hat, 0.5),
        (2.0, Hat, 0.6),
        (3.0, Hat, 0.5),
    ],
    // The ride in quarters with a skip, which swings where the song does.
    &[
        (0.0, Kick, 0.6),
        (2.0, Kick, 0.5),
        (1.0, Hat, 0.7),
        (3.0, Hat, 0.7),
        (0.0, Ride, 0.7),
        (1.0, Ride, 0.8),
        (1.5, Ride, 0.5),
        (2.0, Ride, 0.7),
        (3.0, Ride, 0.8),
        (3.5, Ride, 0.5),
        (3.0, Snare, 0.3),
    ],
];
const DRUMS_3: [DrumRhythm; 3] = [
    &[
        (0.0, Kick, 1.0),
        (1.0, Snare, 0.5),
        (2.0, Snare, 0.5),
        (0.0, Hat, 0.6),
        (1.0, Hat, 0.5),
        (2.0, Hat, 0.5),
    ],
    &[
        (0.0, Kick, 1.0),
        (2.0, Snare, 0.8),
        (0.0, Hat, 0.7),
        (0.5, Hat, 0.4),
        (1.0, Hat, 0.6),
        (1.5, Hat, 0.4),
        (2.0, Hat, 0.6),
        (2.5, Hat, 0.4),
    ],
    &[
        (0.0, Kick, 0.9),
        (1.0, Hat, 0.7),
        (2.0, Hat, 0.7),
        (0.0, Ride, 0.7),
        (1.0, Ride, 0.6),
        (2.0, Ride, 0.6),
        (2.5, Ride, 0.4),
    ],
];
const DRUMS_6: [DrumRhythm; 2] = [
    &[
        (0.0, Kick, 1.0),
        (1.0, Snare, 0.9),
        (0.0, Hat, 0.7),
        (0.333, Hat, 0.5),
        (0.667, Hat, 0.5),
        (1.0, Hat, 0.7),
        (1.333, Hat, 0.5),
        (1.667, Hat, 0.5),
    ],
    &[
        (0.0, Kick, 1.0),
        (0.667, Kick, 0.6),
        (1.0, Snare, 0.9),
        (0.0, Ride, 0.7),
        (0.333, Ride, 0.5),
        (0.667, Ride, 0.5),
        (1.0, Ride, 0.7),
        (1.333, Ride, 0.5),
        (1.667, Ride, 0.5),
    ],
];

/// What chords can play in a bar.
pub(super) fn comping(meter: Meter) -> &'static [Comping] {
    match meter {
        Meter::ThreeFour => &COMPING_3,
        Meter::SixEight => &COMPING_6,
        _ => &COMPING_4,
    }
}

/// What a bass can play in a bar.
pub(super) fn bass(meter: Meter) -> &'static [BassRhythm] {
    match meter {
        Meter::ThreeFour => &BASS_3,
        Meter::SixEight => &BASS_6,
        _ => &BASS_4,
    }
}

/// What drums can play in a bar.
pub(super) fn drums(meter: Meter) -> &'static [DrumRhythm] {
    match meter {
        Meter::ThreeFour => &DRUMS_3,
        Meter::SixEight => &DRUMS_6,
        _ => &DRUMS_4,
    }
}
