//! The library: every verb on projects, datasets, runs, models, presets, reconstructions, conversions, exports, films,
//! sessions, generations, maps, weights of others, sounds, folders of sounds, what is in them and changes of them, patches, imports, measures,
//! uploads and the trash, one file each, and what these have in common: fresh identifiers, names, folders, and the trash.

pub(crate) mod analyses;
mod changes;
mod conversions;
mod corrections;
pub(crate) mod datasets;
pub(crate) mod daw;
mod exports;
mod film_items;
pub(crate) mod films;
pub(crate) mod flows;
pub(crate) mod folders;
pub(crate) mod generations;
pub(crate) mod hashes;
mod imports;
pub(crate) mod items;
mod jobs;
pub(crate) mod kin;
mod maps;
pub(crate) mod measures;
pub(crate) mod memory;
mod models;
mod passing;
pub(crate) mod patches;
mod plays;
mod presets;
mod priors;
pub(crate) mod projects;
mod reconstructions;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod similar;
pub(crate) mod sounds;
mod system;
pub(crate) mod trash;
pub(crate) mod unreadable;
pub(crate) mod uploads;
mod weights;

use std::{fs, path::Path};

use api::{Control, Exit, Id, JobKind, Order, Outcome, Project, Task};
use job::{Kept, Shelf, kinds::Again};

use crate::{
    Error,
    job_folder::{self, Card},
    queue,
    shared::{Change, Shared},
    store::{
        self,
        jobs::{JobRow, Phase},
    },
    supervisor::{self, Signal},
    watch,
    workspace::{move_folder, remove},
};

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 120;

/// A name people gave: trimmed, 1 to 120 characters, none of them invisible.
fn valid_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let n_chars = name.chars().count();
    if n_chars == 0 || n_chars > MAX_NAME_CHARS {
        let message = match n_chars {
            0 => "enter a name".to_owned(),
            _ => format!("it has {n_chars} characters; use at most {MAX_NAME_CHARS}"),
        };
        return Err(Error::invalid("name", message));
    }
    if let Some(found) = name.chars().find(|c| is_unprintable(*c)) {
        let code = u32::from(found);
        let message = match found.is_control() {
            true => format!("it contains a control character (U+{code:04X}); remove it"),
            false => format!(
                "it contains an invisible character that reorders text (U+{code:04X}); remove it"
            ),
        };
        return Err(Error::invalid("name", message));
    }
    Ok(name.to_owned())
}

/// Whether a character would not be shown, and would change how others are.
///
/// That is a control character, a separator of lines, or one that turns the direction of the text around
/// (Unicode UAX #9, explicit formatting).
pub fn is_unprintable(c: char) -> bool {
    let turns = ['\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}', '\u{2028}'..='\u{2029}'];
    c.is_control() || turns.iter().any(|range| range.contains(&c))
}

/// A name made from what something was called elsewhere: never refused, only cut.
pub(crate) fn name_from(text: &str) -> String {
    let plain = |c: char| if is_unprintable(c) { ' ' } else { c };
    let name: String = text.chars().map(plain).take(MAX_NAME_CHARS).collect();
    let name = name.trim();
    if name.is_empty() { "Untitled".to_owned() } else { name.to_owned() }
}

/// A default name that none of these has, with a number behind it if need be: `Bells sketch 2`. So commands, which
/// accept names, know what is meant.
pub(crate) fn numbered_name(name: &str, taken: &[String]) -> String {
    let numbered = (2..).map(|number| {
        let number = format!(" {number}");
        let kept: String = name.chars().take(MAX_NAME_CHARS - number.len()).collect();
        kept.trim_end().to_owned() + &number
    });
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !taken.contains(name)).expect("more numbers than names")
}

/// An identifier that nothing in the workspace has, in the trash neither.
pub(crate) fn fresh_id(shared: &Shared, name: &str) -> Result<Id, Error> {
    for _ in 0..1000 {
        let id = Id::from_name(name, shared.random_bits());
        if !is_taken(shared, &id)? {
            return Ok(id);
        }
    }
    Err(Error::TooMuch { limit: "16 million items with the same name".to_owned() })
}

