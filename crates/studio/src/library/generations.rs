//! Verbs on generations: sounds made from recipes, many at once, to listen to and to choose from.
//!
//! What a generation made stands in its folder, a sound's folder for each in `sounds/`. One that is kept becomes a sound
//! of the library; of one that was thrown away only the card is left.

pub(super) mod recipe;
mod words;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use api::{
    GenerateTask, GeneratedSound, Generation, Id, Job, JobKind, ModelPlace, NewGeneration, Peaks,
    Recipe, RecipeSource, SoundCard, SoundPlace, Task, Warning, WordsForecastOf,
};
use job::{Shelf, files};

use super::{make_job, name_from, numbered_name, passing, rename_job, sounds, valid_name};

use crate::{
    Error, Studio,
    queue::Places,
    shared::Shared,
    store::{
        self,
        jobs::{self, JobRow, Phase},
        warnings,
    },
    workspace::{file_name, remove},
};

/// The most sounds that one answer holds.
const ANSWER_MAX: usize = 1000;

impl Studio {
    /// Every generation, newest first. Of long trajectories, recipes here have no frames.
    ///
    /// # Errors
    /// `Store` or `Closed` only; a generation whose folder cannot be read is left out.
    pub fn generations(&self) -> Result<Vec<Generation>, Error> {
        let ids = self.shared.read(|c| jobs::ids(c, JobKind::Generate))?;
        let mut generations = Vec::new();
        for (id, _) in ids.into_iter().filter(|(_, is_deleted)| !is_deleted) {
            match self.generation(&id) {
                Ok(mut generation) => {
                    sounds::shorten(&mut generation.asked.recipe);
                    generations.push(generation);
                }
                Err(error @ (Error::Store(_) | Error::Closed)) => return Err(error),
                Err(error) => tracing::warn!("generation {id} is left out: failed to {error}"),
            }
        }
        generations.retain(|it| self.is_shown(Some(&it.job.project)));
        generations.sort_by(|a, b| b.created_ms.cmp(&a.created_ms).then(a.id.cmp(&b.id)));
        Ok(generations)
    }

    /// Queues the making of sounds.
    ///
    /// # Errors
    /// `NotFound` when there is no such model or sound; `Invalid` when a value cannot be used; `Io` when there is nothing
    /// at a path; `TooMuch` when the queue is full.
    pub fn create_generation(&self, new: NewGeneration) -> Result<Generation, Error> {
        let named = new.name.as_deref().map(valid_name).transpose()?;
        let asked = self.frozen(new)?;
        let name = match named {
            Some(name) => name,
            None => {
                let taken = self.shared.read(|c| jobs::names(c, JobKind::Generate))?;
                numbered_name(&self.name_of(&asked), &taken)
            }
        };
        let project = match asked.recipe.models.first() {
            Some(model) => self.project_of_model(&model.place),
            None => self.project_for(None),
        };
        let needs_bytes = self.memory_for(&asked.recipe);
        let task = Task::Generate(GenerateTask { asked: Box::new(asked), needs_bytes });
        let id = make_job(&self.shared, &project, name, task, |_| Ok(()), |_, _| Ok(()))?;
        self.generation(&id)
    }

    /// One generation.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its folder cannot be read.
    pub fn generation(&self, id: &Id) -> Result<Generation, Error> {
        let (row, job, notes) = self.shared.read(|c| {
            let row = passing::find(c, JobKind::Generate, id)?;
            let job = row.job(Places::read(c)?.of(id));
            Ok((row, job, warnings::of(c, id)?))
        })?;
        let folder = self.shared.workspace.folder(Shelf::Generations, id);
        let asked = read_asked(&folder)?;
        let n_made = made(&folder)?.values().filter(|it| has_card(it, row.phase)).count() as u32;
        Ok(Generation {
            id: row.id,
            name: row.name,
            created_ms: row.created_ms,
            n_sounds: n_sounds(&asked, &job, n_made),
            asked,
            job,
            n_made,
            notes: notes.iter().map(note).collect(),
            folder: folder.to_string_lossy().into_owned(),
        })
    }

