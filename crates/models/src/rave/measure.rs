//! How fast this computer trains with given settings: a few real steps of a model that is discarded.

use nn::{Compute, Init};

use super::{Config, Trainer};

/// The duration of a step of each kind on this computer, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSecs {
    /// In phase 1, training encoder and decoder.
    pub autoencoder: f64,
    /// In phase 2, training the discriminators.
    pub discriminators: f64,
    /// In phase 2, training the decoder.
    pub decoder: f64,
    /// The fewest steps counted of any kind. 0 where steps took so long that only the first one was
    /// measured, which also allocates memory: the figures are then slightly too high.
    pub n_counted: u32,
}

impl StepSecs {
    /// The mean step of phase 2, in which discriminators and decoder take turns.
    #[must_use]
    pub fn phase_2(&self, config: &Config) -> f64 {
        let every = config.update_discriminator_every as f64;
        (self.discriminators + (every - 1.0) * self.decoder) / every
    }
}

/// Measures each kind of step by running some; medians, without the first of each. Also returns the
/// model, which is then in phase 2, so that other parts of training can be measured with it.
///
/// It trains on noise, which takes as long as sound, on the given device. `clock` returns seconds from any
/// origin. Fast steps are measured for some seconds, slow ones a few times or once. `go_on` receives
/// the progress, 0 to 1, after each step; if it returns false, the result is `None`.
pub fn measure(
    config: &Config,
    compute: &Compute,
    mut clock: impl FnMut() -> f64,
    mut go_on: impl FnMut(f64) -> bool,
) -> Option<(StepSecs, Trainer)> {
    let scratch = Config {
        phase_1_duration: 1 << 40,
        // Both kinds of phase 2 alternate, so that neither is rare; their durations stay the same.
        update_discriminator_every: 2,
        ..config.clone()
    };
    let mut trainer = Trainer::new(&scratch, 0);
    trainer.compute_on(compute.clone());
    let n = config.batch_size * config.channels * config.n_signal;
    let batch: Vec<f32> = Init::named(0, "measure").normal(n).iter().map(|it| 0.1 * it).collect();
    let mut timed = |trainer: &mut Trainer| {
        let from = clock();
        let report = trainer.step(&batch);
        let trains_discriminators = report.values.iter().any(|(name, _)| *name == "loss_dis");
        (clock() - from, trains_discriminators)
    };
    let mut autoencoder = Turn::default();
    while !autoencoder.is_enough() {
        autoencoder.add(timed(&mut trainer).0);
        if !go_on(autoencoder.share() / 3.0) {
            return None;
        }
    }
    trainer.begin_phase_2();
    let [mut discriminators, mut decoder] = [Turn::default(), Turn::default()];
    while !(discriminators.is_enough() && decoder.is_enough()) {
        let (secs, trains_discriminators) = timed(&mut trainer);
        if trains_discriminators {
            discriminators.add(secs)
        } else {
            decoder.add(secs)
        }
        if !go_on((1.0 + discriminators.share() + decoder.share()) / 3.0) {
            return None;
        }
    }
    let turns = [&autoencoder, &discriminators, &decoder];
    let secs = StepSecs {
        autoencoder: autoencoder.median(),
        discriminators: discriminators.median(),
        decoder: decoder.median(),
        n_counted: turns.iter().map(|it| it.n_counted()).min().unwrap_or(0) as u32,
    };
    Some((secs, trainer))
}

/// Steps of one kind are measured for this long,
const ENOUGH_SECS: f64 = 3.0;
/// provided at least this many were counted, so that the median is meaningful;
const COUNTED_MIN: usize = 5;
/// or for this long, however few were counted,
const SECS_MAX: f64 = 6.0;
/// or until this many were counted.
const COUNTED_MAX: usize = 40;

/// Durations of steps of one kind in seconds, including the first.
#[derive(Default)]
struct Turn(Vec<f64>);

impl Turn {
    fn add(&mut self, secs: f64) {
        self.0.push(secs);
    }

