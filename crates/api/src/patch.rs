//! Patches: what people keep of playing a model: favourite points, trajectories, and settings of the instrument.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, UnixMs};

/// What a patch keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatchKind {
    /// A point of the latent space.
    Favourite,
    /// A movement through it.
    Trajectory,
    /// Where all controls stand, with the MIDI mappings.
    Instrument,
    /// A recipe to make sounds by.
    Recipe,
}

/// `patch.json` in its folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Patch {
    /// Version of this format; see [`Patch::FORMAT`].
    pub format: u32,
    /// Its identifier.
    pub id: Id,
    /// What it keeps.
    pub kind: PatchKind,
    /// The name people gave it.
    pub name: String,
    /// When it was made.
    pub created_ms: UnixMs,
    /// The model that it is for.
    pub model: Id,
    /// SHA-256 of that model's weights, so that a patch is not used with another.
    pub model_sha256: String,
    /// What is kept; only the pages read it. At most 4 MB.
    pub body: serde_json::Value,
}

impl Patch {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// A patch to keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewPatch {
    /// What it keeps.
    pub kind: PatchKind,
    /// A name, 1 to 120 characters.
    pub name: String,
    /// The model that it is for.
    pub model: Id,
    /// What to keep.
    pub body: serde_json::Value,
}

/// What changes about a patch; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatchChange {
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
    /// Something else to keep.
    #[serde(default)]
    pub body: Option<serde_json::Value>,
}
