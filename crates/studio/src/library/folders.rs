//! Verbs on the folders of the library: sounds that are watched where they are, or were dropped on a page and are kept.
//!
//! A folder of the library is a folder on its shelf with `folder.json`; dropped files lie in `files` beside it. Its sounds
//! are found by looking through it (`walk`), which changes nothing but the database.

pub(crate) mod walk;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use api::{
    FolderCard, FolderPlace, FolderSource, Id, LibraryFolder, LibraryFolderChange, LibraryScan,
    NewLibraryFolder, UnixMs,
};
use job::Shelf;
use rusqlite::Connection;

use super::{
    analyses, fresh_id, from_trash, make_folder, name_from, to_trash, uploads, valid_name,
};
use crate::{
    Error, Studio,
    job_folder::{self, Card},
    shared::{Change, Shared, lock},
    store::{
        folders::{self, FolderRow},
        items::{self, FileRow, Which},
    },
    workspace::{check_path, file_name, move_folder},
};
use walk::{Found, listed_files, walk};

/// The most folders of the library, in all projects.
const FOLDERS_MAX: usize = 1000;
/// The name of the folder that single files go to when they are dropped.
const DROPPED: &str = "Dropped sounds";
/// The most salts that are tried for the identifier of a file.
const SALTS_MAX: u32 = 1000;

impl Studio {
    /// Every folder of the library, newest first.
    ///
    /// # Errors
    /// `Store` or `Closed` only.
    pub fn library_folders(&self) -> Result<Vec<LibraryFolder>, Error> {
        self.shared.read(|c| {
            let rows = folders::all(c)?;
            let shown = rows.into_iter().filter(|row| self.is_shown(Some(&row.project)));
            shown.map(|row| listed(&self.shared, c, row)).collect()
        })
    }

