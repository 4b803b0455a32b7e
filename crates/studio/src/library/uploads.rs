//! Verbs on uploads: files dropped on a page, kept in the workspace until they are prepared.
//!
//! A file is written under a name of its own and gets its right name when it is whole, so that
//! whatever looks into an upload sees whole files only.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use api::{Id, Upload};

use super::fresh_id;
use crate::{
    Error, Studio,
    shared::{Shared, lock},
    workspace::remove,
};

/// The largest file that is received: a day of stereo in 24 bits at 48 kHz.
const MAX_FILE_BYTES: u64 = 32 << 30;
/// The most bytes of one upload.
const MAX_UPLOAD_BYTES: u64 = 64 << 30;
/// The most files of one upload.
const MAX_FILES: u32 = 100_000;
/// Uploads at one time.
const MAX_UPLOADS: usize = 1000;
/// The longest name of a file or folder, in bytes: what file systems take, less what `free_path` may
/// add.
const MAX_NAME_BYTES: usize = 240;
/// Folders that a file may lie in below an upload, and the bytes of their names; of deeper ones the
/// innermost count.
const MAX_FOLDERS: usize = 16;
const MAX_FOLDERS_BYTES: usize = 1500;

/// What an upload holds so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Received {
    n_files: u32,
    bytes: u64,
}

/// A file that is being received into the workspace. It counts against the limits as it grows, and
/// is removed when it is dropped before it was finished.
pub struct StagedFile {
    shared: Arc<Shared>,
    file: File,
    path: PathBuf,
    n_bytes: u64,
    max_bytes: u64,
    /// The upload it is for and its place there; none for the input of a reconstruction.
    place: Option<(Id, PlaceInUpload)>,
    is_kept: bool,
}

impl Studio {
    /// Makes a place for files to be uploaded to.
    ///
    /// # Errors
    /// `TooMuch` when there are a thousand already; `Io` when it cannot be made.
    pub fn new_upload(&self) -> Result<Upload, Error> {
        let folder = self.shared.workspace.uploads();
        if fs::read_dir(&folder).map_err(Error::io("read", &folder))?.count() >= MAX_UPLOADS {
            return Err(Error::TooMuch { limit: format!("{MAX_UPLOADS} uploads") });
        }
        let id = fresh_id(&self.shared, "upload")?;
        let folder = self.shared.workspace.upload(&id);
        fs::create_dir(&folder).map_err(Error::io("make", &folder))?;
        self.upload(&id)
    }

    /// What an upload holds.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn upload(&self, id: &Id) -> Result<Upload, Error> {
        let received = received(&self.shared, id)?;
        Ok(Upload { upload: id.clone(), n_files: received.n_files, bytes: received.bytes })
    }

    /// The only file of an upload, or the first by name.
    pub(crate) fn first_file_of_upload(&self, id: &Id) -> Result<PathBuf, Error> {
        self.upload(id)?;
        let folder = self.shared.workspace.upload(id);
        let entries = std::fs::read_dir(&folder).map_err(Error::io("read", &folder))?;
        let files = entries.flatten().map(|it| it.path()).filter(|it| {
            it.is_file() && !it.file_name().is_some_and(|it| it.to_string_lossy().starts_with('.'))
        });
        files.min().ok_or_else(|| Error::not_found("file of the upload", id))
    }

    /// Begins to receive a file into an upload. Its name may be a path below what was dropped, which
    /// is kept, without what could lead elsewhere; a name that is taken gets a number.
    ///
    /// # Errors
    /// `NotFound` when there is no such upload; `Invalid` when the name has nothing in it;
    /// `TooMuch` when the upload is full.
    pub fn stage_upload(&self, id: &Id, name: &str) -> Result<StagedFile, Error> {
        let place = safe_place(name)?;
        let received = received(&self.shared, id)?;
        if received.n_files >= MAX_FILES {
            return Err(Error::TooMuch { limit: format!("{MAX_FILES} files in one upload") });
        }
        let left = MAX_UPLOAD_BYTES.saturating_sub(received.bytes);
        let folder = self.shared.workspace.upload(id);
        stage(&self.shared, &folder, left.min(MAX_FILE_BYTES), Some((id.clone(), place)))
    }

    /// Removes an upload and its files.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` while a dataset needs it.
    pub fn delete_upload(&self, id: &Id) -> Result<(), Error> {
        received(&self.shared, id)?;
        if self.shared.read(|c| crate::store::datasets::needs_upload(c, id))? {
            return Err(Error::conflict(
                format!("remove the upload “{id}”"),
                "a dataset is being created from it",
                "cancel or delete that dataset first",
            ));
        }
        remove_upload(&self.shared, id)
    }
}

