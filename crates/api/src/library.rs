//! The library: sounds of one's own, in folders that are watched or kept, and what was found in each of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Analysis, ChangedFrom, HeardNote, Id, Phrase, Span, UnixMs};

/// `folder.json` of a folder of the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FolderCard {
    /// Version of this format; see [`FolderCard::FORMAT`].
    pub format: u32,
    /// The name that it got when it was added.
    pub name: String,
    /// When it was added.
    pub created_ms: UnixMs,
    /// Where its sounds are.
    pub place: FolderPlace,
    /// Sounds that somebody removed from the library, by their paths in it. The files stay.
    #[serde(default)]
    pub removed: Vec<String>,
}

impl FolderCard {
    /// The version that this program reads, and writes where the place is [`FolderPlace::Listed`], which 1 does not know.
    pub const FORMAT: u32 = 2;
    /// The version of all others, which earlier programs read, too.
    pub const PLAIN_FORMAT: u32 = 1;
    /// Its file in the folder.
    pub const CARD: &'static str = "folder.json";
    /// Where the files of a kept one are, in its folder.
    pub const FILES: &'static str = "files";
}

/// Where the sounds of a folder of the library are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum FolderPlace {
    /// In a folder of the computer, or one file, left where it is.
    Watched {
        /// Its absolute path.
        path: PathBuf,
    },
    /// In the workspace: they were dropped on a page.
    Kept,
    /// Files of the computer that were chosen one by one, as the sounds of a project, left where they are.
    Listed {
        /// Their absolute paths.
        paths: Vec<PathBuf>,
    },
}

/// A folder of sounds to add to the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewLibraryFolder {
    /// Another name than that of the folder.
    #[serde(default)]
    pub name: Option<String>,
    /// Where its sounds are.
    pub source: FolderSource,
    /// Whether to leave its sounds as they are; they are analysed otherwise.
    #[serde(default)]
    pub is_only_listed: bool,
}

/// Where the sounds of a new folder are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum FolderSource {
    /// A folder of this computer with its sub-folders, or one file. Nothing is copied.
    Path {
        /// Its absolute path.
        #[schema(value_type = String)]
        path: PathBuf,
    },
    /// Files that were dropped on a page; the library keeps them.
    Upload {
        /// The identifier that the upload answered with.
        upload: Id,
    },
}

/// A folder of the library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LibraryFolder {
    /// Its identifier.
    pub id: Id,
    /// The project that it lies in.
    pub project: Id,
    /// The name people gave it.
    pub name: String,
    /// When it was added.
    pub created_ms: UnixMs,
    /// Where its sounds are.
    pub path: String,
    /// Whether it is left where it is; else the workspace keeps its files.
    pub is_watched: bool,
    /// Sounds in it.
    pub n_sounds: u64,
    /// Sounds that are not where they were.
    pub n_missing: u64,
    /// Sounds that are not analysed, or were by an earlier version of the program, and have not failed to be.
    pub n_new: u64,
    /// When it was last looked through, if it was.
    pub scanned_ms: Option<UnixMs>,
    /// Why it could not be looked through, if it could not.
    pub problem: Option<String>,
}

/// What changes about a folder of the library; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LibraryFolderChange {
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
}

/// What looking through the folders of the library found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LibraryScan {
    /// The folders, as they are now.
    pub folders: Vec<LibraryFolder>,
    /// Files that were not there before, or have changed.
    pub n_new: u64,
    /// The job that analyses what is not analysed, if there is anything.
    pub job: Option<Id>,
}

/// What an item of the library is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A sound.
    Sound,
    /// Notes: a MIDI file.
    Midi,
    /// A film of an agent at play. It stays where it is made, and nothing is found in it.
    Film,
}

