//! Verbs on projects: folders of datasets, runs and models that belong together.
//!
//! The folders are the truth, as everywhere: a project is a folder with a `project.json`, and what lies in it is its.
//! There is no table of projects in the database.

use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use api::{
    Id, ModelPlace, NewProject, Project, ProjectChange, ProjectDetail, ProjectFile, ProjectItem,
    RunDefaults, UnixMs,
};
use job::Shelf;
use rusqlite::Connection;

use super::{datasets, end_waiting_job, models, valid_name};

use crate::{
    Error, Studio, archive, rebuild,
    shared::{Change, Shared, lock},
    store::{
        self,
        jobs::{self, JobRow, Phase},
        reconstructions,
    },
    workspace::{move_folder, remove, size_of},
};

/// The most projects, those in the trash not counted.
const MAX_PROJECTS: usize = 1000;

/// What the first project is called until somebody says otherwise.
const FIRST_NAME: &str = "Default";

/// How long reading a project that came back may hold up the answer; the rest is read afterwards.
const MAX_READING: Duration = Duration::from_secs(2);

/// The word for one, in errors.
const WORD: &str = "project";

impl Studio {
    /// This studio with its view on one project: lists are of that one, and what is new goes into it. All projects if
    /// none is named.
    ///
    /// # Errors
    /// `NotFound` when there is no such project.
    pub fn in_project(&self, project: Option<&Id>) -> Result<Self, Error> {
        if let Some(project) = project {
            check(&self.shared, project)?;
        }
        Ok(Self { project: project.cloned(), ..self.clone() })
    }

    /// Every project: the one that was used last comes first.
    ///
    /// # Errors
    /// `Io` when the folder of projects cannot be read; `Store` or `Closed`.
    pub fn projects(&self) -> Result<Vec<Project>, Error> {
        let ids = self.shared.workspace.project_ids()?;
        let mut all = self.shared.read(|c| {
            ids.into_iter().map(|id| project(&self.shared, c, id)).collect::<Result<Vec<_>, _>>()
        })?;
        all.sort_by(|a, b| b.used_ms.cmp(&a.used_ms).then(a.id.cmp(&b.id)));
        Ok(all)
    }

