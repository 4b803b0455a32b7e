//! The envelope of a spectrum: the colour of a sound apart from its pitch, and how it is moved.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealToComplex};

use crate::spectrum::{forward, inverse};

/// Ripples of the spectrum that are finer than this are pitch, in seconds: half a period of 350 Hz. Where a spectrum has
/// a pitch of its own, half its period.
const FINEST_SECS: f64 = 0.0014;
/// Periods that are looked for in a spectrum: 70 to 500 Hz.
const PERIODS_SECS: [f64; 2] = [0.002, 0.0143];
/// How high a peak of the cepstrum must be to be a pitch.
const PITCH_FROM: f32 = 0.06;
/// How often the envelope is raised to the peaks.
const N_RAISES: usize = 6;
/// The most that a bin is turned up or down, as a natural logarithm: 36 dB.
const MOST: f32 = 4.145;
/// Below this, a hundred dB under full scale, spectra are flat.
const FLOOR: f32 = 1e-5;

/// Moves the envelope of spectra, so that a change of pitch that follows brings it back to where it was.
///
/// The envelope is the cepstrum's slow part, raised to the peaks step by step. Source: Röbel and Rodet, "Efficient
/// spectral envelope estimation and its application to pitch shifting and envelope preservation" (2005).
pub(super) struct Formants {
    /// By what frequencies are multiplied afterwards.
    pitch: f64,
    /// Coefficients of the cepstrum that are kept where there is no pitch.
    n_kept: usize,
    /// Where the peak of a pitch is looked for in the cepstrum.
    periods: std::ops::Range<usize>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    time: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    logs: Vec<f32>,
    envelope: Vec<f32>,
}

impl Formants {
    /// For spectra of windows of `len` frames, and a pitch that is multiplied by `pitch`.
    pub(super) fn new(len: usize, rate_hz: u32, pitch: f64) -> Self {
        let (forward, inverse) = (forward(len), inverse(len));
        let n_scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let n_bins = len / 2 + 1;
        Self {
            pitch,
            n_kept: ((FINEST_SECS * f64::from(rate_hz)) as usize).clamp(4, len / 4),
            periods: {
                let [first, last] = PERIODS_SECS.map(|secs| (secs * f64::from(rate_hz)) as usize);
                first.min(len / 2)..(last + 1).min(len / 2)
            },
            time: vec![0.0; len],
            bins: vec![Complex::default(); n_bins],
            scratch: vec![Complex::default(); n_scratch],
            logs: vec![0.0; n_bins],
            envelope: vec![0.0; n_bins],
            forward,
            inverse,
        }
    }

    /// Gives each bin the level that it will have to have at its new frequency; one envelope for all channels.
    pub(super) fn shape(&mut self, spectra: &mut [Vec<Complex<f32>>]) {
        let n_bins = self.logs.len();
        let scale = 4.0 / (2 * (n_bins - 1)) as f32;
        for (k, log) in self.logs.iter_mut().enumerate() {
            let power: f32 = spectra.iter().map(|bins| bins[k].norm_sqr()).sum();
            *log = (power.sqrt() * scale).max(FLOOR).ln();
        }
        self.find_envelope();
        let at = |place: f64| {
            let place = place.min((n_bins - 1) as f64);
            let (k, share) = (place as usize, place.fract() as f32);
            let next = (k + 1).min(n_bins - 1);
            self.envelope[k] + share * (self.envelope[next] - self.envelope[k])
        };
        for k in 0..n_bins {
            let change = (at(k as f64 * self.pitch) - self.envelope[k]).clamp(-MOST, MOST);
            let gain = change.exp();
            spectra.iter_mut().for_each(|bins| bins[k] *= gain);
        }
    }

    fn find_envelope(&mut self) {
        let n = self.time.len();
        self.envelope.copy_from_slice(&self.logs);
        let mut n_kept = self.n_kept;
        for raise in 0..N_RAISES {
            for (bin, log) in self.bins.iter_mut().zip(&self.envelope) {
                *bin = Complex::new(*log, 0.0);
            }
            let n_scratch = self.inverse.get_scratch_len();
            self.inverse
                .process_with_scratch(
                    &mut self.bins,
                    &mut self.time,
                    &mut self.scratch[..n_scratch],
                )
                .expect("all buffers were made by the plan");
            self.time.iter_mut().for_each(|x| *x /= n as f32);
            if raise == 0 {
                n_kept = self.half_period().unwrap_or(self.n_kept);
            }
            for (i, x) in self.time.iter_mut().enumerate() {
                let share = i.min(n - i) as f32 / n_kept as f32;
                // A soft end, or the envelope rings.
                *x *= match share {
                    ..SOFT_FROM => 1.0,
                    ..1.0 => {
                        0.5 + 0.5
                            * (std::f32::consts::PI * (share - SOFT_FROM) / (1.0 - SOFT_FROM)).cos()
                    }
                    _ => 0.0,
                };
            }
            let n_scratch = self.forward.get_scratch_len();
            self.forward
                .process_with_scratch(
                    &mut self.time,
                    &mut self.bins,
                    &mut self.scratch[..n_scratch],
                )
                .expect("all buffers were made by the plan");
            for ((envelope, bin), log) in self.envelope.iter_mut().zip(&self.bins).zip(&self.logs) {
                *envelope = bin.re.max(*log);
            }
        }
        // The last one is smooth again.
        for (envelope, bin) in self.envelope.iter_mut().zip(&self.bins) {
            *envelope = bin.re;
        }
    }

    /// Half a period of the spectrum's pitch, in frames, by the highest peak of the cepstrum.
    fn half_period(&self) -> Option<usize> {
        let peak = self.periods.clone().max_by(|a, b| self.time[*a].total_cmp(&self.time[*b]))?;
        (self.time[peak] > PITCH_FROM).then_some((peak / 2).max(4))
    }
}

/// From here on, as a share of what is kept, coefficients fade.
const SOFT_FROM: f32 = 0.6;
