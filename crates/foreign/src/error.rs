//! What can go wrong with a file of another program, by what a person can do about it.

use std::path::{Path, PathBuf};

/// Why a file of another program could not be read or written.
///
/// Messages follow "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused; try again, free space, or choose another place.
    #[error("access {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The content is not what the format promises; the file is damaged or of another kind.
    #[error("read {path}: {reason} ({place})")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where the reading stopped.
        place: Place,
        /// What is wrong there.
        reason: String,
    },
    /// The format is known but uses something that is not read here.
    #[error("read {path}: {what} is not supported")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The feature.
        what: String,
    },
    /// A configuration does not say what a name means; mend the configuration.
    #[error("resolve `{name}`: {reason}")]
    Unresolved {
        /// The name that was looked up.
        name: String,
        /// What stands in the way.
        reason: String,
    },
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Bytes from the start of the file.
    Byte(u64),
    /// A place in text; both count from 1.
    Line {
        /// The line.
        line: usize,
        /// The character in it.
        column: usize,
    },
    /// A record of a database.
    Key {
        /// Its key, with what is not printable escaped.
        key: String,
        /// Bytes from the start of its value.
        byte: u64,
    },
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Byte(byte) => write!(f, "at byte {byte}"),
            Self::Line { line, column } => write!(f, "at line {line}, column {column}"),
            Self::Key { key, byte } => write!(f, "at key `{key}`, byte {byte}"),
        }
    }
}

pub(crate) fn malformed(path: &Path, place: Place, reason: impl Into<String>) -> Error {
    Error::Malformed { path: path.to_owned(), place, reason: reason.into() }
}

pub(crate) fn unsupported(path: &Path, what: impl Into<String>) -> Error {
    Error::Unsupported { path: path.to_owned(), what: what.into() }
}

/// For `map_err` on what the file system does to `path`.
pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |source| Error::Io { path: path.to_owned(), source }
}
