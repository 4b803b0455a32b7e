//! Scaling of losses, so that 16-bit gradients do not underflow.
//!
//! Source: Micikevicius et al., "Mixed Precision Training", 2018, section 3.2, with the numbers of
//! `torch.amp.GradScaler`.

/// The factor that a loss is multiplied with before the backward pass, and its gradients divided by after.
///
/// It halves whenever a gradient overflows, in a step that is then left out, and doubles after many
/// steps without.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossScale {
    factor: f32,
    n_good: u32,
}

impl Default for LossScale {
    fn default() -> Self {
        Self { factor: 65_536.0, n_good: 0 }
    }
}

/// Steps without an overflow after which the factor doubles.
const PATIENCE: u32 = 2_000;
/// PyTorch has no limit; a larger factor rescues no more gradients, and would overflow sooner.
const FACTOR_MAX: f32 = 16_777_216.0;

impl LossScale {
    /// The scale that a checkpoint was saved with.
    #[must_use]
    pub fn continued(factor: f32, n_good: u32) -> Self {
        let factor = if factor >= 1.0 { factor.min(FACTOR_MAX) } else { 1.0 };
        Self { factor, n_good: n_good.min(PATIENCE - 1) }
    }

    /// The factor to multiply a loss with; at least 1.
    #[must_use]
    pub fn factor(&self) -> f32 {
        self.factor
    }

    /// Steps without an overflow since the factor last changed.
    #[must_use]
    pub fn n_good(&self) -> u32 {
        self.n_good
    }

    /// Updates the factor after a step. Returns whether gradients may have overflowed because of the factor alone,
    /// so that the next step tries a smaller one.
    pub fn note(&mut self, is_finite: bool) -> bool {
        if !is_finite {
            let can_shrink = self.factor > 1.0;
            *self = Self { factor: (self.factor / 2.0).max(1.0), n_good: 0 };
            return can_shrink;
        }
        self.n_good += 1;
        if self.n_good == PATIENCE {
            *self = Self { factor: (self.factor * 2.0).min(FACTOR_MAX), n_good: 0 };
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_halves_on_overflow_down_to_one_and_doubles_after_many_good_steps() {
        let mut scale = LossScale::default();
        assert!(scale.note(false));
        assert_eq!(scale.factor(), 32_768.0);
        for _ in 0..15 {
            assert!(scale.note(false));
        }
        assert_eq!(scale.factor(), 1.0);
        assert!(!scale.note(false), "nothing is left to shrink: the step itself is wrong");
        for _ in 0..PATIENCE {
            assert_eq!(scale.factor(), 1.0);
            assert!(!scale.note(true));
        }
        assert_eq!(scale.factor(), 2.0);
    }

    #[test]
    fn a_factor_from_elsewhere_is_kept_within_bounds() {
        for (given, expected) in
            [(0.0, 1.0), (f32::NAN, 1.0), (1024.0, 1024.0), (f32::INFINITY, FACTOR_MAX)]
        {
            assert_eq!(LossScale::continued(given, 0).factor(), expected);
        }
    }
}
