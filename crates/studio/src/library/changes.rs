//! Verbs on changes: what is done to sounds and MIDI files at the workbench, and taking what comes out into the library.
//!
//! A `change` job writes its files into its own folder, where they are heard first. What is kept becomes a file of a kept
//! folder of the library by a hard link, and `changed.json` of that folder says what each was made of.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
};

use api::{
    Change, ChangeFile, ChangeInput, ChangeJob, ChangeResult, ChangeTask, ChangedBy, ChangedFrom,
    EditedNotes, FolderCard, FolderPlace, Id, JobKind, KeepChanged, LibraryItemDetail, NewChange,
    Task,
};
use job::{Shelf, files};
use serde::{Deserialize, Serialize};

use super::{analyses, make_job, name_from, passing, uploads};
use crate::{
    Error, Studio,
    queue::Places,
    shared::{Shared, lock},
    store::{
        folders,
        items::{self, Place},
        jobs::{self, Phase},
    },
    workspace::{check_path, file_inside, file_name},
};

/// The most files of one change.
const INPUTS_MAX: usize = 1000;
/// The folder of the library that what is kept goes to.
const FOLDER: &str = "Changed sounds";

/// `changed.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct ChangedFiles {
    format: u32,
    /// What each was made of, by its path in the folder.
    files: BTreeMap<String, ChangedFrom>,
}

impl ChangedFiles {
    /// The version that this program reads, and writes where notes were edited by hand, which 1 does not know.
    const FORMAT: u32 = 2;
    /// The version of all others, which earlier programs read, too.
    const PLAIN_FORMAT: u32 = 1;

    fn insert(&mut self, path: String, from: ChangedFrom) {
        self.files.insert(path, from);
        let is_plain = self.files.values().all(|it| matches!(it.by, ChangedBy::Change { .. }));
        self.format = if is_plain { Self::PLAIN_FORMAT } else { Self::FORMAT };
    }
}

impl Studio {
    /// Queues a change.
    ///
    /// # Errors
    /// `Invalid` when nothing or too much is to be changed, or a path cannot be used; `NotFound` when a sound or its file is
    /// not there; `TooMuch` when the queue is full.
    pub fn create_change(&self, new: NewChange) -> Result<ChangeJob, Error> {
        let n_inputs = new.inputs.len();
        if n_inputs == 0 {
            return Err(Error::invalid("inputs", "choose what to change"));
        }
        if n_inputs > INPUTS_MAX {
            let message = format!("they are {n_inputs}; change at most {INPUTS_MAX} at a time");
            return Err(Error::invalid("inputs", message));
        }
        if n_inputs > 1 && new.change.is_of_one_file() {
            let message = "notes, beats and edits belong to one file; change one at a time";
            return Err(Error::invalid("inputs", message));
        }
        check_others(&new.change)?;
        let places = self.shared.read(|c| {
            let place = |input: &ChangeInput| match input {
                ChangeInput::Path { .. } => Ok(None),
                ChangeInput::Item { id } => {
                    let there = items::place(c, id)?;
                    there.map(Some).ok_or_else(|| Error::not_found("sound", id))
                }
            };
            new.inputs.iter().map(place).collect::<Result<Vec<Option<Place>>, Error>>()
        })?;
        // Beside what is changed, if that is of the library.
        let first = places.iter().flatten().next();
        let project = self.project_for(first.map(|it| it.folder.as_ref().unwrap_or(&it.id)));
        let mut roots = BTreeMap::new();
        let mut all = Vec::with_capacity(n_inputs);
        for (input, place) in new.inputs.iter().zip(places) {
            all.push(match (input, place) {
                (ChangeInput::Path { path }, _) => {
                    check_path(path)?;
                    let name = path.file_stem().unwrap_or_default().to_string_lossy();
                    ChangeFile { item: None, path: path.clone(), name: name_from(&name) }
                }
                (ChangeInput::Item { id }, Some(place)) if !place.is_missing => {
                    let path = analyses::path_from_job(&self.shared, &project, &place, &mut roots)?;
                    ChangeFile { item: Some(id.clone()), path, name: place.name }
                }
                (ChangeInput::Item { id }, _) => return Err(Error::not_found("file", id)),
            });
        }
        let name = match &all[..] {
            [only] => name_from(&only.name),
            all => format!("{} files", all.len()),
        };
        passing::remove_oldest(&self.shared, JobKind::Change)?;
        let task = Task::Change(ChangeTask { files: all, change: new.change });
        let id = make_job(&self.shared, &project, name, task, |_| Ok(()), |_, _| Ok(()))?;
        self.change_job(&id)
    }