    /// The sounds of a generation in order, after a number: at most `limit`, and never more than 1,000.
    ///
    /// # Errors
    /// `NotFound` when there is no such generation; `Io` when its folder cannot be read.
    pub fn generated_sounds(
        &self,
        id: &Id,
        after: u32,
        limit: usize,
    ) -> Result<Vec<GeneratedSound>, Error> {
        let kept = self.shared.read(|c| {
            passing::find(c, JobKind::Generate, id)?;
            let kept = store::sounds::of_job(c, id)?.into_iter();
            let kept = kept.filter(|row| row.deleted_ms.is_none());
            Ok(kept.filter_map(|row| Some((row.taken?.path, row.id))).collect::<BTreeMap<_, _>>())
        })?;
        let folder = self.shared.workspace.folder(Shelf::Generations, id);
        let places = made(&folder)?.into_iter().filter(|(number, _)| *number > after);
        let generated = |(number, place): (u32, PathBuf)| {
            let card = match sounds::read_card(&place) {
                Ok(card) => card,
                // It is being made.
                Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    return None;
                }
                Err(error) => {
                    tracing::warn!("sound {number} of {id} is left out: failed to {error}");
                    return None;
                }
            };
            let path = format!("{}/{}", files::GENERATED, file_name(&place));
            Some(GeneratedSound {
                number,
                kept_as: kept.get(&path).cloned(),
                path,
                card: sounds::listed(card),
                is_gone: !place.join(SoundCard::SOUND).exists(),
            })
        };
        Ok(places.filter_map(generated).take(limit.min(ANSWER_MAX)).collect())
    }

    /// One sound of a generation, with its whole recipe.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn generated_sound(&self, id: &Id, number: u32) -> Result<GeneratedSound, Error> {
        let after = number.checked_sub(1).ok_or_else(|| no_sound(id, number))?;
        let found = self.generated_sounds(id, after, 1)?.into_iter().next();
        let found = found.filter(|it| it.number == number);
        let mut sound = found.ok_or_else(|| no_sound(id, number))?;
        let folder = self.shared.workspace.folder(Shelf::Generations, id);
        sound.card = sounds::read_card(&folder.join(&sound.path))?;
        Ok(sound)
    }

    /// Throws a sound of a generation away for good: its card stays, its samples go. One that was kept stays in the
    /// library.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its files cannot be removed.
    pub fn discard_generated(&self, id: &Id, number: u32) -> Result<(), Error> {
        let sound = self.generated_sound(id, number)?;
        let place = self.shared.workspace.folder(Shelf::Generations, id).join(&sound.path);
        for entry in fs::read_dir(&place).map_err(Error::io("read", &place))? {
            let entry = entry.map_err(Error::io("read", &place))?;
            if entry.file_name() != SoundCard::CARD {
                remove(&entry.path())?;
            }
        }
        self.shared.change(|change| {
            change.list(Shelf::Generations, id);
            Ok(())
        })
    }

    /// A file of a generation's folder. Never anything outside of it.
    ///
    /// # Errors
    /// `NotFound` when there is no such generation or file.
    pub fn generation_file(&self, id: &Id, path: &str) -> Result<PathBuf, Error> {
        self.job_of(JobKind::Generate, id)?;
        self.job_file(id, path)
    }

    /// The shape of a sound of a generation.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its shape cannot be read.
    pub fn generated_peaks(&self, id: &Id, number: u32) -> Result<Peaks, Error> {
        let sound = self.generated_sound(id, number)?;
        let folder = self.shared.workspace.folder(Shelf::Generations, id);
        sounds::read_peaks(&folder.join(&sound.path), &sound.card.facts)
    }

    /// Gives a generation another name.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name cannot be used.
    pub fn rename_generation(&self, id: &Id, name: &str) -> Result<Generation, Error> {
        rename_job(&self.shared, JobKind::Generate, id, name)?;
        self.generation(id)
    }

    /// Memory that a sound from words is said to need.
    fn memory_for(&self, recipe: &Recipe) -> Option<u64> {
        let (RecipeSource::Words(words), [model]) = (&recipe.source, &recipe.models[..]) else {
            return None;
        };
        let ModelPlace::Library { id } = &model.place else { return None };
        let linked = self.shared.read(|c| super::models::find(c, id)).ok()?.linked?;
        let of = WordsForecastOf {
            model: id.clone(),
            secs: recipe.secs.unwrap_or(1.0),
            steps: words.steps,
            guidance: words.guidance,
            n_prompts: u32::try_from(words.prompts.len()).ok(),
            in_8_bits: words.in_8_bits,
        };
        let forecast = (self.shared.options.readers.forecast)(Path::new(&linked.folder), &of)?;
        Some(forecast.weight_bytes + forecast.sound_bytes)
    }

    /// `Voice walk`, `bells.wav through Voice`.
    fn name_of(&self, asked: &NewGeneration) -> String {
        let models: Vec<&str> = asked.recipe.models.iter().map(|it| it.name.as_str()).collect();
        let models = models.join(" and ");
        let word = match &asked.recipe.source {
            RecipeSource::Sound { sound, .. } => {
                let what = match (&asked.folder, asked.inputs.len()) {
                    (Some(folder), _) => file_name(Path::new(folder)),
                    (None, 0) => self.name_of_sound(sound),
                    (None, 1) => self.name_of_sound(&asked.inputs[0]),
                    (None, n) => format!("{n} sounds"),
                };
                return name_from(&format!("{what} through {models}"));
            }
            RecipeSource::Prior { .. } => "prior",
            RecipeSource::Path { .. } => "path",
            RecipeSource::Trajectory { .. } => "trajectory",
            RecipeSource::Walk { .. } => "walk",
            RecipeSource::Performance { .. } => "performance",
            RecipeSource::Words(words) => return name_from(&words::name_of(words)),
            RecipeSource::Blend(blend) => {
                let name = |i: usize| self.name_of_sound(&blend.sounds[i].sound);
                let of = match blend.sounds.len() {
                    1 => name(0),
                    2 => format!("{} and {}", name(0), name(1)),
                    n => format!("{} and {} others", name(0), n - 1),
                };
                return name_from(&format!("Blend of {of}"));
            }
        };
        name_from(&format!("{models} {word}"))
    }

    /// What a sound is called, where that is known.
    pub(super) fn name_of_sound(&self, place: &SoundPlace) -> String {
        let found = match place {
            SoundPlace::Library { id } => self.sound(id).map(|sound| sound.card.name).ok(),
            SoundPlace::Dataset { dataset, idx } => {
                self.dataset_sound(dataset, *idx).map(|sound| sound.name).ok()
            }
            SoundPlace::Generation { id, number } => {
                self.generated_sound(id, *number).map(|sound| sound.card.name).ok()
            }
            SoundPlace::Upload { .. } => None,
            SoundPlace::File { path } => Some(file_name(path)),
            SoundPlace::Pattern { id, excerpt } => match self.pattern_name(*id) {
                Ok(name) => Some(name),
                Err(_) => excerpt.as_ref().map(|it| it.name.clone()),
            },
        };
        found.unwrap_or_else(|| "Sound".to_owned())
    }
}