    /// One project, with its size on disk.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn project(&self, id: &Id) -> Result<ProjectDetail, Error> {
        check(&self.shared, id)?;
        let folder = self.shared.workspace.project(id);
        Ok(ProjectDetail {
            project: self.shared.read(|c| project(&self.shared, c, id.clone()))?,
            bytes: size_of(&folder),
            folder: folder.to_string_lossy().into_owned(),
        })
    }

    /// Makes a project. Whether new runs can use its defaults is for the caller to say.
    ///
    /// # Errors
    /// `Invalid` when the name cannot be used; `Conflict` when another project has it; `TooMuch` when there are too many.
    pub fn create_project(&self, new: NewProject) -> Result<Project, Error> {
        let _alone = lock(&self.shared.taking);
        let name = valid_name(&new.name)?;
        check_name(&self.shared, &name, None)?;
        let id = fresh_id(&self.shared, &name)?;
        let unfinished = self.shared.workspace.unfinished_project(&id);
        let made =
            fs::create_dir(&unfinished).map_err(Error::io("make", &unfinished)).and_then(|()| {
                let file = file_of(name, self.shared.now_ms(), new.defaults);
                Ok(job::whole::write_json(&unfinished.join(job::files::PROJECT), &file)?)
            });
        settle(&self.shared, &id, made)?;
        self.project(&id).map(|detail| detail.project)
    }

    /// Gives a project another name, or other defaults for new runs.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name cannot be used; `Conflict` when another project has it.
    pub fn change_project(&self, id: &Id, new: ProjectChange) -> Result<Project, Error> {
        let _alone = lock(&self.shared.taking);
        check(&self.shared, id)?;
        let mut file = read_file(&self.shared, id)?;
        if let Some(name) = new.name {
            file.name = valid_name(&name)?;
            check_name(&self.shared, &file.name, Some(id))?;
        }
        file.defaults = new.defaults.unwrap_or(file.defaults);
        write_file(&self.shared, id, &file)?;
        self.shared.change(|change| {
            change.projects(id);
            project(&self.shared, change.tx, id.clone())
        })
    }

    /// Moves a project with all it holds to the trash; it can be restored for 30 days. What waits in it ends.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it is the first one, or while a job of it runs, or a run of another
    /// project needs one of its datasets.
    pub fn delete_project(&self, id: &Id) -> Result<(), Error> {
        let _alone = lock(&self.shared.taking);
        check(&self.shared, id)?;
        let mut file = read_file(&self.shared, id)?;
        let what = format!("delete the project “{}”", file.name);
        if *id == Project::first() {
            let why = "what has no other project lies in it";
            return Err(Error::conflict(what, why, "delete what it holds instead"));
        }
        self.shared.change(|change| {
            let rows = jobs_of(change.tx, id)?;
            if let Some(running) = rows.iter().find(|row| row.phase == Phase::Running) {
                let why = format!("“{}” is running in it", running.name);
                return Err(Error::conflict(what.clone(), why, "stop it first"));
            }
            check_not_used_elsewhere(change, id, &what)?;
            for mut row in rows.into_iter().filter(|row| row.phase == Phase::Queued) {
                end_waiting_job(&self.shared, change, &mut row)?;
            }
            file.deleted_ms = Some(self.shared.now_ms());
            match write_file(&self.shared, id, &file) {
                // Making room shall not need room. The folder's own time says when, then.
                Err(error) if error.is_disk_full() => {}
                written => written?,
            }
            let workspace = &self.shared.workspace;
            move_folder(&workspace.project(id), &workspace.trash_project(id))?;
            for shelf in Shelf::ALL {
                for (it, is_deleted, project) in store::on_shelf(change.tx, shelf)? {
                    if project == *id && !is_deleted {
                        rebuild::forget(change, shelf, &it)?;
                        change.list(shelf, &it);
                    }
                }
            }
            lock(&self.shared.unreadable).retain(|(_, it)| workspace.project_of(it) != *id);
            change.projects(id);
            change.trash(id);
            Ok(())
        })
    }

    /// Takes a project back from the trash, with all it holds.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash; `Io` when it cannot be moved or read.
    pub fn restore_project(&self, id: &Id) -> Result<Project, Error> {
        let _alone = lock(&self.shared.taking);
        let workspace = &self.shared.workspace;
        if !workspace.trash_project(id).is_dir() {
            return Err(Error::not_found(WORD, id));
        }
        if workspace.project(id).exists() {
            let what = format!("restore the project “{id}”");
            let why = "there is another project with the same identifier";
            return Err(Error::conflict(what, why, "delete that one first"));
        }
        move_folder(&workspace.trash_project(id), &workspace.project(id))?;
        let mut file = read_file(&self.shared, id)?;
        file.deleted_ms = None;
        file.name = free_name(&self.shared, &file.name, Some(id))?;
        write_file(&self.shared, id, &file)?;
        self.shared.change(|change| {
            change.trash(id);
            Ok(())
        })?;
        self.read_in_project(id)
    }

    /// Moves something into a project. The reconstructions of a model go with it.
    ///
    /// # Errors
    /// `NotFound` when there is no such thing or project; `Conflict` while it is in use.
    pub fn move_to_project(&self, project: &Id, item: &ProjectItem) -> Result<(), Error> {
        let _alone = lock(&self.shared.taking);
        check(&self.shared, project)?;
        let id = &item.id;
        let unknown = || Error::NotFound { what: "list", id: item.list.clone() };
        let shelf = Shelf::named(&item.list).ok_or_else(unknown)?;
        self.shared.change(|change| {
            let found = store::on_shelf(change.tx, shelf)?.into_iter().find(|(it, ..)| it == id);
            let Some((_, false, before)) = found else {
                return Err(Error::not_found(shelf.word(), id));
            };
            if before == *project {
                return Ok(());
            }
            let mut along = Vec::new();
            match shelf {
                Shelf::Models => {
                    models::check_unused(
                        &self.shared,
                        change,
                        "move",
                        &models::find(change.tx, id)?,
                    )?;
                    let rows = reconstructions::of_model(change.tx, id)?;
                    along.extend(rows.into_iter().map(|row| row.job.id));
                }
                Shelf::Datasets => datasets::check_unused(change, "move", id)?,
                _ => {}
            }
            check_idle(change, shelf, id)?;
            let along = along.into_iter().map(|it| (Shelf::Reconstructions, it));
            for (shelf, id) in along.chain([(shelf, id.clone())]) {
                move_one(&self.shared, change, shelf, &id, project)?;
            }
            change.projects(&before);
            change.projects(project);
            Ok(())
        })
    }

    /// Writes a project as one archive, with all it holds; never more than a piece of a file is in memory.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` while a job of it runs; `Io` when a file cannot be read, or the archive
    /// not be written.
    pub fn write_archive(&self, id: &Id, target: impl Write) -> Result<(), Error> {
        self.check_archive(id)?;
        archive::write(&read_file(&self.shared, id)?, &self.shared.workspace.project(id), target)
    }

    /// Sees that a project can be written as an archive now.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` while a job of it runs.
    pub fn check_archive(&self, id: &Id) -> Result<(), Error> {
        check(&self.shared, id)?;
        let rows = self.shared.read(|c| jobs_of(c, id))?;
        match rows.iter().find(|row| row.phase == Phase::Running) {
            None => Ok(()),
            Some(running) => Err(Error::conflict(
                format!("export the project “{}”", read_file(&self.shared, id)?.name),
                format!("“{}” is running in it, so its files change", running.name),
                "wait until it has ended, or stop it",
            )),
        }
    }

    /// Makes a project of an archive. It appears with all it holds, or not at all. What has an identifier that is taken
    /// here gets another; what was waiting there does not start here.
    ///
    /// # Errors
    /// `BadArchive` when the archive is damaged, cut short, or holds what is not taken; `Newer` when a newer version wrote
    /// it; `Invalid` when the name cannot be used; `TooMuch` or `Io` when there is no room.
    pub fn read_archive(&self, name: Option<&str>, source: impl Read) -> Result<Project, Error> {
        let given = name.map(valid_name).transpose()?;
        let workspace = &self.shared.workspace;
        // Others may go on meanwhile: it may take as long as an upload takes.
        let staged = workspace.unfinished_project(&fresh_id(&self.shared, "archive")?);
        let read = fs::create_dir(&staged)
            .map_err(Error::io("make", &staged))
            .and_then(|()| archive::read(source, &staged, workspace.root()));
        let _alone = lock(&self.shared.taking);
        let put = read.and_then(|mut file| {
            let is_taken = |id: &Id| super::is_taken(&self.shared, id);
            let fresh = |id: &Id| super::fresh_id(&self.shared, stem(id));
            archive::make_ours(&staged, &is_taken, &fresh, self.shared.now_ms())?;
            file.name = match given {
                Some(name) => name,
                None => super::name_from(&file.name),
            };
            file.name = free_name(&self.shared, &file.name, None)?;
            let id = fresh_id(&self.shared, &file.name)?;
            job::whole::write_json(&staged.join(job::files::PROJECT), &file)?;
            let unfinished = workspace.unfinished_project(&id);
            move_folder(&staged, &unfinished)?;
            settle(&self.shared, &id, Ok(()))?;
            Ok(id)
        });
        match put {
            Ok(id) => self.read_in_project(&id),
            Err(error) => {
                if let Err(error) = remove(&staged) {
                    tracing::warn!("failed to {error}");
                }
                Err(error)
            }
        }
    }

    /// Reads what lies in a project that has just come.
    fn read_in_project(&self, id: &Id) -> Result<Project, Error> {
        let (shared, until) = (&self.shared, Instant::now() + MAX_READING);
        shared.workspace.make_shelves(id)?;
        for shelf in Shelf::ALL {
            for it in crate::workspace::ids_in(&shared.workspace.shelf(id, shelf))? {
                let first = shared.workspace.project_of(&it);
                if first != *id && shared.workspace.folder(shelf, &it).exists() {
                    tracing::warn!("{it} in the project {id} is left out: {first} has it");
                    continue;
                }
                shared.workspace.put(&it, id);
                rebuild::read_anew(shared, shelf, &it, false, until)?;
                shared.change(|change| {
                    change.list(shelf, &it);
                    Ok(())
                })?;
            }
        }
        shared.bell.ring();
        shared.change(|change| {
            change.projects(id);
            project(shared, change.tx, id.clone())
        })
    }

    /// What a new run on a dataset starts from, where nobody says otherwise: as the project that it will lie in has it.
    ///
    /// # Errors
    /// `Newer` when a newer version wrote that project's file.
    pub fn run_defaults(&self, dataset: Option<&Id>) -> Result<RunDefaults, Error> {
        Ok(read_file(&self.shared, &self.project_for(dataset))?.defaults)
    }

    /// The project that something new goes into: the one that is looked at, else that of what it is made from, else the
    /// first.
    pub(crate) fn project_for(&self, source: Option<&Id>) -> Id {
        let of_source = || source.map(|id| self.shared.workspace.project_of(id));
        self.project.clone().or_else(of_source).unwrap_or_else(Project::first)
    }

    /// The project that what a model makes goes into.
    pub(super) fn project_of_model(&self, model: &ModelPlace) -> Id {
        match model {
            ModelPlace::Library { id } => self.project_for(Some(id)),
            ModelPlace::File { .. } => self.project_for(None),
        }
    }

    /// The studio with the lists of all projects.
    pub(crate) fn everywhere(&self) -> Self {
        Self { project: None, ..self.clone() }
    }

    /// Whether something of a project is in the lists.
    pub(super) fn is_shown(&self, project: Option<&Id>) -> bool {
        let first = Project::first();
        self.project.as_ref().is_none_or(|it| it == project.unwrap_or(&first))
    }

    /// A folder, as a job of a project will see it from its own.
    pub(super) fn seen_from(&self, project: &Id, shelf: Shelf, id: &Id) -> PathBuf {
        seen_from(&self.shared, project, shelf, id)
    }
}

