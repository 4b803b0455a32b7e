//! Folders of this computer, for the page that lets people choose one.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::{FolderFile, FolderFiles, FolderListing};

use crate::{Error, Studio};

/// Sub-folders that are listed.
const MAX_FOLDERS: usize = 2000;

/// Files that are listed.
const MAX_FILES: usize = 2000;

/// Entries of a folder that are looked at.
const MAX_ENTRIES: usize = 100_000;

/// Counting the sounds in sub-folders ends after so many entries or so much time, whichever is first:
/// somebody waits for the list. Preparing goes as deep.
const MAX_COUNTED: usize = 200_000;
const COUNTING_TIME: Duration = Duration::from_millis(400);
const MAX_DEPTH: usize = 32;

impl Studio {
    /// A folder on this computer, to choose sounds from; the home folder if none is given. At most
    /// 2,000 of its sub-folders, and of its files of a kind if one is given; hidden ones are left out,
    /// as preparing leaves them out.
    ///
    /// # Errors
    /// `Invalid` when the path is not absolute or no folder; `Io` when it cannot be read.
    pub fn folders(
        &self,
        path: Option<&Path>,
        files: Option<FolderFiles>,
    ) -> Result<FolderListing, Error> {
        let home = || std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"));
        list(&path.map_or_else(home, Path::to_owned), files, COUNTING_TIME)
    }
}

fn list(path: &Path, files: Option<FolderFiles>, time: Duration) -> Result<FolderListing, Error> {
    if !path.is_absolute() {
        return Err(Error::invalid("path", "give the whole path, from the root of the disk"));
    }
    let found = fs::metadata(path).map_err(Error::io("read", path))?;
    if !found.is_dir() {
        return Err(Error::invalid("path", format!("{} is not a folder", path.display())));
    }
    let is_wanted = |name: &str| match files {
        Some(FolderFiles::Sounds) => api::is_sound_name(name),
        Some(FolderFiles::Imports) => api::is_import_name(name),
        Some(FolderFiles::Projects) => api::is_daw_name(name) || api::is_packed_daw_name(name),
        None => false,
    };
    let mut listing = FolderListing {
        path: path.to_string_lossy().into_owned(),
        parent: path.parent().map(|parent| parent.to_string_lossy().into_owned()),
        folders: Vec::new(),
        n_sounds: 0,
        n_sounds_below: 0,
        is_count_partial: false,
        files: Vec::new(),
    };
    let mut below = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::io("read", path))?.take(MAX_ENTRIES) {
        // An entry that went meanwhile, or has a name that is no text, cannot be chosen.
        let Ok(entry) = entry else { continue };
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Ok(kind) = entry.file_type() else { continue };
        if api::is_hidden_name(&name) {
            continue;
        }
        if kind.is_dir() {
            below.push(entry.path());
            listing.folders.push(name);
        } else if kind.is_symlink() && entry.path().is_dir() {
            // It can be gone into; but what is below it is not used from here.
            listing.folders.push(name);
        } else {
            listing.n_sounds += u32::from(api::is_sound_name(&name));
            if is_wanted(&name) {
                let bytes = fs::metadata(entry.path()).map_or(0, |it| it.len());
                listing.files.push(FolderFile { name, bytes });
            }
        }
    }
    let (n_below, is_partial) = count_below(below, time);
    listing.n_sounds_below = listing.n_sounds.saturating_add(n_below);
    listing.is_count_partial = is_partial;
    listing.folders.sort_by_cached_key(|name| (name.to_lowercase(), name.clone()));
    listing.folders.truncate(MAX_FOLDERS);
    listing.files.sort_by_cached_key(|file| (file.name.to_lowercase(), file.name.clone()));
    listing.files.truncate(MAX_FILES);
    Ok(listing)
}

/// How many files in folders and in those below look like sound, and whether counting ended early.
/// Links to folders are not followed, as preparing does not.
fn count_below(folders: Vec<PathBuf>, time: Duration) -> (u32, bool) {
    let started = Instant::now();
    let (mut n_sounds, mut n_seen) = (0, 0);
    let mut folders: Vec<_> = folders.into_iter().map(|path| (path, 1)).collect();
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if n_seen >= MAX_COUNTED || (n_seen % 64 == 0 && started.elapsed() >= time) {
                return (n_sounds, true);
            }
            n_seen += 1;
            let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else { continue };
            let name = name.to_string_lossy();
            if api::is_hidden_name(&name) {
                continue;
            }
            if !kind.is_dir() {
                n_sounds += u32::from(api::is_sound_name(&name));
            } else if depth < MAX_DEPTH {
                folders.push((entry.path(), depth + 1));
            }
        }
    }
    (n_sounds, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(path: &Path, files: Option<FolderFiles>) -> FolderListing {
        list(path, files, Duration::from_secs(60)).unwrap()
    }

    #[test]
    fn folders_are_listed_and_sounds_counted() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/deep", "A", "ünï 🎻", ".hidden", "__MACOSX", "$RECYCLE.BIN"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        for name in [
            "a.wav",
            "b.FLAC",
            "c.txt",
            "wav",
            ".d.wav",
            "._a.wav",
            "m.ckpt",
            "b/inner.wav",
            "b/.inner.wav",
            "b/deep/one.mp3",
            ".hidden/x.wav",
            "__MACOSX/y.wav",
            "$RECYCLE.BIN/z.wav",
        ] {
            fs::write(folder.path().join(name), "12").unwrap();
        }
        let listing = listed(folder.path(), None);
        assert_eq!(listing.folders, ["A", "b", "ünï 🎻"]);
        assert_eq!((listing.n_sounds, listing.n_sounds_below), (2, 4));
        assert!(!listing.is_count_partial && listing.files.is_empty());
        assert_eq!(listing.parent.as_deref(), folder.path().parent().and_then(Path::to_str));
        let names = |files| {
            let listing = listed(folder.path(), Some(files));
            listing.files.into_iter().map(|it| (it.name, it.bytes)).collect::<Vec<_>>()
        };
        let file = |name: &str| (name.to_owned(), 2);
        assert_eq!(names(FolderFiles::Sounds), [file("a.wav"), file("b.FLAC")]);
        assert_eq!(names(FolderFiles::Imports), [file("m.ckpt")]);
        // A hidden folder that somebody goes into is like any other.
        assert_eq!(listed(&folder.path().join(".hidden"), None).n_sounds, 1);
    }

    #[test]
    fn counting_ends_when_time_is_up() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b.wav"), "").unwrap();
        let listing = list(folder.path(), None, Duration::ZERO).unwrap();
        assert!(listing.is_count_partial && listing.n_sounds_below == 0);
    }

    #[test]
    fn what_cannot_be_listed_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        fs::write(&file, "").unwrap();
        let list = |path: &Path| list(path, None, Duration::ZERO);
        assert!(matches!(list(&file), Err(Error::Invalid { key: "path", .. })));
        assert!(matches!(list(Path::new("relative")), Err(Error::Invalid { key: "path", .. })));
        let missing = list(&folder.path().join("missing"));
        assert!(matches!(missing, Err(Error::Io { action: "read", .. })));
        assert_eq!(list(Path::new("/")).unwrap().parent, None);
    }
}
