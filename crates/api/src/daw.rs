//! What is in a project of an audio workstation, and what it was converted into. What `maquette daw … --json` prints.

use serde::{Deserialize, Serialize};

/// What is in a project. An interface for scripts: fields may be added, none changes its meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DawReport {
    /// The project, as it was named.
    pub file: String,
    /// Version of this form; see [`DawReport::FORMAT`].
    pub format: u32,
    /// The program that wrote it.
    pub program: String,
    /// To the end of the last clip, in seconds.
    pub seconds: f64,
    /// The tempo map.
    pub tempos: Vec<DawTempo>,
    /// The meter map.
    pub meters: Vec<DawMeter>,
    /// Names of places.
    pub markers: Vec<DawMarker>,
    /// The tracks.
    pub tracks: Vec<DawTrack>,
    /// What was not read, a sentence each.
    pub unread: Vec<String>,
}

impl DawReport {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// A tempo and where it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DawTempo {
    /// Where, in seconds.
    pub at_s: f64,
    /// Where, in quarter notes.
    pub quarter: f64,
    /// Quarter notes a minute.
    pub bpm: f64,
}

/// A meter and where it begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DawMeter {
    /// Where, in quarter notes.
    pub quarter: f64,
    /// The meter, as `3/4`.
    pub meter: String,
}

/// The name of a place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DawMarker {
    /// Where, in seconds.
    pub at_s: f64,
    /// Where, in quarter notes.
    pub quarter: f64,
    /// The name.
    pub name: String,
}

/// A track.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DawTrack {
    /// Its name.
    pub name: String,
    /// Whether it is muted.
    pub is_muted: bool,
    /// Its volume, where the file says it and it is not silent.
    pub volume_db: Option<f64>,
    /// Names of its instruments and effects.
    pub effects: Vec<String>,
    /// What is on it.
    pub clips: Vec<DawClip>,
}

/// A piece of a track.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DawClip {
    /// Its name.
    pub name: String,
    /// Where it starts, in seconds.
    pub at_s: f64,
    /// Its length, in seconds.
    pub length_s: f64,
    /// Where it starts, in quarter notes.
    pub quarter: f64,
    /// Notes in it, if it has notes.
    pub notes: Option<u64>,
    /// Its sound file, if it has one.
    pub audio: Option<String>,
    /// Where in the sound file it begins.
    pub from_s: f64,
    /// Whether the sound file was found.
    pub is_found: Option<bool>,
}

/// What a project was converted into.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DawConverted {
    /// Files that were written.
    pub files: Vec<String>,
    /// Tracks.
    pub tracks: u64,
    /// Clips.
    pub clips: u64,
    /// Notes.
    pub notes: u64,
    /// What did not come along, a sentence each.
    pub lost: Vec<String>,
}
