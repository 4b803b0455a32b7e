//! Rebuild: makes the database agree with the folders when a workspace is opened.
//!
//! The folders are the truth. What appeared is read in, what is gone is forgotten, what is in the
//! trash is marked so. With an empty database that is a rebuild of everything; the same path runs
//! at every start, so it is no rare one.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, Instant, UNIX_EPOCH},
};

use api::{Id, JobKind, Model, OwnPreset, Patch, Project, Task, UnixMs};
use job::{Shelf, events::Reach};

use crate::{
    Error, follower,
    job_folder::{self, Card, Process, Product},
    library::{self, projects, trash, uploads},
    queue,
    shared::{Change, Shared, lock},
    store::{
        self, datasets, folders,
        jobs::{self, JobRow, Phase},
        measures,
        models::{self, ModelRow},
        patches::{self, PatchRow},
        presets::{self, PresetRow},
        reconstructions::{self, ReconstructionRow},
        runs::{self, RunRow},
        sounds,
    },
    supervisor,
    workspace::{ids_in, remove},
};

/// How long reading events may hold up the start; the rest is read afterwards.
const MAX_READING: Duration = Duration::from_secs(1);

/// How long an upload that nothing refers to stays after its last file came: over a start, which no page
/// survives that was sending; and while the studio runs.
const UPLOADS_AT_START_MS: UnixMs = HOUR_MS;
const UPLOADS_MS: UnixMs = 24 * HOUR_MS;

const HOUR_MS: UnixMs = 3600 * 1000;

/// Makes the database agree with the folders, and removes what is old.
pub(crate) fn reconcile(shared: &Shared) -> Result<(), Error> {
    let until = Instant::now() + MAX_READING;
    uploads::sweep_staged(shared)?;
    projects::sweep_unfinished(shared)?;
    for shelf in Shelf::ALL {
        sweep_unfinished(shared, shelf)?;
        reconcile_shelf(shared, shelf, until)?;
    }
    requeue_unstarted(shared)?;
    take_left(shared)?;
    library::analyses::catch_up(shared)?;
    trash::finish_purges(shared)?;
    trash::purge_expired(shared)?;
    purge_uploads(shared, UPLOADS_AT_START_MS)
}

/// What is done now and then while the studio runs: removes what is old.
pub(crate) fn keep_house(shared: &Shared) -> Result<(), Error> {
    trash::purge_expired(shared)?;
    purge_uploads(shared, UPLOADS_MS)
}

/// Takes what sessions have recorded, and jobs of the memory have found, that ended while no studio was there.
fn take_left(shared: &Shared) -> Result<(), Error> {
    for kind in [JobKind::Session, JobKind::Memory] {
        for (id, _) in shared.read(|c| jobs::ids(c, kind))? {
            let row = shared.read(|c| jobs::find(c, &id))?;
            if row.is_some_and(|row| !row.phase.is_active())
                && let Err(error) = library::take_left(shared, kind, &id)
            {
                tracing::warn!("what {id} left stays in its folder: failed to {error}");
            }
        }
    }
    Ok(())
}

/// Reads one folder into the database. The identifier is the folder's name.
pub(crate) fn read_in(
    shared: &Shared,
    shelf: Shelf,
    id: &Id,
    is_deleted: bool,
    until: Instant,
) -> Result<(), Error> {
    let folder = match is_deleted {
        false => shared.workspace.folder(shelf, id),
        true => shared.workspace.trash(shelf, id),
    };
    let card = job_folder::read_card(&folder);
    let project = match is_deleted {
        false => shared.workspace.project_of(id),
        true => card.project.clone().unwrap_or_else(Project::first),
    };
    let deleted_ms = is_deleted.then(|| card.deleted_ms.unwrap_or_else(|| shared.now_ms()));
    match shelf {
        Shelf::Models => {
            let path = folder.join(job::files::MODEL);
            let mut model: Model = job::whole::read_versioned(&path, Model::FORMAT)?;
            model.id = id.clone();
            model.name = card.name.unwrap_or(model.name);
            model.project = Some(project);
            shared.change(|change| models::save(change.tx, &ModelRow { model, deleted_ms }))
        }
        Shelf::Presets => {
            let path = folder.join(job::files::PRESET);
            let mut preset: OwnPreset = job::whole::read_versioned(&path, OwnPreset::FORMAT)?;
            preset.id = id.clone();
            preset.name = card.name.unwrap_or(preset.name);
            preset.project = Some(project);
            shared.change(|change| presets::save(change.tx, &PresetRow { preset, deleted_ms }))
        }
        Shelf::Patches => {
            let patch = Patch { id: id.clone(), ..library::patches::read(&folder)? };
            let row = PatchRow { patch, project, deleted_ms };
            shared.change(|change| patches::save(change.tx, &row))
        }
        Shelf::Sounds => {
            let row = library::sounds::read_row(&folder, id, project, deleted_ms)?;
            shared.change(|change| sounds::save(change.tx, &row))
        }
        Shelf::Folders => {
            let row = library::folders::read_row(&folder, id, project, deleted_ms)?;
            shared.change(|change| folders::save(change.tx, &row))
        }
        _ => read_in_job(shared, shelf, id, (&folder, card), (project, deleted_ms), until),
    }
}

