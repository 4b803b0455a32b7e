//! Standard MIDI Files as they are: chunks, tracks and events. [`Score`](crate::Score) is what they mean.
//!
//! Source: "The Complete MIDI 1.0 Detailed Specification" (MIDI Manufacturers Association, 1996), part "Standard
//! MIDI Files 1.0" (RP-001); the RIFF wrapper is RP-029.

mod edit;
mod notes;
mod read;
mod write;

pub use edit::{EditError, EditedNote, TrackEdit, edit_notes};
pub(crate) use notes::{Keys, pairs};
pub use read::{Damage, Error, Read, read_midi};
pub use write::write_midi;

/// A MIDI file.
#[derive(Clone, Debug, PartialEq)]
pub struct MidiFile {
    /// How its tracks belong together.
    pub format: Format,
    /// What a tick is.
    pub division: Division,
    /// Its tracks, in the file's order.
    pub tracks: Vec<MidiTrack>,
}

/// How the tracks of a file belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One track with all channels.
    Single,
    /// Tracks that sound at the same time; the first has the tempo map.
    Parallel,
    /// Tracks that are patterns of their own.
    Sequential,
}

/// What a tick is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Division {
    /// So many ticks a quarter note, 1 to 32 767; the tempo says how long that is.
    PerQuarter(u16),
    /// Parts of film frames; the tempo changes nothing.
    Timecode {
        /// Frames a second: 24, 25, 29 (which is 29.97) or 30.
        frames: u8,
        /// Ticks a frame, 1 to 255.
        ticks: u8,
    },
}

impl Division {
    /// Ticks a second of a file in film frames.
    pub(crate) fn ticks_per_sec(frames: u8, ticks: u8) -> f64 {
        let frames = if frames == 29 { 30_000.0 / 1001.0 } else { f64::from(frames) };
        frames * f64::from(ticks)
    }
}

/// A track: events in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MidiTrack {
    /// Its events, earliest first; the end of the track is the last of them.
    pub events: Vec<TimedEvent>,
}

/// An event and when it comes.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedEvent {
    /// Ticks from the start of the track.
    pub tick: u64,
    /// What comes.
    pub event: Event,
}

/// What a track says. Channels are 0 to 15, and values 0 to 127 where nothing else is said.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A key is released.
    NoteOff {
        /// The channel.
        channel: u8,
        /// The key; 60 is the middle C.
        key: u8,
        /// How fast it is released.
        velocity: u8,
    },
    /// A key is struck; with velocity 0 it is released.
    NoteOn {
        /// The channel.
        channel: u8,
        /// The key; 60 is the middle C.
        key: u8,
        /// How hard it is struck.
        velocity: u8,
    },
    /// How hard a key is held (polyphonic aftertouch).
    KeyPressure {
        /// The channel.
        channel: u8,
        /// The key.
        key: u8,
        /// How hard.
        pressure: u8,
    },
    /// A controller moves: a wheel, a pedal, a volume.
    Controller {
        /// The channel.
        channel: u8,
        /// Its number; 64 is the sustain pedal.
        number: u8,
        /// Where it stands.
        value: u8,
    },
    /// The channel gets another instrument.
    Program {
        /// The channel.
        channel: u8,
        /// The instrument by its number in General MIDI, from 0.
        program: u8,
    },
    /// How hard the keys of a channel are held (aftertouch).
    Pressure {
        /// The channel.
        channel: u8,
        /// How hard.
        pressure: u8,
    },
    /// The pitch wheel.
    PitchWheel {
        /// The channel.
        channel: u8,
        /// From -8192 to 8191; 0 is its rest.
        value: i16,
    },
    /// A system exclusive message: what follows the byte F0, with the closing F7 if it is all there.
    SysEx(Vec<u8>),
    /// Bytes to be sent as they are: the rest of a system exclusive message, or others.
    Escape(Vec<u8>),
    /// What is about the file and is not sent.
    Meta(Meta),
}

/// What a track says about itself or the music.
#[derive(Clone, Debug, PartialEq)]
pub enum Meta {
    /// The number of the sequence; none is that of the track.
    SequenceNumber(Option<u16>),
    /// A text of some kind.
    Text {
        /// The kind.
        kind: TextKind,
        /// Its bytes, in an encoding that the file does not say; [`text_from_bytes`] guesses.
        bytes: Vec<u8>,
    },
    /// The channel of the meta events that follow.
    ChannelPrefix(u8),
    /// The port of the events that follow.
    Port(u8),
    /// The track ends.
    EndOfTrack,
    /// The length of a quarter note in microseconds, 24 bits; 500 000 is 120 beats a minute.
    Tempo(u32),
    /// Where the track starts in film time: hour, minute, second, frame, hundredth of a frame.
    TimecodeOffset([u8; 5]),
    /// The meter.
    TimeSignature {
        /// Beats of a bar.
        numerator: u8,
        /// The beat's note value as a power of two: 2 is a quarter.
        denominator_power: u8,
        /// MIDI clocks between clicks of a metronome; 24 are a quarter.
        clocks_per_click: u8,
        /// 32nd notes in 24 MIDI clocks, mostly 8.
        thirty_seconds_per_quarter: u8,
    },
    /// The key.
    KeySignature {
        /// Sharps, or flats if negative; from -7 to 7.
        sharps: i8,
        /// Whether it is minor.
        is_minor: bool,
    },
    /// Bytes of one program.
    SequencerSpecific(Vec<u8>),
    /// A kind that the standard does not name, or one whose length is not the standard's.
    Other {
        /// Its number.
        kind: u8,
        /// Its content.
        bytes: Vec<u8>,
    },
}

/// Kinds of text, with their numbers in the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TextKind {
    /// Any text.
    Text = 1,
    /// A copyright notice.
    Copyright = 2,
    /// The name of a track, or of the sequence.
    Name = 3,
    /// The name of the instrument.
    Instrument = 4,
    /// A syllable that is sung.
    Lyric = 5,
    /// A place in the music.
    Marker = 6,
    /// Something that happens on a screen or stage.
    Cue = 7,
    /// The name of a program.
    Program = 8,
    /// The name of a device.
    Device = 9,
}

impl TextKind {
    /// The kind with a number of the standard.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Text,
            2 => Self::Copyright,
            3 => Self::Name,
            4 => Self::Instrument,
            5 => Self::Lyric,
            6 => Self::Marker,
            7 => Self::Cue,
            8 => Self::Program,
            9 => Self::Device,
            _ => return None,
        })
    }
}

/// The text of bytes: UTF-8 where they are, else Latin-1, which any bytes are.
pub fn text_from_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
