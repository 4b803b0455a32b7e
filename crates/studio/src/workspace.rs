//! The workspace's folder: its lock, its layout, and files that are whole or not there at all.
//!
//! Everything that makes a path out of something from outside goes through here: identifiers are
//! safe by their type, and paths inside a job's folder are checked by [`job::inside`].
//!
//! An identifier is unique in the whole workspace, so a thing is named by it alone. Which project it lies in is read
//! from the folders when the workspace is opened, and kept in mind; only [`Workspace::folder`] needs to know.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use api::{Id, Project};
use job::{Shelf, reserve::Reserve};
use serde::{Deserialize, Serialize};

use crate::{Error, room, supervisor};

/// How long a lock may outlive the studio that held it. One that is killed while it starts a worker
/// leaves it to that process until the worker's program has begun.
const LETTING_GO: Duration = Duration::from_secs(2);

/// Where everything lies. Only paths; the lock is kept apart so that closing can let it go.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    /// The project that each thing lies in. What is gone may still be named here.
    projects: RwLock<BTreeMap<Id, Id>>,
}

/// `studio.json`: who has the workspace open, for the one who finds it locked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Presence {
    pub(crate) pid: u32,
    /// Where it answers HTTP, once it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
}

impl Workspace {
    /// Makes the folders if they are missing and takes the lock. The flag says whether the last
    /// studio went without closing.
    pub(crate) fn open(root: &Path) -> Result<(Self, File, bool), Error> {
        fs::create_dir_all(root).map_err(Error::io("make", root))?;
        let root = fs::canonicalize(root).map_err(Error::io("open", root))?;
        let workspace = Self::at(&root);
        let lock = workspace.take_lock()?;
        let was_unclean = workspace.presence().exists();
        let shelves = Shelf::ALL.map(|shelf| workspace.trash_shelf(shelf));
        for folder in shelves.into_iter().chain([workspace.trash_projects(), workspace.uploads()]) {
            fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        }
        workspace.make_shelves(&Project::first())?;
        for project in workspace.project_ids()? {
            workspace.make_shelves(&project)?;
            workspace.look_around(&project)?;
        }
        workspace.announce(None)?;
        Ok((workspace, lock, was_unclean))
    }

    /// Writes `studio.json`. On a full disk nobody is told: a workspace can be opened all the same, to make
    /// room in it.
    pub(crate) fn announce(&self, port: Option<u16>) -> Result<(), Error> {
        let presence = Presence { pid: std::process::id(), port };
        match self.with_room(|| job::whole::write_json(&self.presence(), &presence)) {
            Err(error) if error.is_disk_full() => {
                tracing::warn!("failed to {error}");
                Ok(())
            }
            written => written,
        }
    }

    /// The space that is kept back.
    pub(crate) fn reserve(&self) -> Reserve {
        room::reserve(&self.root)
    }

    /// Gives the reserve up if the disk is as good as full. Whether there is room to write now.
    pub(crate) fn make_room(&self) -> bool {
        let has_room = || room::free_bytes(&self.root).is_none_or(|free| free >= room::LEAST_BYTES);
        has_room() || (self.reserve().give_up() && has_room())
    }

    /// Writes something small, with the reserve's space if the disk is full.
    pub(crate) fn with_room<R, E: Into<Error>>(
        &self,
        write: impl Fn() -> Result<R, E>,
    ) -> Result<R, Error> {
        match write().map_err(Into::into) {
            Err(error) if error.is_disk_full() && self.reserve().give_up() => {
                write().map_err(Into::into)
            }
            done => done,
        }
    }

    /// Removes `studio.json`: this studio went in good order.
    pub(crate) fn leave(&self) {
        if let Err(error) = remove(&self.presence()) {
            tracing::warn!("failed to {error}");
        }
    }

