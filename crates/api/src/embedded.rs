//! Words and sounds as vectors that can be compared.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Vectors that a model made of words or of a sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EmbeddedInput {
    /// The words, or the file of the sound as it was named.
    pub input: String,
    /// The file of the vectors: float32 `[dim]`, or `[frames, dim]` for a layer.
    pub output: String,
    /// The shape of what is in it.
    pub shape: Vec<u64>,
    /// The layer, if one was asked for.
    pub layer: Option<u64>,
    /// How long it took to compute, in seconds.
    pub compute_secs: f64,
    /// What else one should know, sentence by sentence.
    pub notes: Vec<String>,
}
