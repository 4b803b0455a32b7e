//! Choices that settings are composed of, and presets that people keep of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Limit, UnixMs};

/// What settings are composed of: a preset, switches over it, single settings on top.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Choices {
    /// The family; `rave` if absent.
    #[serde(default)]
    pub family: Option<String>,
    /// The preset, the family's or one's own; the family's first if absent.
    #[serde(default)]
    pub preset: Option<String>,
    /// Switches laid over the preset, in this order; later ones win.
    #[serde(default)]
    pub switches: Vec<String>,
    /// Knobs that differ from preset and switches, by key.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
}

/// What to compose, to look at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewComposition {
    /// The choices.
    #[serde(flatten)]
    pub choices: Choices,
    /// A dataset that they are for: it gives rate and channels, and is checked against.
    #[serde(default)]
    pub dataset: Option<Id>,
    /// When the run would stop by itself; as the preset says, if absent.
    #[serde(default)]
    pub limit: Option<Limit>,
}

/// A preset of one's own: `preset.json` in its folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnPreset {
    /// Version of this format; see [`OwnPreset::FORMAT`].
    pub format: u32,
    /// Its identifier, which commands name it by.
    pub id: Id,
    /// The project it lies in; its file does not say that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Id>,
    /// When it was saved.
    pub created_ms: UnixMs,
    /// The name people gave it.
    pub name: String,
    /// What it is good for, in the words of who saved it; may be empty.
    #[serde(default)]
    pub summary: String,
    /// What it is composed of, down to a preset of the family.
    #[serde(flatten)]
    pub choices: Choices,
    /// When a run with it stops by itself; as the family's preset has it if absent.
    #[serde(default)]
    pub limit: Option<Limit>,
}

impl OwnPreset {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// What to keep as a preset of one's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewPreset {
    /// A name, 1 to 120 characters; its identifier is made from it.
    pub name: String,
    /// What it is good for; may be empty.
    #[serde(default)]
    pub summary: String,
    /// What it is composed of.
    #[serde(flatten)]
    pub choices: Choices,
    /// When a run with it stops by itself; as its preset has it if absent.
    #[serde(default)]
    pub limit: Option<Limit>,
}

/// A preset of one's own as a file that can be passed on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PresetFile {
    /// What the file is.
    pub kind: PresetFileKind,
    /// Version of this format; see [`PresetFile::FORMAT`].
    pub format: u32,
    /// The preset.
    #[serde(flatten)]
    pub preset: NewPreset,
}

impl PresetFile {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// The word that a preset's file is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresetFileKind {
    /// A preset.
    MaquettePreset,
}

/// Which preset of one's own something started from, as it was called then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PresetName {
    /// Its identifier.
    pub id: Id,
    /// Its name.
    pub name: String,
}
