//! Pitch: how high a sound is, frame by frame, and how sure that is.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealToComplex};

use crate::spectrum::{forward, inverse};

/// The pitch of a moment of a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pitch {
    /// Its fundamental frequency, in Hz.
    pub hz: f32,
    /// How periodic the sound is there: 1 for a tone that repeats itself exactly, about 0 for noise.
    pub confidence: f32,
}

impl Pitch {
    /// From this confidence on, a pitch is what people would sing. Measured in the tests of this module: tones in noise
    /// 20 dB below them are all above, white noise alone never.
    pub const SURE_FROM: f32 = 0.7;
}

/// The dip that counts as a period is the first one below this. Source: de Cheveigné and Kawahara, section II.D.
const THRESHOLD: f32 = 0.1;

/// Finds the pitch of windows of samples, with memory of its own: finding neither allocates nor locks.
///
/// The YIN method: the period is the first lag at which the sound differs little from itself, by the cumulative mean
/// normalised difference, refined by a parabola. Differences come from one correlation by fast Fourier transform.
/// Source: de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music" (2002),
/// equations 6 to 8.
pub struct PitchFinder {
    rate_hz: f32,
    /// The least and the largest lag, in samples.
    lags: [usize; 2],
    /// Samples that are compared at each lag.
    n_compared: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    /// The window, without its mean.
    centred: Vec<f32>,
    /// What is compared, then the correlations.
    time: Vec<f32>,
    of_start: Vec<Complex<f32>>,
    of_all: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// The normalised difference at each lag, from 0.
    differences: Vec<f32>,
}