/// A folder, as a job of a project will see it from its own.
pub(super) fn seen_from(shared: &Shared, project: &Id, shelf: Shelf, id: &Id) -> PathBuf {
    let other = shared.workspace.project_of(id);
    match other == *project {
        true => shelf.seen_from_job(id),
        false => shelf.seen_from_job_of_another(&other, id),
    }
}

/// Projects that were being put together when their studio went.
pub(crate) fn sweep_unfinished(shared: &Shared) -> Result<(), Error> {
    rebuild::remove_unfinished(&shared.workspace.projects())
}

/// What a project in the trash says of itself: its name, and when it was deleted.
pub(super) fn deleted(shared: &Shared, id: &Id) -> Option<(String, Option<UnixMs>)> {
    let path = shared.workspace.trash_project(id).join(job::files::PROJECT);
    let file: ProjectFile = job::whole::read_versioned(&path, ProjectFile::FORMAT).ok()?;
    Some((file.name, file.deleted_ms))
}

/// Moves a project that was put together, or made so far, to its own name.
fn settle(shared: &Shared, id: &Id, made: Result<(), Error>) -> Result<(), Error> {
    let workspace = &shared.workspace;
    let unfinished = workspace.unfinished_project(id);
    let settled = made.and_then(|()| move_folder(&unfinished, &workspace.project(id)));
    if settled.is_err()
        && let Err(error) = remove(&unfinished)
    {
        tracing::warn!("failed to {error}");
    }
    settled?;
    workspace.make_shelves(id)?;
    shared.change(|change| {
        change.projects(id);
        Ok(())
    })
}