/// A sound of the library, as lists show it; also a MIDI file or a film.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LibraryItem {
    /// Its identifier.
    pub id: Id,
    /// What it is.
    pub kind: ItemKind,
    /// The project that it lies in.
    pub project: Id,
    /// The folder of the library that it is in; none of what was generated or recorded here.
    pub folder: Option<Id>,
    /// Its name: that of the file without its ending, or of the sound that was made.
    pub name: String,
    /// Where the file is.
    pub path: String,
    /// The ending of its name in lower case, like `wav`.
    pub ending: String,
    /// Size of the file.
    pub bytes: u64,
    /// When the file was last changed.
    pub modified_ms: UnixMs,
    /// When it was added.
    pub added_ms: UnixMs,
    /// Whether the file is not where it was.
    pub is_missing: bool,
    /// Why it could not be analysed, if it could not.
    pub problem: Option<String>,
    /// SHA-256 of the file, once it was read. Equal files have what was found in them, and what people said of them, in
    /// common.
    pub sha256: Option<String>,
    /// Whether it is analysed.
    pub is_analysed: bool,
    /// Whether an earlier version of the program analysed it, which found less: analysing it again finds the rest.
    pub is_outdated: bool,
    /// Whether somebody has corrected what was found.
    pub is_edited: bool,
    /// Length, in seconds, once that is known.
    pub seconds: Option<f64>,
    /// Sampling rate, once that is known.
    pub rate_hz: Option<u32>,
    /// Channels, once they are known.
    pub channels: Option<u32>,
    /// Tempo, in beats per minute, if it has one.
    pub tempo_bpm: Option<f64>,
    /// Meter, like `4/4`, if it has one.
    pub meter: Option<String>,
    /// Key, like `A minor`, if it has one.
    pub key: Option<String>,
    /// Integrated loudness, in LUFS; none for silence.
    pub loudness_lufs: Option<f64>,
    /// True peak, in dB; none for silence.
    pub true_peak_dbtp: Option<f64>,
    /// Kinds of what is wrong with it, each once.
    pub findings: Vec<String>,
    /// Words that describe it.
    pub words: Vec<String>,
    /// 1 to 5; 0 where nobody has rated it.
    pub rating: u8,
    /// Words of one's own.
    pub tags: Vec<String>,
    /// Collections that it is in.
    pub collections: Vec<String>,
    /// How similar it is to the sound that was asked about, from 0 to 1; none where none was asked about.
    pub similarity: Option<f64>,
}

/// Which sounds are listed: those that are near a place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimilarAsk {
    /// The place, as the analysis of a sound gives it.
    pub place: Vec<f32>,
    /// At most so many; 10 if absent, never more than 500.
    #[serde(default)]
    pub limit: Option<u64>,
}

/// A part of what was searched for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LibraryPage {
    /// How many there are in all.
    pub total: u64,
    /// Those of this part, in order.
    pub items: Vec<LibraryItem>,
}

/// A sound of the library with all that was found in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LibraryItemDetail {
    /// The sound.
    pub item: LibraryItem,
    /// The name of its folder.
    pub folder_name: Option<String>,
    /// What was found in it, with the corrections; none before it is analysed.
    pub analysis: Option<Analysis>,
    /// What was found in it, without them.
    pub found: Option<Analysis>,
    /// The corrections, if there are any.
    pub edit: Option<AnalysisEdit>,
    /// What it was made of, if a change made it.
    #[serde(default)]
    pub changed_from: Option<ChangedFrom>,
}

/// What changes about a sound of the library; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LibraryItemChange {
    /// 1 to 5, or 0 for none.
    #[serde(default)]
    pub rating: Option<u8>,
    /// Words of one's own.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// Collections that it is in.
    #[serde(default)]
    pub collections: Option<Vec<String>>,
}

/// A word that sounds of the library have in common, and how many have it: a tag, a collection, a key, an ending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LibraryWord {
    /// What it is: `tag`, `collection`, `key` or `format`, as searches say it.
    pub field: String,
    /// The word.
    pub word: String,
    /// How many sounds have it.
    pub n_sounds: u64,
}

/// Corrections of what was found in a sound; what is absent stays as it was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnalysisEdit {
    /// Another tempo, in beats per minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo_bpm: Option<f64>,
    /// Another meter, like `3/4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter: Option<String>,
    /// Other beats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beats_s: Option<Vec<f64>>,
    /// Other first beats of bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downbeats_s: Option<Vec<f64>>,
    /// Another key, like `A minor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Other chords.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chords: Option<Vec<Span>>,
    /// Other sections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sections: Option<Vec<Span>>,
    /// Other phrases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phrases: Option<Vec<Phrase>>,
    /// Other notes of the leading voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub melody: Option<Vec<HeardNote>>,
}

