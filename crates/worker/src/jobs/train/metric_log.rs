//! When the metrics of training steps are logged, and as what.

use std::{collections::BTreeMap, time::Instant};

use api::Metrics;
use models::StepReport;

/// The first steps are logged one by one, so that two runs with the same seed can be compared exactly.
const STEPS_LOGGED_SINGLY: u64 = 20;
/// After that, metrics are logged about this often, as means over the steps in between.
const LOG_EVERY_SECS: f64 = 0.3;

/// Averages the metrics of steps, so that they are logged at a readable rate.
pub(super) struct MetricLog {
    n_added: u64,
    /// The step that was logged last, and the newest.
    logged_step: u64,
    step: u64,
    sums: BTreeMap<&'static str, (f64, u64)>,
    started: Instant,
    first_step: u64,
}

impl MetricLog {
    pub(super) fn new(first_step: u64) -> Self {
        Self {
            n_added: 0,
            logged_step: first_step,
            step: first_step,
            sums: BTreeMap::new(),
            started: Instant::now(),
            first_step,
        }
    }

    /// Adds a step; returns the means since the last time if it is time to log.
    pub(super) fn add(&mut self, report: &StepReport) -> Option<Metrics> {
        self.n_added += 1;
        self.step = report.step;
        for &(name, value) in &report.values {
            if value.is_finite() {
                let (sum, n) = self.sums.entry(name).or_default();
                *sum += value;
                *n += 1;
            }
        }
        let is_single = report.step <= STEPS_LOGGED_SINGLY;
        let is_due = self.started.elapsed().as_secs_f64() >= LOG_EVERY_SECS;
        if is_single || is_due { self.flush() } else { None }
    }

    /// The means since the last time, if any step was added.
    pub(super) fn flush(&mut self) -> Option<Metrics> {
        if self.n_added == 0 {
            return None;
        }
        let secs = self.started.elapsed().as_secs_f64().max(1e-6);
        let mut values: BTreeMap<String, f64> = std::mem::take(&mut self.sums)
            .into_iter()
            .map(|(name, (sum, n))| (name.to_owned(), sum / n as f64))
            .collect();
        if self.step > self.first_step + 1 {
            let n_steps = self.step.saturating_sub(self.logged_step);
            values.insert("steps_per_sec".into(), n_steps as f64 / secs);
        }
        self.n_added = 0;
        self.logged_step = self.step;
        self.started = Instant::now();
        Some(Metrics { step: self.step, values })
    }
}
