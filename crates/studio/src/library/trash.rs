//! Verbs on the trash: what was deleted, how much space it takes, and how long it stays.
//!
//! What is deleted forever is moved aside first, under a name that nothing reads, and then removed. A
//! removal that was cut short is finished when the workspace is opened again.

use std::{fs, path::Path, time::UNIX_EPOCH};

use api::{Emptied, Id, TrashItem, UnixMs};
use job::Shelf;
use rusqlite::Connection;

use super::projects;

use crate::{
    Error, Studio, job_folder,
    rebuild::forget,
    shared::{Change, Shared},
    store::{folders, jobs, models, patches, presets, reconstructions, sounds},
    workspace::{ids_in, move_folder, remove, size_of},
};

/// How long things stay in the trash: 30 days.
const TRASH_MS: UnixMs = 30 * 24 * 3600 * 1000;

/// The list of projects, as items of the trash name it.
const PROJECTS: &str = "projects";

/// What was deleted: its name, and when.
struct Deleted {
    name: String,
    deleted_ms: UnixMs,
}

impl Studio {
    /// Everything in the trash, what was deleted last first.
    ///
    /// # Errors
    /// `Io` when the trash cannot be read; `Store` or `Closed`.
    pub fn trash(&self) -> Result<Vec<TrashItem>, Error> {
        let mut items = Vec::new();
        for shelf in Shelf::ALL {
            for id in ids_in(&self.shared.workspace.trash_shelf(shelf))? {
                items.push(item(&self.shared, shelf, id)?);
            }
        }
        for id in ids_in(&self.shared.workspace.trash_projects())? {
            items.push(project_item(&self.shared, id));
        }
        items.sort_by(|a, b| b.deleted_ms.cmp(&a.deleted_ms).then(a.id.cmp(&b.id)));
        Ok(items)
    }

    /// Takes something back from the trash.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash; `Conflict` when its place was taken meanwhile, or
    /// its files cannot be read.
    pub fn restore_from_trash(&self, list: &str, id: &Id) -> Result<(), Error> {
        if list == PROJECTS {
            return self.restore_project(id).map(drop);
        }
        let shelf = shelf_named(list, id)?;
        let is_there = self.shared.workspace.trash(shelf, id).is_dir();
        let is_known = self.shared.read(|c| Ok(deleted(c, shelf, id)?.is_some()))?;
        if is_there && !is_known {
            return Err(Error::conflict(
                format!("restore the {} “{id}”", shelf.word()),
                "its files are damaged, or were written by a newer version of Maquette",
                "update and restart Maquette, or delete it forever",
            ));
        }
        match shelf {
            Shelf::Models => self.restore_model(id).map(drop),
            Shelf::Presets => self.restore_preset(id).map(drop),
            Shelf::Patches => self.restore_patch(id).map(drop),
            Shelf::Sounds => self.restore_sound(id).map(drop),
            Shelf::Folders => self.restore_library_folder(id).map(drop),
            _ => self.restore_job(id).map(drop),
        }
    }

    /// Deletes something in the trash forever.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash; `Io` when its files cannot be removed.
    pub fn delete_from_trash(&self, list: &str, id: &Id) -> Result<(), Error> {
        match list == PROJECTS {
            true => purge_project(&self.shared, id).map(drop),
            false => purge(&self.shared, shelf_named(list, id)?, id).map(drop),
        }
    }

    /// Deletes everything in the trash forever.
    ///
    /// # Errors
    /// `Io` when something cannot be removed; the rest is removed all the same.
    pub fn empty_trash(&self) -> Result<Emptied, Error> {
        let (mut emptied, mut failure) = (Emptied { n_items: 0, bytes: 0 }, None);
        let mut count = |purged: Result<u64, Error>| match purged {
            Ok(bytes) => {
                emptied.n_items += 1;
                emptied.bytes += bytes;
            }
            // Deleted meanwhile, along with its model.
            Err(Error::NotFound { .. }) => {}
            Err(error) => {
                failure.get_or_insert(error);
            }
        };
        for shelf in Shelf::ALL {
            for id in ids_in(&self.shared.workspace.trash_shelf(shelf))? {
                count(purge(&self.shared, shelf, &id));
            }
        }
        for id in ids_in(&self.shared.workspace.trash_projects())? {
            count(purge_project(&self.shared, &id));
        }
        failure.map_or(Ok(emptied), Err)
    }
}

