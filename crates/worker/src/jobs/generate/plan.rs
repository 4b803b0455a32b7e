//! Which sounds a generation makes: of which input each is, and by which recipe.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use api::{NewGeneration, Recipe, RecipeSource, SoundPlace, Variation, seed_of};

use super::super::refuse;

/// The inputs of a generation, as they were when it began: numbers stay what they are, whatever becomes of a folder.
const INPUTS: &str = "inputs.json";
/// How deep a folder's sub-folders are looked through, and how many sounds are taken.
const DEPTH_MAX: usize = 16;
const INPUTS_MAX: usize = 100_000;

/// The sounds to make.
pub(super) struct Plan {
    recipe: Recipe,
    count: u32,
    vary: f64,
    /// Empty where the recipe is followed as it is.
    inputs: Vec<SoundPlace>,
}

impl Plan {
    /// The plan of an order; `home` is the job's folder.
    pub(super) fn of(home: &Path, asked: &NewGeneration) -> anyhow::Result<Self> {
        let is_batch = asked.folder.is_some() || !asked.inputs.is_empty();
        let inputs = if is_batch { inputs(home, asked)? } else { vec![] };
        if is_batch && !matches!(asked.recipe.source, RecipeSource::Sound { .. }) {
            let why = "Sounds go only into a recipe that sends a sound through its models.";
            return super::refuse_recipe(why, "Choose such a recipe, or leave out the sounds.");
        }
        let (recipe, count) = (asked.recipe.clone(), asked.count.max(1));
        Ok(Self { recipe, count, vary: asked.vary, inputs })
    }

    /// How many sounds there will be, if all inputs can be used.
    pub(super) fn n_sounds(&self) -> u32 {
        self.count.saturating_mul(self.inputs.len().max(1) as u32)
    }

    /// How many are made of each input.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Whether inputs take the place of the recipe's sound, so that one that cannot be used does not end the rest.
    pub(super) fn is_batch(&self) -> bool {
        !self.inputs.is_empty()
    }

    /// The place of a sound's input among all; 0 where there is none.
    pub(super) fn input_idx(&self, number: u32) -> usize {
        ((number - 1) / self.count) as usize
    }

    /// What people call the input of a sound.
    pub(super) fn input_name(&self, number: u32) -> String {
        match self.inputs.get(self.input_idx(number)) {
            Some(SoundPlace::File { path }) => path.display().to_string(),
            _ => format!("input {}", self.input_idx(number) + 1),
        }
    }

    /// The recipe of a sound. Variations have the recipe's seed and drift each in its own way; others have a seed each.
    pub(super) fn recipe(&self, number: u32) -> Recipe {
        let mut recipe = self.recipe.clone();
        let seed = seed_of(recipe.seed, number);
        if self.vary > 0.0 {
            recipe.variation = Some(Variation { amount: self.vary, seed });
        } else {
            recipe.seed = seed;
        }
        if let (RecipeSource::Sound { sound, .. }, Some(input)) =
            (&mut recipe.source, self.inputs.get(self.input_idx(number)))
        {
            *sound = input.clone();
        }
        recipe
    }
}

/// The inputs of an order: those that are named, then the sounds of its folder.
fn inputs(home: &Path, asked: &NewGeneration) -> anyhow::Result<Vec<SoundPlace>> {
    let path = home.join(INPUTS);
    let before = job::whole::read_json_if_there(&path).context("read the inputs")?;
    if let Some(inputs) = before {
        return Ok(inputs);
    }
    let mut inputs = asked.inputs.clone();
    if let Some(folder) = &asked.folder {
        let mut files = vec![];
        let folder = Path::new(folder);
        if let Err(error) = sounds_in(folder, 0, &mut files) {
            let what = format!("The folder “{}” cannot be read.", folder.display());
            return refuse(
                "no_folder",
                what,
                &api::sentence(&error.to_string()),
                "Choose another.",
            );
        }
        inputs.extend(files.into_iter().map(|path| SoundPlace::File { path }));
    }
    inputs.truncate(INPUTS_MAX);
    if inputs.is_empty() {
        let why = format!("“{}” holds no sound.", asked.folder.as_deref().unwrap_or_default());
        return refuse("no_sounds", "There is nothing to send.", &why, "Choose another folder.");
    }
    job::whole::write_json(&path, &inputs).context("write the inputs")?;
    Ok(inputs)
}

/// The sounds of a folder and its sub-folders, in order of their paths; what is hidden is left out.
fn sounds_in(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let (kind, path) = (entry.file_type()?, entry.path());
        if files.len() >= INPUTS_MAX || api::is_hidden_name(&name) {
            continue;
        }
        if kind.is_dir() && depth < DEPTH_MAX {
            // One that cannot be read does not spoil the others.
            let _ = sounds_in(&path, depth + 1, files);
        } else if path.is_file() && api::is_sound_name(&name) {
            files.push(path);
        }
    }
    Ok(())
}
