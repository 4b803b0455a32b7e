//! Import: takes the folder of a dataset, a run or a model that came from elsewhere into the
//! workspace. What is in such a folder is hostile until it was read.
//!
//! The folder is copied, not moved, into an unfinished one; only a copy that could be read appears
//! on its shelf. Links and special files are refused, size, number and depth are bounded, and
//! paths in its order that could point outside are written anew.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::{DatasetIndex, Id, Imported, JobKind, Model, Order, Task};
use job::Shelf;

use crate::{
    Error, Studio, archive, job_folder,
    library::{fresh_id, is_taken, make_folder, name_from},
    rebuild,
    shared::Shared,
    store::{jobs, models},
    supervisor,
    workspace::move_folder,
};

/// The most files of an imported folder.
const MAX_FILES: usize = 100_000;
/// The most bytes of an imported folder.
const MAX_BYTES: u64 = 64 << 30;
/// How deep its sub-folders may be.
const MAX_DEPTH: usize = 8;
/// How long reading its events may hold up the answer; the rest is read afterwards.
const MAX_READING: Duration = Duration::from_secs(2);

/// What a folder turned out to hold.
pub(crate) enum Found {
    Job(Box<Order>),
    Model(Box<Model>),
}

impl Studio {
    /// Copies the folder of a dataset, a run or a model into the workspace. Takes as long as
    /// copying takes.
    ///
    /// # Errors
    /// `BadImport` when it is none of these, is not whole, or holds what is not taken; `TooMuch`
    /// when it is too large; `Io` when it cannot be read or copied.
    pub fn import(&self, path: &Path) -> Result<Imported, Error> {
        let shared = &self.shared;
        let source = check_source(shared, path)?;
        let found = look(&source)?;
        place_copy(shared, &self.project_for(None), &source, &found)
    }
}

/// Copies a folder that was looked at to its shelf.
fn place_copy(
    shared: &Shared,
    project: &Id,
    source: &Path,
    found: &Found,
) -> Result<Imported, Error> {
    let (shelf, id) = shelf_and_id(shared, found)?;
    make_folder(shared, project, shelf, &id, |folder| {
        copy_folder(source, folder)?;
        write_own(found, &id, folder)
    })?;
    settle(shared, shelf, &id).map_err(|error| {
        let folder = shared.workspace.folder(shelf, &id);
        match crate::workspace::remove(&folder) {
            Ok(()) => refuse(source, format!("it could not be read: failed to {error}")),
            Err(error) => error,
        }
    })
}

/// Moves a folder that was looked at to its shelf, in one rename; back if it cannot be read there.
pub(crate) fn place_moved(
    shared: &Shared,
    project: &Id,
    source: &Path,
    found: &Found,
) -> Result<Imported, Error> {
    let (shelf, id) = shelf_and_id(shared, found)?;
    shared.workspace.put(&id, project);
    write_own(found, &id, source)?;
    let folder = shared.workspace.folder(shelf, &id);
    move_folder(source, &folder)?;
    settle(shared, shelf, &id).map_err(|error| match move_folder(&folder, source) {
        Ok(()) => refuse(source, format!("it could not be read: failed to {error}")),
        Err(error) => error,
    })
}

/// Where a folder belongs, and an identifier that is free there.
fn shelf_and_id(shared: &Shared, found: &Found) -> Result<(Shelf, Id), Error> {
    let (shelf, id, name) = match found {
        Found::Job(order) => (Shelf::of(job::kinds::of(&order.task)), &order.id, &order.name),
        Found::Model(model) => (Shelf::Models, &model.id, &model.name),
    };
    let id = match is_taken(shared, id)? {
        true => fresh_id(shared, &name_from(name))?,
        false => id.clone(),
    };
    Ok((shelf, id))
}

/// Reads a folder that is on its shelf now, and tells of it.
fn settle(shared: &Shared, shelf: Shelf, id: &Id) -> Result<Imported, Error> {
    rebuild::read_in(shared, shelf, id, false, Instant::now() + MAX_READING)?;
    let name = shared.change(|change| {
        change.list(shelf, id);
        match shelf {
            Shelf::Models => Ok(models::find(change.tx, id)?.map(|row| row.model.name)),
            _ => Ok(jobs::find(change.tx, id)?.map(|job| job.name)),
        }
    })?;
    shared.bell.ring();
    Ok(Imported { list: shelf.name().to_owned(), id: id.clone(), name: name.unwrap_or_default() })
}