/// Deletes what has been in the trash for its time.
pub(crate) fn purge_expired(shared: &Shared) -> Result<(), Error> {
    for shelf in Shelf::ALL {
        for id in ids_in(&shared.workspace.trash_shelf(shelf))? {
            let found = shared.read(|c| deleted(c, shelf, &id))?;
            let is_expired =
                found.is_some_and(|it| shared.now_ms().saturating_sub(it.deleted_ms) > TRASH_MS);
            if is_expired && let Err(error) = purge(shared, shelf, &id) {
                tracing::warn!("failed to {error}");
            }
        }
    }
    for id in ids_in(&shared.workspace.trash_projects())? {
        let deleted_ms = project_item(shared, id.clone()).deleted_ms;
        if shared.now_ms().saturating_sub(deleted_ms) > TRASH_MS
            && let Err(error) = purge_project(shared, &id)
        {
            tracing::warn!("failed to {error}");
        }
    }
    Ok(())
}

/// Removes what was left of deleting something forever.
pub(crate) fn finish_purges(shared: &Shared) -> Result<(), Error> {
    let trash = shared.workspace.trash_root();
    for entry in fs::read_dir(&trash).map_err(Error::io("read", &trash))? {
        let path = entry.map_err(Error::io("read", &trash))?.path();
        let is_doomed =
            path.file_name().is_some_and(|it| it.to_string_lossy().starts_with(".purge-"));
        if is_doomed && let Err(error) = remove(&path) {
            tracing::warn!("failed to {error}");
        }
    }
    Ok(())
}

fn shelf_named(list: &str, id: &Id) -> Result<Shelf, Error> {
    Shelf::named(list).ok_or_else(|| Error::NotFound { what: "list", id: format!("{list}/{id}") })
}

/// A project in the trash, with all it holds.
fn project_item(shared: &Shared, id: Id) -> TrashItem {
    let folder = shared.workspace.trash_project(&id);
    let (name, deleted_ms) = projects::deleted(shared, &id).unwrap_or((id.to_string(), None));
    let deleted_ms = deleted_ms.unwrap_or_else(|| modified_ms(&folder));
    TrashItem {
        list: PROJECTS.to_owned(),
        name,
        deleted_ms,
        expires_ms: deleted_ms + TRASH_MS,
        bytes: size_of(&folder),
        id,
    }
}

/// Deletes a project in the trash forever, and says how much space that gave back.
fn purge_project(shared: &Shared, id: &Id) -> Result<u64, Error> {
    let folder = shared.workspace.trash_project(id);
    if !folder.is_dir() {
        return Err(Error::not_found("project", id));
    }
    let aside = shared.workspace.trash_root().join(format!(".purge-projects-{id}"));
    remove(&aside)?;
    move_folder(&folder, &aside)?;
    shared.change(|change| {
        change.trash(id);
        Ok(())
    })?;
    let bytes = size_of(&aside);
    remove(&aside)?;
    Ok(bytes)
}

fn modified_ms(folder: &Path) -> UnixMs {
    let modified = fs::metadata(folder).and_then(|it| it.modified()).ok();
    let since = modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_millis() as UnixMs)
}

