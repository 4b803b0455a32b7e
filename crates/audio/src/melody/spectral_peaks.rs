//! The peaks of the spectrum of each moment, with exact frequencies, and as loud as they are heard (section III-A).

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::RealToComplex;
use realfft::num_complex::Complex;

use super::{HOP, RATE_HZ};
use crate::spectrum::{forward, hann_window};

/// 46 ms of sound, and silence up to four times that.
const WINDOW: usize = 1024;
const PADDED: usize = 4 * WINDOW;
const BIN_HZ: f64 = RATE_HZ as f64 / PADDED as f64;
/// Peaks are looked for from here on, in bins: half the lowest pitch and below there is none.
const FIRST_BIN: usize = 8;
/// What is less is silence: -100 dB.
const SILENCE: f32 = 1e-5;

/// A peak of a spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SpectralPeak {
    /// Its frequency.
    pub hz: f64,
    /// Its magnitude as it is heard; a full-scale sine at 1 kHz has 1.
    pub loudness: f32,
}

/// Finds peaks, frame after frame.
pub(super) struct PeakFinder {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    scale: f32,
    time: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    /// The spectrum of the frame before.
    before: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    powers: Vec<f32>,
    weights: Vec<f32>,
    found: Vec<SpectralPeak>,
}

impl PeakFinder {
    pub(super) fn new() -> Self {
        let fft = forward(PADDED);
        let window = hann_window(WINDOW);
        let n_bins = PADDED / 2 + 1;
        Self {
            scale: 2.0 / window.iter().sum::<f32>(),
            window,
            time: vec![0.0; PADDED],
            spectrum: fft.make_output_vec(),
            before: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            powers: vec![0.0; n_bins],
            weights: (0..n_bins).map(|bin| a_weight(bin as f64 * BIN_HZ)).collect(),
            found: vec![],
            fft,
        }
    }

    /// The peaks around a sample. Frames must come every [`HOP`] samples: frequencies follow from how far phases turn.
    pub(super) fn find(&mut self, samples: &[f32], centre: usize) -> &[SpectralPeak] {
        std::mem::swap(&mut self.spectrum, &mut self.before);
        self.time.fill(0.0);
        let n_before = (WINDOW / 2).saturating_sub(centre);
        let from = (centre + n_before).saturating_sub(WINDOW / 2);
        let inside = samples.get(from..(centre + WINDOW / 2).min(samples.len())).unwrap_or(&[]);
        let places = self.time[n_before..].iter_mut().zip(&self.window[n_before..]);
        for ((x, shape), sample) in places.zip(inside) {
            *x = shape * sample;
        }
        self.fft
            .process_with_scratch(&mut self.time, &mut self.spectrum, &mut self.scratch)
            .expect("all buffers were made by the plan");
        for (power, bin) in self.powers.iter_mut().zip(&self.spectrum) {
            *power = bin.re * bin.re + bin.im * bin.im;
        }
        self.found.clear();
        let least = (SILENCE / self.scale).powi(2);
        for bin in FIRST_BIN..self.powers.len() - 1 {
            let [a, b, c] = [self.powers[bin - 1], self.powers[bin], self.powers[bin + 1]];
            if b > least && b > a && b >= c {
                let loudness = b.sqrt() * self.scale * self.weights[bin];
                let hz = self.frequency(bin);
                self.found.push(SpectralPeak { hz, loudness });
            }
        }
        &self.found
    }

    /// The frequency of a peak: the instantaneous one, by how far its phase turned since the frame before, if that is
    /// within a bin of the top of a parabola; otherwise the parabola's, as where something begins.
    fn frequency(&self, bin: usize) -> f64 {
        let [a, b, c] = [bin - 1, bin, bin + 1].map(|at| self.powers[at].max(1e-20).ln());
        let top = (0.5 * (a - c) / (a - 2.0 * b + c).min(-1e-9)).clamp(-0.5, 0.5);
        let by_parabola = bin as f64 + f64::from(top);
        let turned = self.spectrum[bin] * self.before[bin].conj();
        let turns = f64::from(turned.arg()) / TAU - (bin * HOP % PADDED) as f64 / PADDED as f64;
        let by_phase = bin as f64 + (turns - turns.round()) * PADDED as f64 / HOP as f64;
        let is_steady = (by_phase - by_parabola).abs() < 1.0;
        BIN_HZ * if is_steady { by_phase } else { by_parabola }
    }
}

/// How loud a frequency is heard: the A curve, 1 at 1 kHz. The source filters by a curve that is much like it. Source:
/// IEC 61672-1, appendix E.
fn a_weight(hz: f64) -> f32 {
    let f2 = hz * hz;
    let [a, b, c, d] = [20.6f64, 107.7, 737.9, 12_194.0].map(|pole| pole * pole);
    let gain = d * f2 * f2 / ((f2 + a) * ((f2 + b) * (f2 + c)).sqrt() * (f2 + d));
    (1.2589 * gain) as f32
}
