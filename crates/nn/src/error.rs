//! Errors outside the graph: in files, and in the names and shapes in them.

use std::path::PathBuf;

/// Why a file of tensors could not be read or written, or does not fit a network.
///
/// Messages follow "failed to …". Mistakes of our own code, such as a convolution of wrong shapes,
/// panic instead.
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
    /// The bytes are not what the format promises; the file is damaged or foreign.
    #[error("read {path}: {reason} (at byte {offset})")]
    Malformed {
        /// The file, or what the bytes were said to be.
        path: PathBuf,
        /// The position in the file, or in the named member of an archive, where reading stopped.
        offset: u64,
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
    /// A tensor that is needed is absent; the file belongs to another configuration.
    #[error("find tensor `{name}`")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A tensor has another shape than the network; the file belongs to another configuration.
    #[error("fit tensor `{name}`: its shape is {found:?}, the network needs {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// What the network needs.
        expected: Vec<usize>,
        /// What was found.
        found: Vec<usize>,
    },
}
