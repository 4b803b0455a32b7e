//! Verbs on models.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
};

use api::{
    AdapterOf, Checkpoint, ConvertTask, Id, Lineage, Model, ModelDetail, ModelPlace, NewModel,
    PriorOf, RecipeModel, RecipeSource, Task, TrainTask,
};
use job::Shelf;
use sha2::{Digest, Sha256};

use super::{
    fresh_id, from_trash, make_folder, numbered_name, priors,
    runs::{self, read_train_task},
    to_trash, valid_name,
};

use crate::{
    Error, Studio,
    job_folder::{self, Card},
    queue::Places,
    shared::{Change, Shared},
    store::{
        checkpoints, datasets,
        jobs::{self, Phase},
        models::{self, ModelRow},
        reconstructions,
    },
    workspace::file_inside,
};

impl Studio {
    /// Every model, newest first.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn models(&self) -> Result<Vec<Model>, Error> {
        let mut all = self.shared.read(models::all)?;
        let known = all.clone();
        priors::join(&mut all, &known);
        Ok(all.into_iter().filter(|it| self.is_shown(it.project.as_ref())).collect())
    }

    /// One model with its reconstructions.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn model(&self, id: &Id) -> Result<ModelDetail, Error> {
        let folder = self.shared.workspace.folder(Shelf::Models, id);
        self.shared.read(|c| {
            let places = Places::read(c)?;
            let rows = reconstructions::of_model(c, id)?;
            Ok(ModelDetail {
                model: priors::joined(c, find(c, id)?)?,
                folder: folder.to_string_lossy().into_owned(),
                // The weights say more, and are read elsewhere.
                facts: None,
                reconstructions: rows.into_iter().map(|row| row.reconstruction(&places)).collect(),
            })
        })
    }

    /// Puts a checkpoint into the library: a copy that stays when the run is deleted. Takes as long
    /// as copying takes.
    ///
    /// # Errors
    /// `NotFound` when there is no such run or checkpoint; `Conflict` when the checkpoint is
    /// damaged; `Io` when it cannot be copied.
    pub fn add_model(&self, new: NewModel) -> Result<Model, Error> {
        self.add_model_at(new, None)
    }

    /// The same for a model whose rate is known from its settings, which only its family reads.
    ///
    /// # Errors
    /// As [`Studio::add_model`].
    pub fn add_model_at(&self, new: NewModel, rate_hz: Option<u32>) -> Result<Model, Error> {
        let run_folder = self.shared.workspace.folder(Shelf::Runs, &new.run);
        let (run_name, score_metric, all) = self.shared.read(|c| {
            let (job, run) = runs::find(c, &new.run)?;
            let all = checkpoints::of(c, &new.run, &run.score_metric)?;
            Ok((job.name, run.score_metric, all))
        })?;
        let checkpoint = choose(&all, new.step).ok_or_else(|| Error::NotFound {
            what: "checkpoint",
            id: new.step.map_or_else(|| new.run.to_string(), |step| format!("{}@{step}", new.run)),
        })?;
        let (version, task) = read_train_task(&run_folder)?;
        let name = match &new.name {
            Some(name) => valid_name(name)?,
            None => {
                let taken = self.shared.read(models::all)?.into_iter().map(|it| it.name);
                numbered_name(&run_name, &taken.collect::<Vec<_>>())
            }
        };
        let rate_hz = match rate_hz {
            Some(rate_hz) => Some(rate_hz),
            None => self.dataset_rate_hz(&task)?,
        };
        let (prior_of, adapter_of) = self.made_for(&task)?;
        let run = new.run.clone();
        let source = file_inside(&run_folder, &checkpoint.path)?;
        let model = Model {
            format: Model::FORMAT,
            id: fresh_id(&self.shared, &name)?,
            project: None,
            name,
            created_ms: self.shared.now_ms(),
            family: task.family,
            settings: task.settings,
            rate_hz,
            prior_of,
            adapter_of,
            bytes: checkpoint.bytes,
            sha256: checkpoint.sha256.to_ascii_lowercase(),
            lineage: Some(Lineage {
                run: new.run,
                run_name,
                step: checkpoint.step,
                dataset: task.dataset,
                dataset_hash: task.dataset_hash,
                seed: task.seed,
                preset: task.preset,
                switches: task.switches,
                version,
                validation: checkpoint.validation,
                score_metric,
            }),
            added: None,
            linked: None,
        };
        let project = self.project_for(Some(&run));
        make_folder(&self.shared, &project, Shelf::Models, &model.id, |folder| {
            let sha256 = copy_hashed(&source, &folder.join(job::files::WEIGHTS))?;
            if sha256 != model.sha256 {
                return Err(Error::conflict(
                    format!("add the checkpoint at step {}", checkpoint.step),
                    "its file is damaged",
                    "choose another checkpoint",
                ));
            }
            Ok(job::whole::write_json(&folder.join(job::files::MODEL), &model)?)
        })?;
        let model = Model { project: Some(project), ..model };
        self.shared.change(|change| {
            models::save(change.tx, &ModelRow { model: model.clone(), deleted_ms: None })?;
            change.list(Shelf::Models, &model.id);
            change.list(Shelf::Runs, &run);
            Ok(())
        })?;
        self.shared.read(|c| priors::joined(c, model))
    }

    /// The model whose latents a run learnt, or to whose weights it learnt to add; it may be gone.
    fn made_for(&self, task: &TrainTask) -> Result<(Option<PriorOf>, Option<AdapterOf>), Error> {
        let Some(model) = &task.model else { return Ok((None, None)) };
        let found = self.shared.read(|c| models::find(c, model))?.map(|row| row.model);
        let name = found.as_ref().map_or_else(|| model.to_string(), |it| it.name.clone());
        let sha256 = task.model_sha256.clone();
        // Weights of others have no latents to make up, and models of ours take no adapters.
        let Some(linked) = found.and_then(|it| it.linked) else {
            return Ok((Some(PriorOf { sha256, name, model: None }), None));
        };
        let licence = linked.licence.map(|it| it.name);
        Ok((None, Some(AdapterOf { sha256, name, licence, model: None })))
    }

    /// Gives a model another name.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name cannot be used.
    pub fn rename_model(&self, id: &Id, name: &str) -> Result<Model, Error> {
        let name = valid_name(name)?;
        self.shared.change(|change| {
            let model = Model { name: name.clone(), ..find(change.tx, id)? };
            let folder = self.shared.workspace.folder(Shelf::Models, id);
            let card = Card { name: Some(name), ..job_folder::read_card(&folder) };
            job_folder::write_card(&folder, &card)?;
            save(change, model, None)
        })
    }

    /// Moves a model to the trash; it can be restored for 30 days. Its reconstructions stay where
    /// they are and show again with it.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` while a reconstruction needs it.
    pub fn delete_model(&self, id: &Id) -> Result<(), Error> {
        self.shared.change(|change| {
            let model = find(change.tx, id)?;
            check_unused(&self.shared, change, "delete", &model)?;
            let now_ms = self.shared.now_ms();
            to_trash(&self.shared, change, Shelf::Models, id, now_ms)?;
            save(change, model, Some(now_ms)).map(drop)
        })
    }

    /// Takes a model back from the trash.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash.
    pub fn restore_model(&self, id: &Id) -> Result<Model, Error> {
        self.shared.change(|change| {
            let row = models::find(change.tx, id)?.filter(|row| row.deleted_ms.is_some());
            let model = row.ok_or_else(|| Error::not_found("model", id))?.model;
            let project = from_trash(&self.shared, change, Shelf::Models, id)?;
            save(change, Model { project: Some(project), ..model }, None)
        })
    }

    /// The rate of the dataset that a run learnt from, in the trash or not; none where there is none.
    fn dataset_rate_hz(&self, task: &TrainTask) -> Result<Option<u32>, Error> {
        let Some(dataset) = &task.dataset else { return Ok(None) };
        let row = self.shared.read(|c| datasets::find(c, dataset))?;
        Ok(row.and_then(|row| row.summary).map(|summary| summary.rate_hz))
    }
}