    /// The layout of a workspace that is not opened: only to look.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), projects: RwLock::default() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("maquette.db")
    }

    pub(crate) fn projects(&self) -> PathBuf {
        self.root.join("projects")
    }

    pub(crate) fn project(&self, project: &Id) -> PathBuf {
        self.projects().join(project.as_str())
    }

    /// Where a project is put together before it appears under its own name.
    pub(crate) fn unfinished_project(&self, project: &Id) -> PathBuf {
        self.projects().join(format!(".new-{project}"))
    }

    /// Every project's identifier, the first one's first.
    pub(crate) fn project_ids(&self) -> Result<Vec<Id>, Error> {
        let mut ids = ids_in(&self.projects())?;
        ids.sort_by_key(|id| *id != Project::first());
        Ok(ids)
    }

    pub(crate) fn shelf(&self, project: &Id, shelf: Shelf) -> PathBuf {
        self.project(project).join(shelf.name())
    }

    /// Makes the folders of a project that are missing.
    pub(crate) fn make_shelves(&self, project: &Id) -> Result<(), Error> {
        for shelf in Shelf::ALL {
            let folder = self.shelf(project, shelf);
            fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        }
        Ok(())
    }

    /// Remembers what lies in a project. Of two things with one identifier the first counts; the other is left alone.
    pub(crate) fn look_around(&self, project: &Id) -> Result<(), Error> {
        for shelf in Shelf::ALL {
            for id in ids_in(&self.shelf(project, shelf))? {
                let mut projects = self.projects.write().unwrap_or_else(PoisonError::into_inner);
                let first = projects.entry(id.clone()).or_insert_with(|| project.clone());
                if first != project {
                    tracing::warn!("{id} in the project {project} is left out: {first} has it");
                }
            }
        }
        Ok(())
    }

    /// The project that something lies in.
    pub(crate) fn project_of(&self, id: &Id) -> Id {
        let projects = self.projects.read().unwrap_or_else(PoisonError::into_inner);
        projects.get(id).cloned().unwrap_or_else(Project::first)
    }

    /// From now on, something lies in this project.
    pub(crate) fn put(&self, id: &Id, project: &Id) {
        let mut projects = self.projects.write().unwrap_or_else(PoisonError::into_inner);
        projects.insert(id.clone(), project.clone());
    }

    pub(crate) fn folder(&self, shelf: Shelf, id: &Id) -> PathBuf {
        self.shelf(&self.project_of(id), shelf).join(id.as_str())
    }

    /// Where a folder is put together before it appears on its shelf under its own name.
    pub(crate) fn unfinished(&self, shelf: Shelf, id: &Id) -> PathBuf {
        self.shelf(&self.project_of(id), shelf).join(format!(".new-{id}"))
    }

    pub(crate) fn trash_root(&self) -> PathBuf {
        self.root.join("trash")
    }

    pub(crate) fn trash_shelf(&self, shelf: Shelf) -> PathBuf {
        self.trash_root().join(shelf.name())
    }

    pub(crate) fn trash_projects(&self) -> PathBuf {
        self.trash_root().join("projects")
    }

    pub(crate) fn trash_project(&self, project: &Id) -> PathBuf {
        self.trash_projects().join(project.as_str())
    }

    pub(crate) fn trash(&self, shelf: Shelf, id: &Id) -> PathBuf {
        self.trash_shelf(shelf).join(id.as_str())
    }

    pub(crate) fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    pub(crate) fn upload(&self, id: &Id) -> PathBuf {
        self.uploads().join(id.as_str())
    }

    fn presence(&self) -> PathBuf {
        self.root.join("studio.json")
    }

    fn take_lock(&self) -> Result<File, Error> {
        let path = self.root.join(".lock");
        let lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        let deadline = Instant::now() + LETTING_GO;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path)(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            let presence = job::whole::read_json::<Presence>(&self.presence()).ok();
            let is_held = presence.as_ref().is_some_and(|it| supervisor::exists(it.pid));
            if is_held || Instant::now() > deadline {
                return Err(Error::Locked {
                    workspace: self.root.clone(),
                    pid: presence.as_ref().map(|it| it.pid),
                    port: presence.and_then(|it| it.port),
                });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A file in a folder, by its path in there; `NotFound` for what is outside and for what is not a file.
pub(crate) fn file_inside(folder: &Path, path: &str) -> Result<PathBuf, Error> {
    let missing = || Error::NotFound { what: "file", id: path.escape_debug().to_string() };
    job::inside::file(folder, path).ok_or_else(missing)
}

/// The last part of a path, for people.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Sees that a path from outside is whole, and that there is something.
pub(crate) fn check_path(path: &Path) -> Result<(), Error> {
    if !path.is_absolute() {
        return Err(Error::invalid("path", "enter an absolute path"));
    }
    fs::metadata(path).map(drop).map_err(Error::io("read", path))
}

/// Removes a file or a folder with all it holds; that it is gone already is no error.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// The bytes of all files in a folder, its sub-folders included. What cannot be looked at counts nothing.
pub(crate) fn size_of(folder: &Path) -> u64 {
    let (mut folders, mut bytes) = (vec![folder.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => bytes += found.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

/// Moves a folder, and makes the move last over a power cut.
pub(crate) fn move_folder(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(Error::io("move", from))?;
    for folder in [from, to] {
        job::whole::sync_folder(folder.parent().unwrap_or(folder));
    }
    Ok(())
}

/// Names of the sub-folders of a shelf that are identifiers, in order.
pub(crate) fn ids_in(folder: &Path) -> Result<Vec<Id>, Error> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let id = entry.file_name().to_str().and_then(|name| name.parse::<Id>().ok());
        ids.extend(id.filter(|_| is_folder));
    }
    ids.sort();
    Ok(ids)
}
