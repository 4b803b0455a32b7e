//! The notes of a MIDI file as an editor needs them, and what it changes of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The notes of a MIDI file in its own time, track by track.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MidiNotes {
    /// SHA-256 of the file. An edit that says it is refused where the file has changed since.
    pub sha256: String,
    /// Ticks of a quarter note.
    pub ticks_per_quarter: u32,
    /// The tempo from a tick on; 120 quarter notes a minute before the first.
    pub tempos: Vec<TickTempo>,
    /// The meter from a tick on; 4/4 before the first.
    pub meters: Vec<TickMeter>,
    /// All tracks of the file, in its order.
    pub tracks: Vec<MidiNotesTrack>,
    /// Notes that are left out because there are too many. They stay as they are.
    pub left_out: u64,
}

/// A tempo of a MIDI file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TickTempo {
    /// From where on.
    pub tick: u64,
    /// The length of a quarter note, in microseconds.
    pub quarter_us: f64,
}

/// A meter of a MIDI file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TickMeter {
    /// From where on.
    pub tick: u64,
    /// Beats of a bar.
    pub numerator: u8,
    /// The note value of a beat: 1, 2, 4, 8, 16, 32 or 64.
    pub denominator: u8,
}

/// A track of a MIDI file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MidiNotesTrack {
    /// Its name; may be empty.
    pub name: String,
    /// Whether it is drums.
    pub is_drums: bool,
    /// Its notes in order: start and length in ticks, the key (60 is the middle C), the velocity, the channel from 0.
    /// An edit names a note by its place in this list.
    pub notes: Vec<[u64; 5]>,
}

/// What is changed in the notes of a MIDI file. All that it does not name stays as it is: other tracks, the tempo map,
/// controllers, texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NotesEdit {
    /// The name of the new file; that of the old one with “edited” if absent.
    pub name: Option<String>,
    /// SHA-256 of the file that the notes were read from. Where it is said and the file is another now, nothing is done.
    pub sha256: Option<String>,
    /// What is changed, by track.
    pub tracks: Vec<TrackNotesEdit>,
}

/// What is changed in a track.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TrackNotesEdit {
    /// The track, by its place in the file, from 0.
    pub track: u32,
    /// Notes that go, by their places in the track's list.
    pub removed: Vec<u32>,
    /// Notes that become others. Each keeps its channel.
    pub changed: Vec<ChangedNote>,
    /// Notes that are new.
    pub added: Vec<AddedNote>,
}

/// A note that becomes another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangedNote {
    /// Its place in the track's list.
    pub note: u32,
    /// Where it starts, in ticks.
    pub start: u64,
    /// Its length in ticks.
    pub length: u64,
    /// The key, 0 to 127; 60 is the middle C.
    pub key: u8,
    /// How hard it is struck, 1 to 127.
    pub velocity: u8,
}

/// A note that is new.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AddedNote {
    /// Where it starts, in ticks.
    pub start: u64,
    /// Its length in ticks, at least 1.
    pub length: u64,
    /// The key, 0 to 127; 60 is the middle C.
    pub key: u8,
    /// How hard it is struck, 1 to 127.
    pub velocity: u8,
    /// The channel, 0 to 15; that of most notes of the track if absent.
    #[serde(default)]
    pub channel: Option<u8>,
}

/// How many notes of a MIDI file were edited by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct EditedNotes {
    /// Notes that were added.
    pub added: u64,
    /// Notes that became others.
    pub changed: u64,
    /// Notes that were removed.
    pub removed: u64,
}
