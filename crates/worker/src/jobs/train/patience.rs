//! Counts how long the validation distance has not improved.

/// Counts measurements since the best one.
///
/// A resumed run starts counting again: it may stop later, but never too early.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patience {
    best: Option<f64>,
    n_stale: u64,
}

impl Patience {
    /// Notes a measurement; one that is not finite is no improvement.
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

/// The smallest relative improvement that counts, or noise would keep a run going forever.
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
