//! What can go wrong when a model is stored or loaded.

use std::path::PathBuf;

/// Why a model could not be stored or loaded. Messages follow "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read or written, or does not hold the tensors that are needed.
    #[error(transparent)]
    File(#[from] nn::Error),
    /// The file holds tensors, but its settings are absent or cannot be used.
    #[error("read the settings in {path}: {reason}")]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// The file is of the original program, but of a model that cannot be here, or of something else.
    #[error("understand {path}: {reason}")]
    Original {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that was written does not do what the model does: a mistake of ours, or a damaged disk.
    #[error("verify the export: {what}")]
    Differs {
        /// What is not as it should be.
        what: String,
    },
    /// A sound, codes or a choice that the model cannot take; choose others.
    #[error("use this with the model: {reason}")]
    Unfit {
        /// What does not fit.
        reason: String,
    },
    /// The file is a model without what training needs to go on.
    #[error("resume from {path}: it holds no {what}")]
    NotResumable {
        /// The file.
        path: PathBuf,
        /// What is absent.
        what: String,
    },
}
