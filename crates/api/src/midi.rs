//! What is in a MIDI file, and what was made of one. What `maquette midi … --json` prints.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Span;

/// What is in a MIDI file. An interface for scripts: fields may be added, none changes its meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiReport {
    /// The file, as it was named.
    pub file: String,
    /// Version of this form; see [`MidiReport::FORMAT`].
    pub format: u32,
    /// Whether it follows the standard in all that was looked at.
    pub is_valid: bool,
    /// Where it does not, and what was made of it; at most 100 of the file and 100 of the music.
    pub problems: Vec<MidiProblem>,
    /// The file's format: 0, 1 or 2.
    pub midi_format: u8,
    /// Ticks of a quarter note; for a file in film frames, those of half a second.
    pub ticks_per_quarter: u32,
    /// Length to the end of the last note, in seconds.
    pub seconds: f64,
    /// Bars, the last counted whole.
    pub bars: u64,
    /// Notes.
    pub notes: u64,
    /// The tempo over the whole length, in quarter notes a minute.
    pub tempo_bpm: f64,
    /// The tempo at the start.
    pub first_tempo_bpm: f64,
    /// The slowest tempo.
    pub least_tempo_bpm: f64,
    /// The fastest.
    pub most_tempo_bpm: f64,
    /// Changes of the tempo.
    pub tempo_changes: u64,
    /// Meters with their bars, from 1.
    pub meters: Vec<MidiMeter>,
    /// The key that the file says, as `Eb major`.
    pub key_signature: Option<String>,
    /// The key that fits its notes best.
    pub key: Option<String>,
    /// How much better it fits than the next, from 0 to 1.
    pub key_confidence: f64,
    /// The lowest key that has a pitch; 60 is the middle C.
    pub lowest_key: Option<u8>,
    /// The highest.
    pub highest_key: Option<u8>,
    /// The most notes that sound at once.
    pub polyphony: u64,
    /// Notes that sound at once, in the mean of the time in which any does.
    pub mean_polyphony: f64,
    /// Notes that start in a second.
    pub notes_per_second: f64,
    /// The mean of the velocities.
    pub mean_velocity: f64,
    /// The share of notes that start on a 16th or a triplet, within a hundredth of a quarter note.
    pub on_grid: f64,
    /// The share of time of each pitch class, C first.
    pub pitch_classes: Vec<f64>,
    /// The tracks.
    pub tracks: Vec<MidiTrackReport>,
    /// Names of places, with the second at which each is.
    pub markers: Vec<MidiMarker>,
}

impl MidiReport {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// A place where a MIDI file does not follow the standard, or says what makes no music.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiProblem {
    /// Bytes from the start of the file, where the file itself is damaged.
    pub byte: Option<u64>,
    /// The track, from 1.
    pub track: Option<u64>,
    /// The bar and beat, from 1, where it is about the music.
    pub place: Option<String>,
    /// What is wrong, and what was made of it.
    pub sentence: String,
    /// Whether something was lost by it.
    pub is_loss: bool,
}

/// A meter and where it begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiMeter {
    /// The bar, from 1.
    pub bar: u64,
    /// The meter, as `3/4`.
    pub meter: String,
}

/// The name of a place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiMarker {
    /// Where.
    pub at_s: f64,
    /// The bar, from 1.
    pub bar: u64,
    /// The name.
    pub text: String,
}

/// What is in a track of a MIDI file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MidiTrackReport {
    /// Its name.
    pub name: String,
    /// Its first instrument by its number in General MIDI, from 1.
    pub program: Option<u8>,
    /// Its channels, from 1.
    pub channels: Vec<u8>,
    /// Whether it is drums.
    pub is_drums: bool,
    /// Its notes.
    pub notes: u64,
    /// Its lowest key.
    pub lowest_key: Option<u8>,
    /// Its highest key.
    pub highest_key: Option<u8>,
    /// The most of its notes that sound at once.
    pub polyphony: u64,
}

/// What putting notes on a grid did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MidiQuantised {
    /// Notes of the file.
    pub notes: u64,
    /// Notes that start elsewhere now.
    pub moved: u64,
    /// Root mean square of the moves, in milliseconds.
    pub rms_ms: f64,
    /// The largest move.
    pub most_ms: f64,
    /// Beats that were taken as tuplets.
    pub tuplet_beats: u64,
}

/// The patterns of a piece.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiPatterns {
    /// The file, as it was named.
    pub file: String,
    /// Version of this form; see [`MidiPatterns::FORMAT`].
    pub format: u32,
    /// Notes that were searched; notes of one key at one time are one, and drums are none.
    pub notes: u64,
    /// Notes that were left out because there are too many.
    pub left_out: u64,
    /// Notes that lie in patterns.
    pub covered: u64,
    /// Notes, divided by the numbers that say them with these patterns.
    pub compression: f64,
    /// The patterns, the one that says most first.
    pub patterns: Vec<MidiPattern>,
}