    /// One change.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Io` when its folder cannot be read.
    pub fn change_job(&self, id: &Id) -> Result<ChangeJob, Error> {
        let (row, job) = self.shared.read(|c| {
            let row = passing::find(c, JobKind::Change, id)?;
            let job = row.job(Places::read(c)?.of(id));
            Ok((row, job))
        })?;
        let folder = self.shared.workspace.folder(Shelf::Changes, id);
        let Task::Change(task) = job::order::read(&folder)?.task else {
            return Err(Error::not_found("change", id));
        };
        let result = match row.phase {
            Phase::Done => Some(read_result(&folder)?),
            _ => None,
        };
        Ok(ChangeJob { id: id.clone(), files: task.files, change: task.change, job, result })
    }

    /// Changes of a file of the library, newest first. Few are kept.
    ///
    /// # Errors
    /// `Io` when a folder cannot be read.
    pub fn changes_of(&self, item: &Id) -> Result<Vec<ChangeJob>, Error> {
        let ids = self.shared.read(|c| jobs::ids(c, JobKind::Change))?;
        // One that was removed meanwhile is left out.
        let mut all: Vec<ChangeJob> =
            ids.iter().filter_map(|(id, _)| self.change_job(id).ok()).collect();
        all.retain(|change| change.files.iter().any(|file| file.item.as_ref() == Some(item)));
        all.sort_by_key(|change| std::cmp::Reverse(change.job.created_ms));
        Ok(all)
    }

    /// Takes a sound that a change made into the library, with what it was made of. One that was taken before, and is still
    /// there, is not taken again.
    ///
    /// # Errors
    /// `NotFound` when there is no such change or file; `Invalid` when the name cannot be used; `Conflict` before it is
    /// made, or for what the library does not hold; `Io` when it cannot be written.
    pub fn keep_changed(&self, id: &Id, keep: &KeepChanged) -> Result<LibraryItemDetail, Error> {
        let made = self.change_job(id)?;
        let Some(result) = made.result else {
            let why = "it is not made yet";
            return Err(Error::conflict("keep the sound", why, "wait until it is made"));
        };
        let file = result.files.into_iter().find(|file| file.path == keep.path);
        let file = file.ok_or_else(|| Error::NotFound { what: "file", id: keep.path.clone() })?;
        let source = file_inside(&self.shared.workspace.folder(Shelf::Changes, id), &file.path)?;
        let source_name = file_name(&source);
        if !api::is_library_name(&source_name) {
            return Err(Error::conflict(
                format!("keep “{}”", file.name),
                "the library holds sounds and MIDI files only",
                "download it instead",
            ));
        }
        let input = made.files.get(file.of as usize);
        let project = self.shared.workspace.project_of(id);
        let ending = source_name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let name = format!("{}.{ending}", keep.name.as_deref().unwrap_or(&file.name));
        let from = ChangedFrom {
            item: input.and_then(|input| input.item.clone()),
            name: input.map_or_else(String::new, |input| input.name.clone()),
            by: ChangedBy::Change { change: made.change, job: id.clone(), file: file.path },
            kept_ms: self.shared.now_ms(),
        };
        self.take_changed(&project, &name, from, |target| link(&source, target))
    }

    /// Takes a MIDI file whose notes were edited by hand into the library, beside the one that it was made of, which stays
    /// as it is.
    ///
    /// # Errors
    /// `NotFound` when there is no such sound; `Invalid` when the name cannot be used; `Io` when it cannot be written.
    pub fn keep_edited_notes(
        &self,
        id: &Id,
        name: Option<&str>,
        bytes: &[u8],
        edited: EditedNotes,
    ) -> Result<LibraryItemDetail, Error> {
        let place = self
            .shared
            .read(|c| items::place(c, id)?.ok_or_else(|| Error::not_found("sound", id)))?;
        let project = self.project_for(Some(place.folder.as_ref().unwrap_or(&place.id)));
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let name = name.map_or_else(|| format!("{} edited", place.name), str::to_owned);
        let name = format!("{name}.mid");
        let from = ChangedFrom {
            item: Some(id.clone()),
            name: place.name,
            by: ChangedBy::Notes { edited },
            kept_ms: self.shared.now_ms(),
        };
        self.take_changed(&project, &name, from, |target| {
            job::whole::write(target, bytes).map_err(Error::io("write", target))
        })
    }