pub(crate) fn is_taken(shared: &Shared, id: &Id) -> Result<bool, Error> {
    let workspace = &shared.workspace;
    // What lies in another project than the first was remembered, also when it is gone.
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
            || store::presets::find(c, id)?.is_some()
            || store::patches::find(c, id)?.is_some()
            || store::sounds::find(c, id)?.is_some()
            || store::folders::find(c, id)?.is_some()
            || store::items::has(c, id)?)
    })
}

/// Makes a folder on a shelf of a project, whole or not at all: `fill` puts its files into an unfinished one.
pub(crate) fn make_folder(
    shared: &Shared,
    project: &Id,
    shelf: Shelf,
    id: &Id,
    fill: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    shared.workspace.put(id, project);
    let unfinished = shared.workspace.unfinished(shelf, id);
    fs::create_dir(&unfinished).map_err(Error::io("make", &unfinished))?;
    let made = fill(&unfinished).and_then(|()| {
        job::whole::sync_folder(&unfinished);
        move_folder(&unfinished, &shared.workspace.folder(shelf, id))
    });
    if made.is_err()
        && let Err(error) = remove(&unfinished)
    {
        tracing::warn!("failed to {error}");
    }
    made
}

/// Takes what a job that is ending, or going, has left in its folder for the library and that was not taken before.
///
/// # Errors
/// `Io` when it cannot be moved or read.
pub(crate) fn take_left(shared: &Shared, kind: JobKind, id: &Id) -> Result<(), Error> {
    match kind {
        JobKind::Session => sessions::take_left(shared, id),
        JobKind::Analyse => analyses::take_left(shared, id),
        JobKind::Memory => memory::take_left(shared, id),
        _ => Ok(()),
    }
}

/// Makes a job's folder in a project, with its order, and queues it. `fill` adds more files to the folder, `add`
/// the row beside the job's; it also refuses what has become impossible meanwhile.
fn make_job(
    shared: &Shared,
    project: &Id,
    name: String,
    task: Task,
    fill: impl FnOnce(&Path) -> Result<(), Error>,
    add: impl FnOnce(&mut Change<'_>, &JobRow) -> Result<(), Error>,
) -> Result<Id, Error> {
    let id = fresh_id(shared, &name)?;
    let kind = job::kinds::of(&task);
    let shelf = Shelf::of(kind);
    let order = Order {
        format: Order::FORMAT,
        id: id.clone(),
        name: name.clone(),
        created_ms: shared.now_ms(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        task,
    };
    make_folder(shared, project, shelf, &id, |folder| {
        job::whole::write_json(&folder.join(job::files::ORDER), &order)?;
        fill(folder)
    })?;
    let queued = shared.change(|change| {
        let mut job = JobRow::new(id.clone(), kind, name, order.created_ms);
        job.project = project.clone();
        job.on_gpu = job::kinds::is_on_gpu(&order.task);
        job.needs_bytes = job::kinds::needs_bytes(&order.task);
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
                ask_to_stop(shared, &job)?;
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
                format!("cancel the {} “{}”", shelf.word(), job.name),
                format!("it is {}", job.phase.word()),
                "delete it instead",
            )),
        }
    })?;
    waited.map_or(Ok(()), |job| watch::discard(shared, &job))
}

/// Asks a job to keep what it has and end; one that waits ends at once.
fn stop_job(shared: &Shared, kind: JobKind, id: &Id) -> Result<(), Error> {
    let shelf = Shelf::of(kind);
    shared.change(|change| {
        let mut job = find_job(change, kind, id)?;
        match job.phase {
            Phase::Queued => {
                end_waiting_job(shared, change, &mut job)?;
                change.list(shelf, id);
                Ok(())
            }
            Phase::Running if job.stop_asked_ms.is_some() => Ok(()),
            Phase::Running => {
                ask_to_stop(shared, &job)?;
                job.stop_asked_ms = Some(shared.now_ms());
                change.job(&job)
            }
            _ => Err(has_ended("stop", &job)),
        }
    })?;
    shared.bell.ring();
    Ok(())
}

