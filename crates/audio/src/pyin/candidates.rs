//! The candidates of a frame: periods at which it differs little from itself, with probabilities.
//!
//! YIN asks for one threshold under which a dip counts; here a hundred thresholds are asked, each as likely as a beta
//! distribution has it, and each prefers the first of the dips below it.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealToComplex};

use super::{PER_SEMITONE, PyinSettings};
use crate::spectrum::{forward, inverse};

const N_THRESHOLDS: usize = 100;
/// How much more likely each dip is than the next one: the natural logarithm. Source: librosa, `boltzmann_parameter`.
const PREFERENCE: f64 = 2.0;
/// The share of the thresholds below all dips that the lowest dip gets. Source: librosa, `no_trough_prob`.
const NO_DIP: f64 = 0.01;

/// Finds candidates, with memory of its own.
pub(super) struct CandidateFinder {
    settings: PyinSettings,
    n_pitches: usize,
    /// The least and the largest period, in samples.
    least: usize,
    longest: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    time: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// The normalised difference at each period from the least to the longest.
    differences: Vec<f64>,
    /// How likely each threshold is.
    thresholds: [f64; N_THRESHOLDS],
    /// `exp(-PREFERENCE * k)`.
    preferences: Vec<f64>,
    dips: Vec<usize>,
    probabilities: Vec<f64>,
    found: Vec<(u16, f64)>,
    exact: Vec<(u16, f32)>,
}

