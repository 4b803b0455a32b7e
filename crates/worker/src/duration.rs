//! How long a run takes, from the measured times of its steps and of everything else it does.
//!
//! `pace.rs` decides when a run measures, saves and renders.

use api::{Limit, Measured, PhasePace, RunMeasure};

use crate::pace::{
    MEASURE_PAUSE_SECS_MIN, MEASURE_SHARE, RENDER_PAUSE_SECS_MIN, RENDER_PAUSE_SHARE, SAVE_PAUSE,
    SAVE_PAUSE_SECS_MIN,
};

/// How long a run with this limit takes.
#[must_use]
pub fn run_measure(measured: Measured, limit: Limit) -> RunMeasure {
    let pace = Pace::new(&measured);
    let end_step = match limit {
        Limit::Steps { steps } => Some(steps),
        Limit::Minutes { minutes } => Some(pace.steps_within(60.0 * minutes)),
        Limit::Forever => None,
    };
    let steps_end_secs = match limit {
        Limit::Minutes { minutes } => Some(60.0 * minutes),
        Limit::Steps { steps } => Some(pace.secs(steps as f64)),
        Limit::Forever => None,
    };
    let mut n_before = 0u64;
    let phases = measured.phases.iter().zip(&pace.phases).map(|(phase, (_, step_secs))| {
        let end = phase.steps.map(|steps| n_before.saturating_add(steps));
        n_before = end.unwrap_or(u64::MAX);
        let end = end.filter(|end| end_step.is_none_or(|last| last >= *end));
        PhasePace {
            secs_per_1000_steps: 1000.0 * step_secs,
            end_secs: end.map(|end| pace.secs(end as f64)),
        }
    });
    RunMeasure {
        limit,
        phases: phases.collect(),
        end_secs: steps_end_secs.map(|secs| secs + pace.ending_secs),
        end_step,
        expected_score: None,
        measured,
    }
}

/// [`run_measure`], with the score to expect of these settings.
pub fn run_measure_of(
    family: &str,
    settings: &serde_json::Value,
    measured: Measured,
    limit: Limit,
) -> RunMeasure {
    let found = run_measure(measured, limit);
    let settings = models::family(family).and_then(|it| it.settings(settings).ok());
    let expected = found.end_step.zip(settings).and_then(|(step, it)| it.expected_score(step));
    RunMeasure { expected_score: expected.map(|(low, high)| [low, high]), ..found }
}

/// The times that a run is made up of.
struct Pace {
    /// Seconds before the first step, when the untrained model is measured and rendered.
    beginning_secs: f64,
    /// Steps of each phase, and seconds of one of them, including its share of measuring and saving.
    phases: Vec<(f64, f64)>,
    /// Seconds to render once.
    rendering_secs: f64,
    /// Seconds after the last step: a checkpoint, a last measuring, a last rendering.
    ending_secs: f64,
}

impl Pace {
    fn new(measured: &Measured) -> Self {
        let (validation, saving) = (measured.validation_secs, measured.saving_secs);
        let validation_pause = (validation / MEASURE_SHARE).max(MEASURE_PAUSE_SECS_MIN);
        let saving_pause = (f64::from(SAVE_PAUSE) * saving).max(SAVE_PAUSE_SECS_MIN as f64);
        let stretch = (1.0 + validation / validation_pause) * (1.0 + saving / saving_pause);
        let phases = measured.phases.iter().map(|phase| {
            let steps = phase.steps.map_or(f64::INFINITY, |steps| steps as f64);
            (steps, phase.step_secs * stretch)
        });
        Self {
            beginning_secs: validation + measured.rendering_secs,
            phases: phases.collect(),
            rendering_secs: measured.rendering_secs,
            ending_secs: validation + saving + measured.rendering_secs,
        }
    }

    /// Seconds until so many steps are done.
    fn secs(&self, steps: f64) -> f64 {
        let (mut left, mut stepping) = (steps, 0.0);
        for (n_steps, step_secs) in &self.phases {
            let n = left.min(*n_steps);
            stepping += n * step_secs;
            left -= n;
        }
        let alone = self.beginning_secs + stepping;
        // Rendering takes time in which more rendering falls due; a few iterations converge.
        (0..8).fold(alone, |secs, _| alone + self.renderings_secs(secs))
    }

    /// Steps that are done after `secs` seconds.
    fn steps_within(&self, secs: f64) -> u64 {
        let mut left = (secs - self.beginning_secs - self.renderings_secs(secs)).max(0.0);
        let mut steps = 0.0;
        for (n_steps, step_secs) in &self.phases {
            let phase_secs = n_steps * step_secs;
            if left <= phase_secs {
                steps += left / step_secs;
                break;
            }
            left -= phase_secs;
            steps += n_steps;
        }
        // A step that has begun when time is up is completed.
        steps.ceil() as u64
    }

    /// Seconds spent rendering in a run of this length, without its beginning and end.
    fn renderings_secs(&self, secs: f64) -> f64 {
        // From here on the pauses grow with the time.
        let turn = RENDER_PAUSE_SECS_MIN / RENDER_PAUSE_SHARE;
        let n_early = secs.min(turn) / RENDER_PAUSE_SECS_MIN;
        let n_late = (secs / turn).max(1.0).ln() / (1.0 + RENDER_PAUSE_SHARE).ln();
        self.rendering_secs * (n_early + n_late)
    }
}

