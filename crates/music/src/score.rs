//! [`Score`], the music of a MIDI file: notes with lengths, and one tempo map, meter map and list of keys for all.

mod from_midi;
mod to_midi;

use crate::midi::{Event, TimedEvent};

pub use from_midi::Oddity;

/// The channel of drums in General MIDI; channels count from 0.
pub const DRUM_CHANNEL: u8 = 9;

/// Tracks of notes over one time.
///
/// All lists are in order of time; the functions of this crate keep that.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Ticks of a quarter note, at least 1.
    pub ticks_per_quarter: u32,
    /// The parts.
    pub tracks: Vec<Track>,
    /// The tempo from a tick on; 120 beats a minute before the first.
    pub tempos: Vec<Tempo>,
    /// The meter from a tick on; 4/4 before the first.
    pub meters: Vec<Meter>,
    /// The key from a tick on, where the file says it.
    pub keys: Vec<KeySignature>,
    /// Names of places.
    pub markers: Vec<Marker>,
}

/// A part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Its name; may be empty.
    pub name: String,
    /// Its notes.
    pub notes: Vec<Note>,
    /// Everything else it says, as in a MIDI file: controllers, programs, the pitch wheel, texts, system exclusive.
    pub events: Vec<TimedEvent>,
}

/// A note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Note {
    /// Where it starts, in ticks.
    pub start: u64,
    /// Its length in ticks.
    pub length: u64,
    /// The key; 60 is the middle C.
    pub key: u8,
    /// How hard it is struck, 1 to 127.
    pub velocity: u8,
    /// The MIDI channel, 0 to 15.
    pub channel: u8,
    /// How fast it is released, 0 to 127; 64 where nobody said it.
    pub off_velocity: u8,
}

impl Note {
    /// Where it ends, in ticks.
    pub fn end(&self) -> u64 {
        self.start + self.length
    }

    /// What notes of a track are put in order by.
    pub(crate) fn place(&self) -> (u64, u8, u8, u64) {
        (self.start, self.channel, self.key, self.length)
    }
}

/// A tempo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// From where on.
    pub tick: u64,
    /// The length of a quarter note, in microseconds; more than 0.
    pub quarter_us: f64,
}

impl Tempo {
    /// The tempo where a file says none: 120 quarter notes a minute.
    pub const DEFAULT_US: f64 = 500_000.0;

    /// Quarter notes a minute.
    pub fn bpm(&self) -> f64 {
        60e6 / self.quarter_us
    }
}

/// A meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    /// From where on.
    pub tick: u64,
    /// Beats of a bar, at least 1.
    pub numerator: u8,
    /// The note value of a beat: 1, 2, 4, 8, 16, 32 or 64.
    pub denominator: u8,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySignature {
    /// From where on.
    pub tick: u64,
    /// Sharps, or flats if negative; from -7 to 7.
    pub sharps: i8,
    /// Whether it is minor.
    pub is_minor: bool,
}

impl KeySignature {
    /// The pitch class of its tonic; 0 is C.
    pub fn tonic(&self) -> u8 {
        let major = (i32::from(self.sharps) * 7).rem_euclid(12);
        (if self.is_minor { (major + 9) % 12 } else { major }) as u8
    }
}

/// The name of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Where.
    pub tick: u64,
    /// Its name.
    pub text: String,
}

impl Score {
    /// A score without tracks, in 4/4 at a tempo.
    pub fn new(ticks_per_quarter: u32, bpm: f64) -> Self {
        Self {
            ticks_per_quarter: ticks_per_quarter.max(1),
            tracks: Vec::new(),
            tempos: vec![Tempo { tick: 0, quarter_us: 60e6 / bpm }],
            meters: vec![Meter { tick: 0, numerator: 4, denominator: 4 }],
            keys: Vec::new(),
            markers: Vec::new(),
        }
    }

    /// Every note, track by track.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.tracks.iter().flat_map(|track| &track.notes)
    }

    /// The number of notes.
    pub fn n_notes(&self) -> usize {
        self.tracks.iter().map(|track| track.notes.len()).sum()
    }

    /// Where the last note ends, in ticks; 0 without notes.
    pub fn end(&self) -> u64 {
        self.notes().map(Note::end).max().unwrap_or(0)
    }
}

impl Track {
    /// A part of a name and a program on a channel; it starts with the program.
    pub fn new(name: &str, channel: u8, program: u8) -> Self {
        let event = Event::Program { channel, program };
        Self {
            name: name.to_owned(),
            notes: Vec::new(),
            events: vec![TimedEvent { tick: 0, event }],
        }
    }

    /// Whether most of its notes are on the channel of drums.
    pub fn is_drums(&self) -> bool {
        let n = self.notes.iter().filter(|note| note.channel == DRUM_CHANNEL).count();
        n > 0 && 2 * n >= self.notes.len()
    }

    /// Its first program, as General MIDI numbers them from 0.
    pub fn program(&self) -> Option<u8> {
        self.events.iter().find_map(|it| match it.event {
            Event::Program { program, .. } => Some(program),
            _ => None,
        })
    }

    /// Puts the notes in order of time.
    pub fn sort(&mut self) {
        self.notes.sort_by_key(Note::place);
    }
}

#[cfg(test)]
mod tests;