impl CandidateFinder {
    pub(super) fn new(settings: &PyinSettings) -> Self {
        let rate_hz = f64::from(settings.rate_hz);
        let [low, high] = settings.range_hz;
        let least = (rate_hz / high).floor().max(1.0) as usize;
        let longest = ((rate_hz / low).ceil() as usize).min(settings.frame - 1);
        let n = fast_len(settings.frame + longest + 1);
        let (forward, inverse) = (forward(n), inverse(n));
        let n_scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            settings: *settings,
            n_pitches: settings.n_pitches(),
            least,
            longest,
            time: vec![0.0; n],
            spectrum: forward.make_output_vec(),
            scratch: vec![Complex::default(); n_scratch],
            forward,
            inverse,
            differences: vec![0.0; longest + 1 - least],
            thresholds: std::array::from_fn(|i| {
                beta_2_18((i + 1) as f64 / N_THRESHOLDS as f64)
                    - beta_2_18(i as f64 / N_THRESHOLDS as f64)
            }),
            preferences: (0..=longest).map(|k| (-PREFERENCE * k as f64).exp()).collect(),
            dips: vec![],
            probabilities: vec![],
            found: vec![],
            exact: vec![],
        }
    }

    /// The states of the candidates that were found last, each with its exact frequency in Hz.
    pub(super) fn exact(&self) -> &[(u16, f32)] {
        &self.exact
    }

    /// The states that a frame may be in, in ascending order, each with its probability.
    pub(super) fn find(&mut self, frame: &[f32]) -> &[(u16, f64)] {
        self.compare(frame);
        self.found.clear();
        self.exact.clear();
        self.look_for_dips();
        if self.dips.is_empty() {
            return &self.found;
        }
        self.weigh_dips();
        let rate_hz = f64::from(self.settings.rate_hz);
        for (dip, probability) in self.dips.iter().zip(&self.probabilities) {
            if *probability == 0.0 {
                continue;
            }
            let period = (self.least + dip) as f64 + shift(&self.differences, *dip);
            let octaves = (rate_hz / period / self.settings.range_hz[0]).log2();
            let state = (octaves * (12 * PER_SEMITONE) as f64).round_ties_even();
            let state = state.clamp(0.0, self.n_pitches as f64) as usize;
            // What is above the range is not a pitch; of two dips in one state the longer counts, as in librosa.
            if state == self.n_pitches {
                continue;
            }
            match self.found.iter_mut().find(|(found, _)| usize::from(*found) == state) {
                Some((_, of_state)) => *of_state = *probability,
                None => self.found.push((state as u16, *probability)),
            }
            self.exact.push((state as u16, (rate_hz / period) as f32));
        }
        self.found.sort_unstable_by_key(|(state, _)| *state);
        &self.found
    }

    /// Writes the normalised differences. Source: de Cheveigné and Kawahara, "YIN" (2002), equations 6 to 8, in
    /// librosa's form: the frame is compared with itself and silence after it.
    fn compare(&mut self, frame: &[f32]) {
        let n = self.time.len();
        self.time[..frame.len()].copy_from_slice(frame);
        self.time[frame.len()..].fill(0.0);
        let n_scratch = self.forward.get_scratch_len();
        let scratch = &mut self.scratch[..n_scratch];
        self.forward
            .process_with_scratch(&mut self.time, &mut self.spectrum, scratch)
            .expect("all buffers were made by the plan");
        for bin in &mut self.spectrum {
            *bin = Complex::new(bin.re * bin.re + bin.im * bin.im, 0.0);
        }
        let n_scratch = self.inverse.get_scratch_len();
        let scratch = &mut self.scratch[..n_scratch];
        self.inverse
            .process_with_scratch(&mut self.spectrum, &mut self.time, scratch)
            .expect("all buffers were made by the plan");
        let correlation = |lag: usize| f64::from(self.time[lag]) / n as f64;
        let all = correlation(0);
        let (mut before, mut sum) = (0.0, 0.0);
        for lag in 1..=self.longest {
            before += f64::from(frame[lag - 1] * frame[lag - 1]);
            let difference = 2.0 * (all - correlation(lag)) - before;
            sum += difference;
            if lag >= self.least {
                let mean = sum / lag as f64;
                self.differences[lag - self.least] =
                    difference / (mean + f64::from(f32::MIN_POSITIVE));
            }
        }
    }

    fn look_for_dips(&mut self) {
        let x = &self.differences;
        let last = x.len() - 1;
        let is_dip = |i: usize| match i {
            0 => last > 0 && x[0] < x[1],
            i if i == last => x[i] < x[i - 1],
            i => x[i] < x[i - 1] && x[i] <= x[i + 1],
        };
        self.dips.clear();
        self.dips.extend((0..=last).filter(|i| is_dip(*i)));
    }

    /// Writes the probability of each dip.
    fn weigh_dips(&mut self) {
        let heights = self.dips.iter().map(|dip| self.differences[*dip]);
        self.probabilities.clear();
        self.probabilities.resize(self.dips.len(), 0.0);
        let lowest = heights.clone().enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((lowest_idx, lowest)) = lowest else { return };
        // A dip is below all thresholds from its height on, so only those that pass a height are looked at.
        let mut below_all = 0.0;
        let mut order = vec![];
        for (i, likelihood) in self.thresholds.iter().enumerate() {
            let threshold = (i + 1) as f64 / N_THRESHOLDS as f64;
            if lowest >= threshold {
                below_all += likelihood;
                continue;
            }
            order.clear();
            order.extend(
                heights
                    .clone()
                    .enumerate()
                    .filter(|(_, height)| *height < threshold)
                    .map(|it| it.0),
            );
            let norm = (1.0 - (-PREFERENCE).exp()) / (1.0 - self.preferences_of(order.len()));
            for (place, dip) in order.iter().enumerate() {
                self.probabilities[*dip] += likelihood * norm * self.preferences[place];
            }
        }
        self.probabilities[lowest_idx] += NO_DIP * below_all;
    }

    fn preferences_of(&self, n: usize) -> f64 {
        (-PREFERENCE * n as f64).exp()
    }
}

/// Where the lowest point of a parabola through a number and its neighbours is, from it.
fn shift(x: &[f64], at: usize) -> f64 {
    if at == 0 || at + 1 >= x.len() {
        return 0.0;
    }
    let curvature = x[at + 1] + x[at - 1] - 2.0 * x[at];
    let slope = (x[at + 1] - x[at - 1]) / 2.0;
    if slope.abs() >= curvature.abs() { 0.0 } else { -slope / curvature }
}

/// The cumulative beta distribution with parameters 2 and 18, in closed form.
fn beta_2_18(x: f64) -> f64 {
    1.0 - (1.0 - x).powi(19) - 19.0 * x * (1.0 - x).powi(18)
}

/// The least even number from `n` on that has only small factors, for which transforms are fast.
fn fast_len(n: usize) -> usize {
    let has_small_factors = |n: &usize| {
        let mut rest = *n;
        for factor in [2, 3, 5] {
            while rest.is_multiple_of(factor) {
                rest /= factor;
            }
        }
        rest == 1
    };
    (n..).find(|n| n.is_multiple_of(16) && has_small_factors(n)).unwrap_or(n)
}