#[cfg(test)]
mod tests {
    use api::MeasuredPhase;

    use super::*;

    fn phase(steps: Option<u64>, step_secs: f64) -> MeasuredPhase {
        MeasuredPhase { title: String::new(), steps, is_open: false, step_secs }
    }

    fn measured() -> Measured {
        Measured {
            at_ms: 0,
            phases: vec![phase(Some(1000), 0.1), phase(None, 0.3)],
            n_counted: 9,
            validation_secs: 0.0,
            rendering_secs: 0.0,
            saving_secs: 0.0,
            memory_bytes: 0,
            n_threads: 2,
            busy_cores: None,
            device: "CPU".into(),
        }
    }

    fn close(found: Option<f64>, expected: Option<f64>) {
        let is_close = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 1e-6 * expected.max(1.0),
            (found, expected) => found == expected,
        };
        assert!(is_close, "{found:?} is not {expected:?}");
    }

    #[test]
    fn steps_and_time_follow_from_each_other() {
        let check = |limit, phase_1_end, end, end_step| {
            let found = run_measure(measured(), limit);
            close(found.phases[0].end_secs, phase_1_end);
            assert_eq!(found.phases[1].end_secs, None);
            close(found.end_secs, end);
            assert_eq!(found.end_step, end_step);
        };
        check(Limit::Steps { steps: 500 }, None, Some(50.0), Some(500));
        check(Limit::Steps { steps: 2000 }, Some(100.0), Some(400.0), Some(2000));
        check(Limit::Minutes { minutes: 1.0 }, None, Some(60.0), Some(600));
        check(Limit::Minutes { minutes: 4.0 }, Some(100.0), Some(240.0), Some(1467));
        check(Limit::Forever, Some(100.0), None, None);
    }

    #[test]
    fn a_training_has_as_many_phases_as_it_has() {
        let check = |phases: Vec<MeasuredPhase>, ends: &[Option<f64>], end: f64| {
            let limit = Limit::Steps { steps: 100 };
            let found = run_measure(Measured { phases, ..measured() }, limit);
            let found_ends: Vec<_> = found.phases.iter().map(|it| it.end_secs).collect();
            assert_eq!(found_ends.len(), ends.len());
            found_ends.into_iter().zip(ends).for_each(|(found, end)| close(found, *end));
            close(found.end_secs, Some(end));
            let minutes = Limit::Minutes { minutes: end / 60.0 };
            let steps = run_measure(found.measured, minutes).end_step.unwrap();
            assert!((100..=101).contains(&steps), "{steps}");
        };
        check(vec![phase(None, 0.5)], &[None], 50.0);
        let three = vec![phase(Some(20), 1.0), phase(Some(30), 2.0), phase(None, 3.0)];
        check(three, &[Some(20.0), Some(80.0), None], 230.0);
        let late = vec![phase(Some(20), 1.0), phase(Some(300), 2.0), phase(None, 3.0)];
        check(late, &[Some(20.0), None, None], 180.0);
    }

    #[test]
    fn measuring_takes_a_twentieth_of_the_time_at_most() {
        let check = |validation_secs: f64, expected: f64| {
            let found = run_measure(
                Measured { validation_secs, ..measured() },
                Limit::Steps { steps: 1000 },
            );
            close(Some(found.phases[0].secs_per_1000_steps), Some(expected));
            // It is also measured before the first step and after the last.
            close(found.end_secs, Some(expected + 2.0 * validation_secs));
        };
        check(0.1, 102.5);
        check(10.0, 105.0);
        check(1000.0, 105.0);
    }

    #[test]
    fn rendering_comes_ever_more_rarely() {
        let with = |rendering_secs| Measured { rendering_secs, ..measured() };
        let renderings = |steps| {
            let limit = Limit::Steps { steps };
            let secs = |measured| run_measure(measured, limit).end_secs.unwrap();
            secs(with(0.1)) - secs(with(0.0))
        };
        // One before, one after, and one each ten seconds.
        assert!((renderings(400) - 0.6).abs() < 0.05, "{}", renderings(400));
        // Two, five to the fiftieth second, and ln(10000 / 50) / ln(1.2) = 29.06 in three hours.
        assert!((renderings(34_000) - 3.6).abs() < 0.1, "{}", renderings(34_000));
    }

    #[test]
    fn a_limit_in_minutes_is_reached_by_as_many_steps() {
        let measured = || Measured {
            validation_secs: 0.7,
            rendering_secs: 1.3,
            saving_secs: 0.4,
            ..measured()
        };
        for minutes in [0.5, 1.0, 5.0, 60.0, 1000.0] {
            let steps = run_measure(measured(), Limit::Minutes { minutes }).end_step.unwrap();
            let secs = run_measure(measured(), Limit::Steps { steps }).end_secs.unwrap();
            let ending = 0.7 + 1.3 + 0.4;
            assert!((secs - ending - 60.0 * minutes).abs() < 0.5, "{minutes} min: {secs}");
        }
    }
}
