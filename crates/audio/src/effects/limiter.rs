//! A limiter: keeps peaks below a ceiling by turning the gain down shortly before them.

/// A look-ahead peak limiter that works sample by sample, in memory that is allocated once.
///
/// The gain falls to what the loudest sample within the look-ahead needs, as a mean over that time, so it is
/// there when the sample is; it comes back with a time constant of its own. What never reaches the ceiling is not
/// changed. Source: Zölzer, "DAFX: Digital Audio Effects", 2nd edition, 4.2.
#[derive(Clone, Debug)]
pub struct Limiter {
    ceiling: f32,
    release: f32,
    n_channels: usize,
    n_ahead: usize,
    /// Samples on their way, interleaved.
    waiting: Vec<f32>,
    /// The gain that each of them needs.
    needed: Vec<f32>,
    /// The smallest gain of the window, held, and its running sum.
    held: Vec<f32>,
    sum: f64,
    gain: f32,
    at: usize,
}

impl Limiter {
    /// A limiter at a rate, whose peaks stay at or below `ceiling`; late by [`Self::latency_samples`].
    #[must_use]
    pub fn new(rate_hz: u32, n_channels: usize, ceiling: f32) -> Self {
        let n_ahead = (f64::from(rate_hz) * AHEAD_SECS).round().max(1.0) as usize;
        Self {
            ceiling,
            release: (-1.0 / (f64::from(rate_hz) * RELEASE_SECS)).exp() as f32,
            n_channels,
            n_ahead,
            waiting: vec![0.0; n_ahead * n_channels],
            needed: vec![1.0; n_ahead],
            held: vec![1.0; n_ahead],
            sum: n_ahead as f64,
            gain: 1.0,
            at: 0,
        }
    }

    /// By how many samples the output is late.
    #[must_use]
    pub fn latency_samples(&self) -> usize {
        self.n_ahead
    }

    /// The gain at present: 1 where nothing is limited.
    #[must_use]
    pub fn gain(&self) -> f32 {
        self.gain
    }

    /// Takes a sample of each channel and puts the late ones in their place.
    ///
    /// # Panics
    /// When there are not as many as channels.
    pub fn process(&mut self, samples: &mut [f32]) {
        assert_eq!(samples.len(), self.n_channels, "channels");
        // NaN would stay in the window; it becomes silence.
        samples.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
        let peak = samples.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        self.process_with_peak(samples, peak);
    }

    /// [`Self::process`] of finite samples whose peak, at least theirs, is known.
    pub(super) fn process_with_peak(&mut self, samples: &mut [f32], peak: f32) {
        let needed = if peak > self.ceiling { self.ceiling / peak } else { 1.0 };
        let at = self.at;
        self.needed[at] = needed;
        let least = self.needed.iter().fold(1.0f32, |least, gain| least.min(*gain));
        self.sum += f64::from(least) - f64::from(self.held[at]);
        self.held[at] = least;
        let mean = (self.sum / self.n_ahead as f64).min(1.0) as f32;
        // Down at once, as the mean already falls smoothly; up slowly.
        self.gain = if mean < self.gain { mean } else { mean + (self.gain - mean) * self.release };
        let waiting = &mut self.waiting[at * self.n_channels..(at + 1) * self.n_channels];
        for (waiting, sample) in waiting.iter_mut().zip(samples) {
            let late = std::mem::replace(waiting, *sample);
            // The mean is rounded; nothing may pass the ceiling for that.
            *sample = (late * self.gain).clamp(-self.ceiling, self.ceiling);
        }
        self.at = (at + 1) % self.n_ahead;
        if self.at == 0 {
            // Rounding must not add up over hours.
            self.sum = self.held.iter().map(|gain| f64::from(*gain)).sum();
        }
    }

    /// Forgets everything on its way.
    pub fn reset(&mut self) {
        self.waiting.fill(0.0);
        self.needed.fill(1.0);
        self.held.fill(1.0);
        (self.sum, self.gain, self.at) = (self.n_ahead as f64, 1.0, 0);
    }
}

/// How far it looks ahead.
const AHEAD_SECS: f64 = 0.0015;
/// The time constant in which the gain comes back.
const RELEASE_SECS: f64 = 0.08;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn what_is_below_the_ceiling_is_only_late() {
        let mut limiter = Limiter::new(44_100, 2, 0.9);
        let n = limiter.latency_samples();
        for i in 0..500usize {
            let sample = |i: usize| (i as f32 * 0.1).sin() * 0.8;
            let mut pair = [sample(i), -sample(i)];
            limiter.process(&mut pair);
            let expected = i.checked_sub(n).map_or(0.0, sample);
            assert_eq!(pair, [expected, -expected]);
        }
        assert_eq!(limiter.gain(), 1.0);
    }

    #[test]
    fn nothing_passes_the_ceiling_and_the_gain_moves_smoothly() {
        let mut limiter = Limiter::new(44_100, 1, 0.9);
        let mut rng = Rng::new(1);
        let mut before = 1.0f32;
        for i in 0..44_100 {
            let loud = if i % 9_000 < 3_000 { 4.0 } else { 0.2 };
            let mut sample = [rng.uniform(-loud, loud)];
            limiter.process(&mut sample);
            assert!(sample[0].abs() <= 0.9, "{}", sample[0]);
            assert!((limiter.gain() - before).abs() < 0.05, "{before} to {}", limiter.gain());
            before = limiter.gain();
        }
        for _ in 0..44_100 {
            limiter.process(&mut [0.0]);
        }
        assert!(limiter.gain() > 0.999, "{}", limiter.gain());
    }

    #[test]
    fn invalid_samples_are_silence() {
        let mut limiter = Limiter::new(44_100, 1, 0.9);
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            limiter.process(&mut [x]);
        }
        for _ in 0..200 {
            let mut sample = [0.1];
            limiter.process(&mut sample);
            assert!(sample[0].is_finite() && sample[0] <= 0.1);
        }
    }
}
