//! Verbs on imports: what another program made becomes datasets, runs and models of the library.
//!
//! An import's job makes whole folders inside its own; taking it joins runs with the datasets they learnt
//! from, moves each folder to its shelf in one rename, and removes the import.

use std::{fs, path::Path};

use api::{
    DatasetSummary, Id, Import, ImportResult, ImportTask, Imported, JobKind, Learnt, Made, Task,
};
use job::Shelf;

use super::{delete_made, make_job, name_from, passing, valid_name};

use crate::{
    Error, Studio,
    import::{Found, look, place_moved},
    queue::Places,
    shared::{Shared, lock},
    store::{
        datasets::{self, DatasetRow},
        jobs::{self, Phase},
    },
};

impl Studio {
    /// Queues an import of what another program made.
    ///
    /// # Errors
    /// `Invalid` when the path is not absolute or the name cannot be used; `Io` when there is nothing at
    /// it; `TooMuch` when the queue is full.
    pub fn create_import(&self, task: ImportTask) -> Result<Import, Error> {
        let name = task.name.as_deref().map(valid_name).transpose()?;
        if !task.path.is_absolute() {
            return Err(Error::invalid("path", "enter an absolute path"));
        }
        fs::metadata(&task.path).map_err(Error::io("read", &task.path))?;
        {
            let _alone = lock(&self.shared.taking);
            passing::remove_oldest(&self.shared, JobKind::Import)?;
        }
        let of_path = || name_from(&task.path.file_name().unwrap_or_default().to_string_lossy());
        let job_name = name.clone().unwrap_or_else(of_path);
        let task = Task::Import(ImportTask { name, ..task });
        let project = self.project_for(None);
        let id = make_job(&self.shared, &project, job_name, task, |_| Ok(()), |_, _| Ok(()))?;
        self.foreign_import(&id)
    }

    /// Imports that nobody took yet, newest first.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn foreign_imports(&self) -> Result<Vec<Import>, Error> {
        let ids = self.shared.read(|c| jobs::ids(c, JobKind::Import))?;
        let mut all = Vec::new();
        for (id, _) in ids {
            // One that is going, or whose folder is damaged, does not hide the others.
            all.extend(self.foreign_import(&id).ok());
        }
        all.retain(|import: &Import| self.is_shown(Some(&import.job.project)));
        all.sort_by_key(|import| std::cmp::Reverse(import.job.created_ms));
        Ok(all)
    }

    /// One import.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its folder cannot be read.
    pub fn foreign_import(&self, id: &Id) -> Result<Import, Error> {
        let (row, job) = self.shared.read(|c| {
            let row = passing::find(c, JobKind::Import, id)?;
            let job = row.job(Places::read(c)?.of(id));
            Ok((row, job))
        })?;
        let folder = self.shared.workspace.folder(Shelf::Imports, id);
        let order = job::order::read(&folder)?;
        let Task::Import(task) = order.task else { return Err(Error::not_found("import", id)) };
        let result = match row.phase {
            Phase::Done => Some(job::whole::read_json(&folder.join(job::files::RESULT))?),
            _ => None,
        };
        let warnings = self.shared.read(|c| crate::store::warnings::of(c, id))?;
        Ok(Import { id: id.clone(), path: task.path.display().to_string(), job, warnings, result })
    }

    /// Removes an import with what it made and nobody took. One that waits or runs is cancelled.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn delete_import(&self, id: &Id) -> Result<(), Error> {
        let _alone = lock(&self.shared.taking);
        delete_made(&self.shared, JobKind::Import, id)
    }

    /// Takes what an import made into the library, and removes the import. What cannot be taken does not
    /// stop the rest, and can be tried again.
    ///
    /// # Errors
    /// `NotFound` when there is no such import; `Conflict` when it is not done; `BadImport` or `Io` when
    /// a folder that it made cannot be taken.
    pub fn take_import(&self, id: &Id) -> Result<Vec<Imported>, Error> {
        // Two takers would each get half.
        let _alone = lock(&self.shared.taking);
        let result: ImportResult = self.foreign_import(id)?.result.ok_or_else(|| {
            Error::conflict(
                format!("add the import “{id}” to the library"),
                "it is not complete",
                "wait until it is complete, or start it again",
            )
        })?;
        let folder = self.shared.workspace.folder(Shelf::Imports, id);
        let project = self.shared.workspace.project_of(id);
        let (mut all, mut failure) = (Vec::new(), None);
        for made in &result.made {
            match take_made(&self.shared, &project, &folder, made) {
                Ok(imported) => all.extend(imported),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        passing::remove_ended(&self.shared, JobKind::Import, id)?;
        Ok(all)
    }
}

/// Moves one folder that an import made to its shelf; nothing when that was done before.
fn take_made(
    shared: &Shared,
    project: &Id,
    folder: &Path,
    made: &Made,
) -> Result<Option<Imported>, Error> {
    if !job::inside::is_plain(&made.folder) {
        let id = made.folder.escape_debug().to_string();
        return Err(Error::NotFound { what: "folder", id });
    }
    let source = folder.join(&made.folder);
    if !source.exists() {
        return Ok(None);
    }
    let mut found = look(&source)?;
    if let Found::Job(order) = &mut found
        && let Task::Train(task) = &mut order.task
        && let Some((id, hash)) = learnt_from(shared, &task.dataset_hash, made.learnt)?
    {
        (task.dataset, task.dataset_hash) = (Some(id), hash);
    }
    place_moved(shared, project, &source, &found).map(Some)
}

/// The dataset that a run learnt from: the one with the content that it names; where it names none, the
/// only one with such sounds.
fn learnt_from(
    shared: &Shared,
    hash: &str,
    learnt: Option<Learnt>,
) -> Result<Option<(Id, String)>, Error> {
    let rows = shared.read(datasets::all)?;
    let whole = rows.into_iter().filter(|row| row.job.phase == Phase::Done);
    let of = |row: DatasetRow| Some((row.job.id, row.summary?));
    let fits = |summary: &DatasetSummary| match learnt {
        None => summary.hash == hash,
        Some(it) => (summary.rate_hz, summary.channels) == (it.rate_hz, it.channels),
    };
    let mut fitting = whole.filter_map(of).filter(|(_, summary)| fits(summary));
    let first = fitting.next().map(|(id, summary)| (id, summary.hash));
    let is_clear = learnt.is_none() || fitting.next().is_none();
    Ok(first.filter(|_| is_clear))
}
