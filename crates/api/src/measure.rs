//! Measures: how long a run would take on this computer, found out by doing a few steps of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Job, Limit, UnixMs};

/// A measure of how long a run would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Measure {
    /// Its identifier.
    pub id: Id,
    /// What was measured, in a few words.
    pub name: String,
    /// The job that measures.
    pub job: Job,
    /// What came out, once it is there.
    pub result: Option<RunMeasure>,
}

/// `result.json` of a measure, and what a run remembers of it: how long the run would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunMeasure {
    /// When the run would stop by itself.
    pub limit: Limit,
    /// Seconds that 1000 steps of phase 1 take, with all that is done between them.
    pub phase_1_secs_per_1000_steps: f64,
    /// Seconds that 1000 steps of phase 2 take, with all that is done between them.
    pub phase_2_secs_per_1000_steps: f64,
    /// Seconds to the end of phase 1, with all that comes before; absent if the run stops within it.
    pub phase_1_end_secs: Option<f64>,
    /// Seconds to the end of the run; absent if it goes on until it is stopped.
    pub end_secs: Option<f64>,
    /// Steps it has done by then.
    pub end_step: Option<u64>,
    /// What was measured, which does not depend on the limit.
    pub measured: Measured,
}

/// What some settings took on this computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Measured {
    /// When.
    pub at_ms: UnixMs,
    /// Steps of phase 1; it may end earlier where it ends as soon as nothing gets better.
    pub phase_1_steps: u64,
    /// Whether phase 1 ends as soon as nothing gets better.
    pub is_phase_1_open: bool,
    /// Seconds of a step of phase 1, alone.
    pub phase_1_step_secs: f64,
    /// Seconds of a step of phase 2, alone: the mean of its two kinds, as often as each comes.
    pub phase_2_step_secs: f64,
    /// Steps that were counted of the kind with the fewest; 0 where the first one had to do.
    pub n_counted: u32,
    /// Seconds to measure the model on held-out sound once.
    pub validation_secs: f64,
    /// Seconds to render the sounds to listen to once.
    pub rendering_secs: f64,
    /// Seconds to write a checkpoint.
    pub saving_secs: f64,
    /// The most memory that the process held, in bytes.
    pub memory_bytes: u64,
    /// Threads it computed with.
    pub n_threads: u32,
    /// Cores that other programs kept busy meanwhile, where the system tells.
    pub busy_cores: Option<f64>,
    /// What it computed on: `CPU`, or the name of a graphics card and its precision. Empty in older files.
    #[serde(default)]
    pub device: String,
}
