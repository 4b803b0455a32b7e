//! How much of each note there is in a spectrum: non-negative factors with harmonic templates that adapt to the sound.
//!
//! Source: Vincent, Bertin and Badeau, "Adaptive harmonic spectral decomposition for multiple pitch estimation" (IEEE
//! TASLP 2010), equations 5 to 12, with the divergence of β = 0.5. Simplified: all notes share the strengths of their
//! harmonics, which are learnt from the sound itself.

use crate::harmony::LogSpectrum;

/// Harmonics of a note that are looked at.
const N_HARMONICS: usize = 16;
/// How they fall before anything is learnt.
const FALL: f64 = 0.7;
/// Rounds of updates of a spectrum.
const ROUNDS: usize = 25;
/// Rounds in which the strengths of harmonics are learnt, and spectra from which.
const LEARNING_ROUNDS: usize = 3;
const LEARNING_SPECTRA: usize = 200;
/// Added to every bin, relative to the loudest of all: what is below is not explained.
const FLOOR: f32 = 1e-2;

/// Templates of notes.
pub(super) struct Parts {
    n_notes: usize,
    n_bins: usize,
    /// Of each note and harmonic: the first bin it reaches and what it is there.
    combs: Vec<Vec<(usize, Vec<f32>)>>,
    /// How strong each harmonic is; they add up to 1.
    strengths: Vec<f32>,
    /// Shape `[notes][bins]`.
    templates: Vec<f32>,
    /// Their sums, and space to compute in.
    activations: Vec<f32>,
    model: Vec<f32>,
    up: Vec<f32>,
    down: Vec<f32>,
}

impl Parts {
    /// For the lowest `n_notes` of a spectrum.
    pub(super) fn new(log_spectrum: &LogSpectrum, n_notes: usize) -> Self {
        let n_bins = log_spectrum.n_bins();
        let comb = |note: usize| {
            (1..=N_HARMONICS)
                .map(|harmonic| trimmed(&log_spectrum.harmonic(note, harmonic)))
                .collect()
        };
        let sum: f64 = (0..N_HARMONICS).map(|h| FALL.powi(h as i32)).sum();
        let strength = |h: usize| (FALL.powi(h as i32) / sum) as f32;
        let mut parts = Self {
            n_notes,
            n_bins,
            combs: (0..n_notes).map(comb).collect(),
            strengths: (0..N_HARMONICS).map(strength).collect(),
            templates: vec![0.0; n_notes * n_bins],
            activations: vec![0.0; n_notes],
            model: vec![0.0; n_bins],
            up: vec![0.0; n_bins],
            down: vec![0.0; n_bins],
        };
        parts.build();
        parts
    }

    /// Learns how strong harmonics are from spectra, the loudest of which has `full` in its largest bin.
    pub(super) fn learn(&mut self, spectra: &[Vec<f32>], full: f32) {
        let step = spectra.len().div_ceil(LEARNING_SPECTRA).max(1);
        for _ in 0..LEARNING_ROUNDS {
            let (mut up, mut down) = ([0.0f64; N_HARMONICS], [0.0f64; N_HARMONICS]);
            for spectrum in spectra.iter().step_by(step) {
                self.of(spectrum, full);
                self.gradients(spectrum, FLOOR * full);
                for (combs, activation) in self.combs.iter().zip(&self.activations) {
                    if *activation < 1e-3 * full {
                        continue;
                    }
                    for (h, (first, comb)) in combs.iter().enumerate() {
                        let dot = |of: &[f32]| -> f32 {
                            comb.iter().zip(&of[*first..]).map(|(a, b)| a * b).sum()
                        };
                        up[h] += f64::from(activation * dot(&self.up));
                        down[h] += f64::from(activation * dot(&self.down));
                    }
                }
            }
            for h in 0..N_HARMONICS {
                if down[h] > 0.0 {
                    self.strengths[h] *= (up[h] / down[h]) as f32;
                }
            }
            let sum: f32 = self.strengths.iter().sum();
            if !(sum > 0.0 && sum.is_finite()) {
                break;
            }
            self.strengths.iter_mut().for_each(|it| *it = (*it / sum).max(1e-4));
            self.build();
        }
    }

    /// How much of each note there is.
    pub(super) fn of(&mut self, spectrum: &[f32], full: f32) -> &[f32] {
        let floor = FLOOR * full;
        let largest = spectrum.iter().fold(0.0f32, |max, x| max.max(*x));
        self.activations.fill(largest / self.n_notes as f32);
        if largest <= floor {
            self.activations.fill(0.0);
            return &self.activations;
        }
        for _ in 0..ROUNDS {
            self.gradients(spectrum, floor);
            let rows = self.templates.chunks(self.n_bins);
            for (activation, row) in self.activations.iter_mut().zip(rows) {
                if *activation > 0.0 {
                    let (mut up, mut down) = ([0.0f32; 8], [0.0f32; 8]);
                    let lanes = row.chunks_exact(8).zip(self.up.chunks_exact(8));
                    for ((row, ups), downs) in lanes.zip(self.down.chunks_exact(8)) {
                        for i in 0..8 {
                            up[i] += row[i] * ups[i];
                            down[i] += row[i] * downs[i];
                        }
                    }
                    let (up, down): (f32, f32) = (up.iter().sum(), down.iter().sum());
                    *activation *= up / down.max(1e-20);
                    if *activation < 1e-5 * largest {
                        *activation = 0.0;
                    }
                }
            }
        }
        &self.activations
    }

    /// What each bin asks for, and what it has: the two halves of the divergence's slope.
    fn gradients(&mut self, spectrum: &[f32], floor: f32) {
        self.model.fill(floor);
        for (row, activation) in self.templates.chunks(self.n_bins).zip(&self.activations) {
            if *activation > 0.0 {
                self.model.iter_mut().zip(row).for_each(|(model, x)| *model += activation * x);
            }
        }
        let both = self.up.iter_mut().zip(&mut self.down);
        for (((up, down), model), x) in both.zip(&self.model).zip(spectrum) {
            let root = model.sqrt().recip();
            *down = root;
            *up = (x + floor) * root / model;
        }
    }

    fn build(&mut self) {
        self.templates.fill(0.0);
        for (row, combs) in self.templates.chunks_mut(self.n_bins).zip(&self.combs) {
            for ((first, comb), strength) in combs.iter().zip(&self.strengths) {
                let reached = row[*first..].iter_mut().zip(comb);
                reached.for_each(|(x, comb)| *x += strength * comb);
            }
        }
    }
}

/// A row without the zeros at its ends: where it starts, and what is there.
fn trimmed(row: &[f32]) -> (usize, Vec<f32>) {
    let Some(first) = row.iter().position(|x| *x > 0.0) else { return (0, vec![]) };
    let last = row.iter().rposition(|x| *x > 0.0).unwrap_or(first);
    (first, row[first..=last].to_vec())
}
