//! How far a sound is tuned from A = 440 Hz, from the peaks of its spectra, as librosa's `estimate_tuning` finds it.
//!
//! Source: Smith, "Spectral Audio Signal Processing", "Sinusoidal Peak Interpolation": a parabola through each peak.

use super::FeatureSettings;
use super::frames::for_each_magnitude;

/// Peaks are looked for from here, in Hz.
const LOW_HZ: f64 = 150.0;
/// Peaks are looked for up to here, in Hz.
const HIGH_HZ: f64 = 4000.0;
/// A peak counts from this share of the frame's largest bin on.
const LEAST_SHARE: f32 = 0.1;
/// Steps of a bin: hundredths.
const N_STEPS: usize = 100;

/// The tuning of a sound in bins of which an octave has `bins_per_octave`: from -0.5 to 0.5, in hundredths.
#[must_use]
pub fn tuning(samples: &[f32], settings: &FeatureSettings, bins_per_octave: usize) -> f64 {
    let mut peaks = Peaks::new(settings);
    for_each_magnitude(samples, settings, |magnitudes| peaks.look(magnitudes));
    peaks.tuning(bins_per_octave)
}

/// Peaks of spectra: frequencies in Hz, and their heights.
pub(super) struct Peaks {
    settings: FeatureSettings,
    /// Bins that are looked at.
    first: usize,
    end: usize,
    found: Vec<(f32, f32)>,
}

impl Peaks {
    pub(super) fn new(settings: &FeatureSettings) -> Self {
        let n_bins = settings.n_fft / 2 + 1;
        let bins_below = |hz: f64| (0..n_bins).take_while(|bin| settings.bin_hz(*bin) < hz).count();
        let high_hz = HIGH_HZ.min(f64::from(settings.rate_hz) / 2.0);
        let (first, end) = (bins_below(LOW_HZ).max(1), bins_below(high_hz).min(n_bins - 1));
        Self { settings: *settings, first, end, found: vec![] }
    }

    /// Adds the peaks of a spectrum of powers or magnitudes.
    pub(super) fn look(&mut self, spectrum: &[f32]) {
        let least = LEAST_SHARE * spectrum.iter().copied().fold(0.0, f32::max);
        let counted = |x: f32| if x > least { x } else { 0.0 };
        for bin in self.first..self.end {
            let [before, at, after] = [spectrum[bin - 1], spectrum[bin], spectrum[bin + 1]];
            if at <= least || at <= counted(before) || at < counted(after) {
                continue;
            }
            let curvature = f64::from(after) + f64::from(before) - 2.0 * f64::from(at);
            let slope = f64::from(after - before) / 2.0;
            let shift = if slope.abs() >= curvature.abs() { 0.0 } else { -slope / curvature };
            let hz = (bin as f64 + shift) * f64::from(self.settings.rate_hz)
                / self.settings.n_fft as f64;
            self.found.push((hz as f32, at + (0.5 * slope * shift) as f32));
        }
    }

    /// The tuning that most of the higher half of the peaks have.
    pub(super) fn tuning(&self, bins_per_octave: usize) -> f64 {
        let mut heights: Vec<f32> = self.found.iter().map(|(_, height)| *height).collect();
        heights.sort_by(f32::total_cmp);
        let n = heights.len();
        if n == 0 {
            return 0.0;
        }
        let median = 0.5 * (heights[(n - 1) / 2] + heights[n / 2]);
        let mut counts = [0u64; N_STEPS];
        for (hz, _) in self.found.iter().filter(|(_, height)| *height >= median) {
            let bins = bins_per_octave as f32 * (hz / (440.0 / 16.0)).log2();
            let over = bins.rem_euclid(1.0);
            let residual = f64::from(if over >= 0.5 { over - 1.0 } else { over });
            let step = ((residual + 0.5) * N_STEPS as f64) as usize;
            counts[step.min(N_STEPS - 1)] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        let step = counts.iter().position(|count| *count == most).unwrap_or(0);
        step as f64 / N_STEPS as f64 - 0.5
    }
}