impl PitchFinder {
    /// For sound at a rate, looking between the lowest and the highest frequency, in Hz.
    ///
    /// # Panics
    /// If the range is empty, not above 0, or reaches beyond a quarter of the rate.
    #[must_use]
    pub fn new(rate_hz: u32, [low_hz, high_hz]: [f32; 2]) -> Self {
        let rate_hz = rate_hz as f32;
        assert!(0.0 < low_hz && low_hz < high_hz && high_hz <= rate_hz / 4.0, "a range of pitches");
        let longest = (rate_hz / low_hz).ceil() as usize;
        // One more on either side, for the parabola.
        let lags = [((rate_hz / high_hz) as usize).max(2) - 1, longest + 1];
        let n_compared = longest;
        let n = (n_compared + lags[1] + 1).next_power_of_two();
        let (forward, inverse) = (forward(n), inverse(n));
        let n_scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            rate_hz,
            lags,
            n_compared,
            centred: vec![0.0; n_compared + lags[1]],
            time: vec![0.0; n],
            of_start: forward.make_output_vec(),
            of_all: forward.make_output_vec(),
            scratch: vec![Complex::default(); n_scratch],
            differences: vec![0.0; lags[1] + 1],
            forward,
            inverse,
        }
    }

    /// How many samples it looks at: two of the longest periods.
    #[must_use]
    pub fn window(&self) -> usize {
        self.n_compared + self.lags[1]
    }

    /// The pitch of [`Self::window`] samples; none for silence, for samples that are not numbers, and where the sound
    /// does not repeat itself within the range.
    ///
    /// # Panics
    /// If there are fewer samples.
    pub fn find(&mut self, samples: &[f32]) -> Option<Pitch> {
        let samples = &samples[..self.window()];
        let mean = samples.iter().sum::<f32>() / samples.len() as f32;
        let centred = self.centred.iter_mut().zip(samples);
        centred.for_each(|(centred, x)| *centred = x - mean);
        let energy: f64 = self.centred.iter().map(|x| f64::from(x * x)).sum();
        // -100 dB: below the noise of 16 bits.
        if !energy.is_finite() || energy < 1e-10 * samples.len() as f64 {
            return None;
        }
        self.compare();
        let [least, longest] = self.lags;
        let lag = self.period()?;
        let (before, at, after) =
            (self.differences[lag - 1], self.differences[lag], self.differences[lag + 1]);
        let curvature = before - 2.0 * at + after;
        let offset = if curvature > 0.0 { 0.5 * (before - after) / curvature } else { 0.0 };
        let offset = offset.clamp(-1.0, 1.0);
        let lowest = at - 0.25 * (before - after) * offset;
        (lag > least && lag < longest).then(|| Pitch {
            hz: self.rate_hz / (lag as f32 + offset),
            confidence: (1.0 - lowest.max(0.0)).clamp(0.0, 1.0),
        })
    }

    /// Writes the normalised differences of the start with later parts.
    fn compare(&mut self) {
        let samples = &self.centred;
        let n = self.time.len();
        let inverse_n = 1.0 / n as f32;
        let transform = |time: &mut [f32], spectrum: &mut [Complex<f32>], scratch: &mut [_]| {
            self.forward
                .process_with_scratch(time, spectrum, &mut scratch[..])
                .expect("all buffers were made by the plan");
        };
        self.time[..self.n_compared].copy_from_slice(&samples[..self.n_compared]);
        self.time[self.n_compared..].fill(0.0);
        let n_scratch = self.forward.get_scratch_len();
        transform(&mut self.time, &mut self.of_start, &mut self.scratch[..n_scratch]);
        self.time[..samples.len()].copy_from_slice(samples);
        self.time[samples.len()..].fill(0.0);
        transform(&mut self.time, &mut self.of_all, &mut self.scratch[..n_scratch]);
        for (all, start) in self.of_all.iter_mut().zip(&self.of_start) {
            *all *= start.conj();
        }
        // The first and the last bin of a real signal are real; rounding may have left something there.
        let last = self.of_all.len() - 1;
        (self.of_all[0].im, self.of_all[last].im) = (0.0, 0.0);
        let n_scratch = self.inverse.get_scratch_len();
        self.inverse
            .process_with_scratch(&mut self.of_all, &mut self.time, &mut self.scratch[..n_scratch])
            .expect("all buffers were made by the plan");
        let square = |x: f32| f64::from(x) * f64::from(x);
        let start: f64 = samples[..self.n_compared].iter().map(|x| square(*x)).sum();
        let mut later = start;
        let mut sum = 0.0;
        self.differences[0] = 1.0;
        for lag in 1..self.differences.len() {
            later += square(samples[lag + self.n_compared - 1]) - square(samples[lag - 1]);
            let correlation = f64::from(self.time[lag] * inverse_n);
            let difference = (start + later - 2.0 * correlation).max(0.0);
            sum += difference;
            self.differences[lag] =
                if sum > 0.0 { (difference * lag as f64 / sum) as f32 } else { 1.0 };
        }
    }

    /// The lag of the first dip below the threshold, else of the deepest one.
    fn period(&self) -> Option<usize> {
        let [least, longest] = self.lags;
        let inside = least + 1..longest;
        let mut lag = inside.clone().find(|lag| self.differences[*lag] < THRESHOLD);
        while let Some(at) = lag
            && at + 1 < longest
            && self.differences[at + 1] < self.differences[at]
        {
            lag = Some(at + 1);
        }
        lag.or_else(|| inside.min_by(|a, b| self.differences[*a].total_cmp(&self.differences[*b])))
    }
}

/// The pitch of a channel every `hop` samples, from its start on, for as many whole windows as it has; see
/// [`PitchFinder::find`].
///
/// # Panics
/// As [`PitchFinder::new`]; or if `hop` is 0.
#[must_use]
pub fn pitches(
    samples: &[f32],
    rate_hz: u32,
    range_hz: [f32; 2],
    hop: usize,
) -> Vec<Option<Pitch>> {
    assert!(hop > 0, "a hop has at least one sample");
    let mut finder = PitchFinder::new(rate_hz, range_hz);
    let window = finder.window();
    samples.windows(window).step_by(hop).map(|samples| finder.find(samples)).collect()
}

/// The pitch in the middle of those that are sure; none if there is none.
#[must_use]
pub fn median_pitch_hz(pitches: impl IntoIterator<Item = Option<Pitch>>) -> Option<f32> {
    let sure = pitches.into_iter().flatten().filter(|it| it.confidence >= Pitch::SURE_FROM);
    let mut hz: Vec<f32> = sure.map(|pitch| pitch.hz).collect();
    hz.sort_by(f32::total_cmp);
    hz.get(hz.len() / 2).copied()
}

#[cfg(test)]
mod tests;
