//! Imports: what people have from the original program becomes datasets, runs and models here.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Job, Warning};

/// What to import of what another program left in a folder or a file.
///
/// Whole folders of a dataset, a run or a model are made inside the job's folder, for the studio to
/// take; [`ImportResult`] names them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportTask {
    /// The folder or file, absolute.
    #[schema(value_type = String)]
    pub path: PathBuf,
    /// Which of what was found: keys of [`Finding`]. All, if empty.
    #[serde(default)]
    pub items: Vec<String>,
    /// What to call it, where one thing is taken; its own name if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Make one model of it, of a folder its best checkpoint; whatever else it holds is left.
    #[serde(default)]
    pub as_model: bool,
}

/// What was found in a folder or a file, and what would become of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Findings {
    /// The folder or file.
    pub path: String,
    /// What can be taken, by path.
    pub items: Vec<Finding>,
    /// What was recognised and cannot be taken.
    pub unreadable: Vec<Unreadable>,
    /// Whether there was more than was looked at.
    pub is_cut: bool,
}

/// One thing that can be taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// What to call it in an order: its path below the folder.
    pub key: String,
    /// What it would become.
    pub kind: FindingKind,
    /// A name for it.
    pub name: String,
    /// What it is, in words.
    pub what: String,
    /// What would be made of it, in words.
    pub becomes: String,
    /// Size on disk, in bytes.
    pub bytes: u64,
    /// What is worth knowing before: whole sentences.
    pub notes: Vec<String>,
}

/// What a finding becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A dataset.
    Dataset,
    /// A run, with its curves, sounds and checkpoints.
    Run,
    /// A model.
    Model,
}

/// Something that was recognised and cannot be taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Unreadable {
    /// Its path below the folder.
    pub path: String,
    /// Why not.
    pub why: String,
}

/// `result.json` of an import: the folders that were made inside its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportResult {
    /// In the order in which they are to be taken: datasets before the runs on them.
    pub made: Vec<Made>,
}

/// A whole folder of a dataset, a run or a model, made by an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Made {
    /// The key of the finding it was made of.
    pub key: String,
    /// What it is.
    pub kind: FindingKind,
    /// Its folder, below the job's.
    pub folder: String,
    /// Its name.
    pub name: String,
    /// Of a run whose files do not say what it learnt from: what those sounds were like.
    pub learnt: Option<Learnt>,
}

/// What the sounds of a dataset are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Learnt {
    /// Samples per second.
    pub rate_hz: u32,
    /// 1 for mono, 2 for stereo.
    pub channels: u16,
}

/// An import of what another program made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Import {
    /// Its identifier.
    pub id: Id,
    /// The folder or file.
    pub path: String,
    /// The job that makes folders of ours.
    pub job: Job,
    /// What could not be taken as it was.
    pub warnings: Vec<Warning>,
    /// What it made, once it is done.
    pub result: Option<ImportResult>,
}
