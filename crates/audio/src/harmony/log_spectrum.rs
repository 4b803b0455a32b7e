//! A spectrum on a scale of semitones, three bins to one: what chroma and notes are read from.
//!
//! Source: Mauch and Dixon, "Approximate note transcription for the improved identification of difficult chords"
//! (ISMIR 2010), section 2.

use crate::spectrum::Stft;

/// Bins of a semitone; the middle one is the note.
pub(crate) const BINS: usize = 3;

/// What a [`LogSpectrum`] covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogShape {
    /// Rate of the samples, in Hz.
    pub rate_hz: u32,
    /// Samples of a window.
    pub window: usize,
    /// The lowest note, as a MIDI number.
    pub lowest: usize,
    /// How many semitones from there on.
    pub n_semitones: usize,
    /// How far the notes are from A = 440 Hz, in cents.
    pub tuning_cents: f64,
}

impl LogShape {
    /// The frequency of a place on the scale, in semitones above the lowest note.
    fn hz(&self, semitones: f64) -> f64 {
        let midi = self.lowest as f64 + semitones + self.tuning_cents / 100.0;
        440.0 * ((midi - 69.0) / 12.0).exp2()
    }

    fn bin_hz(&self) -> f64 {
        f64::from(self.rate_hz) / self.window as f64
    }
}

/// Makes spectra on a scale of semitones, with memory of its own.
pub(crate) struct LogSpectrum {
    shape: LogShape,
    stft: Stft,
    magnitudes: Vec<f32>,
    /// For each bin the first bin of the transform that it takes from, and weights from there on.
    kernels: Vec<(usize, Vec<f32>)>,
}

impl LogSpectrum {
    pub(crate) fn new(shape: LogShape) -> Self {
        let kernels = (0..shape.n_semitones * BINS).map(|bin| kernel(&shape, bin)).collect();
        let magnitudes = Vec::with_capacity(shape.window / 2 + 1);
        Self { shape, stft: Stft::new(shape.window), magnitudes, kernels }
    }

    /// Bins of a spectrum.
    pub(crate) fn n_bins(&self) -> usize {
        self.kernels.len()
    }

    /// Writes the spectrum of the window around a sample, with silence beyond both ends.
    pub(crate) fn at(&mut self, samples: &[f32], centre: usize, out: &mut [f32]) {
        let half = self.shape.window / 2;
        let sample = |n: usize| {
            let at = (centre + n).checked_sub(half);
            at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0)
        };
        self.magnitudes.clear();
        self.stft.magnitudes((0..self.shape.window).map(sample), &mut self.magnitudes);
        self.map(&self.magnitudes, out);
    }

    fn map(&self, magnitudes: &[f32], out: &mut [f32]) {
        for (out, (first, weights)) in out.iter_mut().zip(&self.kernels) {
            let from = &magnitudes[(*first).min(magnitudes.len())..];
            *out = from.iter().zip(weights).map(|(x, w)| x * w).sum();
        }
    }

    /// What a note of each semitone looks like, one after the other, each with a sum of squares of 1: its harmonics fall
    /// by the factor `decay` from one to the next.
    pub(crate) fn templates(&self, n_notes: usize, decay: f64) -> Vec<f32> {
        let mut all = vec![0.0; n_notes * self.n_bins()];
        for (note, template) in all.chunks_mut(self.n_bins()).enumerate() {
            for harmonic in 1..=40 {
                let gain = decay.powi(harmonic as i32 - 1) as f32;
                let row = self.harmonic(note, harmonic);
                template.iter_mut().zip(row).for_each(|(x, y)| *x += gain * y);
            }
            let norm = template.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-9);
            template.iter_mut().for_each(|x| *x /= norm);
        }
        all
    }

    /// What a harmonic of a note looks like; 1 is the first.
    pub(crate) fn harmonic(&self, note: usize, harmonic: usize) -> Vec<f32> {
        let at = self.shape.hz(note as f64) * harmonic as f64 / self.shape.bin_hz();
        let mut magnitudes = vec![0.0f32; self.shape.window / 2 + 1];
        // The main lobe of the window is two bins wide to either side.
        let first = (at - 2.0).ceil().max(0.0) as usize;
        for bin in first..=(at + 2.0).floor() as usize {
            if let Some(magnitude) = magnitudes.get_mut(bin) {
                *magnitude = hann_lobe(bin as f64 - at) as f32;
            }
        }
        let mut row = vec![0.0; self.n_bins()];
        self.map(&magnitudes, &mut row);
        row
    }
}

/// The transform of a Hann window, some bins from its middle; 1 there.
fn hann_lobe(bins: f64) -> f64 {
    let x = std::f64::consts::PI * bins;
    if bins.abs() < 1e-6 {
        1.0
    } else if (bins.abs() - 1.0).abs() < 1e-6 {
        0.5
    } else {
        (x.sin() / (x * (1.0 - bins * bins))).abs()
    }
}

/// A triangle around a bin's frequency that reaches to its neighbours', or one bin of the transform where those are
/// closer.
fn kernel(shape: &LogShape, bin: usize) -> (usize, Vec<f32>) {
    let bin_hz = shape.bin_hz();
    let semitones = (bin as f64 - (BINS / 2) as f64) / BINS as f64;
    let centre = shape.hz(semitones);
    let width = (shape.hz(semitones + 1.0 / BINS as f64) - centre).max(bin_hz);
    let first = ((centre - width) / bin_hz).ceil().max(0.0) as usize;
    let last = (((centre + width) / bin_hz).floor() as usize).min(shape.window / 2);
    let weight = |at: usize| (1.0 - (at as f64 * bin_hz - centre).abs() / width).max(0.0) as f32;
    (first, (first..=last).map(weight).collect())
}

/// Takes the mean of the octave around each bin away and divides by its standard deviation, to the power `strength`;
/// what is below the mean becomes 0. Source: as above, section 2.1.
pub(crate) fn whiten(spectrum: &mut [f32], strength: f32) {
    const HALF: usize = 6 * BINS;
    let mean = running_mean(spectrum, HALF);
    let squares: Vec<f32> = spectrum.iter().map(|x| x * x).collect();
    let mean_square = running_mean(&squares, HALF);
    for ((x, mean), square) in spectrum.iter_mut().zip(mean).zip(mean_square) {
        let deviation = (square - mean * mean).max(0.0).sqrt();
        let above = *x - mean;
        // -120 dB: below what 16 bits hold.
        *x = if above > 0.0 && deviation > 1e-6 { above / deviation.powf(strength) } else { 0.0 };
    }
}

/// The mean around each value under a Hamming window, of what there is.
fn running_mean(values: &[f32], half: usize) -> Vec<f32> {
    let weight = |d: usize| {
        let x = std::f32::consts::PI * d as f32 / half as f32;
        0.54 + 0.46 * x.cos()
    };
    let weights: Vec<f32> = (0..=half).map(weight).collect();
    let around = |i: usize| {
        let (first, last) = (i.saturating_sub(half), (i + half).min(values.len() - 1));
        let (mut sum, mut norm) = (0.0, 0.0);
        for at in first..=last {
            let weight = weights[at.abs_diff(i)];
            sum += weight * values[at];
            norm += weight;
        }
        sum / norm
    };
    (0..values.len()).map(around).collect()
}
