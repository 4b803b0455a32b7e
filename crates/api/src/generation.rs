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
    /// How many: 1 to 1,000. Each has a seed of its own, see [`seed_of`].
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

/// The largest seed: the largest integer that JSON keeps exact in every program, pages included.
pub const SEED_MAX: u64 = (1 << 53) - 1;

/// The seed of the sound with a number, from 1.
///
/// It is the recipe's own for the first; others follow from it. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 (`splitmix64`), cut to
/// 53 bits.
#[must_use]
pub fn seed_of(recipe: u64, number: u32) -> u64 {
    if number <= 1 {
        return recipe;
    }
    let mut x = recipe.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(u64::from(number)));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) & SEED_MAX
}

/// The order to make sounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateTask {
    /// What was asked for, models with the SHA-256 of their weights.
    pub asked: Box<NewGeneration>,
    /// Memory that it is said to need, in bytes, where that was forecast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_bytes: Option<u64>,
}

/// A sound of a generation; its folder `sounds/NUMBER` holds `sound.wav`, `sound.json` and `peaks.bin`, and, where a
/// sound was sent through the models, that one as [`SoundCard::INPUT`].
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
    /// Its folder, to copy or to open; the sounds are in `sounds` there.
    #[serde(default)]
    pub folder: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_sound_has_a_seed_of_its_own_that_json_keeps() {
        for recipe in [0, 1, 7, SEED_MAX] {
            assert_eq!(seed_of(recipe, 1), recipe);
            let seeds: BTreeSet<u64> = (1..=1000).map(|number| seed_of(recipe, number)).collect();
            assert_eq!(seeds.len(), 1000);
            assert!(seeds.iter().all(|&seed| seed <= SEED_MAX && seed as f64 as u64 == seed));
        }
    }
}