fn move_one(
    shared: &Shared,
    change: &mut Change<'_>,
    shelf: Shelf,
    id: &Id,
    project: &Id,
) -> Result<(), Error> {
    let from = shared.workspace.folder(shelf, id);
    let to = shared.workspace.shelf(project, shelf).join(id.as_str());
    move_folder(&from, &to)?;
    shared.workspace.put(id, project);
    store::set_project(change.tx, shelf, id, project)?;
    change.list(shelf, id);
    Ok(())
}

/// Sees that no process works in the folder of something.
fn check_idle(change: &Change<'_>, shelf: Shelf, id: &Id) -> Result<(), Error> {
    let row = jobs::find(change.tx, id)?;
    match row.filter(|row| row.phase == Phase::Running) {
        None => Ok(()),
        Some(row) => Err(Error::conflict(
            format!("move the {} “{}”", shelf.word(), row.name),
            "it is running",
            "wait until it has ended, or stop it",
        )),
    }
}

/// Sees that no run of another project that waits or trains needs a dataset of this one.
fn check_not_used_elsewhere(change: &Change<'_>, id: &Id, what: &str) -> Result<(), Error> {
    for (dataset, is_deleted, project) in store::on_shelf(change.tx, Shelf::Datasets)? {
        if is_deleted || project != *id {
            continue;
        }
        for (run, is_active) in store::runs::on_dataset(change.tx, &dataset)? {
            let other = jobs::find(change.tx, &run)?.is_some_and(|row| row.project != *id);
            if is_active && other {
                let why =
                    format!("the run “{run}” of another project is using its dataset “{dataset}”");
                return Err(Error::conflict(what, why, "stop that run first"));
            }
        }
    }
    Ok(())
}

fn check(shared: &Shared, id: &Id) -> Result<(), Error> {
    match shared.workspace.project(id).is_dir() {
        true => Ok(()),
        false => Err(Error::not_found(WORD, id)),
    }
}

