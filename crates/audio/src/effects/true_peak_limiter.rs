//! A limiter for the peaks between the samples: those of the sound that comes out of a converter.

use std::f64::consts::PI;
use std::sync::LazyLock;

use super::limiter::Limiter;
use crate::quality::true_peak::{DELAY, N_TAPS, PHASES};

/// Samples that a point is interpolated from.
const LEN: usize = 32;
/// The sample in the middle, after which the points lie.
const MIDDLE: usize = LEN / 2 - 1;

/// A limiter that keeps the sound between the samples below its ceiling too.
///
/// It is [`Limiter`], told of the peaks between the samples: those that [`TruePeak`](crate::quality::TruePeak) measures,
/// and those of a longer filter, since meters differ by some tenths of a dB where sound is high. As the gain moves while it
/// turns down, what comes out may go beyond the ceiling by a few hundredths of a dB: measured below 0.1 dB on noise.
#[derive(Clone, Debug)]
pub struct TruePeakLimiter {
    channels: Vec<Interpolator>,
    limiter: Limiter,
    /// The last peaks: a sample is as loud as the points on both sides of it.
    before: f32,
}

impl TruePeakLimiter {
    /// A limiter at a rate, whose peaks stay at or below `ceiling`; late by [`Self::latency_samples`].
    #[must_use]
    pub fn new(rate_hz: u32, n_channels: usize, ceiling: f32) -> Self {
        Self {
            channels: vec![Interpolator::new(); n_channels],
            limiter: Limiter::new(rate_hz, n_channels, ceiling),
            before: 0.0,
        }
    }

    /// By how many samples the output is late.
    #[must_use]
    pub fn latency_samples(&self) -> usize {
        LEN - 1 - MIDDLE + self.limiter.latency_samples()
    }

    /// The gain at present: 1 where nothing is limited.
    #[must_use]
    pub fn gain(&self) -> f32 {
        self.limiter.gain()
    }

    /// Takes a sample of each channel and puts the late ones in their place.
    ///
    /// # Panics
    /// When there are not as many as channels.
    pub fn process(&mut self, samples: &mut [f32]) {
        assert_eq!(samples.len(), self.channels.len(), "channels");
        let mut peak = 0.0f32;
        for (channel, sample) in self.channels.iter_mut().zip(samples.iter_mut()) {
            let x = if sample.is_finite() { *sample } else { 0.0 };
            peak = peak.max(channel.next(x));
            *sample = channel.middle();
        }
        let around = peak.max(self.before);
        self.before = peak;
        self.limiter.process_with_peak(samples, around);
    }
}

/// The last samples of a channel, and what lies between two of them.
#[derive(Clone, Debug)]
struct Interpolator {
    /// Twice, so that the last ones always lie one after the other.
    past: [f32; 2 * LEN],
    at: usize,
}

impl Interpolator {
    fn new() -> Self {
        Self { past: [0.0; 2 * LEN], at: 0 }
    }

    /// Takes a sample; the largest value from the sample in the middle on, up to the one after it.
    fn next(&mut self, x: f32) -> f32 {
        (self.past[self.at], self.past[self.at + LEN]) = (x, x);
        self.at = (self.at + 1) % LEN;
        let window = &self.past[self.at..self.at + LEN];
        // The meter's filter is shorter; its middle is put on ours.
        let start = MIDDLE - (N_TAPS - 1 - DELAY as usize);
        let metered = PHASES.iter().map(|gains| {
            let newest_first = window[start..start + N_TAPS].iter().rev();
            gains.iter().zip(newest_first).map(|(gain, x)| gain * x).sum::<f32>()
        });
        let points = POINTS.iter().map(|gains| {
            let mut lanes = [0.0f32; 8];
            for (gains, samples) in gains.as_chunks::<8>().0.iter().zip(window.as_chunks::<8>().0) {
                for (lane, (gain, sample)) in lanes.iter_mut().zip(gains.iter().zip(samples)) {
                    *lane += gain * sample;
                }
            }
            lanes.iter().sum::<f32>()
        });
        metered.chain(points).fold(self.middle().abs(), |most, x| most.max(x.abs()))
    }

    /// The sample in the middle.
    fn middle(&self) -> f32 {
        self.past[self.at + MIDDLE]
    }
}

/// Gains of the samples for the points a quarter, a half and three quarters after the one in the middle: a sinc in a
/// Hann window.
static POINTS: LazyLock<[[f32; LEN]; 3]> = LazyLock::new(|| {
    std::array::from_fn(|point| {
        let offset = (point + 1) as f64 / 4.0;
        let gain = |tap: usize| {
            let x = tap as f64 - MIDDLE as f64 - offset;
            let sinc = (PI * x).sin() / (PI * x);
            sinc * (0.5 + 0.5 * (PI * x / (LEN / 2) as f64).cos())
        };
        let sum: f64 = (0..LEN).map(gain).sum();
        std::array::from_fn(|tap| (gain(tap) / sum) as f32)
    })
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rng, db_from_gain, quality::TruePeak};

    #[test]
    fn the_limiter_keeps_peaks_between_samples_down() {
        let mut rng = Rng::new(2);
        let mut limiter = TruePeakLimiter::new(44_100, 2, 0.8);
        let mut meter = TruePeak::new(2);
        for n in 0..44_100 {
            let loud = if n % 9000 < 3000 { 3.0 } else { 0.3 };
            let mut pair = [rng.uniform(-loud, loud), rng.uniform(-loud, loud)];
            limiter.process(&mut pair);
            meter.push(&[[pair[0]], [pair[1]]]);
        }
        meter.finish();
        let over = meter.dbtp().unwrap() - db_from_gain(0.8);
        assert!(over < 0.1, "{over}");
    }

    #[test]
    fn what_is_below_the_ceiling_is_only_late() {
        let mut limiter = TruePeakLimiter::new(48_000, 1, 0.9);
        let late = limiter.latency_samples();
        let sample = |n: usize| (n as f32 * 0.05).sin() * 0.5;
        for n in 0..1000usize {
            let mut x = [sample(n)];
            limiter.process(&mut x);
            assert_eq!(x[0], n.checked_sub(late).map_or(0.0, sample), "{n}");
        }
    }
}
