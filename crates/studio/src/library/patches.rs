//! Verbs on patches: favourite points, trajectories, settings of an instrument, recipes.
//!
//! A patch is one document, `patch.json`, that is written anew whenever something of it changes.

use std::path::Path;

use api::{Id, NewPatch, Patch, PatchChange, PatchKind, UnixMs};
use job::Shelf;

use super::{fresh_id, from_trash, make_folder, models, to_trash, valid_name};

use crate::{
    Error, Studio,
    shared::Change,
    store::patches::{self, PatchRow},
};

/// The longest body of a patch, as JSON.
const BODY_BYTES_MAX: usize = 4 << 20;

/// The most patches.
const PATCHES_MAX: u32 = 10_000;

impl Studio {
    /// Patches, newest first: those of a model and of a kind, if these are given.
    ///
    /// # Errors
    /// `Store` or `Closed` only; a patch whose file cannot be read is left out.
    pub fn patches(
        &self,
        model: Option<&Id>,
        kind: Option<PatchKind>,
    ) -> Result<Vec<Patch>, Error> {
        let mut rows = self.shared.read(patches::all)?;
        rows.retain(|row| {
            self.is_shown(Some(&row.project))
                && model.is_none_or(|it| *it == row.patch.model)
                && kind.is_none_or(|it| it == row.patch.kind)
        });
        let read = |row: PatchRow| match self.read_patch(&row) {
            Ok(patch) => Some(patch),
            Err(error) => {
                tracing::warn!("patch {} is left out: failed to {error}", row.patch.id);
                None
            }
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// One patch.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its file cannot be read.
    pub fn patch(&self, id: &Id) -> Result<Patch, Error> {
        let row = self.shared.read(|c| find(c, id))?;
        self.read_patch(&row)
    }

    /// Keeps something of playing a model. It belongs to the weights that the model has now.
    ///
    /// # Errors
    /// `NotFound` when there is no such model; `Invalid` when a value cannot be used; `TooMuch` when there are too
    /// many patches, or the body is too long; `Io` when it cannot be written.
    pub fn create_patch(&self, new: NewPatch) -> Result<Patch, Error> {
        let name = valid_name(&new.name)?;
        check_body(&new.body)?;
        let (model, n_patches) =
            self.shared.read(|c| Ok((models::find(c, &new.model)?, patches::count(c)?)))?;
        if n_patches >= PATCHES_MAX {
            return Err(Error::TooMuch { limit: format!("{PATCHES_MAX} patches") });
        }
        let patch = Patch {
            format: Patch::FORMAT,
            id: fresh_id(&self.shared, &name)?,
            kind: new.kind,
            name,
            created_ms: self.shared.now_ms(),
            model: new.model,
            model_sha256: model.sha256,
            body: new.body,
        };
        let project = self.project_for(Some(&patch.model));
        make_folder(&self.shared, &project, Shelf::Patches, &patch.id, |folder| {
            Ok(job::whole::write_json(&folder.join(job::files::PATCH), &patch)?)
        })?;
        self.shared.change(|change| save(change, PatchRow { patch, project, deleted_ms: None }))
    }

    /// Gives a patch another name, or something else to keep.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name cannot be used; `TooMuch` when the body is too long;
    /// `Io` when it cannot be written.
    pub fn change_patch(&self, id: &Id, new: PatchChange) -> Result<Patch, Error> {
        let name = new.name.as_deref().map(valid_name).transpose()?;
        new.body.as_ref().map_or(Ok(()), check_body)?;
        self.shared.change(|change| {
            let row = find(change.tx, id)?;
            let mut patch = self.read_patch(&row)?;
            patch.name = name.unwrap_or(patch.name);
            patch.body = new.body.unwrap_or(patch.body);
            let path = self.shared.workspace.folder(Shelf::Patches, id).join(job::files::PATCH);
            job::whole::write_json(&path, &patch)?;
            save(change, PatchRow { patch, ..row })
        })
    }

    /// Moves a patch to the trash; it can be restored for 30 days.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn delete_patch(&self, id: &Id) -> Result<(), Error> {
        self.shared.change(|change| {
            let row = find(change.tx, id)?;
            let now_ms: UnixMs = self.shared.now_ms();
            to_trash(&self.shared, change, Shelf::Patches, id, now_ms)?;
            save(change, PatchRow { deleted_ms: Some(now_ms), ..row }).map(drop)
        })
    }

    /// Takes a patch back from the trash.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash.
    pub fn restore_patch(&self, id: &Id) -> Result<Patch, Error> {
        self.shared.change(|change| {
            let row = patches::find(change.tx, id)?.filter(|row| row.deleted_ms.is_some());
            let row = row.ok_or_else(|| Error::not_found("patch", id))?;
            let project = from_trash(&self.shared, change, Shelf::Patches, id)?;
            save(change, PatchRow { project, deleted_ms: None, ..row })
        })?;
        self.patch(id)
    }

    fn read_patch(&self, row: &PatchRow) -> Result<Patch, Error> {
        let folder = self.shared.workspace.folder(Shelf::Patches, &row.patch.id);
        Ok(Patch { id: row.patch.id.clone(), ..read(&folder)? })
    }
}

/// The patch of a folder.
pub(crate) fn read(folder: &Path) -> Result<Patch, Error> {
    Ok(job::whole::read_versioned(&folder.join(job::files::PATCH), Patch::FORMAT)?)
}

/// One patch that is not in the trash.
fn find(connection: &rusqlite::Connection, id: &Id) -> Result<PatchRow, Error> {
    patches::find(connection, id)?
        .filter(|row| row.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found("patch", id))
}

fn save(change: &mut Change<'_>, row: PatchRow) -> Result<Patch, Error> {
    patches::save(change.tx, &row)?;
    change.list(Shelf::Patches, &row.patch.id);
    Ok(row.patch)
}

fn check_body(body: &serde_json::Value) -> Result<(), Error> {
    let n_bytes = serde_json::to_vec(body).map_or(usize::MAX, |json| json.len());
    match n_bytes <= BODY_BYTES_MAX {
        true => Ok(()),
        false => Err(Error::TooMuch { limit: "4 MB in one patch".to_owned() }),
    }
}
