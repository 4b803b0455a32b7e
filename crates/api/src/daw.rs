//! What is in a project of an audio workstation, and what it was converted into. What `maquette daw … --json` prints, and
//! what pages draw and take.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, LibraryScan, Span, UnixMs};

/// What is in a project. An interface for scripts: fields may be added, none changes its meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DawReport {
    /// The project, as it was named.
    pub file: String,
    /// Version of this form; see [`DawReport::FORMAT`].
    pub format: u32,
    /// The program that wrote it.
    pub program: String,
    /// The key, like `C major`, where the project says one.
    pub key: Option<String>,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DawMeter {
    /// Where, in quarter notes.
    pub quarter: f64,
    /// The meter, as `3/4`.
    pub meter: String,
}

/// The name of a place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
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
    /// Whether the sound file was found, or lies inside the project.
    pub is_found: Option<bool>,
    /// Where the sound file was found, if it was, and is a file of its own.
    pub found_at: Option<String>,
}

/// What a project was converted into.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
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

/// A project as pages draw it, beside its [`DawReport`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DawPicture {
    /// To the end of the last clip or marker, in seconds.
    pub seconds: f64,
    /// Where bars begin, in seconds.
    pub bars_s: Vec<f64>,
    /// The tracks in the order of the report.
    pub tracks: Vec<DawDrawnTrack>,
    /// Notes that are left out because there are too many.
    pub left_out: u64,
    /// The sound files of the project, each once, by their paths.
    pub sounds: Vec<DawSound>,
}

/// The notes of a track as pages draw them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DawDrawnTrack {
    /// For each of its clips the notes: start and length in seconds of the project, and the key. Empty for sound.
    pub clips: Vec<Vec<[f64; 3]>>,
}

/// A sound file that a project uses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DawSound {
    /// Its path, as the project has it.
    pub path: String,
    /// Where it was found; none if it is missing, or lies inside the project.
    pub found_at: Option<String>,
    /// Whether it lies inside the project, which a `.dawproject` may have its sounds in.
    pub is_inside: bool,
    /// Its size as the project remembers it, if it does.
    pub bytes: Option<u64>,
    /// Names of the tracks that use it.
    pub tracks: Vec<String>,
    /// What it is in the library, if it is there.
    pub item: Option<Id>,
}

/// Projects of audio workstations that lie in folders of the library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DawFiles {
    /// The projects, newest first.
    pub projects: Vec<DawFile>,
    /// Projects and folders that were not looked at, because there are too many.
    pub left_out: u64,
}

/// A project that lies in a folder of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DawFile {
    /// Its name without its ending.
    pub name: String,
    /// The ending in lower case, as `rpp`.
    pub ending: String,
    /// Its absolute path.
    pub path: String,
    /// The folder of the library that it lies in.
    pub folder: Id,
    /// The name of that folder.
    pub folder_name: String,
    /// When it was last changed.
    pub modified_ms: UnixMs,
}

/// The sounds of a project, to be taken into the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TakeDawSounds {
    /// The absolute path of the project.
    #[schema(value_type = String)]
    pub path: PathBuf,
    /// A folder to look for its sounds in, by their names.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub sounds: Option<PathBuf>,
}

/// What was taken of the sounds of a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DawSoundsTaken {
    /// Sounds that are new in the library.
    pub n_new: u64,
    /// Sounds that were there before, and have the tags now.
    pub n_known: u64,
    /// What could not be taken, a sentence each.
    pub failures: Vec<String>,
    /// The folder of the library that has the new ones, and the job that analyses them.
    pub scan: Option<LibraryScan>,
}

/// A form that a project is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DawForm {
    /// `DAWproject`, which many workstations open.
    Dawproject,
    /// A project for REAPER.
    Reaper,
    /// A MIDI file: the notes, the tempo map and the markers.
    Midi,
    /// A WAV file for each track of sound, a MIDI file, and the tempo map as a table.
    Stems,
}

/// A part of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DawPart {
    /// The track, by its place from 0.
    pub track: u32,
    /// One clip of it, by its place from 0; all of them if absent.
    #[serde(default)]
    pub clip: Option<u32>,
}

/// Time and harmony of a sound, of which a project is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SoundMap {
    /// Times of the beats.
    pub beats_s: Vec<f64>,
    /// Times of the first beats of bars.
    pub downbeats_s: Vec<f64>,
    /// The meter, as `4/4`; 4/4 if absent.
    pub meter: Option<String>,
    /// Chords, in the spelling of `mir_eval`.
    pub chords: Vec<Span>,
    /// Sections.
    pub sections: Vec<Span>,
    /// Length of the sound, in seconds.
    pub seconds: f64,
}

/// A project that was made of a sound, as `maquette daw from-sound --json` prints it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DawOfSound {
    /// The sound.
    pub file: String,
    /// The project that was written.
    pub output: String,
    /// Bars of the project.
    pub bars: u64,
    /// The tempo at the start, in quarter notes a minute.
    pub tempo_bpm: f64,
    /// Changes of the tempo after it.
    pub tempo_changes: u64,
    /// The meter.
    pub meter: String,
    /// Where the sound starts in the project, in seconds: so that its first downbeat is on a bar line.
    pub starts_s: f64,
    /// Markers: chords and sections.
    pub markers: u64,
    /// What could not be said of it, a sentence each.
    pub lost: Vec<String>,
}
