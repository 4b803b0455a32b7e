//! The progress of a job, its speed, and its likely remaining time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use api::Progress;

/// Speed is averaged over this long.
const WINDOW: Duration = Duration::from_secs(30);
/// The window is kept as at most this many marks.
const MARKS_MAX: usize = 60;
/// Progress is reported at most this often.
const REPORT_EVERY: Duration = Duration::from_millis(400);

/// When a job ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// After this many units.
    Units(u64),
    /// After this many seconds of work.
    Secs(f64),
    /// When it is stopped.
    Open,
}

/// Follows the units a job has done.
pub(crate) struct ProgressMeter {
    unit: &'static str,
    goal: Goal,
    started: Instant,
    earlier_secs: f64,
    marks: VecDeque<(Instant, u64)>,
    reported: Option<Instant>,
}

impl ProgressMeter {
    /// Starts now, after `earlier_secs` of work by earlier processes.
    pub(crate) fn new(unit: &'static str, goal: Goal, earlier_secs: f64) -> Self {
        let started = Instant::now();
        Self { unit, goal, started, earlier_secs, marks: VecDeque::new(), reported: None }
    }

    /// Sets the working time of earlier processes.
    pub(crate) fn set_earlier(&mut self, earlier_secs: f64) {
        self.earlier_secs = earlier_secs;
    }

    /// Working time over all processes.
    pub(crate) fn elapsed_secs(&self) -> f64 {
        self.earlier_secs + self.started.elapsed().as_secs_f64()
    }

    /// Notes that `n_done` units are done in all; returns the progress if it is time to report it.
    pub(crate) fn mark(&mut self, phase: &str, n_done: u64) -> Option<Progress> {
        let now = Instant::now();
        if self.marks.back().is_none_or(|&(at, _)| now - at >= WINDOW / MARKS_MAX as u32) {
            self.marks.push_back((now, n_done));
        }
        while self.marks.len() > 2 && now - self.marks[0].0 > WINDOW {
            self.marks.pop_front();
        }
        if self.reported.is_some_and(|reported| now - reported < REPORT_EVERY) {
            return None;
        }
        self.reported = Some(now);
        Some(self.progress(phase, n_done))
    }

    /// The progress now, whether or not it is time to report it.
    pub(crate) fn progress(&self, phase: &str, n_done: u64) -> Progress {
        let elapsed_secs = self.elapsed_secs();
        let (n_total, share) = match self.goal {
            Goal::Units(n) => (Some(n), Some(ratio(n_done as f64, n as f64))),
            Goal::Secs(secs) => (None, Some(ratio(elapsed_secs, secs))),
            Goal::Open => (None, None),
        };
        let rates = self.rates(n_done);
        Progress {
            phase: phase.into(),
            n_done,
            n_total,
            unit: self.unit.into(),
            share,
            rate_per_sec: rates.map(|[_, mean, _]| mean),
            elapsed_secs,
            left_secs: self.left_secs(n_done, elapsed_secs, rates),
        }
    }

    /// Least, mean and largest speed over the window.
    fn rates(&self, n_done: u64) -> Option<[f64; 3]> {
        let (first, last) = (*self.marks.front()?, (Instant::now(), n_done));
        let mean = rate(first, last)?;
        let marks: Vec<_> = self.marks.iter().copied().chain([last]).collect();
        // Single steps jitter, so the range of speeds is that of thirds of the window.
        let third = marks.len().div_ceil(3).max(1);
        let parts = marks.chunks(third).filter_map(|part| rate(part[0], *part.last()?));
        Some(parts.fold([mean; 3], |[low, mean, high], it| [low.min(it), mean, high.max(it)]))
    }

    fn left_secs(&self, n_done: u64, elapsed: f64, rates: Option<[f64; 3]>) -> Option<[f64; 2]> {
        match self.goal {
            Goal::Units(n) => {
                let left = n.saturating_sub(n_done) as f64;
                // A little wider than measured: a range without width would claim to know the future.
                rates.map(|[low, mean, high]| {
                    [left / high.max(mean * 1.05), left / low.min(mean * 0.95).max(1e-9)]
                })
            }
            Goal::Secs(secs) => Some([(secs - elapsed).max(0.0); 2]),
            Goal::Open => None,
        }
    }
}

fn rate((from, n_from): (Instant, u64), (to, n_to): (Instant, u64)) -> Option<f64> {
    let secs = (to - from).as_secs_f64();
    (secs > 0.05 && n_to > n_from).then(|| (n_to - n_from) as f64 / secs)
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_follows_the_goal() {
        let check = |goal, n_done, expected: Option<f64>| {
            let meter = ProgressMeter::new("steps", goal, 30.0);
            let share = meter.progress("phase", n_done).share;
            match (share, expected) {
                (Some(share), Some(expected)) => assert!((share - expected).abs() < 0.01),
                other => assert_eq!(other, (expected, expected)),
            }
        };
        check(Goal::Units(200), 50, Some(0.25));
        check(Goal::Units(0), 0, Some(1.0));
        check(Goal::Secs(60.0), 7, Some(0.5));
        check(Goal::Secs(10.0), 7, Some(1.0));
        check(Goal::Open, 7, None);
    }

    #[test]
    fn time_left_is_a_range_around_the_mean() {
        let mut meter = ProgressMeter::new("steps", Goal::Units(100), 0.0);
        let start = Instant::now() - Duration::from_secs(10);
        meter.marks = (0..=10).map(|i| (start + Duration::from_secs(i), i * 5)).collect();
        let [least, most] = meter.progress("phase", 50).left_secs.expect("the speed is known");
        assert!(least < 10.0 && most > 10.0, "{least} {most}");
        assert!(least > 8.0 && most < 12.0, "{least} {most}");
    }
}