/// The refusal to stop what has ended.
fn has_ended(verb: &str, job: &JobRow) -> Error {
    let remedy = match job::kind(job.kind).again {
        Again::Resume => "resume it if you want to continue",
        Again::Restart | Again::Never => "ask for a new one if you want to continue",
    };
    Error::conflict(
        format!("{verb} the {} “{}”", Shelf::of(job.kind).word(), job.name),
        format!("it is already {}", job.phase.word()),
        remedy,
    )
}

/// Asks a job's process to keep what it has and end: in its folder, or by a signal where there is no room for
/// a word in there.
pub(crate) fn ask_to_stop(shared: &Shared, job: &JobRow) -> Result<(), Error> {
    let folder = shared.workspace.folder(Shelf::of(job.kind), &job.id);
    match shared.workspace.with_room(|| job::control::append(&folder, Control::Stop)) {
        Err(error) if error.is_disk_full() => {
            let pid = job.pid.ok_or(error)?;
            supervisor::signal(pid, Signal::Terminate);
            Ok(())
        }
        asked => asked,
    }
}

/// Queues a job again that failed, was stopped or was interrupted: from where it was, or from the start, as its kind has
/// it.
fn restart_job(shared: &Shared, kind: JobKind, id: &Id) -> Result<(), Error> {
    let shelf = Shelf::of(kind);
    let folder = shared.workspace.folder(shelf, id);
    shared.change(|change| {
        let mut job = find_job(change, kind, id)?;
        if job.phase.is_active() || job.phase == Phase::Done {
            return Err(Error::conflict(
                format!("start the {} “{}” again", shelf.word(), job.name),
                format!("it is {}", job.phase.word()),
                "start what failed, was stopped or was interrupted",
            ));
        }
        queue::enqueue(change, &mut job)?;
        change.list(shelf, id);
        // Files last, when nothing can refuse any more; but before anybody can see the job in the queue.
        job_folder::write_dismissed(&folder, false)?;
        job_folder::clear_for_start(&folder)?;
        match job::kind(kind).again {
            Again::Resume => Ok(()),
            Again::Restart | Again::Never => job_folder::remove_partial_result(&folder),
        }
    })?;
    shared.bell.ring();
    Ok(())
}

fn rename_job(shared: &Shared, kind: JobKind, id: &Id, name: &str) -> Result<(), Error> {
    let name = valid_name(name)?;
    let shelf = Shelf::of(kind);
    shared.change(|change| {
        let mut job = find_job(change, kind, id)?;
        let folder = shared.workspace.folder(shelf, id);
        let card = Card { name: Some(name.clone()), ..job_folder::read_card(&folder) };
        job_folder::write_card(&folder, &card)?;
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
                format!("delete the {} “{}”", shelf.word(), job.name),
                "it is running",
                "stop it first",
            ));
        }
        check(change)?;
        if job.phase == Phase::Queued {
            end_waiting_job(shared, change, &mut job)?;
        }
        let now_ms = shared.now_ms();
        to_trash(shared, change, shelf, id, now_ms)?;
        job.deleted_ms = Some(now_ms);
        store::jobs::save(change.tx, &job)?;
        change.list(shelf, id);
        Ok(())
    })
}

/// Deletes a job and what it made, the way its kind is kept: into the trash, or for good. One that waits or runs is
/// cancelled, and gone once its process has ended.
fn delete_made(shared: &Shared, kind: JobKind, id: &Id) -> Result<(), Error> {
    let is_active = shared.read(|c| passing::find(c, kind, id))?.phase.is_active();
    match job::kind(kind).kept {
        Kept::Trash if !is_active => delete_job(shared, kind, id, |_| Ok(())),
        _ => passing::delete(shared, kind, id),
    }
}

