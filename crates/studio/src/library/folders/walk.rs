//! Looking through a folder for sounds, within bounds: hidden ones are left out, links to folders are not followed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use api::UnixMs;

use crate::Error;

/// The most sounds of one folder, and how deep its sub-folders may be: as preparing a dataset has it.
pub(super) const FILES_MAX: usize = 100_000;
const DEPTH_MAX: usize = 32;
/// Entries that are looked at, whatever they are.
const ENTRIES_MAX: usize = 2_000_000;

/// A sound file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its path in the folder, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) modified_ms: UnixMs,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Its sounds, by path.
    pub(crate) files: Vec<Found>,
    /// Sounds that were too many.
    pub(super) n_left_out: usize,
}

/// Every sound of a folder and of those below it; or the file itself, if it is one.
///
/// # Errors
/// `Io` when the folder cannot be read. One below it that cannot be is left out.
pub(crate) fn walk(root: &Path) -> Result<Walked, Error> {
    let found = fs::metadata(root).map_err(Error::io("read", root))?;
    if found.is_file() {
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Walked { files: vec![of(name, &found)], n_left_out: 0 });
    }
    // The first one is read here, so that it can be the error.
    fs::read_dir(root).map_err(Error::io("read", root))?;
    let (mut walked, mut n_seen) = (Walked::default(), 0);
    let mut folders = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, way, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            n_seen += 1;
            if n_seen > ENTRIES_MAX {
                walked.n_left_out += 1;
                break;
            }
            // A name that is no text cannot be asked for.
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            if api::is_hidden_name(&name) {
                continue;
            }
            let path = if way.is_empty() { name.clone() } else { format!("{way}/{name}") };
            if kind.is_dir() {
                if depth < DEPTH_MAX {
                    folders.push((entry.path(), path, depth + 1));
                }
            } else if api::is_library_name(&name)
                && let Ok(found) = fs::metadata(entry.path())
                && found.is_file()
            {
                match walked.files.len() < FILES_MAX {
                    true => walked.files.push(of(path, &found)),
                    false => walked.n_left_out += 1,
                }
            }
        }
    }
    walked.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walked)
}

/// Files that were chosen one by one, as far as they are there, by their whole paths.
pub(super) fn listed_files(paths: &[PathBuf]) -> Walked {
    let mut walked = Walked::default();
    for path in paths.iter().take(FILES_MAX) {
        if let (Ok(found), Some(text)) = (fs::metadata(path), path.to_str())
            && found.is_file()
        {
            walked.files.push(of(text.to_owned(), &found));
        }
    }
    walked.files.sort_by(|a, b| a.path.cmp(&b.path));
    walked.files.dedup();
    walked.n_left_out = paths.len().saturating_sub(FILES_MAX);
    walked
}

fn of(path: String, found: &fs::Metadata) -> Found {
    let modified_ms = modified(found).unwrap_or(0);
    Found { path, bytes: found.len(), modified_ms }
}

fn modified(found: &fs::Metadata) -> io::Result<UnixMs> {
    let since = found.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(since.as_millis() as UnixMs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_found_below_and_hidden_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/deep", ".hidden"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        for name in [
            "z.wav",
            "A.FLAC",
            "c.txt",
            "._z.wav",
            "b/inner.mp3",
            "b/n.mid",
            "b/deep/x.aif",
            ".hidden/y.wav",
        ] {
            fs::write(folder.path().join(name), "12").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        let walked = walk(folder.path()).unwrap();
        let paths: Vec<&str> = walked.files.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["A.FLAC", "b/deep/x.aif", "b/inner.mp3", "b/n.mid", "z.wav"]);
        assert!(walked.files.iter().all(|it| it.bytes == 2 && it.modified_ms > 0));
        let one = walk(&folder.path().join("z.wav")).unwrap();
        assert_eq!(one.files[0].path, "z.wav");
        assert!(matches!(walk(&folder.path().join("gone")), Err(Error::Io { .. })));
    }
}