fn check_source(shared: &Shared, path: &Path) -> Result<PathBuf, Error> {
    if !path.is_absolute() {
        return Err(Error::invalid("path", "enter an absolute path"));
    }
    let source = fs::canonicalize(path).map_err(Error::io("read", path))?;
    if !source.is_dir() {
        return Err(refuse(path, "it is not a folder"));
    }
    let root = shared.workspace.root();
    if source.starts_with(root) || root.starts_with(&source) {
        return Err(refuse(path, "it is part of this workspace"));
    }
    Ok(source)
}

/// What the folder holds, if it is something that can be taken.
pub(crate) fn look(source: &Path) -> Result<Found, Error> {
    let has = |name: &str| source.join(name).is_file();
    let read_error = |error| match error {
        Error::Io { source: error, .. } => refuse(source, format!("it could not be read: {error}")),
        other => other,
    };
    if has(job::files::MODEL) {
        let path = source.join(job::files::MODEL);
        let model: Model =
            job::whole::read_versioned(&path, Model::FORMAT).map_err(|it| read_error(it.into()))?;
        if !has(job::files::WEIGHTS) {
            return Err(refuse(source, "the model's weights are missing"));
        }
        return Ok(Found::Model(Box::new(model)));
    }
    if !has(job::files::ORDER) {
        return Err(refuse(source, "it contains neither a job.json nor a model.json"));
    }
    if supervisor::is_worked_on(source) {
        return Err(refuse(source, "it is in use; wait until its job has ended"));
    }
    let order = job::order::read(source).map_err(|it| read_error(it.into()))?;
    match job::kinds::of(&order.task) {
        JobKind::Prepare => {
            check_dataset(source)
                .map_err(|why| refuse(source, format!("the dataset is incomplete: {why}")))?;
        }
        JobKind::Train if !has(job::files::EVENTS) => {
            return Err(refuse(source, "the run never started, so there is nothing to import"));
        }
        JobKind::Train => {}
        JobKind::Import => {
            let why = "it is an unfinished import; import the original files instead";
            return Err(refuse(source, why));
        }
        JobKind::Reconstruct => {
            return Err(refuse(source, "it is a reconstruction; import its model instead"));
        }
        JobKind::Export => {
            return Err(refuse(source, "it is an export; import its model instead"));
        }
        kind => {
            let word = Shelf::of(kind).word();
            return Err(refuse(
                source,
                format!("it holds a job of the kind “{word}”, which cannot be imported"),
            ));
        }
    }
    Ok(Found::Job(Box::new(order)))
}

/// Sees that the sound and the peaks that a dataset's index names are there; else says what is not.
fn check_dataset(source: &Path) -> Result<(), String> {
    let index = job_folder::read_index(source).map_err(|error| format!("failed to {error}"))?;
    let mut lengths = BTreeMap::new();
    let mut check = |name: String, end_bytes: Option<u64>| {
        let length = *lengths.entry(name.clone()).or_insert_with_key(|name| {
            let found = fs::symlink_metadata(source.join(name)).ok();
            found.filter(|found| found.is_file()).map(|found| found.len())
        });
        match (length, end_bytes) {
            (None, _) => Err(format!("the file “{name}” is missing")),
            (Some(length), Some(end_bytes)) if end_bytes <= length => Ok(()),
            _ => Err(format!("the file “{name}” is cut short")),
        }
    };
    let frame_bytes = 2 * u64::from(index.summary.channels);
    for sound in &index.sounds {
        let end_of = |offset: u64, n: u64, bytes: u64| n.checked_mul(bytes)?.checked_add(offset);
        let end_bytes = end_of(sound.offset_bytes, sound.n_frames, frame_bytes);
        check(job::files::sound(sound.chunk), end_bytes)?;
        let n_pairs = sound.n_frames.div_ceil(u64::from(DatasetIndex::PEAK_BLOCK));
        check(job::files::PEAKS.to_owned(), end_of(sound.peaks_offset_bytes, n_pairs, 2))?;
    }
    Ok(())
}

