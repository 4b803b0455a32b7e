//! The computer and the program: health, what works, what to do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::UnixMs;

/// `GET /api/health`: that the studio answers, and who it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Always `ok`: a studio that cannot work does not answer.
    pub status: String,
    /// The version of Maquette.
    pub version: String,
    /// The workspace it serves.
    pub workspace: String,
    /// When it started.
    pub started_ms: UnixMs,
    /// Its process id.
    pub pid: u32,
}

/// What this machine has, what works, and what to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Doctor {
    /// The version of Maquette.
    pub version: String,
    /// The computer.
    pub machine: Machine,
    /// One line for each thing that was looked at.
    pub checks: Vec<Check>,
}

/// The computer as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Machine {
    /// Operating system and processor architecture.
    pub system: String,
    /// The processor's name.
    pub cpu: String,
    /// Cores this process may use.
    pub n_cores: u32,
    /// The fastest instructions found, like `AVX-512`.
    pub simd: String,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Memory free to use now, in bytes.
    pub memory_free_bytes: u64,
    /// Free space where the workspace is, in bytes.
    pub disk_free_bytes: u64,
    /// Processor use of the whole computer, in percent of all cores; absent where it cannot be read.
    pub cpu_percent: Option<f64>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What.
    pub name: String,
    /// How it is.
    pub status: CheckStatus,
    /// What was found.
    pub found: String,
    /// What to do, where something should be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How a checked thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// As it should be.
    Ok,
    /// It works, but could be better.
    Warning,
    /// It does not work.
    Failed,
}
