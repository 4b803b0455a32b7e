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
#[serde(from = "AnyRunMeasure")]
pub struct RunMeasure {
    /// When the run would stop by itself.
    pub limit: Limit,
    /// The pace of each phase of the training, in order.
    pub phases: Vec<PhasePace>,
    /// Seconds to the end of the run; absent if it goes on until it is stopped.
    pub end_secs: Option<f64>,
    /// Steps it has done by then.
    pub end_step: Option<u64>,
    /// The score to expect then, from and to, where such trainings were measured before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_score: Option<[f64; 2]>,
    /// What was measured, which does not depend on the limit.
    pub measured: Measured,
}

/// How fast a run is in a phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PhasePace {
    /// Seconds that 1000 steps take, with all that is done between them.
    pub secs_per_1000_steps: f64,
    /// Seconds to the end of the phase, with all that comes before; absent if the run stops within it.
    pub end_secs: Option<f64>,
}

/// What some settings took on this computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(from = "AnyMeasured")]
pub struct Measured {
    /// When.
    pub at_ms: UnixMs,
    /// The phases of the training, in order.
    pub phases: Vec<MeasuredPhase>,
    /// Steps that were counted of the kind with the fewest; 0 where the first one had to do.
    pub n_counted: u32,
    /// Seconds to measure the model on what is held out once.
    pub validation_secs: f64,
    /// Seconds to render the samples once.
    pub rendering_secs: f64,
    /// Seconds to write a checkpoint.
    pub saving_secs: f64,
    /// The most memory that the process held, in bytes.
    pub memory_bytes: u64,
    /// Threads it computed with.
    pub n_threads: u32,
    /// Cores that other programs kept busy meanwhile, where the system reports it.
    pub busy_cores: Option<f64>,
    /// What it computed on: `CPU`, or the name of a graphics card and its precision. Empty in older files.
    #[serde(default)]
    pub device: String,
}

/// What was measured of a phase of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MeasuredPhase {
    /// What it is called, like `phase 1: reconstruction`.
    pub title: String,
    /// Its steps; absent of the last phase, which has no end of its own.
    pub steps: Option<u64>,
    /// Whether it ends earlier, as soon as nothing gets better.
    pub is_open: bool,
    /// Seconds of a step, alone: the mean of its kinds of steps, as often as each comes.
    pub step_secs: f64,
}

/// [`RunMeasure`] as it is or was written.
#[derive(Deserialize)]
struct AnyRunMeasure {
    limit: Limit,
    #[serde(default)]
    phases: Vec<PhasePace>,
    /// Until 0.1.0 there were two phases, always.
    #[serde(default)]
    phase_1_secs_per_1000_steps: f64,
    #[serde(default)]
    phase_2_secs_per_1000_steps: f64,
    #[serde(default)]
    phase_1_end_secs: Option<f64>,
    end_secs: Option<f64>,
    end_step: Option<u64>,
    #[serde(default)]
    expected_score: Option<[f64; 2]>,
    measured: Measured,
}

impl From<AnyRunMeasure> for RunMeasure {
    fn from(any: AnyRunMeasure) -> Self {
        let AnyRunMeasure {
            limit, mut phases, end_secs, end_step, expected_score, measured, ..
        } = any;
        if phases.is_empty() {
            let pace = |secs_per_1000_steps, end_secs| PhasePace { secs_per_1000_steps, end_secs };
            phases = vec![
                pace(any.phase_1_secs_per_1000_steps, any.phase_1_end_secs),
                pace(any.phase_2_secs_per_1000_steps, None),
            ];
        }
        Self { limit, phases, end_secs, end_step, expected_score, measured }
    }
}

/// [`Measured`] as it is or was written.
#[derive(Deserialize)]
struct AnyMeasured {
    at_ms: UnixMs,
    #[serde(default)]
    phases: Vec<MeasuredPhase>,
    /// Until 0.1.0 there were two phases, always.
    #[serde(default)]
    phase_1_steps: u64,
    #[serde(default)]
    is_phase_1_open: bool,
    #[serde(default)]
    phase_1_step_secs: f64,
    #[serde(default)]
    phase_2_step_secs: f64,
    n_counted: u32,
    validation_secs: f64,
    rendering_secs: f64,
    saving_secs: f64,
    memory_bytes: u64,
    n_threads: u32,
    busy_cores: Option<f64>,
    #[serde(default)]
    device: String,
}

