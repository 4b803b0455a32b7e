//! How long the held-out distance has not become better.

/// Counts measurements since the best one.
///
/// A process that resumes a run counts anew: it stops later rather than too early.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patience {
    best: Option<f64>,
    n_stale: u64,
}

impl Patience {
    /// Takes note of a measurement; one that gave no number is not better.
    pub(super) fn note(&mut self, distance: Option<f64>) {
        let is_better = match (distance.filter(|it| it.is_finite()), self.best) {
            (Some(distance), Some(best)) => distance < best * (1.0 - WORTHWHILE),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if is_better {
            (self.best, self.n_stale) = (distance, 0);
        } else {
            self.n_stale += 1;
        }
    }

    /// Measurements since the best one.
    pub(super) fn n_stale(&self) -> u64 {
        self.n_stale
    }
}

/// Less than this share better does not count, or noise would keep a run alive for ever.
const WORTHWHILE: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_worthwhile_improvements_count() {
        let check = |distances: &[f64], expected: u64| {
            let mut patience = Patience::default();
            distances.iter().for_each(|it| patience.note(Some(*it)));
            assert_eq!(patience.n_stale(), expected, "{distances:?}");
        };
        check(&[], 0);
        check(&[9.0, 8.0, 7.0], 0);
        check(&[9.0, 9.0, 9.5, 8.9999], 3);
        check(&[9.0, f64::NAN, 9.1, 8.0], 0);
        check(&[f64::NAN], 1);
    }
}
