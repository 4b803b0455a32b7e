//! Projects: datasets, runs and models that belong together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Choices, Id, Limit, UnixMs};

/// A project as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// Its identifier: the name of its folder.
    pub id: Id,
    /// The name people gave it.
    pub name: String,
    /// When it was made.
    pub created_ms: UnixMs,
    /// When something in it was last made, or ended.
    pub used_ms: UnixMs,
    /// Datasets in it.
    pub n_datasets: u32,
    /// Runs in it.
    pub n_runs: u32,
    /// Models in it.
    pub n_models: u32,
    /// Jobs of it that wait or run.
    pub n_active: u32,
    /// What new runs start from.
    pub defaults: RunDefaults,
    /// Whether it can be deleted. The first one cannot: what has no other project lies in it.
    pub can_delete: bool,
}

impl Project {
    /// The identifier of the project that every workspace has.
    pub fn first() -> Id {
        Id::numbered("default", 1)
    }
}

/// A project with what takes time to find out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectDetail {
    /// The project.
    #[serde(flatten)]
    pub project: Project,
    /// Its folder, to copy or to open.
    pub folder: String,
    /// Its size on disk, in bytes: about that of its archive.
    pub bytes: u64,
}

/// What new runs of a project start from, where nobody says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunDefaults {
    /// Preset, switches and settings.
    #[serde(flatten)]
    pub choices: Choices,
    /// When they stop by themselves; as the preset says, if absent.
    #[serde(default)]
    pub limit: Option<Limit>,
}

/// What to make a project of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewProject {
    /// A name, 1 to 120 characters; its identifier is made from it.
    pub name: String,
    /// What new runs start from.
    #[serde(default)]
    pub defaults: RunDefaults,
}

/// What to change of a project; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectChange {
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
    /// Something else that new runs start from.
    #[serde(default)]
    pub defaults: Option<RunDefaults>,
}

/// Something to move into a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectItem {
    /// The list it stands in: `datasets`, `runs`, `models`, `reconstructions`, `presets` or `exports`.
    pub list: String,
    /// Its identifier.
    pub id: Id,
}

/// `project.json`: what a project's folder says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectFile {
    /// Version of this format; see [`ProjectFile::FORMAT`].
    pub format: u32,
    /// The name people gave it.
    pub name: String,
    /// When it was made.
    pub created_ms: UnixMs,
    /// What new runs start from.
    #[serde(default)]
    pub defaults: RunDefaults,
    /// When it was moved to the trash, while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_ms: Option<UnixMs>,
}

impl ProjectFile {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}
