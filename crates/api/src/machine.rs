//! The computer and the program: health, what works, what to do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Job, Problem, UnixMs};

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

/// `GET /api/system`: how the studio, its computer, and what works for it are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SystemHealth {
    /// What this machine has, and what works.
    pub doctor: Doctor,
    /// When the studio started.
    pub started_ms: UnixMs,
    /// Memory that jobs whose need is known may take together, in bytes.
    pub memory_limit_bytes: u64,
    /// Jobs that run, each with the memory that it was said to need and that its process takes.
    pub running: Vec<RunningJob>,
    /// Models that are kept loaded for jobs to come, until others need the room.
    pub kept_models: Vec<KeptModel>,
    /// Jobs that wait, the next one first.
    pub queued: Vec<Job>,
    /// What failed or was interrupted in the last seven days, the newest first, at most 20.
    pub failures: Vec<Failure>,
    /// Runs of flows that wait for the person.
    pub waiting_flows: Vec<Id>,
    /// Patterns in the memory whose vectors are damaged or missing.
    pub n_missing_vectors: u64,
    /// Folders of the library that cannot be read.
    pub n_unreadable: u64,
    /// Space that each sort of thing takes in the workspace, the largest first.
    pub space: Vec<SpaceTaken>,
}

/// A job that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunningJob {
    /// The job.
    pub job: Job,
    /// Memory that it was said to need, in bytes, where that is known.
    pub needs_bytes: Option<u64>,
    /// Memory that its process takes now, in bytes, where the system says it.
    pub memory_bytes: Option<u64>,
}

/// A model that is kept loaded for jobs to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptModel {
    /// What the job was called that loaded it, or used it last.
    pub job: String,
    /// Memory that its process takes now, in bytes, where the system says it.
    pub memory_bytes: Option<u64>,
}

/// A job that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The job.
    pub job: Job,
    /// When.
    pub ended_ms: UnixMs,
    /// What happened, where that is known.
    pub problem: Option<Problem>,
}

/// Space that a sort of thing takes in the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpaceTaken {
    /// What: the name of its list, `trash` or `memory`.
    pub list: String,
    /// How many there are, where they can be counted.
    pub n: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What jobs may take of the computer together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Memory of jobs whose need is known, in bytes; four fifths of the computer's if absent.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
}