/// Whether a generation that is not done needs an upload.
pub(crate) fn needs_upload(shared: &Shared, upload: &Id) -> Result<bool, Error> {
    let rows = shared.read(|c| {
        let mut rows = Vec::new();
        for (id, _) in jobs::ids(c, JobKind::Generate)? {
            rows.extend(jobs::find(c, &id)?);
        }
        Ok(rows)
    })?;
    let is_upload =
        |place: &SoundPlace| matches!(place, SoundPlace::Upload { upload: it } if it == upload);
    let needs = |row: &JobRow| {
        let folder = shared.workspace.folder(Shelf::Generations, &row.id);
        let Ok(asked) = read_asked(&folder) else { return false };
        asked.inputs.iter().any(is_upload)
            || recipe::sounds_of(&asked.recipe).into_iter().any(is_upload)
    };
    Ok(rows.iter().any(|row| row.phase != Phase::Done && row.deleted_ms.is_none() && needs(row)))
}

/// The folders of the sounds that a generation has made, by their numbers.
fn made(folder: &Path) -> Result<BTreeMap<u32, PathBuf>, Error> {
    let sounds = folder.join(files::GENERATED);
    let entries = match fs::read_dir(&sounds) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(Error::io("read", &sounds))?,
    };
    let mut made = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("read", &sounds))?;
        let number = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if let Some(number) = number.filter(|number| is_folder && *number > 0) {
            made.insert(number, entry.path());
        }
    }
    Ok(made)
}

/// Whether a sound is whole. Of a generation that is done all are.
fn has_card(place: &Path, phase: Phase) -> bool {
    phase == Phase::Done || place.join(SoundCard::CARD).exists()
}

/// How many sounds there will be, where that is known: a folder is counted by the job.
fn n_sounds(asked: &NewGeneration, job: &Job, n_made: u32) -> Option<u32> {
    if matches!(job.state, api::JobState::Done { .. }) {
        return Some(n_made);
    }
    let counted = job.progress.as_ref().filter(|progress| progress.unit == "sounds");
    let counted = counted.and_then(|progress| progress.n_total);
    let of_inputs = || match asked.folder {
        Some(_) => None,
        None => Some(asked.count.saturating_mul(asked.inputs.len().max(1) as u32)),
    };
    counted.and_then(|n| u32::try_from(n).ok()).or_else(of_inputs)
}

fn note(warning: &Warning) -> String {
    let message = api::sentence(&warning.message);
    match &warning.file {
        Some(file) => format!("{file}: {message}"),
        None => message,
    }
}

fn no_sound(id: &Id, number: u32) -> Error {
    Error::NotFound { what: "sound", id: format!("{id}/{number}") }
}

fn read_asked(folder: &Path) -> Result<NewGeneration, Error> {
    let order = job::order::read(folder)?;
    match order.task {
        Task::Generate(task) => Ok(*task.asked),
        _ => Err(Error::not_found("generation", &order.id)),
    }
}
