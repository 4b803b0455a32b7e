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

/// The largest file that is received.
const MAX_FILE_BYTES: u64 = 4 << 30;
/// The most bytes of one upload.
const MAX_UPLOAD_BYTES: u64 = 64 << 30;
/// The most files of one upload.
const MAX_FILES: u32 = 100_000;
/// Uploads at one time.
const MAX_UPLOADS: usize = 1000;
/// The longest name of a file, in bytes: what file systems take, less what `free_path` may add.
const MAX_NAME_BYTES: usize = 240;

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
    /// The upload it is for and its name there; none for the input of a reconstruction.
    place: Option<(Id, String)>,
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

    /// Begins to receive a file into an upload. Of its name only the last part counts; a name that
    /// is taken gets a number.
    ///
    /// # Errors
    /// `NotFound` when there is no such upload; `Invalid` when the name has nothing in it;
    /// `TooMuch` when the upload is full.
    pub fn stage_upload(&self, id: &Id, name: &str) -> Result<StagedFile, Error> {
        let name = safe_name(name)?;
        let received = received(&self.shared, id)?;
        if received.n_files >= MAX_FILES {
            return Err(Error::TooMuch { limit: format!("{MAX_FILES} files in one upload") });
        }
        let left = MAX_UPLOAD_BYTES.saturating_sub(received.bytes);
        let folder = self.shared.workspace.upload(id);
        stage(&self.shared, &folder, left.min(MAX_FILE_BYTES), Some((id.clone(), name)))
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
        let Some((id, name)) = self.place.take() else {
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
        let path = free_path(&self.shared.workspace.upload(&id), &name);
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
    place: Option<(Id, String)>,
) -> Result<StagedFile, Error> {
    let path = folder.join(format!(".part-{:08x}{:08x}", shared.chance(), shared.chance()));
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
    for entry in fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
        let entry = entry.map_err(Error::io("read", &folder))?;
        if !is_staged(&entry.path()) {
            received.n_files += 1;
            received.bytes += entry.metadata().map_err(Error::io("read", &folder))?.len();
        }
    }
    Ok(*lock(&shared.uploads).entry(id.clone()).or_insert(received))
}

/// The last part of a name, without what a file system or a shell would take for something else.
fn safe_name(name: &str) -> Result<String, Error> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).collect();
    let plain = plain.trim().trim_start_matches('.');
    if plain.is_empty() {
        return Err(Error::invalid("name", "the file needs a name"));
    }
    let (stem, ending) = split_name(plain);
    let stem = cut(stem, MAX_NAME_BYTES.saturating_sub(ending.len()).max(1));
    Ok(format!("{stem}{}", cut(ending, MAX_NAME_BYTES - stem.len())))
}

/// A path for a name in a folder that is not taken.
fn free_path(folder: &Path, name: &str) -> PathBuf {
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
        let check = |name: &str, expected: &str| assert_eq!(safe_name(name).unwrap(), expected);
        check("a b.wav", "a b.wav");
        check("../../etc/passwd", "passwd");
        check("C:\\sounds\\a.wav", "a.wav");
        check(" .hidden.wav ", "hidden.wav");
        check("a\0b\n.wav", "ab.wav");
        check("🎻.wav", "🎻.wav");
        check(&format!("{}.wav", "x".repeat(300)), &format!("{}.wav", "x".repeat(236)));
        check(&format!("{}.wav", "🎻".repeat(200)), &format!("{}.wav", "🎻".repeat(59)));
        check(&format!("a.{}", "🎻".repeat(200)), &format!("a.{}", "🎻".repeat(59)));
        for name in ["", "/", "..", " ", "a/", "\u{7}"] {
            assert!(safe_name(name).is_err(), "{name:?}");
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
