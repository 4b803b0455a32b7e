//! Verbs on finding out what is in sounds of the library, and where that is kept.
//!
//! An `analyse` job finds out what is in files, one after the other, and leaves each in its folder; the studio moves it to
//! the workspace's folder `analysed`, by the SHA-256 of the file, when its event comes, and what is left when the job has
//! ended, however it ended. So a file is analysed once, wherever it lies, and is known again when it comes back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use api::{
    AnalyseFile, AnalyseTask, Analysis, AnalysisEdit, EventBody, FolderCard, FolderPlace, Id, Job,
    JobKind, NewAnalysis, Project, SoundCard, Task,
};
use job::{Shelf, events::Chunk, files, shelf};
use serde::{Deserialize, Serialize};

use super::{make_job, passing, projects::seen_from};
use crate::{
    Error, Studio,
    shared::Shared,
    store::{
        contents::{self, Marks},
        folders,
        items::{self, Place, Which},
        jobs::{self, Phase},
    },
    workspace::{move_folder, remove},
};

/// Sounds that are stored at a time.
const BATCH: usize = 100;

/// What is known of a content.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) found: Option<Analysis>,
    pub(super) edit: Option<AnalysisEdit>,
    pub(super) marks: Marks,
}

/// `edit.json`.
#[derive(Debug, Serialize, Deserialize)]
struct EditFile {
    format: u32,
    edit: AnalysisEdit,
}

/// `marks.json`.
#[derive(Debug, Serialize, Deserialize)]
struct MarksFile {
    format: u32,
    #[serde(default)]
    rating: u8,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    collections: Vec<String>,
}

/// The version of both that this program writes.
const FORMAT: u32 = 1;

impl Studio {
    /// Queues a job that finds out what is in sounds of the library; nothing where there is nothing to find out.
    ///
    /// # Errors
    /// `NotFound` when a sound or the folder is not there; `TooMuch` when the queue is full.
    pub fn create_analysis(&self, new: &NewAnalysis) -> Result<Option<Job>, Error> {
        let places = self.shared.read(|c| {
            let mut places = Vec::new();
            match (&new.items, &new.folder) {
                (Some(ids), _) => {
                    for id in ids {
                        let there = items::place(c, id)?;
                        there.ok_or_else(|| Error::not_found("sound", id))?;
                        places.extend(items::to_analyse(c, &Which::One(id), new.is_again)?);
                    }
                }
                (None, Some(folder)) => {
                    let there = folders::find(c, folder)?.filter(|it| it.deleted_ms.is_none());
                    there.ok_or_else(|| Error::not_found("folder", folder))?;
                    places = items::to_analyse(c, &Which::Folder(folder), new.is_again)?;
                }
                (None, None) => {
                    let which = Which::All(self.project.as_ref());
                    places = items::to_analyse(c, &which, new.is_again)?;
                }
            }
            Ok(places)
        })?;
        let id = queue(&self.shared, &self.project_for(None), places, new.is_again)?;
        id.map(|id| self.job(&id)).transpose()
    }
}

/// Analyses what is not analysed, unless something is being analysed in the project: that job, or what comes after it,
/// will.
pub(super) fn start(studio: &Studio, which: &Which<'_>) -> Result<Option<Id>, Error> {
    let project = studio.project_for(None);
    if let Some(active) = active(&studio.shared, &project)? {
        return Ok(Some(active));
    }
    let places = studio.shared.read(|c| items::to_analyse(c, which, false))?;
    queue(&studio.shared, &project, places, false)
}