/// Reads the folder of a job into the database.
fn read_in_job(
    shared: &Shared,
    shelf: Shelf,
    id: &Id,
    (folder, card): (&Path, Card),
    (project, deleted_ms): (Id, Option<UnixMs>),
    until: Instant,
) -> Result<(), Error> {
    let order = job::order::read(folder)?;
    let kind = job::kinds::of(&order.task);
    if Shelf::of(kind) != shelf {
        return Err(Error::BadImport {
            path: folder.to_owned(),
            reason: format!("its job.json is not of a {}", shelf.word()),
        });
    }
    let name = card.name.unwrap_or(order.name);
    let mut job = JobRow::new(id.clone(), kind, name, order.created_ms);
    job.deleted_ms = deleted_ms;
    job.is_dismissed = card.is_dismissed;
    job.project = project;
    job.on_gpu = job::kinds::is_on_gpu(&order.task);
    job.needs_bytes = job::kinds::needs_bytes(&order.task);
    let product = read_state(folder, &mut job);
    shared.change(|change| store(change, folder, &mut job, order.task, product))?;
    if follower::catch_up(shared, id, until)? == Reach::Behind {
        lock(&shared.behind).insert(id.clone());
    }
    Ok(())
}

/// Folders that were being put together when their studio went: they never were on the shelf.
fn sweep_unfinished(shared: &Shared, shelf: Shelf) -> Result<(), Error> {
    for project in shared.workspace.project_ids()? {
        remove_unfinished(&shared.workspace.shelf(&project, shelf))?;
    }
    Ok(())
}

