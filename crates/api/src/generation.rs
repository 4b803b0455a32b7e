//! Generations: sounds made from recipes, many at once, to listen to and to choose from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Job, Recipe, SoundCard, SoundPlace, UnixMs};

/// Sounds to make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewGeneration {
    /// A name; made from the recipe if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// How to make them.
    pub recipe: Recipe,
    /// How many: 1 to 1,000. Each has a seed of its own, mixed from the recipe's and its number; the first has the
    /// recipe's own.
    #[serde(default = "one")]
    pub count: u32,
    /// With more than one, each drifts so far from the recipe, in standard deviations; see [`crate::Variation`].
    #[serde(default)]
    pub vary: f64,
    /// Sounds to send through the models, one after the other, each in the place of the recipe's: a batch. `count` is
    /// for each of them.
    #[serde(default)]
    pub inputs: Vec<SoundPlace>,
    /// A folder on this computer whose sounds are inputs too, with its sub-folders.
    #[serde(default)]
    pub folder: Option<String>,
}

fn one() -> u32 {
    1
}

/// The order to make sounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateTask {
    /// What was asked for, models with the SHA-256 of their weights.
    pub asked: NewGeneration,
}

/// A sound of a generation; its folder `sounds/NUMBER` holds `sound.wav`, `sound.json` and `peaks.bin`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GeneratedSound {
    /// Its number, from 1.
    pub number: u32,
    /// Its folder, in the job's.
    pub path: String,
    /// What it is.
    pub card: SoundCard,
    /// Whether it was taken into the library of sounds, and as which.
    #[serde(default)]
    pub kept_as: Option<Id>,
    /// Whether somebody threw it away: its files are gone.
    #[serde(default)]
    pub is_gone: bool,
}

/// A generation: under way, or done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Generation {
    /// Its identifier.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// When it was asked for.
    pub created_ms: UnixMs,
    /// What was asked for.
    pub asked: NewGeneration,
    /// The job that makes it.
    pub job: Job,
    /// How many sounds there will be, once that is known.
    pub n_sounds: Option<u32>,
    /// How many there are.
    pub n_made: u32,
    /// Inputs that could not be used: whole sentences.
    pub notes: Vec<String>,
}