/// The job that analyses sounds in a project, if one waits or runs.
fn active(shared: &Shared, project: &Id) -> Result<Option<Id>, Error> {
    shared.read(|c| {
        for (id, _) in jobs::ids(c, JobKind::Analyse)? {
            let row = jobs::find(c, &id)?;
            if row.is_some_and(|row| row.project == *project && row.phase.is_active()) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    })
}

fn queue(
    shared: &Shared,
    project: &Id,
    places: Vec<Place>,
    is_again: bool,
) -> Result<Option<Id>, Error> {
    if places.is_empty() {
        return Ok(None);
    }
    passing::remove_oldest(shared, JobKind::Analyse)?;
    let name = match &places[..] {
        [only] => super::name_from(&only.name),
        all => format!("{} sounds", all.len()),
    };
    let mut roots = BTreeMap::new();
    let mut files = Vec::with_capacity(places.len());
    for place in places {
        let path = path_from_job(shared, project, &place, &mut roots)?;
        files.push(AnalyseFile { item: place.id, path, name: place.name, bytes: place.bytes });
    }
    let task = Task::Analyse(AnalyseTask { files, is_again });
    make_job(shared, project, name, task, |_| Ok(()), |_, _| Ok(())).map(Some)
}

/// The file of a sound, as a job of a project will see it: what is in the workspace by the way from its folder.
pub(super) fn path_from_job(
    shared: &Shared,
    project: &Id,
    place: &Place,
    roots: &mut BTreeMap<Id, PathBuf>,
) -> Result<PathBuf, Error> {
    let Some(folder) = &place.folder else {
        return Ok(seen_from(shared, project, Shelf::Sounds, &place.id).join(SoundCard::SOUND));
    };
    if !roots.contains_key(folder) {
        let row = shared.read(|c| folders::find(c, folder))?;
        let row = row.ok_or_else(|| Error::not_found("folder", folder))?;
        let root = match row.card.place {
            FolderPlace::Watched { path } => path,
            FolderPlace::Listed { .. } => PathBuf::new(),
            FolderPlace::Kept => {
                seen_from(shared, project, Shelf::Folders, folder).join(FolderCard::FILES)
            }
        };
        roots.insert(folder.clone(), root);
    }
    Ok(super::folders::file_of(&roots[folder], &place.path))
}

/// What an event says of a sound.
struct Said {
    item: Id,
    /// Its hash and size, or why it could not be analysed.
    content: Result<(String, u64), String>,
}

fn said(body: EventBody) -> Option<Said> {
    match body {
        EventBody::Analysed { item, sha256, bytes } => {
            Some(Said { item, content: Ok((sha256, bytes)) })
        }
        EventBody::NotAnalysed { item, problem } => Some(Said { item, content: Err(problem) }),
        _ => None,
    }
}

/// Takes what a working job says it has found. What cannot be taken now is taken when it has ended.
pub(crate) fn take_found(shared: &Shared, job: &Id, chunk: &Chunk) {
    let events = chunk.lines.iter().filter_map(|line| serde_json::from_slice(&line.text).ok());
    let all: Vec<Said> = events.filter_map(|event: api::Event| said(event.body)).collect();
    if let Err(error) = take(shared, job, &all) {
        tracing::warn!("{job}: what it found is not taken yet: failed to {error}");
    }
}

/// Takes everything that a job has found and that was not taken before.
///
/// # Errors
/// `Io` when it cannot be moved or read.
pub(crate) fn take_left(shared: &Shared, job: &Id) -> Result<(), Error> {
    let folder = shared.workspace.folder(Shelf::Analyses, job);
    let mut all = BTreeMap::new();
    job::events::read_all(&folder, |event| {
        if let Some(said) = said(event.body) {
            all.insert(said.item.clone(), said);
        }
    });
    let mut left = Vec::new();
    shared.read(|c| {
        for said in all.into_values() {
            let known = items::place(c, &said.item)?.and_then(|place| place.sha256);
            let is_taken = match &said.content {
                Ok((sha256, _)) => {
                    known.as_ref() == Some(sha256) && found_in(&folder, sha256).is_none()
                }
                Err(_) => false,
            };
            left.extend(Some(said).filter(|_| !is_taken));
        }
        Ok(())
    })?;
    take(shared, job, &left)
}

/// The folder of what a job has found in a file, if it is there.
fn found_in(job: &Path, sha256: &str) -> Option<PathBuf> {
    let found =
        shelf::analysed_in(Path::new(files::FOUND), sha256).and(Some(job.join(files::FOUND)))?;
    let found = found.join(sha256);
    fs::symlink_metadata(&found).is_ok_and(|it| it.is_dir()).then_some(found)
}

fn take(shared: &Shared, job: &Id, all: &[Said]) -> Result<(), Error> {
    let folder = shared.workspace.folder(Shelf::Analyses, job);
    for some in all.chunks(BATCH) {
        let mut read = BTreeMap::new();
        for said in some {
            if let Ok((sha256, _)) = &said.content {
                if let Some(found) = found_in(&folder, sha256) {
                    keep(shared, &found, sha256)?;
                }
                read.insert(sha256.clone(), read_content(shared, sha256)?);
            }
        }
        shared.change(|change| {
            for (sha256, content) in &read {
                let Content { found, edit, marks } = content;
                contents::save(change.tx, sha256, found.as_ref(), edit.as_ref(), marks)?;
            }
            for said in some {
                let Some(place) = items::place(change.tx, &said.item)? else { continue };
                match &said.content {
                    // A file that has changed since is another one.
                    Ok((_, bytes)) if *bytes != place.bytes && place.folder.is_some() => {}
                    Ok((sha256, _)) => items::set_content(change.tx, &said.item, Ok(sha256))?,
                    Err(problem) => items::set_content(change.tx, &said.item, Err(problem))?,
                }
                change.library(&said.item);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Moves what was found in a file to where everything that was found is kept. Corrections and marks that are there stay.
fn keep(shared: &Shared, found: &Path, sha256: &str) -> Result<(), Error> {
    let Some(kept) = kept_in(shared, sha256) else { return Ok(()) };
    if let Some(parent) = kept.parent() {
        fs::create_dir_all(parent).map_err(Error::io("make", parent))?;
    }
    if !kept.exists() {
        return move_folder(found, &kept);
    }
    for entry in fs::read_dir(found).map_err(Error::io("read", found))? {
        let path = entry.map_err(Error::io("read", found))?.path();
        let name = path.file_name().unwrap_or_default();
        if name != files::EDIT && name != files::MARKS {
            let target = kept.join(name);
            fs::rename(&path, &target).map_err(Error::io("move", &path))?;
        }
    }
    job::whole::sync_folder(&kept);
    remove(found)
}

/// Where what was found in a content is kept; nothing where that is no hash.
pub(super) fn kept_in(shared: &Shared, sha256: &str) -> Option<PathBuf> {
    shelf::analysed_in(&shared.workspace.root().join(shelf::ANALYSED), sha256)
}

/// What is known of a content. What cannot be read is as good as not there, and is analysed again.
pub(super) fn read_content(shared: &Shared, sha256: &str) -> Result<Content, Error> {
    let Some(folder) = kept_in(shared, sha256).filter(|it| it.is_dir()) else {
        return Ok(Content::default());
    };
    let edit = read_or_none::<EditFile>(&folder.join(files::EDIT), FORMAT);
    let marks = read_or_none::<MarksFile>(&folder.join(files::MARKS), FORMAT);
    Ok(Content {
        found: read_or_none(&folder.join(files::ANALYSIS), Analysis::FORMAT),
        edit: edit.map(|it| it.edit).filter(|it| !it.is_empty()),
        marks: marks.map_or_else(Marks::default, |it| Marks {
            rating: it.rating.min(5),
            tags: it.tags,
            collections: it.collections,
        }),
    })
}

fn read_or_none<T: serde::de::DeserializeOwned>(path: &Path, format: u32) -> Option<T> {
    if !path.exists() {
        return None;
    }
    let read = job::whole::read_versioned(path, format);
    read.inspect_err(|error| tracing::warn!("it is left out: failed to {error}")).ok()
}

/// Keeps corrections of what was found in a content, or takes them away.
pub(super) fn write_edit(
    shared: &Shared,
    sha256: &str,
    edit: Option<&AnalysisEdit>,
) -> Result<(), Error> {
    let Some(folder) = made_folder(shared, sha256)? else { return Ok(()) };
    let path = folder.join(files::EDIT);
    match edit {
        Some(edit) => {
            let file = EditFile { format: FORMAT, edit: edit.clone() };
            Ok(job::whole::write_json(&path, &file)?)
        }
        None => remove(&path),
    }
}

/// Keeps what people said of a content.
pub(super) fn write_marks(shared: &Shared, sha256: &str, marks: &Marks) -> Result<(), Error> {
    let Some(folder) = made_folder(shared, sha256)? else { return Ok(()) };
    let Marks { rating, tags, collections } = marks.clone();
    let file = MarksFile { format: FORMAT, rating, tags, collections };
    Ok(job::whole::write_json(&folder.join(files::MARKS), &file)?)
}

fn made_folder(shared: &Shared, sha256: &str) -> Result<Option<PathBuf>, Error> {
    let Some(folder) = kept_in(shared, sha256) else { return Ok(None) };
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    Ok(Some(folder))
}

/// What comes after a job that has done all it was asked to: what was added while it ran is analysed next. What it had
/// itself is not tried again.
///
/// # Errors
/// `Store`, `TooMuch` when the queue is full.
pub(crate) fn go_on(shared: &Shared, job: &Id, project: &Id) -> Result<(), Error> {
    let folder = shared.workspace.folder(Shelf::Analyses, job);
    let Task::Analyse(task) = job::order::read(&folder)?.task else { return Ok(()) };
    if active(shared, project)?.is_some() {
        return Ok(());
    }
    let had: BTreeSet<Id> = task.files.into_iter().map(|file| file.item).collect();
    let mut places = shared.read(|c| items::to_analyse(c, &Which::All(Some(project)), false))?;
    // Whoever added something and said that it is only to be listed has not asked for this.
    places.retain(|place| !had.contains(&place.id));
    let is_asked_for = shared.read(|c| {
        let row = jobs::find(c, job)?;
        Ok(row.is_some_and(|row| row.phase == Phase::Done && had.len() > 1))
    })?;
    match is_asked_for {
        true => queue(shared, project, places, false).map(drop),
        false => Ok(()),
    }
}

/// Takes what jobs have found that ended while no studio was there, and reads what is known of contents.
pub(crate) fn catch_up(shared: &Shared) -> Result<(), Error> {
    for (id, is_deleted) in shared.read(|c| jobs::ids(c, JobKind::Analyse))? {
        let row = shared.read(|c| jobs::find(c, &id))?;
        if !is_deleted
            && row.is_some_and(|row| !row.phase.is_active())
            && let Err(error) = take_left(shared, &id)
        {
            tracing::warn!("what {id} found stays in its folder: failed to {error}");
        }
    }
    let unread = shared.read(items::unread_hashes)?;
    for some in unread.chunks(BATCH) {
        let mut known = Vec::new();
        for sha256 in some {
            if kept_in(shared, sha256).is_some_and(|it| it.is_dir()) {
                known.push((sha256, read_content(shared, sha256)?));
            }
        }
        if known.is_empty() {
            continue;
        }
        shared.change(|change| {
            for (sha256, Content { found, edit, marks }) in &known {
                contents::save(change.tx, sha256, found.as_ref(), edit.as_ref(), marks)?;
            }
            change.library(&Project::first());
            Ok(())
        })?;
    }
    Ok(())
}