/// Sees that no job that waits or runs needs a model.
pub(super) fn check_unused(
    shared: &Shared,
    change: &Change<'_>,
    verb: &str,
    model: &Model,
) -> Result<(), Error> {
    let mut active = jobs::in_phase(change.tx, Phase::Running)?;
    active.extend(jobs::in_phase(change.tx, Phase::Queued)?);
    let mut user = None;
    for job in active {
        let folder = shared.workspace.folder(Shelf::of(job.kind), &job.id);
        match job::order::read(&folder) {
            Ok(order) if names_model(&order.task, &model.id) => user = user.or(Some(job)),
            Ok(_) => {}
            // It was cancelled, and is just going.
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let Some(user) = user else { return Ok(()) };
    Err(Error::conflict(
        format!("{verb} the model “{}”", model.name),
        format!("it is in use by the {} “{}”", Shelf::of(user.kind).word(), user.name),
        "wait until that has finished",
    ))
}

/// Whether a job reads a model of the library. A session has read its models when it plays, and goes on without them.
fn names_model(task: &Task, model: &Id) -> bool {
    let is_it = |place: &ModelPlace| matches!(place, ModelPlace::Library { id } if id == model);
    let place = match task {
        Task::Map(task) => return task.model == *model,
        Task::Train(task) => return task.model.as_ref() == Some(model),
        Task::Generate(task) => {
            let recipe = &task.asked.recipe;
            let mut others: Vec<&RecipeModel> = vec![];
            match &recipe.source {
                RecipeSource::Prior { prior, .. } => others.push(prior),
                RecipeSource::Words(words) => {
                    others.extend(words.adapters.iter().map(|it| &it.adapter));
                }
                _ => {}
            }
            return recipe.models.iter().chain(others).any(|model| is_it(&model.place));
        }
        Task::Reconstruct(task) => return task.model == *model,
        Task::Export(order) => {
            return is_it(&order.task.model) || order.task.prior.as_ref().is_some_and(is_it);
        }
        Task::Convert(ConvertTask::Latents { model, .. } | ConvertTask::Sound { model, .. }) => {
            model
        }
        _ => return false,
    };
    is_it(place)
}

/// One model that is not in the trash.
pub(super) fn find(connection: &rusqlite::Connection, id: &Id) -> Result<Model, Error> {
    models::find(connection, id)?
        .filter(|row| row.deleted_ms.is_none())
        .map(|row| row.model)
        .ok_or_else(|| Error::not_found("model", id))
}

fn save(
    change: &mut Change<'_>,
    model: Model,
    deleted_ms: Option<api::UnixMs>,
) -> Result<Model, Error> {
    save_row(change, &ModelRow { model: model.clone(), deleted_ms })?;
    Ok(model)
}

/// Stores a model, and says that it changed.
pub(super) fn save_row(change: &mut Change<'_>, row: &ModelRow) -> Result<(), Error> {
    models::save(change.tx, row)?;
    change.list(Shelf::Models, &row.model.id);
    Ok(())
}

/// The checkpoint of a step; without one the best, else the newest.
fn choose(all: &[Checkpoint], step: Option<u64>) -> Option<&Checkpoint> {
    match step {
        Some(step) => all.iter().find(|one| one.step == step),
        None => all.iter().rfind(|one| one.is_best).or(all.last()),
    }
}

/// Copies a file to a new one and returns its SHA-256 in hexadecimal.
fn copy_hashed(from: &Path, to: &Path) -> Result<String, Error> {
    let mut source = File::open(from).map_err(Error::io("read", from))?;
    let mut target = File::create_new(to).map_err(Error::io("write", to))?;
    let mut hasher = Sha256::new();
    let mut bytes = vec![0; 1 << 20];
    loop {
        let n = source.read(&mut bytes).map_err(Error::io("read", from))?;
        if n == 0 {
            break;
        }
        hasher.update(&bytes[..n]);
        target.write_all(&bytes[..n]).map_err(Error::io("write", to))?;
    }
    target.sync_all().map_err(Error::io("write", to))?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
