//! Detects that a training has diverged, by its score.
//!
//! A distance that grows to a multiple of its best says so, and so does a logarithm that grows by that of the
//! multiple. A score of which more is better has no such multiple, as a reward may be zero or negative: only one
//! that is no longer a number is a divergence.

use api::ScoreMetric;

/// A validation distance this many times the best one is a divergence rather than a setback.
const DIVERGENT: f64 = 100.0;
/// A distance this many times the best one is far from it; a training that stays there has diverged as well.
const FAR: f64 = 10.0;
/// The number of measurements in a row far from the best one that is a divergence.
const FAR_MAX: u32 = 3;
/// A checkpoint is worth going back to if its distance is at most this many times the best one.
const GOOD: f64 = 4.0;
/// This many training steps in a row with divergent distances call for a measurement. A single one says
/// nothing: the distance of an almost silent excerpt is always large.
const HIGH_STEPS_MAX: u32 = 10;

/// The best score so far, against which others are compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Divergence {
    metric: ScoreMetric,
    best: Option<(u64, f64)>,
    n_high: u32,
    n_far: u32,
    /// Whether a measurement has refuted an alarm that training steps had raised; they are ignored from then on.
    had_false_alarm: bool,
}

impl Divergence {
    /// Starts from the best measurement of earlier processes: its step and its score.
    pub(super) fn new(metric: ScoreMetric, best: Option<(u64, f64)>) -> Self {
        Self { metric, best, ..Self::default() }
    }

    /// Notes a measurement. If the training has diverged, returns a sentence that says how.
    pub(super) fn note(&mut self, step: u64, distance: f64) -> Option<String> {
        let n_high = std::mem::take(&mut self.n_high);
        self.n_far = if self.is_far(distance) { self.n_far + 1 } else { 0 };
        if self.is_divergent(distance) || self.n_far >= FAR_MAX {
            self.n_far = 0;
            return Some(self.description(distance));
        }
        self.had_false_alarm |= n_high >= HIGH_STEPS_MAX;
        if self.best.is_none_or(|(_, best)| self.metric.is_better(distance, best)) {
            self.best = Some((step, distance));
        }
        None
    }

    /// How a distance has diverged, in a sentence.
    pub(super) fn description(&self, distance: f64) -> String {
        let rose = match distance.is_finite() {
            true if self.metric.is_logarithmic => format!("rose to {distance:.1}"),
            true => format!("rose to {distance:.0}"),
            false => "is no longer a number".to_owned(),
        };
        let best = self.best.map(|(step, best)| format!("; the best was {best:.1} at step {step}"));
        format!("The {} {rose}{}.", self.metric.title.to_lowercase(), best.unwrap_or_default())
    }

    /// Notes the distance of a training step. Returns whether to measure now instead of when it is due.
    pub(super) fn note_step(&mut self, distance: Option<f64>) -> bool {
        match distance {
            Some(distance) if distance.is_finite() && self.is_divergent(distance) => {
                self.n_high += 1
            }
            Some(distance) if distance.is_finite() => self.n_high = 0,
            // A discriminator step has no distance, and a skipped one no finite one.
            _ => {}
        }
        self.n_high >= HIGH_STEPS_MAX && !self.had_false_alarm
    }

    /// Whether a model with this distance is far from the best one that was measured.
    pub(super) fn is_far(&self, distance: f64) -> bool {
        !distance.is_finite() || self.is_beyond(FAR, distance)
    }

    /// Whether a checkpoint with this distance is worth going back to.
    pub(super) fn is_good(&self, distance: f64) -> bool {
        !self.is_beyond(GOOD, distance)
    }

    fn is_divergent(&self, distance: f64) -> bool {
        !distance.is_finite() || self.is_beyond(DIVERGENT, distance)
    }

    fn is_beyond(&self, times: f64, distance: f64) -> bool {
        let is_more = self.best.is_some_and(|(_, best)| match self.metric.is_logarithmic {
            true => distance > best + times.ln(),
            false => distance > times * best,
        });
        self.metric.is_smaller_better && is_more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundredfold_is_a_divergence_and_a_setback_is_not() {
        let mut divergence = Divergence::new(ScoreMetric::default(), Some((0, 21.0)));
        for (step, distance) in [(10, 9.0), (20, 300.0), (30, 120.0), (31, 12.0), (40, 899.0)] {
            assert_eq!(divergence.note(step, distance), None, "{distance}");
        }
        let words = divergence.note(50, 2_081_843.0).unwrap();
        assert!(words.contains("rose to 2081843; the best was 9.0 at step 10"), "{words}");
        assert!(divergence.note(60, f64::NAN).is_some());
        assert!(divergence.note(70, 500.0).is_none() && divergence.note(80, 500.0).is_none());
        assert!(divergence.note(90, 400.0).is_some(), "it stays far away");
        assert!(divergence.is_good(30.0) && !divergence.is_good(300.0));
    }

    #[test]
    fn a_reward_that_grows_is_no_divergence() {
        let metric = ScoreMetric { is_smaller_better: false, ..ScoreMetric::default() };
        let mut divergence = Divergence::new(metric, Some((0, 1.0)));
        for reward in [20.0, 4000.0, -3.0] {
            assert_eq!(divergence.note(1, reward), None, "{reward}");
        }
        assert!(divergence.is_good(5000.0) && !divergence.note_step(Some(1e9)));
        let words = divergence.note(2, f64::NAN).unwrap();
        assert!(words.contains("the best was 4000.0"), "{words}");
    }

    #[test]
    fn a_logarithm_diverges_by_a_difference() {
        let metric = ScoreMetric { is_logarithmic: true, ..ScoreMetric::default() };
        let mut divergence = Divergence::new(metric, Some((0, 1.2)));
        for nats in [0.02, -0.3, 0.5, 1.9, 4.2] {
            assert_eq!(divergence.note(10, nats), None, "{nats}");
        }
        assert!(divergence.is_good(1.0) && !divergence.is_good(1.2) && divergence.is_far(2.1));
        assert!(divergence.note(20, 4.4).unwrap().contains("rose to 4.4; the best was -0.3"));
    }

    #[test]
    fn steps_are_measured_after_some_in_a_row() {
        let mut divergence = Divergence::new(ScoreMetric::default(), Some((0, 2.0)));
        assert!((0..9).all(|_| !divergence.note_step(Some(1e6))));
        assert!(!divergence.note_step(Some(3.0)), "one in between");
        assert!((0..9).all(|_| !divergence.note_step(Some(1e6))));
        assert!(!divergence.note_step(Some(f64::NAN)) && !divergence.note_step(None));
        assert!(divergence.note_step(Some(1e6)));
        assert_eq!(divergence.note(9, 1.9), None);
        assert!((0..50).all(|_| !divergence.note_step(Some(1e6))), "some excerpts are like that");
        let mut unmeasured = Divergence::default();
        assert!((0..50).all(|_| !unmeasured.note_step(Some(1e9))));
    }
}
