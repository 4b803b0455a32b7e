//! What can go wrong with a file of another program, by what a person can do about it.

use std::path::{Path, PathBuf};

/// Why a file of another program could not be read or written.
///
/// Messages follow "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused; try again, free space, or choose another folder.
    #[error("access {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The content violates the format; the file is damaged or of another kind.
    #[error("read {path}: {reason} ({position})")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where reading stopped.
        position: Position,
        /// What is wrong there.
        reason: String,
    },
    /// The file uses a feature of its format that is not supported here.
    #[error("read {path}: {what} is not supported")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The feature.
        what: String,
    },
    /// A configuration does not define a name unambiguously; correct the configuration.
    #[error("resolve `{name}`: {reason}")]
    Unresolved {
        /// The name that was looked up.
        name: String,
        /// Why it has no value.
        reason: String,
    },
}

/// A position in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// Bytes from the start of the file.
    Byte(u64),
    /// A position in text; both count from 1.
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

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Byte(byte) => write!(f, "at byte {byte}"),
            Self::Line { line, column } => write!(f, "at line {line}, column {column}"),
            Self::Key { key, byte } => write!(f, "at key `{key}`, byte {byte}"),
        }
    }
}

pub(crate) fn malformed(path: &Path, position: Position, reason: impl Into<String>) -> Error {
    Error::Malformed { path: path.to_owned(), position, reason: reason.into() }
}

pub(crate) fn unsupported(path: &Path, what: impl Into<String>) -> Error {
    Error::Unsupported { path: path.to_owned(), what: what.into() }
}

/// For `map_err` on file operations on `path`.
pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |source| Error::Io { path: path.to_owned(), source }
}