    /// One folder of the library.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn library_folder(&self, id: &Id) -> Result<LibraryFolder, Error> {
        self.shared.read(|c| listed(&self.shared, c, find(c, id)?))
    }

    /// Adds a folder, a file, or what was dropped, and looks through it. What is watched already is only looked through
    /// again.
    ///
    /// # Errors
    /// `Invalid` when the path or the name cannot be used; `NotFound` when there is no such upload; `TooMuch` when there
    /// are too many folders; `Io` when it cannot be read.
    pub fn add_library_folder(&self, new: NewLibraryFolder) -> Result<LibraryScan, Error> {
        let name = new.name.as_deref().map(valid_name).transpose()?;
        if self.shared.read(folders::all)?.len() >= FOLDERS_MAX {
            return Err(Error::TooMuch { limit: format!("{FOLDERS_MAX} folders in the library") });
        }
        let project = self.project_for(None);
        let id = match new.source {
            FolderSource::Path { path } => self.watch_path(&project, &path, name)?,
            FolderSource::Upload { upload } => self.keep_upload(&project, &upload, name)?,
        };
        self.look_through(&[id], !new.is_only_listed)
    }

    /// Looks through every folder that is shown: what is new, has changed or is gone. What is new is analysed, if
    /// nothing is being analysed.
    ///
    /// # Errors
    /// `Store` or `Closed`; a folder that cannot be read says so itself.
    pub fn scan_library(&self) -> Result<LibraryScan, Error> {
        let rows = self.shared.read(folders::all)?;
        let shown = rows.into_iter().filter(|row| self.is_shown(Some(&row.project)));
        let ids: Vec<Id> = shown.map(|row| row.id).collect();
        self.look_through(&ids, true)
    }

    /// Gives a folder of the library another name.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Invalid` when the name cannot be used.
    pub fn change_library_folder(
        &self,
        id: &Id,
        new: &LibraryFolderChange,
    ) -> Result<LibraryFolder, Error> {
        let name = new.name.as_deref().map(valid_name).transpose()?;
        self.shared.change(|change| {
            let mut row = find(change.tx, id)?;
            if let Some(name) = name {
                let folder = self.shared.workspace.folder(Shelf::Folders, id);
                let card = Card { name: Some(name.clone()), ..job_folder::read_card(&folder) };
                job_folder::write_card(&folder, &card)?;
                row.card.name = name;
            }
            save(change, &row)
        })?;
        self.library_folder(id)
    }

    /// Takes a folder out of the library; it can be restored for 30 days. The files of one that is watched stay where they
    /// are.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn delete_library_folder(&self, id: &Id) -> Result<(), Error> {
        self.shared.change(|change| {
            let row = find(change.tx, id)?;
            let now_ms = self.shared.now_ms();
            to_trash(&self.shared, change, Shelf::Folders, id, now_ms)?;
            save(change, &FolderRow { deleted_ms: Some(now_ms), ..row })
        })
    }

    /// Takes a folder of the library back from the trash.
    ///
    /// # Errors
    /// `NotFound` when it is not in the trash.
    pub fn restore_library_folder(&self, id: &Id) -> Result<LibraryFolder, Error> {
        self.shared.change(|change| {
            let row = folders::find(change.tx, id)?.filter(|row| row.deleted_ms.is_some());
            let row = row.ok_or_else(|| Error::not_found("folder", id))?;
            let project = from_trash(&self.shared, change, Shelf::Folders, id)?;
            save(change, &FolderRow { project, deleted_ms: None, ..row })
        })?;
        self.library_folder(id)
    }

    /// Watches a folder or a file; gives the one that is watched already, if it is.
    fn watch_path(&self, project: &Id, path: &Path, name: Option<String>) -> Result<Id, Error> {
        check_path(path)?;
        let path = fs::canonicalize(path).map_err(Error::io("read", path))?;
        if path.starts_with(self.shared.workspace.root()) {
            let message = "it lies in the workspace, whose sounds are in the library already";
            return Err(Error::invalid("path", message));
        }
        let called = file_name(&path);
        if !path.is_dir() && !api::is_library_name(&called) {
            let message =
                format!("“{called}” is not a sound file by its name; choose a folder or a sound");
            return Err(Error::invalid("path", message));
        }
        let _alone = lock(&self.shared.taking);
        let place = FolderPlace::Watched { path };
        let rows = self.shared.read(folders::all)?;
        if let Some(there) =
            rows.iter().find(|row| row.project == *project && row.card.place == place)
        {
            return Ok(there.id.clone());
        }
        let name = name.unwrap_or_else(|| name_from(&called));
        self.make(project, name, place, |_| Ok(()))
    }

    /// Keeps dropped files: a dropped folder becomes one of the library, single files go to a common one.
    fn keep_upload(&self, project: &Id, upload: &Id, name: Option<String>) -> Result<Id, Error> {
        if self.upload(upload)?.n_files == 0 {
            return Err(Error::invalid("upload", "it has no files; drop some sounds"));
        }
        let _alone = lock(&self.shared.taking);
        let root = self.shared.workspace.upload(upload);
        // A project that is a folder stays one.
        let top = uploads::top_folder(&self.shared, upload).filter(|it| !api::is_daw_name(it));
        let from = top.as_ref().map_or_else(|| root.clone(), |top| root.join(top));
        let common = |row: &FolderRow| {
            row.project == *project
                && row.card.place == FolderPlace::Kept
                && row.card.name == DROPPED
        };
        let rows = self.shared.read(folders::all)?;
        let id = match (name, top) {
            (None, None) => match rows.into_iter().find(common) {
                Some(row) => {
                    let files = self.shared.workspace.folder(Shelf::Folders, &row.id);
                    uploads::merge(&from, &files.join(FolderCard::FILES))?;
                    row.id
                }
                None => self.make(project, DROPPED.to_owned(), FolderPlace::Kept, |folder| {
                    move_folder(&from, &folder.join(FolderCard::FILES))
                })?,
            },
            (name, top) => {
                let top = top.as_deref().map(name_from);
                let name = name.or(top).unwrap_or_else(|| DROPPED.to_owned());
                self.make(project, name, FolderPlace::Kept, |folder| {
                    move_folder(&from, &folder.join(FolderCard::FILES))
                })?
            }
        };
        uploads::remove_upload(&self.shared, upload)?;
        Ok(id)
    }

    pub(super) fn make(
        &self,
        project: &Id,
        name: String,
        place: FolderPlace,
        fill: impl FnOnce(&Path) -> Result<(), Error>,
    ) -> Result<Id, Error> {
        let id = fresh_id(&self.shared, &name)?;
        let created_ms = self.shared.now_ms();
        let format = match place {
            FolderPlace::Listed { .. } => FolderCard::FORMAT,
            FolderPlace::Watched { .. } | FolderPlace::Kept => FolderCard::PLAIN_FORMAT,
        };
        let card = FolderCard { format, name, created_ms, place, removed: Vec::new() };
        make_folder(&self.shared, project, Shelf::Folders, &id, |folder| {
            job::whole::write_json(&folder.join(FolderCard::CARD), &card)?;
            fill(folder)
        })?;
        let row = FolderRow {
            id: id.clone(),
            project: project.clone(),
            card,
            scanned_ms: None,
            problem: None,
            deleted_ms: None,
        };
        self.shared.change(|change| save(change, &row))?;
        Ok(id)
    }

    /// Writes the card of a folder and stores it.
    pub(super) fn save_card(&self, row: &FolderRow) -> Result<(), Error> {
        let folder = self.shared.workspace.folder(Shelf::Folders, &row.id);
        job::whole::write_json(&folder.join(FolderCard::CARD), &row.card)?;
        self.shared.change(|change| save(change, row))
    }

    pub(super) fn look_through(&self, ids: &[Id], is_analysed: bool) -> Result<LibraryScan, Error> {
        let mut scan = LibraryScan::default();
        for id in ids {
            scan.n_new += look(&self.shared, id)?;
        }
        if is_analysed {
            let which = match ids {
                [only] => Which::Folder(only),
                _ => Which::All(self.project.as_ref()),
            };
            scan.job = analyses::start(self, &which)?;
        }
        scan.folders = ids.iter().map(|id| self.library_folder(id)).collect::<Result<_, _>>()?;
        Ok(scan)
    }
}