impl AnalysisEdit {
    /// Whether it corrects nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What was found, with the corrections.
    #[must_use]
    pub fn applied_to(&self, found: &Analysis) -> Analysis {
        let edit = self.clone();
        let found = found.clone();
        Analysis {
            tempo_bpm: edit.tempo_bpm.or(found.tempo_bpm),
            meter: edit.meter.or(found.meter),
            beats_s: edit.beats_s.unwrap_or(found.beats_s),
            downbeats_s: edit.downbeats_s.unwrap_or(found.downbeats_s),
            key: edit.key.or(found.key),
            chords: edit.chords.unwrap_or(found.chords),
            sections: edit.sections.unwrap_or(found.sections),
            phrases: edit.phrases.unwrap_or(found.phrases),
            melody: edit.melody.unwrap_or(found.melody),
            ..found
        }
    }
}

/// What to analyse: the sounds or folders that are named, or whatever is not analysed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewAnalysis {
    /// Only these sounds.
    #[serde(default)]
    pub items: Option<Vec<Id>>,
    /// Only the sounds of this folder.
    #[serde(default)]
    pub folder: Option<Id>,
    /// Whether to analyse again what is analysed, or has failed to be. Corrections stay.
    #[serde(default)]
    pub is_again: bool,
}

/// The order to analyse sounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnalyseTask {
    /// The files.
    pub files: Vec<AnalyseFile>,
    /// Whether to analyse again what was analysed before.
    #[serde(default)]
    pub is_again: bool,
}

/// A file to analyse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnalyseFile {
    /// The sound of the library.
    pub item: Id,
    /// The file: absolute, or relative to the job's folder.
    pub path: PathBuf,
    /// Its name, for people.
    pub name: String,
    /// Its size, for progress.
    pub bytes: u64,
}

/// The form in which what was found in a sound is written for other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationForm {
    /// The JSON of `maquette analyse`.
    Json,
    /// A table: time, end, kind, label.
    Csv,
    /// JAMS, the JSON Annotated Music Specification.
    Jams,
    /// A label track of Audacity.
    Audacity,
    /// A layer of Sonic Visualiser with the beats.
    SonicVisualiser,
    /// A layer of Sonic Visualiser with the notes of the melody.
    SonicVisualiserNotes,
    /// A MIDI file with the tempo map, meter and key, chords and sections as markers, and the melody as a track.
    Midi,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrections_replace_what_they_name_and_nothing_else() {
        let span = |label: &str| Span { start_s: 0.0, end_s: 1.0, label: label.to_owned() };
        let note = |key| HeardNote { start_s: 0.0, end_s: 1.0, key, cents_off: 0.0, velocity: 90 };
        let found = Analysis {
            tempo_bpm: Some(60.0),
            key: Some("A minor".to_owned()),
            beats_s: vec![0.0, 1.0],
            chords: vec![span("A:min")],
            phrases: vec![Phrase { start_s: 0.0, end_s: 1.0 }],
            melody: vec![note(60)],
            seconds: 2.0,
            ..Analysis::default()
        };
        assert_eq!(AnalysisEdit::default().applied_to(&found), found);
        let edit = AnalysisEdit {
            tempo_bpm: Some(120.0),
            beats_s: Some(vec![0.0, 0.5, 1.0]),
            chords: Some(Vec::new()),
            melody: Some(vec![note(62), note(64)]),
            ..AnalysisEdit::default()
        };
        assert!(!edit.is_empty() && AnalysisEdit::default().is_empty());
        let applied = edit.applied_to(&found);
        assert_eq!((applied.tempo_bpm, applied.beats_s.len()), (Some(120.0), 3));
        assert!(applied.chords.is_empty());
        assert_eq!(applied.melody, [note(62), note(64)]);
        assert_eq!(applied.phrases, found.phrases);
        assert_eq!((applied.key, applied.seconds), (found.key, 2.0));
    }
}
