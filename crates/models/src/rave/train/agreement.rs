//! Checks that a GPU computes what the CPU does: graphics drivers have bugs, and one that leaves gradients
//! at zero looks like training that does not learn.

use nn::{Compute, LossScale};

use super::{Trainer, Turn, dithered};

/// The difference between a step on another device and the same step on the CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepDifference {
    /// The largest relative difference of a loss or score.
    pub losses: f64,
    /// The largest difference of the gradients of one weight, relative to the norm of all.
    pub gradients: f64,
}

/// The floor of spectra when comparing steps: with a small one, gradients of quiet bins depend on
/// rounding on any device.
const LOG_EPSILON: f64 = 1.0;
/// The loss scale used for the comparison: far from overflow.
const LOSS_SCALE: f32 = 256.0;

impl StepDifference {
    /// Whether rounding explains the difference, at the precision of `compute`. Faulty drivers drop whole
    /// gradients, which is far beyond these bounds.
    #[must_use]
    pub fn is_rounding(self, compute: &Compute) -> bool {
        let [losses, gradients] = if compute.is_mixed() { [0.1, 0.2] } else { [0.01, 0.02] };
        self.losses < losses && self.gradients < gradients
    }

    fn with(self, other: Self) -> Self {
        // NaN counts as the largest difference.
        let larger = |a: f64, b: f64| if a > b || a.is_nan() { a } else { b };
        Self {
            losses: larger(self.losses, other.losses),
            gradients: larger(self.gradients, other.gradients),
        }
    }
}

impl Trainer {
    /// Compares losses and gradients of every kind of step from here with the CPU's; changes no weights.
    /// Shape of `batch`: as for [`Self::step`].
    #[must_use]
    pub fn difference_from_cpu(&mut self, batch: &[f32]) -> StepDifference {
        let floor = std::mem::replace(&mut self.config.log_epsilon, LOG_EPSILON);
        let scale = std::mem::replace(&mut self.loss_scale, LossScale::continued(LOSS_SCALE, 0));
        let turns = [Turn::Autoencoder, Turn::Discriminators, Turn::Decoder];
        let difference = turns.into_iter().map(|turn| self.turn_difference(turn, batch));
        let difference = difference.fold(StepDifference::default(), StepDifference::with);
        (self.config.log_epsilon, self.loss_scale) = (floor, scale);
        difference
    }

    pub(super) fn turn_difference(&mut self, turn: Turn, batch: &[f32]) -> StepDifference {
        let shape = [self.config.batch_size, self.config.channels, self.config.n_signal];
        let dithered = dithered(batch, &mut self.rng_for("dither"));
        let elsewhere = self.compute.clone();
        let [found, expected] = [elsewhere.clone(), Compute::cpu()].map(|compute| {
            self.compute = compute;
            let audio = self.compute.tensor(dithered.clone(), shape);
            self.pass(turn, audio, self.draws(shape[0], shape[2]))
        });
        self.compute = elsewhere;
        let losses =
            found.values.iter().zip(&expected.values).map(|((_, found), (_, expected))| {
                let losses = (found - expected).abs() / expected.abs().max(1e-2);
                StepDifference { losses, gradients: 0.0 }
            });
        let whole = expected.gradients.norm();
        let gradients = expected.gradients.names().map(|name| {
            let [a, b] =
                [&found, &expected].map(|pass| pass.gradients.get(name).unwrap_or_default());
            let squares: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            let is_there = a.len() == b.len();
            // If all gradients are zero, there is no norm to divide by.
            let share = if whole > 0.0 { squares.sqrt() / whole } else { squares.sqrt() };
            StepDifference { losses: 0.0, gradients: if is_there { share } else { f64::INFINITY } }
        });
        losses.chain(gradients).fold(StepDifference::default(), StepDifference::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_apart() {
        let nothing = StepDifference::default();
        let lost = StepDifference { losses: f64::NAN, gradients: 0.0 };
        assert!(nothing.is_rounding(&Compute::cpu()));
        assert!(!nothing.with(lost).is_rounding(&Compute::cpu()));
        assert!(!lost.with(nothing).is_rounding(&Compute::cpu()));
        let half = StepDifference { losses: 0.0, gradients: 0.3 };
        assert!(!half.with(nothing).is_rounding(&Compute::cpu()));
    }
}