impl MidiPatterns {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// A pattern and where it occurs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiPattern {
    /// Its notes as they are first played.
    pub notes: Vec<MidiPatternNote>,
    /// Where it occurs, the first included.
    pub occurrences: Vec<MidiOccurrence>,
    /// Notes that it says.
    pub covered: u64,
    /// Notes that it says, divided by the numbers it takes.
    pub compression: f64,
    /// Its notes, divided by those that lie among them.
    pub compactness: f64,
}

/// A note of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiPatternNote {
    /// Quarter notes from the start of the piece.
    pub quarter: f64,
    /// Its key; 60 is the middle C.
    pub key: u8,
}

/// A place where a pattern occurs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiOccurrence {
    /// Where its first note starts.
    pub at_s: f64,
    /// Bar and beat, from 1.
    pub place: String,
    /// Quarter notes after the first occurrence.
    pub quarters_later: f64,
    /// Semitones above it.
    pub semitones: i32,
}

/// What was written for a piece.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MidiWritten {
    /// The files.
    pub files: Vec<String>,
    /// The key.
    pub key: String,
    /// The chords, in the spelling of `mir_eval`.
    pub chords: Vec<Span>,
    /// Whether the piece itself says its chords.
    pub chords_are_written: bool,
    /// Tracks and their notes.
    pub tracks: Vec<MidiTrackReport>,
    /// Parallel fifths and octaves that could not be avoided; of a harmonisation.
    pub parallels: u64,
    /// Notes of the melody that were moved by octaves, so that there is room for voices below.
    pub octaved: u64,
}

/// A piece in the manner of another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MidiRestyled {
    /// For each track, the octaves by which it was moved.
    pub octaves: Vec<i32>,
    /// How alike the grooves are now, from -1 to 1.
    pub similarity: f64,
}

/// The sound that was made of a MIDI file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MidiRendered {
    /// Sampling rate.
    pub rate_hz: u32,
    /// Length.
    pub seconds: f64,
    /// Notes that were played.
    pub notes: u64,
    /// The largest value, in dB below full scale.
    pub peak_db: f64,
    /// What played: `our instruments`, or the name of the `SoundFont`.
    pub instruments: String,
    /// How many times faster than it plays it was made.
    pub times_real_time: f64,
}

/// A MIDI file as pages draw it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MidiPiece {
    /// Length to the end of the last note.
    pub seconds: f64,
    /// The tempo at the start, in quarter notes a minute.
    pub tempo_bpm: f64,
    /// The meter at the start, as `4/4`.
    pub meter: String,
    /// The key; none where there is no harmony.
    pub key: Option<String>,
    /// Whether the piece itself says its chords; else they were found from its notes.
    pub chords_are_written: bool,
    /// Where bars begin.
    pub bars_s: Vec<f64>,
    /// Parts that have notes.
    pub tracks: Vec<MidiPieceTrack>,
    /// Chords, in the spelling of `mir_eval`.
    pub chords: Vec<Span>,
    /// Notes that are left out because there are too many.
    pub left_out: u64,
}

/// A part of a piece.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MidiPieceTrack {
    /// Its name; may be empty.
    pub name: String,
    /// Whether it is drums.
    pub is_drums: bool,
    /// Its instrument by its number in General MIDI, from 1.
    pub program: Option<u8>,
    /// Its notes in order: start and length in seconds, the key (60 is the middle C), the velocity.
    pub notes: Vec<[f64; 4]>,
}

/// The parts and styles that can be written for a piece.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NoteChoices {
    /// Parts, like `drums`.
    pub parts: Vec<String>,
    /// Styles of bands and their parts.
    pub band_styles: Vec<String>,
    /// Styles of harmonisations.
    pub chord_styles: Vec<String>,
}

/// The notes of a sound, as `maquette notes --json` prints them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transcribed {
    /// The sound, as it was named.
    pub file: String,
    /// The MIDI file that was written.
    pub output: String,
    /// Length of the sound.
    pub seconds: f64,
    /// Whether it was heard as one voice; else as an instrument that plays several notes at once.
    pub is_one_voice: bool,
    /// The tempo of the MIDI file; none where the sound has none, and 120 is written.
    pub tempo_bpm: Option<f64>,
    /// The notes in order.
    pub notes: Vec<HeardNote>,
}

/// A note that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HeardNote {
    /// Where it starts.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// Its key; 60 is the middle C.
    pub key: u8,
    /// How far it is from that key, in cents.
    pub cents_off: f64,
    /// How strongly it starts, 1 to 127.
    pub velocity: u8,
}