/// One folder that is not in the trash.
fn find(connection: &Connection, id: &Id) -> Result<FolderRow, Error> {
    folders::find(connection, id)?
        .filter(|row| row.deleted_ms.is_none())
        .ok_or_else(|| Error::not_found("folder", id))
}

fn save(change: &mut Change<'_>, row: &FolderRow) -> Result<(), Error> {
    folders::save(change.tx, row)?;
    change.list(Shelf::Folders, &row.id);
    change.library(&row.id);
    Ok(())
}

/// A folder of the library, read from its place on the shelf.
pub(crate) fn read_row(
    folder: &Path,
    id: &Id,
    project: Id,
    deleted_ms: Option<UnixMs>,
) -> Result<FolderRow, Error> {
    let card: FolderCard =
        job::whole::read_versioned(&folder.join(FolderCard::CARD), FolderCard::FORMAT)?;
    let said = job_folder::read_card(folder);
    let name = said.name.unwrap_or_else(|| name_from(&card.name));
    let card = FolderCard { name, ..card };
    Ok(FolderRow { id: id.clone(), project, card, scanned_ms: None, problem: None, deleted_ms })
}

/// Where a folder's sounds are: what their paths in it begin from. Those that were chosen one by one have whole paths.
pub(super) fn root_of(shared: &Shared, row: &FolderRow) -> PathBuf {
    match &row.card.place {
        FolderPlace::Watched { path } => path.clone(),
        FolderPlace::Listed { .. } => PathBuf::new(),
        FolderPlace::Kept => {
            shared.workspace.folder(Shelf::Folders, &row.id).join(FolderCard::FILES)
        }
    }
}

/// A file of a folder by its path in there. A folder may be a single file, which is then its only one.
pub(super) fn file_of(root: &Path, path: &str) -> PathBuf {
    let is_itself = root.file_name().is_some_and(|name| *name == *path) && !root.is_dir();
    if is_itself { root.to_owned() } else { root.join(path) }
}

/// Takes a sound out of what is listed of its folder, or lists it again.
pub(super) fn set_removed(
    shared: &Shared,
    change: &mut Change<'_>,
    folder: &Id,
    path: &str,
    is_removed: bool,
) -> Result<(), Error> {
    let mut row = find(change.tx, folder)?;
    row.card.removed.retain(|it| it != path);
    if is_removed {
        row.card.removed.push(path.to_owned());
    }
    let on_shelf = shared.workspace.folder(Shelf::Folders, folder).join(FolderCard::CARD);
    job::whole::write_json(&on_shelf, &row.card)?;
    save(change, &row)
}

