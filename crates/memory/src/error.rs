//! What can go wrong with a memory, by what one can do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk or its permissions: make room, or choose another folder.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried: `read`, `write`, …
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file is not what it should be: take a copy, or make it again.
    #[error("read {}: {reason}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer version of the program wrote it: use that one.
    #[error("read {}: its format is {found}, and this version knows formats up to {known}", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// Another program writes to it: wait, or end that one.
    #[error("open {}: another program writes to it", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// What was given cannot be taken: change it.
    #[error("{reason}")]
    Unfit {
        /// Why.
        reason: String,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    pub(crate) fn unfit(reason: impl Into<String>) -> Self {
        Self::Unfit { reason: reason.into() }
    }
}