impl From<AnyMeasured> for Measured {
    fn from(any: AnyMeasured) -> Self {
        let phases = if any.phases.is_empty() {
            let phase = |title: &str, steps, is_open, step_secs| MeasuredPhase {
                title: title.to_owned(),
                steps,
                is_open,
                step_secs,
            };
            vec![
                phase(
                    "phase 1",
                    Some(any.phase_1_steps),
                    any.is_phase_1_open,
                    any.phase_1_step_secs,
                ),
                phase("phase 2", None, false, any.phase_2_step_secs),
            ]
        } else {
            any.phases
        };
        Self {
            at_ms: any.at_ms,
            phases,
            n_counted: any.n_counted,
            validation_secs: any.validation_secs,
            rendering_secs: any.rendering_secs,
            saving_secs: any.saving_secs,
            memory_bytes: any.memory_bytes,
            n_threads: any.n_threads,
            busy_cores: any.busy_cores,
            device: any.device,
        }
    }
}

impl RunMeasure {
    /// The pace of the phase that a run is in: by its step, or by the number that it says itself, for a
    /// phase may begin before its step.
    #[must_use]
    pub fn pace_at(&self, step: u64, number: Option<u32>) -> Option<&PhasePace> {
        let ends = self.measured.phases.iter().scan(0u64, |end, phase| {
            *end = end.saturating_add(phase.steps.unwrap_or(u64::MAX));
            Some(*end)
        });
        let by_step = ends.take_while(|end| *end <= step).count();
        let by_number = number.map_or(0, |number| number.saturating_sub(1) as usize);
        self.phases.get(by_step.max(by_number)).or(self.phases.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A measure as 0.1.0 wrote it.
    const OLD: &str = r#"{
        "limit": { "until": "steps", "steps": 300 },
        "phase_1_secs_per_1000_steps": 100.0, "phase_2_secs_per_1000_steps": 250.0,
        "phase_1_end_secs": 20.5, "end_secs": 46.0, "end_step": 300,
        "measured": {
            "at_ms": 1, "phase_1_steps": 200, "is_phase_1_open": true,
            "phase_1_step_secs": 0.1, "phase_2_step_secs": 0.25, "n_counted": 3,
            "validation_secs": 0.1, "rendering_secs": 0.2, "saving_secs": 0.3,
            "memory_bytes": 9, "n_threads": 2, "busy_cores": null
        }
    }"#;

    #[test]
    fn a_measure_of_two_phases_of_an_older_version_is_read() {
        let old: RunMeasure = serde_json::from_str(OLD).unwrap();
        let ends: Vec<_> = old.phases.iter().map(|it| it.end_secs).collect();
        assert_eq!(ends, [Some(20.5), None]);
        assert_eq!(old.phases[1].secs_per_1000_steps, 250.0);
        let [first, second] = &old.measured.phases[..] else { panic!("{old:?}") };
        assert_eq!((first.steps, first.is_open, first.step_secs), (Some(200), true, 0.1));
        assert_eq!((second.steps, second.is_open, second.step_secs), (None, false, 0.25));
        let text = serde_json::to_string(&old).unwrap();
        assert!(!text.contains("phase_1"), "{text}");
        assert_eq!(serde_json::from_str::<RunMeasure>(&text).unwrap(), old);
    }

    #[test]
    fn a_phase_begins_at_its_step_or_when_the_run_says_so() {
        let measure: RunMeasure = serde_json::from_str(OLD).unwrap();
        let check = |step, number, expected: usize| {
            assert_eq!(measure.pace_at(step, number), Some(&measure.phases[expected]));
        };
        check(0, None, 0);
        check(199, Some(1), 0);
        check(200, None, 1);
        check(90, Some(2), 1);
        check(1 << 60, Some(9), 1);
    }
}