fn item(shared: &Shared, shelf: Shelf, id: Id) -> Result<TrashItem, Error> {
    let folder = shared.workspace.trash(shelf, &id);
    let (found, reconstructions) =
        shared.read(|c| Ok((deleted(c, shelf, &id)?, reconstructions_of(c, shelf, &id)?)))?;
    let found = found.unwrap_or_else(|| {
        // A folder that could not be read still takes space.
        let card = job_folder::read_card(&folder);
        Deleted {
            name: card.name.unwrap_or_else(|| id.to_string()),
            deleted_ms: card.deleted_ms.unwrap_or_else(|| modified_ms(&folder)),
        }
    });
    let along: u64 = reconstructions
        .iter()
        .map(|(it, is_deleted)| size_of(&place(shared, Shelf::Reconstructions, it, *is_deleted)))
        .sum();
    Ok(TrashItem {
        list: shelf.name().to_owned(),
        name: found.name,
        deleted_ms: found.deleted_ms,
        expires_ms: found.deleted_ms + TRASH_MS,
        bytes: size_of(&folder) + along,
        id,
    })
}

fn deleted(c: &Connection, shelf: Shelf, id: &Id) -> Result<Option<Deleted>, Error> {
    let of = |name: String, deleted_ms: Option<UnixMs>| {
        deleted_ms.map(|deleted_ms| Deleted { name, deleted_ms })
    };
    Ok(match shelf {
        Shelf::Models => models::find(c, id)?.and_then(|row| of(row.model.name, row.deleted_ms)),
        Shelf::Presets => presets::find(c, id)?.and_then(|row| of(row.preset.name, row.deleted_ms)),
        Shelf::Patches => patches::find(c, id)?.and_then(|row| of(row.patch.name, row.deleted_ms)),
        Shelf::Sounds => sounds::find(c, id)?.and_then(|row| of(row.card.name, row.deleted_ms)),
        Shelf::Folders => folders::find(c, id)?.and_then(|row| of(row.card.name, row.deleted_ms)),
        _ => jobs::find(c, id)?
            .filter(|row| Shelf::of(row.kind) == shelf)
            .and_then(|row| of(row.name, row.deleted_ms)),
    })
}

/// Reconstructions that go with a model, and whether each is in the trash itself.
fn reconstructions_of(c: &Connection, shelf: Shelf, id: &Id) -> Result<Vec<(Id, bool)>, Error> {
    match shelf {
        Shelf::Models => reconstructions::ids_of_model(c, id),
        _ => Ok(Vec::new()),
    }
}

fn place(shared: &Shared, shelf: Shelf, id: &Id, is_deleted: bool) -> std::path::PathBuf {
    match is_deleted {
        true => shared.workspace.trash(shelf, id),
        false => shared.workspace.folder(shelf, id),
    }
}

/// Deletes something in the trash forever, a model along with its reconstructions, which nothing shows
/// without it; and says how much space that gave back.
fn purge(shared: &Shared, shelf: Shelf, id: &Id) -> Result<u64, Error> {
    let folder = shared.workspace.trash(shelf, id);
    if !folder.is_dir() {
        return Err(Error::not_found(shelf.word(), id));
    }
    let mut doomed = Vec::new();
    shared.change(|change| {
        for (it, is_deleted) in reconstructions_of(change.tx, shelf, id)? {
            let from = place(shared, Shelf::Reconstructions, &it, is_deleted);
            doomed.push(set_aside(shared, change, Shelf::Reconstructions, &it, &from)?);
        }
        doomed.push(set_aside(shared, change, shelf, id, &folder)?);
        Ok(())
    })?;
    let bytes = doomed.iter().map(|path| size_of(path)).sum();
    doomed.iter().try_for_each(|path| remove(path))?;
    Ok(bytes)
}

/// Moves a folder to where nothing reads it, and forgets it.
fn set_aside(
    shared: &Shared,
    change: &mut Change<'_>,
    shelf: Shelf,
    id: &Id,
    folder: &Path,
) -> Result<std::path::PathBuf, Error> {
    let aside = shared.workspace.trash_root().join(format!(".purge-{}-{id}", shelf.name()));
    remove(&aside)?;
    if folder.exists() {
        move_folder(folder, &aside)?;
    }
    forget(change, shelf, id)?;
    change.trash(id);
    if shelf == Shelf::Reconstructions {
        change.list(shelf, id);
    }
    Ok(aside)
}