fn restore_job(shared: &Shared, kind: JobKind, id: &Id) -> Result<(), Error> {
    let shelf = Shelf::of(kind);
    shared.change(|change| {
        let job = store::jobs::find(change.tx, id)?;
        let job = job.filter(|job| job.kind == kind && job.deleted_ms.is_some());
        let mut job = job.ok_or_else(|| Error::not_found(shelf.word(), id))?;
        job.project = from_trash(shared, change, shelf, id)?;
        job.deleted_ms = None;
        store::jobs::save(change.tx, &job)?;
        change.list(shelf, id);
        Ok(())
    })?;
    // Films that it waited for may be asked for now.
    shared.bell.ring();
    Ok(())
}

/// Ends a job that waits, in its folder too, so that a rebuild does not queue it again.
fn end_waiting_job(
    shared: &Shared,
    change: &mut Change<'_>,
    job: &mut JobRow,
) -> Result<(), Error> {
    let now_ms = shared.now_ms();
    let folder = shared.workspace.folder(Shelf::of(job.kind), &job.id);
    let exit = Exit { ended_ms: now_ms, outcome: Outcome::Stopped };
    shared.workspace.with_room(|| job::exit::write(&folder, &exit))?;
    queue::end_waiting(change, job, now_ms)
}

/// Moves a folder to the trash. The card goes first: from then on the folder says when it went. A full disk
/// does not stand in the way of making room on it: the database says it, too.
fn to_trash(
    shared: &Shared,
    change: &mut Change<'_>,
    shelf: Shelf,
    id: &Id,
    now_ms: u64,
) -> Result<(), Error> {
    let folder = shared.workspace.folder(shelf, id);
    let project = Some(shared.workspace.project_of(id));
    let card = Card { deleted_ms: Some(now_ms), project, ..job_folder::read_card(&folder) };
    write_card_if_room(&folder, &card)?;
    move_folder(&folder, &shared.workspace.trash(shelf, id))?;
    change.trash(id);
    Ok(())
}

/// Moves a folder back from the trash: into its project, or into the first one if that is gone. Gives which.
fn from_trash(
    shared: &Shared,
    change: &mut Change<'_>,
    shelf: Shelf,
    id: &Id,
) -> Result<Id, Error> {
    let trash = shared.workspace.trash(shelf, id);
    let project = job_folder::read_card(&trash).project;
    let project = project.filter(|it| shared.workspace.project(it).is_dir());
    let project = project.unwrap_or_else(Project::first);
    let folder = shared.workspace.shelf(&project, shelf).join(id.as_str());
    if fs::symlink_metadata(&folder).is_ok() {
        return Err(Error::conflict(
            format!("restore the {} “{id}”", shelf.word()),
            format!("there is another {} with the same identifier", shelf.word()),
            "delete or move that one first",
        ));
    }
    move_folder(&trash, &folder)?;
    shared.workspace.put(id, &project);
    let card = Card { deleted_ms: None, project: None, ..job_folder::read_card(&folder) };
    write_card_if_room(&folder, &card)?;
    change.trash(id);
    Ok(project)
}

fn write_card_if_room(folder: &Path, card: &Card) -> Result<(), Error> {
    match job_folder::write_card(folder, card) {
        Err(error) if error.is_disk_full() => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_taken_get_a_number() {
        let check = |name: &str, taken: &[&str], expected: &str| {
            let taken: Vec<String> = taken.iter().map(|&it| it.to_owned()).collect();
            assert_eq!(numbered_name(name, &taken), expected, "{taken:?}");
        };
        check("Bells small", &[], "Bells small");
        check("Bells small", &["Bells"], "Bells small");
        check("Bells small", &["Bells small"], "Bells small 2");
        check("Bells small", &["Bells small 2", "Bells small", "Bells small 3"], "Bells small 4");
        let long = "a".repeat(MAX_NAME_CHARS);
        check(&long, &[&long], &format!("{} 2", "a".repeat(MAX_NAME_CHARS - 2)));
    }
}
