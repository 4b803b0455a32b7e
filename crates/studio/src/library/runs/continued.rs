//! A run that goes on from the newest checkpoint of another, which stays as it is.
//!
//! Its folder begins with that checkpoint and the events that tell of it, as if it had trained so far itself: its worker
//! resumes there, and knows nothing of parents. `parent.json` says whose child it is.

use std::{fs, path::Path};

use api::{Checkpoint, Continue, EventBody, Id, JobKind, Limit, Progress, Run, RunParent, Task};
use job::{Shelf, files};

use super::{check_dataset, check_limit, find, read_train_task};

use crate::{
    Error, Studio,
    library::{
        make_job, name_from, numbered_name, priors::check_codec, projects::seen_from, valid_name,
    },
    store::{
        checkpoints,
        jobs::{self, JobRow},
        runs::{self, RunRow},
    },
};

impl Studio {
    /// Queues a run that goes on from the newest checkpoint of another for some minutes more.
    ///
    /// # Errors
    /// `NotFound` when there is no such run; `Conflict` while it waits or trains, when it has no checkpoint, or when its
    /// dataset is gone or another; `Invalid` when minutes or name cannot be used; `TooMuch` when the queue is full.
    pub fn continue_run(&self, id: &Id, new: &Continue) -> Result<Run, Error> {
        if !(new.minutes.is_finite() && new.minutes > 0.0) {
            return Err(Error::invalid("minutes", "enter more than 0 minutes"));
        }
        let named = new.name.as_deref().map(valid_name).transpose()?;
        let (job, run, newest, taken) = self.shared.read(|c| {
            let (job, run) = find(c, id)?;
            let newest = checkpoints::of(c, id, &run.score_metric)?.pop();
            Ok((job, run, newest, jobs::names(c, JobKind::Train)?))
        })?;
        if job.phase.is_active() {
            let why = format!("it is {}", job.phase.word());
            return Err(cannot(&job, &why, "wait until it ends, or stop it"));
        }
        let Some(newest) = newest else {
            return Err(cannot(&job, "it has no checkpoint", "resume it, or start a new run"));
        };
        let elapsed_secs = job.progress.as_ref().map_or(0.0, |it| it.elapsed_secs);
        let folder = self.shared.workspace.folder(Shelf::Runs, id);
        let (_, mut task) = read_train_task(&folder)?;
        task.limit = Limit::Minutes { minutes: elapsed_secs / 60.0 + new.minutes };
        check_limit(task.limit)?;
        let project = self.project_for(Some(id));
        if let Some(dataset) = &task.dataset {
            task.dataset_path = seen_from(&self.shared, &project, Shelf::Datasets, dataset);
        }
        if let Some(model) = &task.model {
            task.model_path = seen_from(&self.shared, &project, Shelf::Models, model);
        }
        // It was measured for another limit.
        task.forecast = None;
        let name = named.unwrap_or_else(|| {
            numbered_name(&name_from(&format!("{} continued", job.name)), &taken)
        });
        let row = RunRow { step: newest.step, ..RunRow::new(&task, task.limit) };
        let (dataset, hash) = (task.dataset.clone(), task.dataset_hash.clone());
        let (model, sha256) = (task.model.clone(), task.model_sha256.clone());
        let child = make_job(
            &self.shared,
            &project,
            name,
            Task::Train(task),
            |place| {
                let parent = RunParent { run: id.clone(), step: newest.step };
                job::whole::write_json(&place.join(files::PARENT), &parent)?;
                take_checkpoint(&folder, place, &newest)?;
                let now_ms = self.shared.now_ms();
                let mut events = job::events::Writer::open(place, |_| {})?;
                for body in past(&run, &newest, elapsed_secs) {
                    let appended = events.append(body, now_ms);
                    appended.map_err(Error::io("write", &place.join(files::EVENTS)))?;
                }
                Ok(())
            },
            |change, child| {
                if let Some(dataset) = &dataset {
                    check_dataset(change, &job, dataset, &hash)?;
                }
                if let Some(model) = &model {
                    check_codec(change, (&job.name, "continue"), (model, &sha256))?;
                }
                runs::save(change.tx, &child.id, &row)
            },
        )?;
        self.listed_run(&child)
    }
}

/// The run that the run of a folder goes on from.
pub(super) fn parent_of(folder: &Path) -> Option<Id> {
    let read = job::whole::read_json_if_there::<RunParent>(&folder.join(files::PARENT));
    // Whose child it is matters less than the run itself.
    read.inspect_err(|error| tracing::warn!("a parent is not shown: failed to {error}"))
        .ok()
        .flatten()
        .map(|parent| parent.run)
}

/// Puts a checkpoint into another folder. Checkpoints are written whole and never changed, so both may be one file.
fn take_checkpoint(from: &Path, to: &Path, checkpoint: &Checkpoint) -> Result<(), Error> {
    let (source, target) = (from.join(&checkpoint.path), to.join(&checkpoint.path));
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    }
    if fs::hard_link(&source, &target).is_ok() {
        return Ok(());
    }
    // On a file system without links.
    fs::copy(&source, &target).map(drop).map_err(Error::io("copy", &source))
}

/// What the events of a run say that has come as far as a checkpoint.
fn past(run: &RunRow, checkpoint: &Checkpoint, elapsed_secs: f64) -> [EventBody; 3] {
    let progress = Progress {
        phase: "continuing".to_owned(),
        n_done: checkpoint.step,
        n_total: None,
        unit: "steps".to_owned(),
        share: None,
        rate_per_sec: None,
        elapsed_secs,
        left_secs: None,
    };
    [
        EventBody::Score(run.score_metric.clone()),
        EventBody::Progress(progress),
        EventBody::Checkpoint(checkpoint.clone()),
    ]
}

fn cannot(job: &JobRow, why: &str, remedy: &str) -> Error {
    Error::conflict(format!("continue the run “{}”", job.name), why, remedy)
}