    /// Takes a file into the folder of what was made of others. One that the same job made, and that is still there, is not
    /// taken again.
    fn take_changed(
        &self,
        project: &Id,
        name: &str,
        from: ChangedFrom,
        put: impl FnOnce(&Path) -> Result<(), Error>,
    ) -> Result<LibraryItemDetail, Error> {
        let name = uploads::safe_name(&flat(name))?;
        let (folder, path) = {
            let _alone = lock(&self.shared.taking);
            let folder = self.changed_folder(project)?;
            let place = self.shared.workspace.folder(Shelf::Folders, &folder);
            let mut changed = read_changed(&place);
            let root = place.join(FolderCard::FILES);
            let is_same = |by: &ChangedBy| matches!(by, ChangedBy::Change { .. }) && *by == from.by;
            let known = changed
                .files
                .iter()
                .find(|(path, known)| is_same(&known.by) && root.join(path).is_file());
            let path = match known {
                Some((path, _)) => path.clone(),
                None => {
                    let target = uploads::free_path(&root, &name);
                    put(&target)?;
                    let path = file_name(&target);
                    changed.insert(path.clone(), from);
                    job::whole::write_json(&place.join(files::CHANGED), &changed)?;
                    path
                }
            };
            (folder, path)
        };
        self.look_through(std::slice::from_ref(&folder), true)?;
        let known = self.shared.read(|c| items::of_folder(c, &folder))?;
        let item = known.get(&path).ok_or_else(|| Error::NotFound { what: "sound", id: path })?;
        self.library_item(&item.id)
    }

    /// The folder of the library that what is kept goes to, made if it is not there.
    fn changed_folder(&self, project: &Id) -> Result<Id, Error> {
        let rows = self.shared.read(folders::all)?;
        let there = rows.into_iter().find(|row| {
            let is_ours = row.card.place == FolderPlace::Kept && row.card.name == FOLDER;
            is_ours && row.project == *project && row.deleted_ms.is_none()
        });
        if let Some(row) = there {
            return Ok(row.id);
        }
        self.make(project, FOLDER.to_owned(), FolderPlace::Kept, |folder| {
            let files = folder.join(FolderCard::FILES);
            fs::create_dir_all(&files).map_err(Error::io("make", &files))
        })
    }
}

/// What a sound of the library was made of, if a change made it.
pub(super) fn made_from(shared: &Shared, place: &Place) -> Option<ChangedFrom> {
    let folder = shared.workspace.folder(Shelf::Folders, place.folder.as_ref()?);
    read_changed(&folder).files.remove(&place.path)
}

/// What the sounds of a folder were made of; nothing where that cannot be read.
fn read_changed(folder: &Path) -> ChangedFiles {
    let path = folder.join(files::CHANGED);
    if !path.exists() {
        return ChangedFiles::default();
    }
    job::whole::read_versioned(&path, ChangedFiles::FORMAT).unwrap_or_else(|error| {
        tracing::warn!("it is left out: failed to {error}");
        ChangedFiles::default()
    })
}

fn read_result(folder: &Path) -> Result<ChangeResult, Error> {
    Ok(job::whole::read_versioned(&folder.join(files::RESULT), ChangeResult::FORMAT)?)
}

/// Sees that other files that a change reads are there.
fn check_others(change: &Change) -> Result<(), Error> {
    let path = match change {
        Change::Quantise(how) => how.groove.as_deref(),
        Change::Render(how) => how.sound_font.as_deref(),
        _ => None,
    };
    path.map_or(Ok(()), check_path)
}

/// A name without what would be a way into a folder.
fn flat(name: &str) -> String {
    name.trim().replace(['/', '\\'], "_")
}

/// A second name of a file, or a copy of it where that is not possible.
fn link(source: &Path, target: &Path) -> Result<(), Error> {
    if fs::hard_link(source, target).is_ok() {
        return Ok(());
    }
    fs::copy(source, target).map_err(Error::io("copy", source))?;
    File::open(target).and_then(|file| file.sync_all()).map_err(Error::io("write", target))
}