impl StagedFile {
    /// Appends bytes.
    ///
    /// # Errors
    /// `TooMuch` when the file or its upload grows over the limit; `Io` when the disk is full.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let n_bytes = self.n_bytes + bytes.len() as u64;
        if n_bytes > self.max_bytes {
            let limit = format!("{} MiB for one file", self.max_bytes >> 20);
            return Err(Error::TooMuch { limit });
        }
        self.file.write_all(bytes).map_err(Error::io("write", &self.path))?;
        self.n_bytes = n_bytes;
        Ok(())
    }

    /// Keeps the file in its upload, and says what that upload holds now. Not for the files of
    /// [`Studio::stage_input`]: give those to [`Studio::reconstruct_upload`].
    ///
    /// # Errors
    /// `NotFound` when the upload was removed meanwhile; `TooMuch` when others filled it
    /// meanwhile; `Io` when it cannot be kept.
    pub fn finish(mut self) -> Result<Upload, Error> {
        let Some((id, place)) = self.place.take() else {
            return Err(Error::conflict(
                "keep the file",
                "it was sent for a reconstruction",
                "send it to a model",
            ));
        };
        let before = received(&self.shared, &id)?;
        let mut uploads = lock(&self.shared.uploads);
        let received = uploads.entry(id.clone()).or_insert(before);
        let bytes = received.bytes.saturating_add(self.n_bytes);
        if received.n_files >= MAX_FILES || bytes > MAX_UPLOAD_BYTES {
            return Err(Error::TooMuch { limit: "64 GiB and 100,000 files in one upload".into() });
        }
        let folder = make_folders(&self.shared.workspace.upload(&id), &place.folders)?;
        let path = free_path(&folder, &place.name);
        fs::rename(&self.path, &path).map_err(Error::io("keep", &path))?;
        self.is_kept = true;
        *received = Received { n_files: received.n_files + 1, bytes };
        Ok(Upload { upload: id, n_files: received.n_files, bytes })
    }

    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Makes what was received last; the caller moves the file to where it belongs.
    pub(super) fn close(mut self) -> Result<PathBuf, Error> {
        self.file.sync_all().map_err(Error::io("write", &self.path))?;
        self.is_kept = true;
        Ok(self.path.clone())
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        if let Err(error) = remove(&self.path) {
            tracing::warn!("failed to {error}");
        }
    }
}

/// Begins to receive a file that belongs to no upload.
pub(super) fn stage_input(shared: &Arc<Shared>) -> Result<StagedFile, Error> {
    stage(shared, &shared.workspace.uploads(), MAX_FILE_BYTES, None)
}

pub(crate) fn remove_upload(shared: &Shared, id: &Id) -> Result<(), Error> {
    lock(&shared.uploads).remove(id);
    remove(&shared.workspace.upload(id))
}

/// Removes what was being received when a studio went.
pub(crate) fn sweep_staged(shared: &Shared) -> Result<(), Error> {
    let uploads = shared.workspace.uploads();
    for entry in fs::read_dir(&uploads).map_err(Error::io("read", &uploads))? {
        let path = entry.map_err(Error::io("read", &uploads))?.path();
        if is_staged(&path) {
            remove(&path)?;
        } else if path.is_dir() {
            for inner in fs::read_dir(&path).map_err(Error::io("read", &path))?.flatten() {
                if is_staged(&inner.path()) {
                    remove(&inner.path())?;
                }
            }
        }
    }
    Ok(())
}

