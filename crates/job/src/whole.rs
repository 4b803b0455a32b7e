//! Files that are whole or not there at all, whatever happens while they are written; and JSON within bounds.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::Error;

/// The largest JSON file that is read: an index of 100,000 sounds fits in well.
const JSON_BYTES_MAX: u64 = 128 << 20;

/// Writes a file under a temporary name, syncs it, and renames it into place.
///
/// # Errors
/// The disk is full, or the folder cannot be written; nothing is left behind then.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |partial| {
        let mut file = File::create(partial)?;
        file.write_all(bytes)?;
        file.sync_all()
    })
}

/// Writes a file with `write` under a temporary name, which it must sync, and renames it into place.
///
/// # Errors
/// As [`write()`], and those of `write`; nothing is left behind then.
pub fn write_with<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let partial = path.with_added_extension("partial");
    let written =
        write(&partial).and_then(|it| fs::rename(&partial, path).map(|()| it).map_err(E::from));
    match written {
        Ok(it) => {
            sync_folder(path.parent().unwrap_or(path));
            Ok(it)
        }
        Err(error) => {
            // Best effort: the error that matters is the first one.
            let _ = fs::remove_file(&partial);
            Err(error)
        }
    }
}

/// Writes JSON that people can read, whole or not at all.
///
/// # Errors
/// As [`write()`].
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let encoded = serde_json::to_vec_pretty(value).map_err(io::Error::other);
    let written = encoded.and_then(|mut bytes| {
        bytes.push(b'\n');
        write(path, &bytes)
    });
    written.map_err(Error::io("write", path))
}

/// Reads JSON that may come from anywhere: bounded and typed.
///
/// # Errors
/// The file is missing, too large, or not what it should be.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = read_bounded(path).map_err(Error::io("read", path))?;
    serde_json::from_slice(&bytes)
        .map_err(|source| Error::Damaged { path: path.to_owned(), source })
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(JSON_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > JSON_BYTES_MAX {
        let message = format!("it is larger than {} MiB", JSON_BYTES_MAX >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(bytes)
}

/// Reads JSON that need not be there.
///
/// # Errors
/// It is there and cannot be read.
pub fn read_json_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match read_json(path) {
        Err(error) if error.is_missing() => Ok(None),
        read => read.map(Some),
    }
}

/// Reads JSON with a format. The format comes first, as a newer file may hold what this program cannot read.
///
/// # Errors
/// As [`read_json`]; or the file is of a newer version.
pub fn read_versioned<T: DeserializeOwned>(path: &Path, known: u32) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    let Versioned { format: found } = read_json(path)?;
    if found > known {
        return Err(Error::Newer { path: path.to_owned(), found, known });
    }
    read_json(path)
}

/// Makes renames in a folder last. Some file systems cannot; they do what they can by themselves.
pub fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        // What matters is written; without this it only lasts less surely over a power cut.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_json(&path, &1).unwrap();
        assert_eq!(read_json::<u32>(&path).unwrap(), 1);
        fs::create_dir(folder.path().join("taken")).unwrap();
        assert!(write(&folder.path().join("taken"), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert_eq!(read_json_if_there::<u32>(&folder.path().join("b.json")).unwrap(), None);
        assert!(matches!(read_json::<String>(&path), Err(Error::Damaged { .. })));
    }

    #[test]
    fn a_newer_file_is_told_from_a_damaged_one() {
        #[derive(Debug, Deserialize)]
        struct Known {
            #[expect(dead_code, reason = "only read to be missing")]
            field: u32,
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, r#"{"format":9}"#).unwrap();
        let read = read_versioned::<Known>(&path, 1);
        assert!(matches!(read, Err(Error::Newer { found: 9, known: 1, .. })), "{read:?}");
        fs::write(&path, r#"{"format":1}"#).unwrap();
        assert!(matches!(read_versioned::<Known>(&path, 1), Err(Error::Damaged { .. })));
    }
}
