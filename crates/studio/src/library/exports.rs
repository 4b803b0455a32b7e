//! Verbs on exports: models in the forms that players and other programs need.

use std::path::PathBuf;

use api::{
    Checkpoint, Export, ExportForm, ExportOrder, ExportTask, ExportedPlay, Id, JobKind, KnownModel,
    ModelPlace, Outdated, Task,
};
use job::Shelf;

use super::{make_job, models, name_from};

use crate::{
    Error, Studio,
    queue::Places,
    store::{
        checkpoints, datasets,
        jobs::{self, JobRow, Phase},
    },
    workspace::{check_path, file_name},
};

/// The folder of a job with what leaves.
const FILES: &str = "files";
/// The most samples of a block that a speed is measured with.
const BLOCK_MAX: u32 = 1 << 16;

impl Studio {
    /// Every export, newest first.
    ///
    /// # Errors
    /// `Store` or `Closed` only; an export whose folder cannot be read is left out.
    pub fn exports(&self) -> Result<Vec<Export>, Error> {
        let ids = self.shared.read(|c| jobs::ids(c, JobKind::Export))?;
        let mut exports = Vec::new();
        for (id, _) in ids.into_iter().filter(|(_, is_deleted)| !is_deleted) {
            match self.export(&id) {
                Ok(export) => exports.push(export),
                Err(error @ (Error::Store(_) | Error::Closed)) => return Err(error),
                Err(error) => tracing::warn!("export {id} is left out: failed to {error}"),
            }
        }
        exports.retain(|export| self.is_shown(Some(&export.job.project)));
        exports.sort_by(|a, b| b.job.created_ms.cmp(&a.job.created_ms).then(a.id.cmp(&b.id)));
        Ok(exports)
    }

    /// Queues an export.
    ///
    /// # Errors
    /// `NotFound` when there is no such model; `Invalid` when a choice cannot be used; `Io` when there
    /// is nothing at a path; `TooMuch` when the queue is full.
    pub fn create_export(&self, task: ExportTask) -> Result<Export, Error> {
        check(&task.form)?;
        self.check_prior(&task)?;
        let (model_name, known) = match &task.model {
            ModelPlace::Library { id } => {
                let known = self.known(id)?;
                (known.model.name.clone(), Some(Box::new(known)))
            }
            ModelPlace::File { path } => {
                check_path(path)?;
                // A file is named by what it holds, not by how.
                let is_file = path.is_file();
                let stem = path.file_stem().filter(|_| is_file);
                let name = stem.map(|stem| stem.to_string_lossy().into_owned());
                (name.unwrap_or_else(|| file_name(path)), None)
            }
        };
        let name = name_from(&model_name);
        let project = self.project_of_model(&task.model);
        let order = ExportOrder { task, model_name, known };
        let id =
            make_job(&self.shared, &project, name, Task::Export(order), |_| Ok(()), |_, _| Ok(()))?;
        self.export(&id)
    }

    /// Sees that the prior of an order can leave with its model.
    fn check_prior(&self, task: &ExportTask) -> Result<(), Error> {
        let Some(prior) = &task.prior else { return Ok(()) };
        if !matches!(task.form, ExportForm::Torchscript { .. } | ExportForm::Maq { .. }) {
            let why = "a prior leaves together with its model in a TorchScript module or a package; export it by itself";
            return Err(Error::invalid("prior", why));
        }
        let ModelPlace::Library { id } = prior else { return Ok(()) };
        let prior = self.shared.read(|c| models::find(c, id))?;
        let Some(of) = prior.prior_of else {
            return Err(Error::invalid("prior", format!("“{}” is not a prior", prior.name)));
        };
        if let ModelPlace::Library { id } = &task.model {
            let model = self.shared.read(|c| models::find(c, id))?;
            if model.sha256 != of.sha256 {
                let why = format!("“{}” is a prior of “{}”", prior.name, of.name);
                return Err(Error::invalid("prior", why));
            }
        }
        Ok(())
    }

