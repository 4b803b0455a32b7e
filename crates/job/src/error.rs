//! What can go wrong with the files of a job, by kind of remedy.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a file of a job could not be read or written. Messages follow "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused: look at permissions and free space.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried, like `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not hold what it should: put back a copy of it.
    #[error("understand {}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The file is of a newer version: update this program.
    #[error(
        "read {}: it was written by a newer version of Maquette (format {found}; this version reads up to {known})",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// The order asks for a kind of job that this program does not know: update it.
    #[error("do {}: this version of Maquette knows no job of the kind `{word}`", path.display())]
    UnknownKind {
        /// The order's file.
        path: PathBuf,
        /// The kind, as the order says it.
        word: String,
    },
    /// Another worker holds the folder: wait until it has ended.
    #[error("take {}: another worker holds it", folder.display())]
    Held {
        /// The job's folder.
        folder: PathBuf,
    },
}

impl Error {
    /// For `map_err`: what was tried with which path.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::Io { action, path, source }
    }

    /// Whether the file is not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Whether the system refused to write for lack of room, on the disk or within a quota.
pub fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