fn stage(
    shared: &Arc<Shared>,
    folder: &Path,
    max_bytes: u64,
    place: Option<(Id, PlaceInUpload)>,
) -> Result<StagedFile, Error> {
    let path =
        folder.join(format!(".part-{:08x}{:08x}", shared.random_bits(), shared.random_bits()));
    let file = File::create_new(&path).map_err(Error::io("write", &path))?;
    let shared = Arc::clone(shared);
    Ok(StagedFile { shared, file, path, n_bytes: 0, max_bytes, place, is_kept: false })
}

fn is_staged(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".part-"))
}

/// What an upload holds; counted once, then kept.
fn received(shared: &Shared, id: &Id) -> Result<Received, Error> {
    let folder = shared.workspace.upload(id);
    if !folder.is_dir() {
        return Err(Error::not_found("upload", id));
    }
    if let Some(received) = lock(&shared.uploads).get(id) {
        return Ok(*received);
    }
    let mut received = Received::default();
    for path in files_below(&folder)? {
        if !is_staged(&path) {
            received.n_files += 1;
            received.bytes += fs::metadata(&path).map_err(Error::io("read", &path))?.len();
        }
    }
    Ok(*lock(&shared.uploads).entry(id.clone()).or_insert(received))
}

/// Every file of an upload.
fn files_below(upload: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut files, mut folders) = (Vec::new(), vec![upload.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
            let entry = entry.map_err(Error::io("read", &folder))?;
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => files.push(entry.path()),
            }
        }
    }
    Ok(files)
}

/// The name of the one folder that all files of an upload lie in, if there is one: what was dropped.
pub(super) fn top_folder(shared: &Shared, id: &Id) -> Option<String> {
    let mut entries = fs::read_dir(shared.workspace.upload(id)).ok()?;
    let only = entries.next()?.ok()?;
    let is_alone = entries.next().is_none() && only.file_type().ok()?.is_dir();
    if is_alone { only.file_name().into_string().ok() } else { None }
}

/// Where a file goes in its upload.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PlaceInUpload {
    /// Folders to it, from the outermost to the innermost.
    folders: Vec<String>,
    name: String,
}

/// The place that a path below what was dropped names, without anything that leads elsewhere.
fn safe_place(path: &str) -> Result<PlaceInUpload, Error> {
    let mut parts = path.rsplit(['/', '\\']);
    let name = safe_name(parts.next().unwrap_or_default())?;
    let (mut folders, mut n_bytes) = (Vec::new(), 0);
    // `.` and `..` have nothing left when their dots are gone.
    for folder in parts.filter_map(|part| safe_name(part).ok()).take(MAX_FOLDERS) {
        n_bytes += folder.len();
        if n_bytes > MAX_FOLDERS_BYTES {
            break;
        }
        folders.insert(0, folder);
    }
    Ok(PlaceInUpload { folders, name })
}

/// Makes the folders below an upload that are not there yet; gives the innermost. Where a file has the
/// name of one, it gets a number.
fn make_folders(upload: &Path, folders: &[String]) -> Result<PathBuf, Error> {
    let mut at = upload.to_owned();
    for name in folders {
        let numbered = (2..).map(|n| format!("{name} ({n})"));
        let is_file = |path: &PathBuf| path.symlink_metadata().is_ok_and(|it| !it.is_dir());
        let mut paths = std::iter::once(name.clone()).chain(numbered).map(|name| at.join(name));
        let next = paths.find(|path| !is_file(path)).unwrap_or_else(|| at.join(name));
        match fs::create_dir(&next) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(Error::io("make", &next)(error));
            }
            _ => at = next,
        }
    }
    Ok(at)
}

/// Moves everything of an upload into a folder that has files already; what has the name of one gets a number.
pub(super) fn merge(upload: &Path, into: &Path) -> Result<(), Error> {
    for path in files_below(upload)?.into_iter().filter(|path| !is_staged(path)) {
        let way = path.strip_prefix(upload).ok().and_then(Path::parent);
        let parts = way.into_iter().flat_map(Path::components);
        let names: Vec<String> =
            parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        let folder = make_folders(into, &names)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let target = free_path(&folder, &name);
        fs::rename(&path, &target).map_err(Error::io("keep", &target))?;
    }
    job::whole::sync_folder(into);
    Ok(())
}

