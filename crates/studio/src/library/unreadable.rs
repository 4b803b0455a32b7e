//! Verbs on folders of the library that could not be read: they are named, kept, and listed again once
//! they can be read.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use api::{FolderCard, Id, JobKind, Model, OwnPreset, Patch, Problem, SoundCard, UnreadableFolder};
use job::Shelf;

use crate::{
    Error, Studio, rebuild,
    shared::lock,
    store::jobs,
    workspace::{Workspace, ids_in},
};

/// How long reading events may hold up the answer; the rest is read afterwards.
const MAX_READING: Duration = Duration::from_millis(500);

impl Studio {
    /// Folders of the library that cannot be read. Each is tried again first, so one that was mended is
    /// listed as what it is from now on.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn unreadable(&self) -> Result<Vec<UnreadableFolder>, Error> {
        let shared = &self.shared;
        // Two callers would read the same folder in twice.
        let _alone = lock(&shared.taking);
        let before: Vec<(Shelf, Id)> = lock(&shared.unreadable).iter().cloned().collect();
        let mut found = Vec::new();
        for (shelf, id) in before {
            let folder = shared.workspace.folder(shelf, &id);
            let read = match folder.is_dir() {
                true => rebuild::read_in(shared, shelf, &id, false, Instant::now() + MAX_READING),
                false => Ok(()),
            };
            match read {
                Ok(()) => {
                    lock(&shared.unreadable).remove(&(shelf, id.clone()));
                    shared.change(|change| {
                        change.list(shelf, &id);
                        Ok(())
                    })?;
                    shared.bell.ring();
                }
                Err(error @ (Error::Store(_) | Error::Closed)) => return Err(error),
                Err(error) => found.push(unreadable(shelf, &id, &folder, &error)),
            }
        }
        for kind in [JobKind::Export, JobKind::Film] {
            found.extend(self.unreadable_of(kind)?);
        }
        Ok(found)
    }

    /// What is known of a kind whose lists are read from its orders, but whose order was damaged since.
    fn unreadable_of(&self, kind: JobKind) -> Result<Vec<UnreadableFolder>, Error> {
        let shelf = Shelf::of(kind);
        let ids = self.shared.read(|c| jobs::ids(c, kind))?;
        let here = ids.into_iter().filter(|(_, is_deleted)| !is_deleted);
        Ok(here
            .filter_map(|(id, _)| {
                let folder = self.shared.workspace.folder(shelf, &id);
                let error = check(shelf, &folder).err()?;
                Some(unreadable(shelf, &id, &folder, &error.into()))
            })
            .collect())
    }
}

/// Folders of a workspace's library that cannot be read, found without opening the workspace.
pub fn find_unreadable(workspace: &Path) -> Vec<UnreadableFolder> {
    let workspace = Workspace::at(workspace);
    let mut found = Vec::new();
    let projects = workspace.project_ids().unwrap_or_default();
    for (project, shelf) in projects.iter().flat_map(|it| Shelf::ALL.map(|shelf| (it, shelf))) {
        let shelf_folder = workspace.shelf(project, shelf);
        for id in ids_in(&shelf_folder).unwrap_or_default() {
            let folder = shelf_folder.join(id.as_str());
            if let Err(error) = check(shelf, &folder) {
                found.push(unreadable(shelf, &id, &folder, &error.into()));
            }
        }
    }
    found
}

/// Whether a folder says what it is, in words that this program knows.
fn check(shelf: Shelf, folder: &Path) -> Result<(), job::Error> {
    match shelf {
        Shelf::Models => {
            let path = folder.join(job::files::MODEL);
            job::whole::read_versioned::<Model>(&path, Model::FORMAT).map(drop)
        }
        Shelf::Presets => {
            let path = folder.join(job::files::PRESET);
            job::whole::read_versioned::<OwnPreset>(&path, OwnPreset::FORMAT).map(drop)
        }
        Shelf::Patches => {
            let path = folder.join(job::files::PATCH);
            job::whole::read_versioned::<Patch>(&path, Patch::FORMAT).map(drop)
        }
        Shelf::Sounds => {
            let path = folder.join(SoundCard::CARD);
            job::whole::read_versioned::<SoundCard>(&path, SoundCard::FORMAT).map(drop)
        }
        Shelf::Folders => {
            let path = folder.join(FolderCard::CARD);
            job::whole::read_versioned::<FolderCard>(&path, FolderCard::FORMAT).map(drop)
        }
        _ => job::order::read(folder).map(drop),
    }
}

fn unreadable(shelf: Shelf, id: &Id, folder: &Path, error: &Error) -> UnreadableFolder {
    let told = error.problem();
    let remedy = match error {
        Error::Newer { .. } | Error::UnknownKind { .. } => {
            "Update Maquette. The folder is kept as it is."
        }
        _ => {
            "Put back a copy of the damaged file, or move the folder out of the workspace. It is kept as it is."
        }
    };
    let is_newer = matches!(error, Error::Newer { .. } | Error::UnknownKind { .. });
    let what = format!("The {} “{id}” could not be read.", shelf.word());
    let why = match told.why {
        Some(why) => format!("{} {why}", told.what),
        None => told.what,
    };
    UnreadableFolder {
        list: shelf.name().to_owned(),
        id: id.clone(),
        path: folder.to_string_lossy().into_owned(),
        problem: Problem {
            code: if is_newer { "newer" } else { "unreadable" }.to_owned(),
            what,
            why: Some(why),
            remedy: Some(remedy.to_owned()),
            fields: Vec::new(),
        },
    }
}
