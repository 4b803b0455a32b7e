//! What went wrong, in the words a page or a terminal shows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An answer that is not what was asked for: what happened, why, and what to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A stable word for programs, like `not_found` or `no_audio`.
    pub code: String,
    /// What happened, one sentence.
    pub what: String,
    /// Why, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What the person can do now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// For a form: which settings are wrong, each with its own message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
}

impl Problem {
    /// The code of a disk that is full.
    pub const DISK_FULL: &'static str = "disk_full";

    /// There is no room on the disk of the workspace. `then` says how to go on once there is; it may be empty.
    #[must_use]
    pub fn disk_full(why: Option<String>, then: &str) -> Self {
        Self {
            code: Self::DISK_FULL.into(),
            what: DISK_IS_FULL.into(),
            why,
            remedy: Some(format!("{FREE_SPACE} {then}").trim_end().into()),
            fields: vec![],
        }
    }
}

/// What happened when any disk is full.
pub const DISK_IS_FULL: &str = "The disk is full.";

/// What to do when the disk of the workspace is full.
pub const FREE_SPACE: &str =
    "Free some space on the disk that the workspace is on, for example by emptying the trash.";

/// One setting that cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// The knob's key.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// A value that would work, if one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<serde_json::Value>,
}
