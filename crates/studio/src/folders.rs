//! Folders of this computer, for the page that lets people choose one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::FolderListing;

use crate::{Error, Studio};

/// Sub-folders that are listed.
const MAX_FOLDERS: usize = 2000;

/// Entries of a folder that are looked at.
const MAX_ENTRIES: usize = 100_000;

/// Endings of file names that look like sound. Preparing looks into the files; this only counts.
const SOUND_ENDINGS: [&str; 13] =
    ["wav", "wave", "aif", "aiff", "aifc", "flac", "mp3", "ogg", "oga", "m4a", "aac", "mp4", "caf"];

impl Studio {
    /// A folder on this computer, to choose sounds from; the home folder if none is given. At most
    /// 2,000 of its sub-folders, hidden ones left out.
    ///
    /// # Errors
    /// `Invalid` when the path is not absolute or no folder; `Io` when it cannot be read.
    pub fn folders(&self, path: Option<&Path>) -> Result<FolderListing, Error> {
        let home = || std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"));
        list(&path.map_or_else(home, Path::to_owned))
    }
}

fn list(path: &Path) -> Result<FolderListing, Error> {
    if !path.is_absolute() {
        return Err(Error::invalid("path", "give the whole path, from the root of the disk"));
    }
    let found = fs::metadata(path).map_err(Error::io("read", path))?;
    if !found.is_dir() {
        return Err(Error::invalid("path", format!("{} is not a folder", path.display())));
    }
    let (mut folders, mut n_sounds) = (Vec::new(), 0);
    for entry in fs::read_dir(path).map_err(Error::io("read", path))?.take(MAX_ENTRIES) {
        // An entry that went meanwhile, or has a name that is no text, cannot be chosen.
        let Ok(entry) = entry else { continue };
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Ok(kind) = entry.file_type() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let is_folder = kind.is_dir() || (kind.is_symlink() && entry.path().is_dir());
        if is_folder {
            folders.push(name);
        } else if looks_like_sound(&name) {
            n_sounds += 1;
        }
    }
    folders.sort_by_cached_key(|name| (name.to_lowercase(), name.clone()));
    folders.truncate(MAX_FOLDERS);
    let parent = path.parent().map(|parent| parent.to_string_lossy().into_owned());
    Ok(FolderListing { path: path.to_string_lossy().into_owned(), parent, folders, n_sounds })
}

fn looks_like_sound(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| SOUND_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_listed_and_sounds_counted() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b", "A", "ünï 🎻", ".hidden"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for name in ["a.wav", "b.FLAC", "c.txt", "wav", ".d.wav", "b/inner.wav"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let listing = list(folder.path()).unwrap();
        assert_eq!(listing.folders, ["A", "b", "ünï 🎻"]);
        assert_eq!(listing.n_sounds, 2);
        assert_eq!(listing.parent.as_deref(), folder.path().parent().and_then(Path::to_str));
        assert_eq!(list(Path::new("/")).unwrap().parent, None);
    }

    #[test]
    fn what_cannot_be_listed_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        fs::write(&file, "").unwrap();
        assert!(matches!(list(&file), Err(Error::Invalid { key: "path", .. })));
        assert!(matches!(list(Path::new("relative")), Err(Error::Invalid { key: "path", .. })));
        let missing = list(&folder.path().join("missing"));
        assert!(matches!(missing, Err(Error::Io { action: "read", .. })));
    }
}