/// One part of a path, without what a file system or a shell would take for something else.
pub(super) fn safe_name(part: &str) -> Result<String, Error> {
    // Windows takes these for drives, streams and patterns.
    let is_odd = |c: char| cfg!(windows) && "<>:\"|?*".contains(c);
    let part: String = part.chars().map(|c| if is_odd(c) { '_' } else { c }).collect();
    let plain: String = part.chars().filter(|c| !c.is_control()).collect();
    let plain = plain.trim().trim_start_matches(['.', ' ']).trim_end();
    if plain.is_empty() {
        return Err(Error::invalid("name", "the file needs a name"));
    }
    let (stem, ending) = split_name(plain);
    let stem = cut(stem, MAX_NAME_BYTES.saturating_sub(ending.len()).max(1));
    Ok(format!("{stem}{}", cut(ending, MAX_NAME_BYTES - stem.len())))
}

/// A path for a name in a folder that is not taken.
pub(super) fn free_path(folder: &Path, name: &str) -> PathBuf {
    let (stem, ending) = split_name(name);
    let numbered = (2..).map(|n| format!("{stem} ({n}){ending}"));
    let mut paths = std::iter::once(name.to_owned()).chain(numbered).map(|name| folder.join(name));
    paths.find(|path| fs::symlink_metadata(path).is_err()).unwrap_or_else(|| folder.join(name))
}

/// A name and its ending, with the dot.
fn split_name(name: &str) -> (&str, &str) {
    name.split_at(name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len()))
}

/// As many whole characters as fit into so many bytes.
fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_safe() {
        let check = |name: &str, expected: &str| {
            let place = safe_place(name).unwrap();
            let parts: Vec<String> = place.folders.into_iter().chain([place.name]).collect();
            assert_eq!(parts.join("/"), expected, "{name:?}");
        };
        check("a b.wav", "a b.wav");
        check("loops/kicks/a.wav", "loops/kicks/a.wav");
        check("../../etc/passwd", "etc/passwd");
        check("/etc//./passwd", "etc/passwd");
        check("a/. ./../b/.../c.wav", "a/b/c.wav");
        check("C:\\sounds\\a.wav", "C:/sounds/a.wav");
        check(" .hidden.wav ", "hidden.wav");
        check(".part-1/.part-2", "part-1/part-2");
        check("a\0b\n.wav", "ab.wav");
        check("🎻.wav", "🎻.wav");
        check(&format!("{}.wav", "x".repeat(300)), &format!("{}.wav", "x".repeat(236)));
        check(&format!("{}.wav", "🎻".repeat(200)), &format!("{}.wav", "🎻".repeat(59)));
        check(&format!("a.{}", "🎻".repeat(200)), &format!("a.{}", "🎻".repeat(59)));
        let deep: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        check(&format!("{}/a.wav", deep.join("/")), &format!("{}/a.wav", deep[84..].join("/")));
        let long = format!("{}/", "y".repeat(240)).repeat(10);
        check(&format!("{long}a.wav"), &format!("{}a.wav", &long[..241 * 6]));
        for name in ["", "/", "..", " ", "a/", "a/..", "\u{7}"] {
            assert!(safe_place(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn folders_are_made_beside_files_of_their_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let names = ["a".to_owned(), "b".to_owned()];
        for _ in 0..2 {
            let made = make_folders(folder.path(), &names).unwrap();
            assert_eq!(made, folder.path().join("a (2)/b"));
            assert!(made.is_dir());
        }
    }

    #[test]
    fn taken_names_get_a_number() {
        let folder = tempfile::tempdir().unwrap();
        for expected in ["a.wav", "a (2).wav", "a (3).wav"] {
            let path = free_path(folder.path(), "a.wav");
            assert_eq!(path, folder.path().join(expected));
            fs::write(path, "").unwrap();
        }
    }
}
