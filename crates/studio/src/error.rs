//! What can go wrong in the studio, by kind of remedy.

use std::path::{Path, PathBuf};

use api::{DISK_IS_FULL, FREE_SPACE, FieldProblem, Id, Problem, sentence};

/// Why a verb of the studio did not do what it was asked.
///
/// Messages follow "failed to …"; [`Error::problem`] has the words for pages and terminals.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another studio has the workspace open: talk to that one, or close it.
    #[error("use {}: a studio with process id {} has it open", workspace.display(), number(*pid))]
    Locked {
        /// The workspace.
        workspace: PathBuf,
        /// The other studio's process, if it said so.
        pid: Option<u32>,
        /// Where the other studio answers HTTP, if it does.
        port: Option<u16>,
    },
    /// There is no such thing: look at the list again.
    #[error("find {what} `{id}`")]
    NotFound {
        /// `dataset`, `run`, `model`, `file`…
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// A value cannot be used: change it and ask again.
    #[error("use `{key}`: {message}")]
    Invalid {
        /// The field of the request.
        key: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The thing is in a state that forbids it: do something else first.
    #[error("{what}: {why}")]
    Conflict {
        /// What was to be done.
        what: String,
        /// What stands against it.
        why: String,
        /// What to do first.
        remedy: String,
    },
    /// More than the studio takes: send or ask for less.
    #[error("take more than {limit}")]
    TooMuch {
        /// The limit, in words.
        limit: String,
    },
    /// A file of a newer version: update this program.
    #[error("read {}: it has format {found}; this version reads up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// An order of a kind that this version does not know: update this program.
    #[error("read {}: this version knows no job of the kind `{word}`", path.display())]
    UnknownKind {
        /// The order's file.
        path: PathBuf,
        /// The kind, as the order says it.
        word: String,
    },
    /// A folder from outside is not what it should be: choose another one.
    #[error("import {}: {reason}", path.display())]
    BadImport {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An archive from outside is not what it should be: get another copy of it.
    #[error("import the archive: {reason}")]
    BadArchive {
        /// What is wrong with it.
        reason: String,
    },
    /// The file system refused: look at permissions and free space.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, like `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database refused: open the workspace again; a broken database is rebuilt then.
    #[error("use the workspace's database: {0}")]
    Store(#[from] rusqlite::Error),
    /// The studio was closed.
    #[error("use a studio that was closed")]
    Closed,
}

impl Error {
    /// The same for people: what happened, why, and what to do, each a sentence.
    pub fn problem(&self) -> Problem {
        let (code, what, why, remedy) = match self {
            Error::Locked { workspace, pid, port } => {
                let holder = pid.map_or_else(
                    || "Another program is using it.".to_owned(),
                    |pid| format!("Maquette is already running on it, with process ID {pid}."),
                );
                let remedy = port.map_or_else(
                    || "Wait until the other program has finished.".to_owned(),
                    |port| format!("Use the one at http://127.0.0.1:{port}, or quit it."),
                );
                let what = format!("The workspace {} is already open.", workspace.display());
                ("locked", what, Some(holder), remedy)
            }
            Error::NotFound { what, id } => (
                "not_found",
                format!("There is no {what} “{id}”."),
                None,
                "It may have been deleted. Check the list.".to_owned(),
            ),
            Error::Invalid { key, message } => (
                "invalid",
                format!("The value of `{key}` is not valid."),
                Some(sentence(message)),
                format!("Change `{key}` and try again."),
            ),
            Error::Conflict { what, why, remedy } => {
                ("conflict", format!("Could not {what}."), Some(sentence(why)), sentence(remedy))
            }
            Error::TooMuch { limit } => (
                "too_much",
                "This is more than Maquette accepts.".to_owned(),
                Some(format!("The limit is {limit}.")),
                "Use less.".to_owned(),
            ),
            Error::BadImport { path, reason } => (
                "bad_import",
                format!("Could not import {}.", path.display()),
                Some(sentence(reason)),
                "Choose the folder of a dataset, a run or a model.".to_owned(),
            ),
            Error::Io { action, path, source } if job::is_disk_full(source) => (
                Problem::DISK_FULL,
                DISK_IS_FULL.to_owned(),
                Some(format!("Could not {action} {}.", path.display())),
                FREE_SPACE.to_owned(),
            ),
            Error::Io { action, path, source } => (
                "file_system",
                format!("Could not {action} {}.", path.display()),
                Some(sentence(&source.to_string())),
                io_remedy(source).to_owned(),
            ),
            Error::BadArchive { reason } => (
                "bad_archive",
                "Could not import the archive.".to_owned(),
                Some(sentence(reason)),
                "Export the project again, or get another copy of the archive.".to_owned(),
            ),
            Error::Newer { path, found, known } => (
                "newer",
                format!("The file {} was written by a newer version of Maquette.", path.display()),
                Some(format!("Its format is {found}; this version reads up to {known}.")),
                "Update Maquette.".to_owned(),
            ),
            Error::UnknownKind { path, word } => (
                "newer",
                format!("The order {} is of a newer version of Maquette.", path.display()),
                Some(format!("This version knows no job of the kind “{word}”.")),
                "Update Maquette.".to_owned(),
            ),
            Error::Store(source) if is_full(source) => (
                Problem::DISK_FULL,
                DISK_IS_FULL.to_owned(),
                Some("The workspace's database could not be written.".to_owned()),
                FREE_SPACE.to_owned(),
            ),
            Error::Store(source) => (
                "database",
                "The workspace's database failed.".to_owned(),
                Some(sentence(&source.to_string())),
                "Restart Maquette. A damaged database is rebuilt then.".to_owned(),
            ),
            Error::Closed => (
                "closed",
                "Maquette is shutting down.".to_owned(),
                None,
                "Start Maquette again.".to_owned(),
            ),
        };
        let fields = match self {
            Error::Invalid { key, message } => vec![FieldProblem {
                key: (*key).to_owned(),
                message: message.clone(),
                suggestion: None,
            }],
            _ => Vec::new(),
        };
        Problem { code: code.to_owned(), what, why, remedy: Some(remedy), fields }
    }

    /// Whether there was no room to write something.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Error::Io { source, .. } => job::is_disk_full(source),
            Error::Store(source) => is_full(source),
            _ => false,
        }
    }

    pub(crate) fn not_found(what: &'static str, id: &Id) -> Self {
        Error::NotFound { what, id: id.to_string() }
    }

    pub(crate) fn invalid(key: &'static str, message: impl Into<String>) -> Self {
        Error::Invalid { key, message: message.into() }
    }

    pub(crate) fn conflict(
        what: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Error::Conflict { what: what.into(), why: why.into(), remedy: remedy.into() }
    }

    /// For `map_err`: what was tried with which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::Io { action, path, source }
    }
}