    fn n_counted(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    fn secs(&self) -> f64 {
        self.0.iter().sum()
    }

    fn is_enough(&self) -> bool {
        let n = self.n_counted();
        let secs = self.secs();
        n >= COUNTED_MAX || secs >= SECS_MAX || (secs >= ENOUGH_SECS && n >= COUNTED_MIN)
    }

    /// The progress of measuring, 0 to 1.
    fn share(&self) -> f64 {
        if self.is_enough() {
            return 1.0;
        }
        let n = self.n_counted() as f64;
        let by_both = (self.secs() / ENOUGH_SECS).min(n / COUNTED_MIN as f64);
        by_both.max(self.secs() / SECS_MAX).max(n / COUNTED_MAX as f64).min(1.0)
    }

    /// The median of the counted steps.
    fn median(&self) -> f64 {
        let counted = if self.n_counted() > 0 { &self.0[1..] } else { &self.0[..] };
        let mut sorted = counted.to_vec();
        sorted.sort_by(f64::total_cmp);
        let [low, high] = [(sorted.len() - 1) / 2, sorted.len() / 2];
        (sorted[low] + sorted[high]) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;
    use crate::rave::train::tests::tiny;

    fn config() -> Config {
        tiny(&json!({}))
    }

    /// The result if steps, numbered from 0, take the given seconds.
    fn measured(secs_of_step: impl Fn(usize) -> f64) -> (StepSecs, usize) {
        let (now, n_looks) = (Cell::new(0.0), Cell::new(0));
        let clock = || {
            // Every second clock reading is the end of a step.
            if n_looks.get() % 2 == 1 {
                now.set(now.get() + secs_of_step(n_looks.get() / 2));
            }
            n_looks.set(n_looks.get() + 1);
            now.get()
        };
        let (secs, _) = measure(&config(), &Compute::cpu(), clock, |_| true).unwrap();
        (secs, n_looks.get() / 2)
    }

    #[test]
    fn the_first_step_of_each_kind_does_not_count() {
        let (secs, n) = measured(|i| if i == 0 { 2.0 } else { 0.25 });
        assert_eq!((secs.autoencoder, secs.discriminators, secs.decoder), (0.25, 0.25, 0.25));
        // 2 s and five counted steps; then 3 s of each kind.
        assert_eq!((secs.n_counted, n), (5, 6 + 2 * 12));
    }

    #[test]
    fn slow_steps_are_done_once_and_fast_ones_not_forever() {
        let check = |secs: f64, n_counted: usize, n_steps: usize| {
            let (found, n) = measured(|_| secs);
            assert_eq!((found.n_counted as usize, n), (n_counted, n_steps), "{secs}");
            assert!((found.decoder - secs).abs() < 1e-9 && found.autoencoder > 0.0);
        };
        check(100.0, 0, 3);
        check(4.0, 1, 6);
        check(1e-3, COUNTED_MAX, 3 * (COUNTED_MAX + 1));
    }

    #[test]
    fn the_share_grows_to_all_and_a_no_ends_it() {
        let shares = Cell::new((0.0, 0));
        let mut now = 0.0;
        let clock = || {
            now += 0.5;
            now
        };
        let ended = measure(&config(), &Compute::cpu(), clock, |share| {
            let (before, n) = shares.get();
            assert!((before..=1.0).contains(&share), "{share} after {before}");
            shares.set((share, n + 1));
            n < 8
        });
        assert!(ended.is_none());
        assert_eq!(shares.get().1, 9);
        assert!((0.3..1.0).contains(&shares.get().0), "{shares:?}");
    }

    #[test]
    fn phase_2_is_a_mixture_of_both_kinds() {
        let check = |every: u64, expected: f64| {
            let config = Config { update_discriminator_every: every, ..config() };
            let secs =
                StepSecs { autoencoder: 9.0, discriminators: 1.0, decoder: 4.0, n_counted: 1 };
            assert!((secs.phase_2(&config) - expected).abs() < 1e-12);
        };
        check(2, 2.5);
        check(4, 3.25);
    }
}