fn listed(
    shared: &Shared,
    connection: &Connection,
    row: FolderRow,
) -> Result<LibraryFolder, Error> {
    let [n_sounds, n_missing, n_new] = items::counts(connection, &row.id)?;
    let path = match &row.card.place {
        FolderPlace::Listed { paths } => {
            paths.first().and_then(|it| it.parent()).map_or_else(PathBuf::new, Path::to_owned)
        }
        _ => root_of(shared, &row),
    };
    Ok(LibraryFolder {
        path: path.to_string_lossy().into_owned(),
        is_watched: row.card.place != FolderPlace::Kept,
        id: row.id,
        project: row.project,
        name: row.card.name,
        created_ms: row.card.created_ms,
        n_sounds,
        n_missing,
        n_new,
        scanned_ms: row.scanned_ms,
        problem: row.problem,
    })
}

/// Looks through a folder and stores what is there. How many files are new or have changed.
fn look(shared: &Shared, id: &Id) -> Result<u64, Error> {
    let row = shared.read(|c| find(c, id))?;
    let walked = match &row.card.place {
        FolderPlace::Listed { paths } => Ok(listed_files(paths)),
        _ => walk(&root_of(shared, &row)),
    };
    shared.change(|change| {
        // It may have been deleted meanwhile.
        let Some(mut row) = folders::find(change.tx, id)?.filter(|it| it.deleted_ms.is_none())
        else {
            return Ok(0);
        };
        let known = items::of_folder(change.tx, id)?;
        let now_ms = shared.now_ms();
        let before = row.problem.take();
        row.scanned_ms = Some(now_ms);
        let (found, n_left_out) = match &walked {
            Ok(walked) => (&walked.files[..], walked.n_left_out),
            Err(error) => {
                row.problem = Some(api::sentence(&format!("failed to {error}")));
                (&[][..], 0)
            }
        };
        if n_left_out > 0 {
            row.problem =
                Some(format!("It has more than {} sounds; the rest is left out.", walk::FILES_MAX));
        }
        let changed = store_found(change, &row, found, &known, now_ms)?;
        if changed.is_any || before != row.problem {
            save(change, &row)?;
        } else {
            folders::save(change.tx, &row)?;
        }
        Ok(changed.n_new)
    })
}

/// What looking through a folder changed.
#[derive(Default)]
struct Changed {
    n_new: u64,
    is_any: bool,
}

fn store_found(
    change: &mut Change<'_>,
    row: &FolderRow,
    found: &[Found],
    known: &BTreeMap<String, FileRow>,
    now_ms: UnixMs,
) -> Result<Changed, Error> {
    let mut changed = Changed::default();
    let mut left: BTreeMap<&str, &FileRow> =
        known.iter().map(|(path, file)| (path.as_str(), file)).collect();
    for file in found {
        let Some(before) = left.remove(file.path.as_str()) else {
            let new = FileRow {
                id: free_id(change.tx, &row.id, &file.path)?,
                path: file.path.clone(),
                bytes: file.bytes,
                modified_ms: file.modified_ms,
                is_missing: false,
                is_shown: !row.card.removed.contains(&file.path),
            };
            items::add(change.tx, (&row.id, &row.project), &new, now_ms)?;
            changed.n_new += 1;
            continue;
        };
        let is_other = (before.bytes, before.modified_ms) != (file.bytes, file.modified_ms);
        if is_other || before.is_missing {
            items::found(change.tx, &before.id, (file.bytes, file.modified_ms), is_other)?;
            changed.n_new += u64::from(is_other);
            changed.is_any = true;
        }
    }
    for gone in left.into_values().filter(|file| !file.is_missing) {
        items::lost(change.tx, &gone.id)?;
        changed.is_any = true;
    }
    changed.is_any |= changed.n_new > 0;
    Ok(changed)
}

/// The identifier of a file: the same for the same folder and path, also when the database is made anew.
fn free_id(connection: &Connection, folder: &Id, path: &str) -> Result<Id, Error> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    for salt in 0..SALTS_MAX {
        let id = Id::from_name(stem, hash(&format!("{salt}/{folder}/{path}")));
        if !items::has(connection, &id)? {
            return Ok(id);
        }
    }
    Err(Error::TooMuch { limit: "16 million sounds with the same name".to_owned() })
}

/// FNV-1a, 32 bits.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
