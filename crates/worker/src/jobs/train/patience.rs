//! Counts how long the score has not improved.

use api::ScoreMetric;

/// Counts measurements since the best one.
///
/// A resumed run starts counting again: it may stop later, but never too early.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    metric: ScoreMetric,
    best: Option<f64>,
    n_stale: u64,
}

impl Patience {
    /// Nothing has been measured yet.
    pub(super) fn new(metric: ScoreMetric) -> Self {
        Self { metric, best: None, n_stale: 0 }
    }

    /// Notes a measurement; one that is not finite is no improvement.
    pub(super) fn note(&mut self, score: Option<f64>) {
        let is_better = match (score.filter(|it| it.is_finite()), self.best) {
            (Some(score), Some(best)) => {
                let is_worthwhile = (score - best).abs() > WORTHWHILE * best.abs();
                is_worthwhile && self.metric.is_better(score, best)
            }
            (Some(_), None) => true,
            (None, _) => false,
        };
        if is_better {
            (self.best, self.n_stale) = (score, 0);
        } else {
            self.n_stale += 1;
        }
    }

    /// Measurements since the best one.
    pub(super) fn n_stale(&self) -> u64 {
        self.n_stale
    }
}

/// The smallest relative improvement that counts, or noise would keep a run going forever.
const WORTHWHILE: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_worthwhile_improvements_count() {
        let count = |scores: &[f64], is_smaller_better: bool| {
            let mut patience =
                Patience::new(ScoreMetric { is_smaller_better, ..ScoreMetric::default() });
            scores.iter().for_each(|it| patience.note(Some(*it)));
            patience.n_stale()
        };
        let check = |scores: &[f64], expected: u64| {
            assert_eq!(count(scores, true), expected, "{scores:?}");
            // A reward that rises is the same the other way round.
            let rewards: Vec<f64> = scores.iter().map(|it| -it).collect();
            assert_eq!(count(&rewards, false), expected, "{rewards:?}");
        };
        check(&[], 0);
        check(&[9.0, 8.0, 7.0], 0);
        check(&[9.0, 9.0, 9.5, 8.9999], 3);
        check(&[9.0, f64::NAN, 9.1, 8.0], 0);
        check(&[f64::NAN], 1);
    }
}