/// Writes what must be ours: the identifier, and paths that could point outside.
fn write_own(found: &Found, id: &Id, folder: &Path) -> Result<(), Error> {
    match found {
        Found::Model(model) => {
            let (id, name) = (id.clone(), name_from(&model.name));
            let model = Model { id, name, ..Model::clone(model) };
            Ok(job::whole::write_json(&folder.join(job::files::MODEL), &model)?)
        }
        Found::Job(order) => {
            let (id, name) = (id.clone(), name_from(&order.name));
            let mut order = Order { id, name, ..Order::clone(order) };
            archive::keep_inside(&mut order);
            let card = job_folder::read_card(folder);
            let card = job_folder::Card {
                name: card.name.map(|name| name_from(&name)),
                ..job_folder::Card::default()
            };
            job_folder::write_card(folder, &card)?;
            // A dataset that is whole is done, whatever became of its process.
            if matches!(order.task, Task::Prepare(_)) {
                let ended_ms = order.created_ms;
                job::exit::write(folder, &api::Exit { ended_ms, outcome: api::Outcome::Done })?;
            }
            Ok(job::order::write(folder, &order)?)
        }
    }
}

/// What a copy may still take.
struct Budget {
    n_files: usize,
    bytes: u64,
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Error> {
    let mut budget = Budget { n_files: MAX_FILES, bytes: MAX_BYTES };
    copy_level(from, from, to, 0, &mut budget)
}

fn copy_level(
    top: &Path,
    from: &Path,
    to: &Path,
    depth: usize,
    budget: &mut Budget,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(refuse(top, format!("its folders are nested more than {MAX_DEPTH} deep")));
    }
    // What belongs to a process that is gone is left behind.
    let left_behind = [job::files::CONTROL, job::files::WORKER_LOCK];
    for entry in fs::read_dir(from).map_err(Error::io("read", from))? {
        let entry = entry.map_err(Error::io("read", from))?;
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().map_err(Error::io("read", &path))?;
        let target = to.join(&name);
        if depth == 0 && left_behind.iter().any(|left| name == *left) {
            continue;
        }
        budget.n_files = budget.n_files.checked_sub(1).ok_or_else(too_many)?;
        if kind.is_dir() {
            fs::create_dir(&target).map_err(Error::io("make", &target))?;
            copy_level(top, &path, &target, depth + 1, budget)?;
        } else if kind.is_file() {
            copy_file(&path, &target, budget)?;
        } else {
            let name = name.to_string_lossy();
            return Err(refuse(top, format!("“{name}” is a link or a special file")));
        }
    }
    Ok(())
}

/// Copies no more than is left of the budget, however the file grows meanwhile.
fn copy_file(from: &Path, to: &Path, budget: &mut Budget) -> Result<(), Error> {
    let source = File::open(from).map_err(Error::io("read", from))?;
    let mut target = File::create_new(to).map_err(Error::io("write", to))?;
    let n_copied = std::io::copy(&mut source.take(budget.bytes + 1), &mut target)
        .map_err(Error::io("copy to", to))?;
    budget.bytes = budget.bytes.checked_sub(n_copied).ok_or_else(too_many)?;
    target.sync_all().map_err(Error::io("write", to))
}

fn too_many() -> Error {
    Error::TooMuch { limit: "64 GiB and 100,000 files in one folder".to_owned() }
}

fn refuse(path: &Path, reason: impl Into<String>) -> Error {
    Error::BadImport { path: path.to_owned(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        fs::create_dir_all(source.join("inner")).unwrap();
        fs::write(source.join("inner/a"), "12345").unwrap();
        fs::write(source.join("b"), "12345").unwrap();
        let check = |n_files: usize, bytes: u64, fits: bool| {
            let target = folder.path().join(format!("{n_files}-{bytes}"));
            fs::create_dir(&target).unwrap();
            let copied = copy_level(&source, &source, &target, 0, &mut Budget { n_files, bytes });
            assert_eq!(copied.is_ok(), fits, "{n_files} {bytes}: {copied:?}");
            assert!(fits || matches!(copied, Err(Error::TooMuch { .. })));
        };
        check(3, 10, true);
        check(2, 10, false);
        check(3, 9, false);
        check(3, 0, false);
    }
}
