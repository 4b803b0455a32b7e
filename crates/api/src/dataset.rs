//! Datasets: sound prepared for training.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Job, SoundSource, UnixMs, Warning};

/// A dataset as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Dataset {
    /// Its identifier.
    pub id: Id,
    /// The name people gave it.
    pub name: String,
    /// When it was asked for.
    pub created_ms: UnixMs,
    /// The job that prepares it.
    pub job: Job,
    /// What it holds, once it is whole.
    pub summary: Option<DatasetSummary>,
}

/// What a whole dataset holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DatasetSummary {
    /// Where the sounds came from, in words.
    pub source: String,
    /// Samples per second.
    pub rate_hz: u32,
    /// 1 for mono, 2 for stereo.
    pub channels: u16,
    /// Files in it.
    pub n_files: u32,
    /// Files that could not be used.
    pub n_skipped: u32,
    /// Files kept apart for validation.
    pub n_validation: u32,
    /// Sound in all, in seconds.
    pub length_secs: f64,
    /// Space on disk, in bytes.
    pub bytes: u64,
    /// SHA-256 over the content: the same sounds and settings give the same hash.
    pub hash: String,
    /// How long preparing took, in seconds.
    pub prepare_secs: f64,
    /// Files that repeat another one; 0 where nobody looked.
    #[serde(default)]
    pub n_duplicates: u32,
}

/// A dataset with its files and warnings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DatasetDetail {
    /// The dataset.
    #[serde(flatten)]
    pub dataset: Dataset,
    /// Its files, in order of their paths.
    pub files: Vec<SoundFile>,
    /// What preparing had to say, files that were skipped included.
    pub warnings: Vec<Warning>,
    /// Files that are the same sound, in order of the first of each. A group is never split between
    /// training and validation.
    pub groups: Vec<SoundGroup>,
    /// Runs that trained on it.
    pub used_by: Vec<Id>,
}

/// Files of a dataset that are the same sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SoundGroup {
    /// How alike they are.
    pub kind: SoundGroupKind,
    /// Their places in the dataset ([`SoundFile::idx`]), two at least.
    pub files: Vec<u32>,
}

/// How alike the files of a group are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoundGroupKind {
    /// Their samples in the dataset are equal.
    Exact,
    /// They are the same recording in another format, rate or level.
    Near,
}

/// One sound of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SoundFile {
    /// Its place in the dataset, from 0.
    pub idx: u32,
    /// Its path below the source folder.
    pub path: String,
    /// Length, in seconds.
    pub length_secs: f64,
    /// Samples per second of the original file.
    pub source_rate_hz: u32,
    /// Channels of the original file.
    pub source_channels: u16,
    /// Largest sample, in dB relative to full scale; -120 is silence.
    pub peak_db: f64,
    /// Root mean square, in dB relative to full scale; -120 is silence.
    pub rms_db: f64,
    /// Training or validation.
    pub split: Split,
    /// What it is, in words, from a text file of the same name beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

/// Which part of a dataset a file is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The model learns from it.
    Training,
    /// Held out, to measure what was learnt.
    Validation,
}

/// What to make a dataset of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewDataset {
    /// A name; the folder's name if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Where the sounds are.
    pub source: SoundSource,
    /// Samples per second; 44100 if absent. 8000 to 192000.
    #[serde(default)]
    pub rate_hz: Option<u32>,
    /// 1 for mono (the default) or 2 for stereo.
    #[serde(default)]
    pub channels: Option<u16>,
    /// The share of files kept apart for validation; 0.1 if absent.
    #[serde(default)]
    pub validation_share: Option<f64>,
    /// Decides which files those are; 0 if absent.
    #[serde(default)]
    pub seed: Option<u64>,
}

/// A new name for something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rename {
    /// 1 to 120 characters.
    pub name: String,
}

/// A place that files were uploaded to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// Name it as the source of a dataset, or send more files to it.
    pub upload: Id,
    /// Files in it so far.
    pub n_files: u32,
    /// Bytes in it so far.
    pub bytes: u64,
}

/// A folder on this computer, to choose sounds from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FolderListing {
    /// Its absolute path.
    pub path: String,
    /// The folder above it, if there is one.
    pub parent: Option<String>,
    /// Folders in it, by name.
    pub folders: Vec<String>,
    /// How many files in it look like sound, not counting sub-folders.
    pub n_sounds: u32,
    /// How many files in it and in its sub-folders look like sound. Hidden ones count nowhere, as
    /// they are not used.
    #[serde(default)]
    pub n_sounds_below: u32,
    /// Whether counting stopped early, so that there may be more.
    #[serde(default)]
    pub is_count_partial: bool,
    /// Files in it of the type that was asked for, by name.
    #[serde(default)]
    pub files: Vec<FolderFile>,
}

/// A file in a folder on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderFile {
    /// Its name.
    pub name: String,
    /// Its size, in bytes.
    pub bytes: u64,
}

/// Files to list with a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FolderFiles {
    /// Those whose names say that they are sound.
    Sounds,
    /// Those that can be imported.
    Imports,
    /// Projects of audio workstations.
    Projects,
}

/// `dataset.json`: the index of a whole dataset, written last by the job that prepares it.
///
/// Sound lies beside it in `sound-NNN.pcm`: interleaved signed 16-bit little-endian samples, file
/// after file; a sound never spans two of them. `peaks.bin` holds for every sound its least and
/// largest sample per block of [`DatasetIndex::PEAK_BLOCK`] frames over all channels, as pairs of
/// signed bytes in 1/127 of full scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetIndex {
    /// Version of this format; see [`DatasetIndex::FORMAT`].
    pub format: u32,
    /// What the dataset holds.
    pub summary: DatasetSummary,
    /// Its sounds, in order of their paths.
    pub sounds: Vec<IndexedSound>,
    /// What preparing had to say.
    pub warnings: Vec<Warning>,
    /// Files that are the same sound.
    #[serde(default)]
    pub groups: Vec<SoundGroup>,
}

impl DatasetIndex {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
    /// Frames that one pair of peaks stands for.
    pub const PEAK_BLOCK: u32 = 256;
}

/// Where one sound lies in a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexedSound {
    /// What lists show of it.
    #[serde(flatten)]
    pub file: SoundFile,
    /// Number of the `sound-NNN.pcm` it is in.
    pub chunk: u32,
    /// Where it starts there, in bytes.
    pub offset_bytes: u64,
    /// Its length in frames (samples per channel).
    pub n_frames: u64,
    /// Where its peaks start in `peaks.bin`, in bytes.
    pub peaks_offset_bytes: u64,
    /// SHA-256 of its samples as stored, in hexadecimal.
    pub sha256: String,
}
