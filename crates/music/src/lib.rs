//! Notes and time as data: what a program needs to read, check, change, find and write music. It knows no sound.
//!
//! A [`Score`] is tracks of notes over one time in ticks, with the tempo map, the meters, keys and markers of all
//! tracks. Everything is a pure function over scores; what is random takes a seed, and the same seed gives the
//! same music.
//!
//! | want | call |
//! |---|---|
//! | MIDI files as they are | [`read_midi`], [`write_midi`] |
//! | notes of one changed, and nothing else of it | [`edit_notes`] |
//! | what is played and when | [`Score`], [`Clock`], [`Bars`] |
//! | what is in it, in numbers | [`features()`], [`key_from_pitch_classes`] |
//! | on a grid, or off it | [`quantise()`], [`Groove`], [`humanise()`] |
//! | what is repeated | [`patterns()`] |
//! | its chords, its melody | [`harmony_of`], [`melody()`], [`Chord`] |
//! | four voices for a melody | [`harmonise()`] |
//! | a band for it, and single parts | [`arrange`], [`write_part`] |
//! | in the manner of another piece | [`restyle()`] |

mod bars;
mod chord;
mod clock;
mod features;
mod groove;
mod harmonise;
mod harmony;
mod humanise;
mod key;
mod melody;
mod midi;
mod parts;
mod patterns;
mod quantise;
mod random;
mod restyle;
mod score;

pub use bars::{Bars, Place};
pub use chord::{Chord, Quality};
pub use clock::Clock;
pub use features::{Features, TrackFeatures, features};
pub use groove::{Groove, NoNotes};
pub use harmonise::{ChordStyle, Harmonised, harmonise};
pub use harmony::{ChordSpan, Harmony, HarmonyError, harmony_of, key_of};
pub use humanise::{Humanise, humanise};
pub use key::{
    FoundKey, Key, key_from_pitch_classes, key_name, pitch_class_name, pitch_class_ticks,
};
pub use melody::melody;
pub use midi::{
    Damage, Division, EditError, EditedNote, Error, Event, Format, Meta, MidiFile, MidiTrack, Read,
    TextKind, TimedEvent, TrackEdit, edit_notes, read_midi, text_from_bytes, write_midi,
};
pub use parts::{BandStyle, Part, arrange, write_part};
pub use patterns::{Pattern, Patterns, Point, Search, patterns};
pub use quantise::{Moved, Quantise, quantise};
pub use restyle::{Restyled, restyle};
pub use score::{DRUM_CHANNEL, KeySignature, Marker, Meter, Note, Oddity, Score, Tempo, Track};