impl From<job::Error> for Error {
    fn from(error: job::Error) -> Self {
        match error {
            job::Error::Io { action, path, source } => Error::Io { action, path, source },
            job::Error::Damaged { path, source } => {
                let source = std::io::Error::new(std::io::ErrorKind::InvalidData, source);
                Error::Io { action: "read", path, source }
            }
            job::Error::Newer { path, found, known } => Error::Newer { path, found, known },
            job::Error::UnknownKind { path, word } => Error::UnknownKind { path, word },
            job::Error::Held { folder } => Error::conflict(
                format!("take {}", folder.display()),
                "another worker holds it",
                "wait until that one has ended",
            ),
        }
    }
}

/// Whether the database could not write for lack of room. A used-up quota shows as a failed write.
pub(crate) fn is_full(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    let codes = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE];
    let found = error.sqlite_error();
    found.is_some_and(|it| {
        it.code == rusqlite::ErrorCode::DiskFull || codes.contains(&it.extended_code)
    })
}

fn number(pid: Option<u32>) -> String {
    pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string())
}

fn io_remedy(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "Give Maquette permission to use this file or folder."
        }
        std::io::ErrorKind::ReadOnlyFilesystem => "Choose a workspace on a disk that is writable.",
        std::io::ErrorKind::NotFound => "Check whether it was moved or deleted.",
        std::io::ErrorKind::InvalidData => "The file is damaged. Restore it from a backup.",
        _ => "Check the disk and try again. `maquette doctor` may tell more.",
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    fn is_sentence(text: &str) -> bool {
        text.starts_with(|c: char| !c.is_lowercase()) && text.ends_with('.')
    }

    #[test]
    fn every_problem_says_what_and_what_to_do() {
        let check = |error: Error| {
            let problem = error.problem();
            assert!(problem.what.starts_with(|c: char| c.is_uppercase()), "{problem:?}");
            let remedy = problem.remedy.as_deref().unwrap();
            let why = problem.why.as_deref().unwrap_or("None.");
            for text in [problem.what.as_str(), why, remedy] {
                assert!(is_sentence(text), "{problem:?}");
            }
            assert!(!problem.what.contains(why.trim_end_matches('.')), "{problem:?}");
        };
        let workspace = PathBuf::from("/w");
        check(Error::Locked { workspace: workspace.clone(), pid: None, port: None });
        check(Error::Locked { workspace, pid: Some(1), port: Some(2) });
        check(Error::NotFound { what: "run", id: "x".to_owned() });
        check(Error::invalid("name", "give 1 to 120 characters"));
        check(Error::conflict("stop the run `x`", "it is done already", "look at it"));
        check(Error::TooMuch { limit: "1000 uploads".to_owned() });
        check(Error::BadArchive { reason: "it is cut short".to_owned() });
        check(Error::BadImport { path: "/x".into(), reason: "it is not a folder".to_owned() });
        for kind in [ErrorKind::PermissionDenied, ErrorKind::InvalidData, ErrorKind::Other] {
            check(Error::io("read", Path::new("/x"))(kind.into()));
        }
        check(Error::Store(rusqlite::Error::InvalidQuery));
        check(Error::Closed);
    }
}