    /// One export.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its folder cannot be read.
    pub fn export(&self, id: &Id) -> Result<Export, Error> {
        let (row, job) = self.shared.read(|c| {
            let row = find(c, id)?;
            let job = row.job(Places::read(c)?.of(id));
            Ok((row, job))
        })?;
        let folder = self.shared.workspace.folder(Shelf::Exports, id);
        let Task::Export(order) = job::order::read(&folder)?.task else {
            return Err(Error::not_found("export", id));
        };
        let result = match row.phase {
            Phase::Done => Some(job::whole::read_json(&folder.join(job::files::RESULT))?),
            _ => None,
        };
        let outdated = self.outdated(&order)?;
        let ExportOrder { task, mut model_name, .. } = order;
        if let ModelPlace::Library { id } = &task.model
            && let Ok(model) = self.shared.read(|c| models::find(c, id))
        {
            model_name = model.name;
        }
        let folder = folder.join(FILES).to_string_lossy().into_owned();
        Ok(Export { id: id.clone(), task, job, model_name, folder, result, outdated })
    }

    /// A file that was exported, by its path among those. Never anything else.
    ///
    /// # Errors
    /// `NotFound` when there is no such export or file.
    pub fn export_file(&self, id: &Id, path: &str) -> Result<PathBuf, Error> {
        self.job_of(JobKind::Export, id)?;
        self.job_file(id, &format!("{FILES}/{path}"))
    }

    /// What the library knows of a model, frozen for the export's card.
    fn known(&self, id: &Id) -> Result<KnownModel, Error> {
        let model = self.shared.read(|c| models::find(c, id))?;
        let Some(lineage) = &model.lineage else {
            return Ok(KnownModel { model, dataset: None, dataset_name: None, run_path: None });
        };
        let (dataset, name) = self.shared.read(|c| {
            let Some(dataset) = &lineage.dataset else { return Ok((None, None)) };
            let row = datasets::find(c, dataset)?;
            let name = jobs::find(c, dataset)?.map(|row| row.name);
            Ok((row.and_then(|row| row.summary), name))
        })?;
        let run_path = self.seen_from(&self.project_for(Some(id)), Shelf::Runs, &lineage.run);
        let is_there = self.shared.workspace.folder(Shelf::Runs, &lineage.run).is_dir();
        Ok(KnownModel {
            dataset,
            dataset_name: name,
            run_path: is_there.then_some(run_path),
            model,
        })
    }

    /// Whether the run that an exported model came from has a newer checkpoint, and none that is known to be
    /// worse.
    fn outdated(&self, order: &ExportOrder) -> Result<Option<Outdated>, Error> {
        let Some(lineage) = order.known.as_ref().and_then(|known| known.model.lineage.as_ref())
        else {
            return Ok(None);
        };
        let all = self.shared.read(|c| checkpoints::of(c, &lineage.run, &lineage.score_metric))?;
        let is_worse = |newest: &Checkpoint| match (lineage.validation, newest.validation) {
            (Some(exported), Some(newest)) => lineage.score_metric.is_better(exported, newest),
            _ => false,
        };
        let newest = all.last().filter(|newest| newest.step > lineage.step && !is_worse(newest));
        Ok(newest.map(|newest| Outdated {
            run: lineage.run.clone(),
            step: lineage.step,
            newest_step: newest.step,
        }))
    }
}

fn find(connection: &rusqlite::Connection, id: &Id) -> Result<JobRow, Error> {
    jobs::find(connection, id)?
        .filter(|row| row.kind == JobKind::Export && row.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found("export", id))
}

/// What can be said of the choices without looking at the model.
fn check(form: &ExportForm) -> Result<(), Error> {
    let (ExportForm::Torchscript { play } | ExportForm::Onnx { play }) = form else {
        return Ok(());
    };
    let ExportedPlay { latents, fidelity, block, .. } = *play;
    if latents.is_some() && fidelity.is_some() {
        return Err(Error::invalid(
            "fidelity",
            "choose either a number of latent dimensions or a fidelity",
        ));
    }
    if latents == Some(0) {
        return Err(Error::invalid("latents", "choose at least 1"));
    }
    if fidelity.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        return Err(Error::invalid("fidelity", "a fidelity is a number from 0 to 1, such as 0.95"));
    }
    if !(1..=BLOCK_MAX).contains(&block) {
        return Err(Error::invalid("block", format!("choose from 1 to {BLOCK_MAX} samples")));
    }
    Ok(())
}