/// Sees that no other project has a name, so that a name is enough to say which one is meant.
fn check_name(shared: &Shared, name: &str, but: Option<&Id>) -> Result<(), Error> {
    match is_name_taken(shared, name, but)? {
        false => Ok(()),
        true => Err(Error::conflict(
            format!("call a project “{name}”"),
            "another project has this name",
            "choose another name",
        )),
    }
}

fn is_name_taken(shared: &Shared, name: &str, but: Option<&Id>) -> Result<bool, Error> {
    for id in shared.workspace.project_ids()? {
        if Some(&id) != but && read_file(shared, &id)?.name.eq_ignore_ascii_case(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A name, with a number behind it if another project has it.
fn free_name(shared: &Shared, name: &str, but: Option<&Id>) -> Result<String, Error> {
    for number in 1..=MAX_PROJECTS + 1 {
        let name = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
        if !is_name_taken(shared, &name, but)? {
            return Ok(name);
        }
    }
    Err(too_many())
}

fn fresh_id(shared: &Shared, name: &str) -> Result<Id, Error> {
    let workspace = &shared.workspace;
    if workspace.project_ids()?.len() >= MAX_PROJECTS {
        return Err(too_many());
    }
    let numbers = 1..=2 * MAX_PROJECTS as u32;
    let free = numbers.map(|number| Id::numbered(name, number)).find(|id| {
        !workspace.project(id).exists()
            && !workspace.trash_project(id).exists()
            && !workspace.unfinished_project(id).exists()
    });
    free.ok_or_else(too_many)
}

fn too_many() -> Error {
    Error::TooMuch { limit: format!("{MAX_PROJECTS} projects") }
}

/// An identifier without what made it unique.
fn stem(id: &Id) -> &str {
    let text = id.as_str();
    match text.rsplit_once('-') {
        Some((stem, unique))
            if unique.len() == 6 && unique.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            stem
        }
        _ => text,
    }
}

fn file_of(name: String, created_ms: UnixMs, defaults: RunDefaults) -> ProjectFile {
    ProjectFile { format: ProjectFile::FORMAT, name, created_ms, defaults, deleted_ms: None }
}

/// What a project says of itself. A folder without a readable file is a project all the same: its name is its folder's.
fn read_file(shared: &Shared, id: &Id) -> Result<ProjectFile, Error> {
    let path = shared.workspace.project(id).join(job::files::PROJECT);
    let read = job::whole::read_versioned::<ProjectFile>(&path, ProjectFile::FORMAT);
    let missing = || {
        let name = if *id == Project::first() { FIRST_NAME.to_owned() } else { id.to_string() };
        file_of(name, 0, RunDefaults::default())
    };
    match read {
        Ok(file) => Ok(file),
        Err(error) if error.is_missing() => Ok(missing()),
        Err(error @ job::Error::Newer { .. }) => Err(error.into()),
        Err(error) => {
            tracing::warn!("the name of the project {id} is lost: failed to {error}");
            Ok(missing())
        }
    }
}

fn write_file(shared: &Shared, id: &Id, file: &ProjectFile) -> Result<(), Error> {
    Ok(job::whole::write_json(&shared.workspace.project(id).join(job::files::PROJECT), file)?)
}

fn jobs_of(connection: &Connection, project: &Id) -> Result<Vec<JobRow>, Error> {
    let mut rows = jobs::in_phase(connection, Phase::Running)?;
    rows.extend(jobs::in_phase(connection, Phase::Queued)?);
    rows.retain(|row| row.project == *project);
    Ok(rows)
}

fn project(shared: &Shared, connection: &Connection, id: Id) -> Result<Project, Error> {
    let file = read_file(shared, &id)?;
    let count = |shelf: Shelf| -> Result<u32, Error> {
        let all = store::on_shelf(connection, shelf)?.into_iter();
        Ok(all.filter(|(_, is_deleted, project)| !is_deleted && *project == id).count() as u32)
    };
    let used_ms = jobs::last_used(connection, &id)?.unwrap_or(0).max(file.created_ms);
    Ok(Project {
        n_datasets: count(Shelf::Datasets)?,
        n_runs: count(Shelf::Runs)?,
        n_models: count(Shelf::Models)?,
        n_active: jobs_of(connection, &id)?.len() as u32,
        name: file.name,
        created_ms: file.created_ms,
        used_ms,
        defaults: file.defaults,
        can_delete: id != Project::first(),
        id,
    })
}
