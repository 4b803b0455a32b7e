//! Verbs on imports: what another program made becomes datasets, runs and models of the library.
//!
//! An import's job makes whole folders inside its own; taking it moves them to their shelves, joins
//! runs with the datasets they learnt from, and removes the import.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use api::{
    FindingKind, Id, Import, ImportResult, ImportTask, Imported, JobKind, Made, NewForeignImport,
    Task,
};

use super::{make_job, name_from, passing, valid_name};
use crate::{
    Error, Studio,
    import::{Found, look, place},
    job_folder,
    queue::Places,
    store::jobs::{self, Phase},
    workspace::{Shelf, is_plain_path, read_json, remove},
};

/// Imports that are kept when nobody takes or removes them; the oldest go.
const MAX_KEPT: usize = 10;

impl Studio {
    /// Queues an import of what another program made.
    ///
    /// # Errors
    /// `Invalid` when the path is not absolute or the name cannot be used; `Io` when there is nothing at it; `TooMuch` when the
    /// queue is full.
    pub fn create_import(&self, new: NewForeignImport) -> Result<Import, Error> {
        let path = PathBuf::from(new.path);
        if !path.is_absolute() {
            return Err(Error::invalid("path", "give the whole path, from the root of the disk"));
        }
        let path = fs::canonicalize(&path).map_err(Error::io("read", &path))?;
        let name = new.name.as_deref().map(valid_name).transpose()?;
        passing::remove_oldest(&self.shared, JobKind::Import, MAX_KEPT - 1)?;
        let of_path = name_from(&path.file_name().unwrap_or_default().to_string_lossy());
        let job_name = name.clone().unwrap_or(of_path);
        let (items, as_model) = (new.items, new.as_model);
        let task = Task::Import(ImportTask { path, items, name, as_model });
        let id = make_job(&self.shared, job_name, task, |_| Ok(()), |_, _| Ok(()))?;
        self.foreign_import(&id)
    }

    /// Imports that nobody took yet, newest first.
    ///
    /// # Errors
    /// `Io` when a folder of one cannot be read.
    pub fn foreign_imports(&self) -> Result<Vec<Import>, Error> {
        let ids = self.shared.read(|c| jobs::ids(c, JobKind::Import))?;
        let mut all = Vec::new();
        for (id, _) in ids {
            match self.foreign_import(&id) {
                Ok(import) => all.push(import),
                // It was taken or removed meanwhile.
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
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
        let order = job_folder::read_order(&folder)?;
        let Task::Import(task) = order.task else { return Err(Error::not_found("import", id)) };
        let result = match row.phase {
            Phase::Done => Some(read_json(&folder.join(job_folder::RESULT))?),
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
        passing::delete(&self.shared, JobKind::Import, id)
    }

    /// Takes what an import made into the library, and removes the import.
    ///
    /// # Errors
    /// `NotFound` when there is no such import; `Conflict` when it is not done; `BadImport` or `Io` when
    /// a folder that it made cannot be taken: what was taken before it stays.
    pub fn take_import(&self, id: &Id) -> Result<Vec<Imported>, Error> {
        let result: ImportResult = self.foreign_import(id)?.result.ok_or_else(|| {
            Error::conflict(
                format!("take what `{id}` made"),
                "it is not done",
                "wait until it is done, or start it again",
            )
        })?;
        let folder = self.shared.workspace.folder(Shelf::Imports, id);
        let mut datasets = BTreeMap::new();
        let mut all = Vec::new();
        for made in &result.made {
            if !folder.join(&made.folder).exists() {
                continue; // It was taken before something stopped the rest.
            }
            let imported = self.take_made(&folder, made, &datasets)?;
            if made.kind == FindingKind::Dataset {
                datasets.insert(made.key.clone(), imported.id.clone());
            }
            all.push(imported);
        }
        passing::remove_ended(&self.shared, JobKind::Import, id)?;
        Ok(all)
    }

    fn take_made(
        &self,
        folder: &Path,
        made: &Made,
        datasets: &BTreeMap<String, Id>,
    ) -> Result<Imported, Error> {
        let missing =
            || Error::NotFound { what: "folder", id: made.folder.escape_debug().to_string() };
        if !is_plain_path(&made.folder) {
            return Err(missing());
        }
        let source = folder.join(&made.folder);
        let mut found = look(&source)?;
        let dataset = made.dataset.as_ref().and_then(|key| datasets.get(key));
        if let (Found::Job(order), Some(dataset)) = (&mut found, dataset)
            && let Task::Train(task) = &mut order.task
        {
            task.dataset = dataset.clone();
        }
        let imported = place(&self.shared, &source, &found, |target| move_inside(&source, target))?;
        remove(&source)?;
        Ok(imported)
    }
}

/// Moves what is in a folder into another of the same disk.
fn move_inside(from: &Path, to: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(from).map_err(Error::io("read", from))? {
        let entry = entry.map_err(Error::io("read", from))?;
        let path = entry.path();
        fs::rename(&path, to.join(entry.file_name())).map_err(Error::io("move", &path))?;
    }
    Ok(())
}
