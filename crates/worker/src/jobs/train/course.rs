//! Whether a training is on its course, or has run away.

/// A held-out distance so many times the best one is no setback any more.
const RUN_AWAY: f64 = 100.0;
/// So many times the best one is far from it; a training that stays there has run away as well.
const FAR: f64 = 10.0;
/// Measurements in a row that are far from the best one.
const FAR_MAX: u32 = 3;
/// A checkpoint is worth going back to if its distance is within so many times the best one.
const GOOD: f64 = 4.0;
/// So many steps in a row at distances like that call for a measurement. A single one says nothing: an
/// excerpt that is nearly silent is far from everything.
const HIGH_STEPS_MAX: u32 = 10;

/// The best distance that was measured, against which others are held.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Course {
    best: Option<(u64, f64)>,
    n_high: u32,
    n_far: u32,
    /// Whether steps raised an alarm before that a measurement did not bear out.
    has_cried_wolf: bool,
}

impl Course {
    /// Goes on from the best measurement of earlier processes: its step and its distance.
    pub(super) fn new(best: Option<(u64, f64)>) -> Self {
        Self { best, ..Self::default() }
    }

    /// Takes note of a measurement. Gives words for what is wrong with it, if the training has run away.
    pub(super) fn note(&mut self, step: u64, distance: f64) -> Option<String> {
        let n_high = std::mem::take(&mut self.n_high);
        self.n_far = if self.is_far(distance) { self.n_far + 1 } else { 0 };
        if self.is_run_away(distance) || self.n_far >= FAR_MAX {
            self.n_far = 0;
            return Some(self.words(distance));
        }
        self.has_cried_wolf |= n_high >= HIGH_STEPS_MAX;
        if self.best.is_none_or(|(_, best)| distance < best) {
            self.best = Some((step, distance));
        }
        None
    }

    /// What is wrong with a distance, in a sentence.
    pub(super) fn words(&self, distance: f64) -> String {
        let rose = match distance.is_finite() {
            true => format!("rose to {distance:.0}"),
            false => "is no longer a number".to_owned(),
        };
        let best = self.best.map(|(step, best)| format!("; the best was {best:.1} at step {step}"));
        format!("The validation distance {rose}{}.", best.unwrap_or_default())
    }

    /// Takes note of the distance of a training step. Whether to measure now instead of waiting for it.
    pub(super) fn note_step(&mut self, distance: Option<f64>) -> bool {
        match distance {
            Some(distance) if distance.is_finite() && self.is_run_away(distance) => {
                self.n_high += 1
            }
            Some(distance) if distance.is_finite() => self.n_high = 0,
            // The discriminators' turn, or a step that was left out.
            _ => {}
        }
        self.n_high >= HIGH_STEPS_MAX && !self.has_cried_wolf
    }

    /// Whether a model with this distance is far from the best one that was measured.
    pub(super) fn is_far(&self, distance: f64) -> bool {
        !distance.is_finite() || self.best.is_some_and(|(_, best)| distance > FAR * best)
    }

    /// Whether a checkpoint with this distance is worth going back to.
    pub(super) fn is_good(&self, distance: f64) -> bool {
        self.best.is_none_or(|(_, best)| distance <= GOOD * best)
    }

    fn is_run_away(&self, distance: f64) -> bool {
        !distance.is_finite() || self.best.is_some_and(|(_, best)| distance > RUN_AWAY * best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundredfold_is_a_divergence_and_a_setback_is_not() {
        let mut course = Course::new(Some((0, 21.0)));
        for (step, distance) in [(10, 9.0), (20, 300.0), (30, 120.0), (31, 12.0), (40, 899.0)] {
            assert_eq!(course.note(step, distance), None, "{distance}");
        }
        let words = course.note(50, 2_081_843.0).unwrap();
        assert!(words.contains("rose to 2081843; the best was 9.0 at step 10"), "{words}");
        assert!(course.note(60, f64::NAN).is_some());
        assert!(course.note(70, 500.0).is_none() && course.note(80, 500.0).is_none());
        assert!(course.note(90, 400.0).is_some(), "it stays far away");
        assert!(course.is_good(30.0) && !course.is_good(300.0));
    }

    #[test]
    fn steps_are_measured_after_some_in_a_row() {
        let mut course = Course::new(Some((0, 2.0)));
        assert!((0..9).all(|_| !course.note_step(Some(1e6))));
        assert!(!course.note_step(Some(3.0)), "one in between");
        assert!((0..9).all(|_| !course.note_step(Some(1e6))));
        assert!(!course.note_step(Some(f64::NAN)) && !course.note_step(None));
        assert!(course.note_step(Some(1e6)));
        assert_eq!(course.note(9, 1.9), None);
        assert!((0..50).all(|_| !course.note_step(Some(1e6))), "some excerpts are like that");
        let mut unmeasured = Course::default();
        assert!((0..50).all(|_| !unmeasured.note_step(Some(1e9))));
    }
}
