//! Families of models, their knobs and presets, as forms and the command line show them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Limit;

/// A kind of model that can be trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Family {
    /// Its name in settings and commands, like `rave`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it does, one sentence.
    pub summary: String,
    /// What its models learn from.
    pub learns_from: LearnsFrom,
    /// Ready-made choices, the recommended one first.
    pub presets: Vec<Preset>,
    /// Changes that can be laid over a preset, one after the other; later ones win.
    pub switches: Vec<Switch>,
    /// Every setting.
    pub knobs: Vec<Knob>,
}

/// What models of a family learn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LearnsFrom {
    /// Sounds of a dataset.
    Sounds,
    /// Sounds that belong together, each two of them a question and its answer.
    PairsOfSounds,
    /// A game that it plays.
    Game,
    /// Latents that another model made of sounds.
    Latents,
    /// Sounds of a dataset and words for each of them, by way of a model of others that makes sound from words.
    Words,
    /// Nothing but its settings.
    Nothing,
}

/// A named choice of knobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Preset {
    /// Its name in commands, like `sketch`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The heading that lists put it under.
    pub group: String,
    /// What it is good for and how long it takes, one or two sentences.
    pub summary: String,
    /// The knobs that it sets, by key; the rest keep their defaults.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// When it stops by itself.
    pub limit: Limit,
}

/// A named change of a few knobs, laid over a preset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Switch {
    /// Its name in commands, like `causal`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The heading that lists put it under.
    pub group: String,
    /// What changes with it, one or two sentences.
    pub summary: String,
    /// The knobs that it sets, by key.
    pub settings: BTreeMap<String, serde_json::Value>,
}

/// Where a composed setting got its value from: the last one that set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// The knob's own default.
    Default,
    /// The preset.
    Preset,
    /// The dataset: its rate and channels.
    Dataset,
    /// A switch.
    Switch {
        /// Its name.
        name: String,
    },
    /// A single setting that was chosen for this run.
    Setting,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Knob {
    /// Its key in settings and for `--set key=value`.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// What it does and what happens when it is changed, one or two sentences.
    pub help: String,
    /// Under which heading a form shows it.
    pub group: String,
    /// Whether a form folds it away at first.
    pub is_advanced: bool,
    /// The unit of its value, like `samples`; empty if it has none.
    pub unit: String,
    /// What values it takes.
    pub kind: KnobKind,
    /// The value it has by itself.
    pub default: serde_json::Value,
}

/// What values a knob takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum KnobKind {
    /// A whole number.
    Integer {
        /// Least.
        min: i64,
        /// Largest.
        max: i64,
        /// It must be a multiple of this; 1 for any.
        multiple_of: i64,
    },
    /// A number.
    Number {
        /// Least.
        min: f64,
        /// Largest.
        max: f64,
        /// Whether a slider should move by factors rather than by differences.
        is_logarithmic: bool,
    },
    /// Yes or no.
    Bool,
    /// One of a few words.
    Choice {
        /// The words.
        options: Vec<String>,
    },
    /// Words of one's own, which may be none.
    Text {
        /// Most characters.
        len_max: u32,
    },
    /// A list of whole numbers, written `4,4,2`.
    IntegerList {
        /// Least of each.
        min: i64,
        /// Largest of each.
        max: i64,
        /// Fewest numbers.
        len_min: u32,
        /// Most numbers.
        len_max: u32,
    },
}
