//! Files that are written whole or not at all, for all formats of this crate.
//!
//! `job::whole` does the same for the files of a job. It is not used here because `nn` depends on no other crate
//! of ours: formats of models know nothing of jobs.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::Error;

/// Writes a file under a temporary name with `write`, which must sync it, and then renames it.
pub(crate) fn write(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Error> {
    let partial = partial(path);
    write(&partial).and_then(|()| rename(path)).map_err(|source| {
        // Best effort: the first error is the one to report, and what stays is overwritten next time.
        let _ = fs::remove_file(&partial);
        Error::Io { path: path.to_owned(), source }
    })
}

/// The temporary name of a file.
pub(crate) fn partial(path: &Path) -> PathBuf {
    path.with_added_extension("partial")
}

/// Gives a synced file its name in place of the temporary one.
pub(crate) fn rename(path: &Path) -> io::Result<()> {
    fs::rename(partial(path), path)?;
    // Makes the new name itself survive a power cut; not every file system supports it.
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        write(&path, |partial| fs::write(partial, "old")).unwrap();
        let failed = write(&path, |partial| {
            fs::write(partial, "new")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(matches!(failed, Err(Error::Io { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
