//! What can go wrong in the studio, by kind of remedy.

use std::path::{Path, PathBuf};

use api::{FieldProblem, Id, Problem};

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
    /// A folder from outside is not what it should be: choose another one.
    #[error("import {}: {reason}", path.display())]
    BadImport {
        /// The folder.
        path: PathBuf,
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
    /// The same for people: what happened, why, and what to do.
    pub fn problem(&self) -> Problem {
        let (code, why, remedy) = match self {
            Error::Locked { port: Some(port), .. } => (
                "locked",
                None,
                Some(format!("use the studio at http://127.0.0.1:{port}, or close it")),
            ),
            Error::Locked { .. } => {
                ("locked", None, Some("wait until the other command is done".to_owned()))
            }
            Error::NotFound { .. } => {
                ("not_found", None, Some("it may have been deleted; look at the list".to_owned()))
            }
            Error::Invalid { .. } => ("invalid", None, None),
            Error::Conflict { why, remedy, .. } => {
                ("conflict", Some(why.clone()), Some(remedy.clone()))
            }
            Error::TooMuch { .. } => ("too_much", None, Some("send or ask for less".to_owned())),
            Error::BadImport { reason, .. } => (
                "bad_import",
                Some(reason.clone()),
                Some("choose the folder of a dataset, a run or a model".to_owned()),
            ),
            Error::Io { source, .. } => {
                ("file_system", Some(source.to_string()), io_remedy(source))
            }
            Error::Store(source) => (
                "database",
                Some(source.to_string()),
                Some("start the studio again; a broken database is rebuilt then".to_owned()),
            ),
            Error::Closed => ("closed", None, Some("start the studio again".to_owned())),
        };
        let what = match self {
            Error::Conflict { what, .. } => format!("failed to {what}"),
            other => format!("failed to {other}"),
        };
        let fields = match self {
            Error::Invalid { key, message } => vec![FieldProblem {
                key: (*key).to_owned(),
                message: message.clone(),
                suggestion: None,
            }],
            _ => Vec::new(),
        };
        Problem { code: code.to_owned(), what, why, remedy, fields }
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

fn number(pid: Option<u32>) -> String {
    pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string())
}

fn io_remedy(source: &std::io::Error) -> Option<String> {
    let remedy = match source.kind() {
        std::io::ErrorKind::PermissionDenied => "allow this program to use the folder",
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "free some space on the disk"
        }
        std::io::ErrorKind::ReadOnlyFilesystem => "choose a workspace that can be written to",
        std::io::ErrorKind::NotFound => "look whether it was moved or deleted",
        _ => return None,
    };
    Some(remedy.to_owned())
}
