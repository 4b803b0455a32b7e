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