/// Removes what was being put together in a folder.
pub(crate) fn remove_unfinished(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        if entry.file_name().to_string_lossy().starts_with(".new-") {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn reconcile_shelf(shared: &Shared, shelf: Shelf, until: Instant) -> Result<(), Error> {
    let known = shared.read(|c| store::on_shelf(c, shelf))?;
    let mut known: BTreeMap<Id, (bool, Id)> =
        known.into_iter().map(|(id, is_deleted, project)| (id, (is_deleted, project))).collect();
    for project in shared.workspace.project_ids()? {
        for id in ids_in(&shared.workspace.shelf(&project, shelf))? {
            if shared.workspace.project_of(&id) != project {
                continue; // Another project has something of this name.
            }
            match known.remove(&id) {
                Some((false, before)) if before == project => {}
                // Somebody moved the folder while no studio was there.
                Some((false, _)) => {
                    shared.change(|change| store::set_project(change.tx, shelf, &id, &project))?;
                }
                _ => read_anew(shared, shelf, &id, false, until)?,
            }
        }
    }
    for id in ids_in(&shared.workspace.trash_shelf(shelf))? {
        if known.remove(&id).is_none_or(|(is_deleted, _)| !is_deleted) {
            read_anew(shared, shelf, &id, true, until)?;
        }
    }
    for id in known.into_keys() {
        tracing::warn!("{} {id} is forgotten: its folder is gone", shelf.word());
        shared.change(|change| forget(change, shelf, &id))?;
    }
    Ok(())
}

/// Reads a folder that the database knows nothing true of. One bad folder does not spoil the workspace.
pub(crate) fn read_anew(
    shared: &Shared,
    shelf: Shelf,
    id: &Id,
    is_deleted: bool,
    until: Instant,
) -> Result<(), Error> {
    shared.change(|change| forget(change, shelf, id))?;
    if let Err(error) = read_in(shared, shelf, id, is_deleted, until) {
        tracing::warn!("{} {id} is left out: failed to {error}", shelf.word());
        if !is_deleted {
            lock(&shared.unreadable).insert((shelf, id.clone()));
        }
    }
    Ok(())
}

pub(crate) fn forget(change: &mut Change<'_>, shelf: Shelf, id: &Id) -> Result<(), Error> {
    match shelf {
        Shelf::Models => models::forget(change.tx, id),
        Shelf::Presets => presets::forget(change.tx, id),
        Shelf::Patches => patches::forget(change.tx, id),
        Shelf::Sounds => sounds::forget(change.tx, id),
        Shelf::Folders => folders::forget(change.tx, id),
        _ => jobs::forget(change.tx, id),
    }
}

/// Where a job stands, by what its folder says.
fn read_state(folder: &Path, job: &mut JobRow) -> Option<Product> {
    let was_started = folder.join(job::files::EVENTS).exists();
    if supervisor::is_worked_on(folder) {
        job.phase = Phase::Running;
        return None;
    }
    if !was_started && !folder.join(job::files::EXIT).exists() {
        job.phase = Phase::Queued;
        return None;
    }
    let ending = job_folder::read_ending(folder, job.kind, &Process::default());
    job.phase = ending.phase;
    job.ended_ms = ending.ended_ms;
    job.problem = ending.problem;
    ending.product
}

fn store(
    change: &mut Change<'_>,
    folder: &Path,
    job: &mut JobRow,
    task: Task,
    product: Option<Product>,
) -> Result<(), Error> {
    if job.phase == Phase::Queued {
        match job.deleted_ms {
            None => queue::enqueue(change, job)?,
            Some(_) => job.phase = Phase::Interrupted,
        }
    }
    jobs::save(change.tx, job)?;
    match task {
        Task::Prepare(task) => {
            let summary = match &product {
                Some(Product::Dataset(summary)) => Some(summary),
                _ => None,
            };
            datasets::save(change.tx, &job.id, &task.source, summary)
        }
        Task::Train(task) => {
            let run = RunRow::new(&task, job::limit::read(folder, task.limit)?);
            runs::save(change.tx, &job.id, &run)
        }
        Task::Reconstruct(task) => {
            let result = match product {
                Some(Product::Reconstruction(result)) => Some(result),
                _ => None,
            };
            let row = ReconstructionRow {
                job: job.clone(),
                model: task.model,
                input_name: task.input_name,
                result,
            };
            reconstructions::save(change.tx, &row)
        }
        Task::Measure(task) => {
            let result = match &product {
                Some(Product::Measure(result)) => Some(&**result),
                _ => None,
            };
            measures::save(change.tx, &job.id, &task.settings, result)
        }
        // What is to be known of other kinds stands with the job.
        _ => Ok(()),
    }
}

/// A job that was taken out of the queue and not started before its studio went: it waits again.
fn requeue_unstarted(shared: &Shared) -> Result<(), Error> {
    let running = shared.read(|c| jobs::in_phase(c, Phase::Running))?;
    for mut job in running.into_iter().filter(|job| job.pid.is_none()) {
        let folder = shared.workspace.folder(Shelf::of(job.kind), &job.id);
        if supervisor::is_worked_on(&folder) || folder.join(job::files::EXIT).exists() {
            continue;
        }
        job.phase = Phase::Queued;
        // Before all others: it was next already.
        job.queue_key = Some(0);
        shared.change(|change| change.job(&job))?;
    }
    Ok(())
}

fn purge_uploads(shared: &Shared, max_age_ms: UnixMs) -> Result<(), Error> {
    for id in ids_in(&shared.workspace.uploads())? {
        let is_old =
            shared.now_ms().saturating_sub(changed_ms(&shared.workspace.upload(&id))) > max_age_ms;
        let is_needed = || -> Result<bool, Error> {
            Ok(shared.read(|c| datasets::needs_upload(c, &id))?
                || library::generations::needs_upload(shared, &id)?
                || library::flows::needs_upload(shared, &id)?)
        };
        if is_old && !is_needed()? {
            uploads::remove_upload(shared, &id)?;
        }
    }
    Ok(())
}

/// When a folder or one of its files was changed last. A file that is being received changes all the time.
fn changed_ms(folder: &Path) -> UnixMs {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let times = files.map(|file| file.metadata()).chain([fs::metadata(folder)]);
    let changed = times.flatten().filter_map(|it| it.modified().ok()).max();
    let since = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_millis() as UnixMs)
}
