//! The library: every verb on datasets, runs, models, presets, reconstructions, conversions, exports,
//! imports, measures and uploads, one file each, and what these have in common: fresh identifiers, names, folders, and the trash.

mod conversions;
pub(crate) mod datasets;
mod exports;
mod imports;
mod jobs;
pub(crate) mod measures;
mod models;
mod passing;
mod presets;
mod reconstructions;
pub(crate) mod runs;
pub(crate) mod uploads;

use std::{fs, path::Path};

use api::{Control, Id, JobKind, Order, Task};

use crate::{
    Error,
    job_folder::{self, Card},
    queue,
    shared::{Change, Shared},
    store::{
        self,
        jobs::{JobRow, Phase},
    },
    watch,
    workspace::{Shelf, move_folder, remove, sync_folder, write_json},
};

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 120;

/// A name people gave: trimmed, 1 to 120 characters, no control characters.
fn valid_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let n_chars = name.chars().count();
    if n_chars == 0 || n_chars > MAX_NAME_CHARS {
        let message = format!("it has {n_chars} characters; give 1 to {MAX_NAME_CHARS}");
        return Err(Error::invalid("name", message));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "it has characters that cannot be shown"));
    }
    Ok(name.to_owned())
}

/// A name made from what something was called elsewhere: never refused, only cut.
pub(crate) fn name_from(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let name: String = text.chars().map(plain).take(MAX_NAME_CHARS).collect();
    let name = name.trim();
    if name.is_empty() { "Untitled".to_owned() } else { name.to_owned() }
}

/// An identifier that nothing in the workspace has, in the trash neither.
pub(crate) fn fresh_id(shared: &Shared, name: &str) -> Result<Id, Error> {
    for _ in 0..1000 {
        let id = Id::from_name(name, shared.chance());
        if !is_taken(shared, &id)? {
            return Ok(id);
        }
    }
    Err(Error::TooMuch { limit: "16 million things of one name".to_owned() })
}

pub(crate) fn is_taken(shared: &Shared, id: &Id) -> Result<bool, Error> {
    let workspace = &shared.workspace;
    let on_disk = Shelf::ALL.iter().any(|shelf| {
        workspace.folder(*shelf, id).exists()
            || workspace.trash(*shelf, id).exists()
            || workspace.unfinished(*shelf, id).exists()
    });
    if on_disk {
        return Ok(true);
    }
    shared.read(|c| {
        Ok(store::jobs::find(c, id)?.is_some()
            || store::models::find(c, id)?.is_some()
            || store::presets::find(c, id)?.is_some())
    })
}

/// Makes a folder on a shelf, whole or not at all: `fill` puts its files into an unfinished one.
pub(crate) fn make_folder(
    shared: &Shared,
    shelf: Shelf,
    id: &Id,
    fill: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let unfinished = shared.workspace.unfinished(shelf, id);
    fs::create_dir(&unfinished).map_err(Error::io("make", &unfinished))?;
    let made = fill(&unfinished).and_then(|()| {
        sync_folder(&unfinished);
        move_folder(&unfinished, &shared.workspace.folder(shelf, id))
    });
    if made.is_err()
        && let Err(error) = remove(&unfinished)
    {
        tracing::warn!("failed to {error}");
    }
    made
}

/// Makes a job's folder with its order, and queues it. `fill` adds more files to the folder, `add`
/// the row beside the job's; it also refuses what has become impossible meanwhile.
fn make_job(
    shared: &Shared,
    name: String,
    task: Task,
    fill: impl FnOnce(&Path) -> Result<(), Error>,
    add: impl FnOnce(&mut Change<'_>, &JobRow) -> Result<(), Error>,
) -> Result<Id, Error> {
    let id = fresh_id(shared, &name)?;
    let kind = job_folder::kind(&task);
    let shelf = Shelf::of(kind);
    let order = Order {
        format: Order::FORMAT,
        id: id.clone(),
        name: name.clone(),
        created_ms: shared.now_ms(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        task,
    };
    make_folder(shared, shelf, &id, |folder| {
        write_json(&folder.join(job_folder::ORDER), &order)?;
        fill(folder)
    })?;
    let queued = shared.change(|change| {
        let mut job = JobRow::new(id.clone(), kind, name, order.created_ms);
        add(change, &job)?;
        queue::enqueue(change, &mut job)?;
        change.list(shelf, &id);
        Ok(())
    });
    if let Err(error) = queued {
        remove(&shared.workspace.folder(shelf, &id))?;
        return Err(error);
    }
    shared.bell.ring();
    Ok(id)
}

/// Finds a job of a kind that is not in the trash.
fn find_job(change: &Change<'_>, kind: JobKind, id: &Id) -> Result<JobRow, Error> {
    store::jobs::find(change.tx, id)?
        .filter(|job| job.kind == kind && job.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found(Shelf::of(kind).word(), id))
}

/// Ends a job that waits or runs, and removes it and its folder once its process has ended.
fn cancel_job(shared: &Shared, kind: JobKind, id: &Id) -> Result<(), Error> {
    let shelf = Shelf::of(kind);
    let waited = shared.change(|change| {
        let mut job = find_job(change, kind, id)?;
        match job.phase {
            Phase::Running => {
                job_folder::append_control(&shared.workspace.folder(shelf, id), Control::Stop)?;
                job.stop_asked_ms.get_or_insert(shared.now_ms());
                job.is_discarded = true;
                change.job(&job)?;
                Ok(None)
            }
            Phase::Queued => {
                end_waiting_job(shared, change, &mut job)?;
                Ok(Some(job))
            }
            _ => Err(Error::conflict(
                format!("cancel the {} `{}`", shelf.word(), job.name),
                format!("it is {}", job.phase.word()),
                "delete it if it is not wanted",
            )),
        }
    })?;
    waited.map_or(Ok(()), |job| watch::discard(shared, &job))
}

fn rename_job(shared: &Shared, kind: JobKind, id: &Id, name: &str) -> Result<(), Error> {
    let name = valid_name(name)?;
    let shelf = Shelf::of(kind);
    shared.change(|change| {
        let mut job = find_job(change, kind, id)?;
        let card = Card { name: Some(name.clone()), deleted_ms: None };
        job_folder::write_card(&shared.workspace.folder(shelf, id), &card)?;
        job.name = name;
        change.job(&job)?;
        change.list(shelf, id);
        Ok(())
    })
}

/// Moves a job to the trash. One that waits ends first; `check` may refuse.
fn delete_job(
    shared: &Shared,
    kind: JobKind,
    id: &Id,
    check: impl FnOnce(&Change<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let shelf = Shelf::of(kind);
    shared.change(|change| {
        let mut job = find_job(change, kind, id)?;
        if job.phase == Phase::Running {
            return Err(Error::conflict(
                format!("delete the {} `{}`", shelf.word(), job.name),
                "it is running",
                "stop it first",
            ));
        }
        check(change)?;
        if job.phase == Phase::Queued {
            end_waiting_job(shared, change, &mut job)?;
        }
        let now_ms = shared.now_ms();
        to_trash(shared, shelf, id, now_ms)?;
        job.deleted_ms = Some(now_ms);
        store::jobs::save(change.tx, &job)?;
        change.list(shelf, id);
        Ok(())
    })
}

fn restore_job(shared: &Shared, kind: JobKind, id: &Id) -> Result<(), Error> {
    let shelf = Shelf::of(kind);
    shared.change(|change| {
        let job = store::jobs::find(change.tx, id)?;
        let job = job.filter(|job| job.kind == kind && job.deleted_ms.is_some());
        let mut job = job.ok_or_else(|| Error::not_found(shelf.word(), id))?;
        from_trash(shared, shelf, id)?;
        job.deleted_ms = None;
        store::jobs::save(change.tx, &job)?;
        change.list(shelf, id);
        Ok(())
    })
}

/// Ends a job that waits, in its folder too, so that a rebuild does not queue it again.
fn end_waiting_job(
    shared: &Shared,
    change: &mut Change<'_>,
    job: &mut JobRow,
) -> Result<(), Error> {
    let now_ms = shared.now_ms();
    let folder = shared.workspace.folder(Shelf::of(job.kind), &job.id);
    job_folder::write_exit(&folder, now_ms, api::Outcome::Stopped)?;
    queue::end_waiting(change, job, now_ms)
}

/// Moves a folder to the trash. The card goes first: from then on the folder says when it went.
fn to_trash(shared: &Shared, shelf: Shelf, id: &Id, now_ms: u64) -> Result<(), Error> {
    let folder = shared.workspace.folder(shelf, id);
    let card = Card { deleted_ms: Some(now_ms), ..job_folder::read_card(&folder) };
    job_folder::write_card(&folder, &card)?;
    move_folder(&folder, &shared.workspace.trash(shelf, id))
}

fn from_trash(shared: &Shared, shelf: Shelf, id: &Id) -> Result<(), Error> {
    let (trash, folder) = (shared.workspace.trash(shelf, id), shared.workspace.folder(shelf, id));
    move_folder(&trash, &folder)?;
    let card = Card { deleted_ms: None, ..job_folder::read_card(&folder) };
    job_folder::write_card(&folder, &card)
}
