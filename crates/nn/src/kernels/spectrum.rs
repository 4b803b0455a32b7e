//! Short-time spectra of real signals: one window and one pair of transforms per size, kept for ever.
//!
//! Source: the numerics of `torch.stft` with a periodic Hann window and no normalisation.
#![expect(unsafe_code, reason = "functions for one level of CPU are called after asking for it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::elementwise::ln_of;
use super::simd::on_every_level;

/// The resources for frames of one size: the window, and the forward and inverse transforms.
pub(crate) struct Transform {
    pub(crate) n_fft: usize,
    window: Vec<f32>,
    there: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
}

/// Buffers for one thread's work with one [`Transform`].
pub(crate) struct Workspace {
    frame: Vec<f32>,
    pub(crate) spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

/// The transform of a size, made once in a process.
pub(crate) fn transform(n_fft: usize) -> Arc<Transform> {
    static MADE: Mutex<BTreeMap<usize, Arc<Transform>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(made.entry(n_fft).or_insert_with(|| Arc::new(Transform::new(n_fft))))
}

/// The periodic Hann window.
pub(crate) fn hann(n_fft: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU / n_fft as f64;
    (0..n_fft).map(|i| (0.5 - 0.5 * (step * i as f64).cos()) as f32).collect()
}

impl Transform {
    fn new(n_fft: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        Self {
            n_fft,
            window: hann(n_fft),
            there: planner.plan_fft_forward(n_fft),
            back: planner.plan_fft_inverse(n_fft),
        }
    }

    pub(crate) fn n_bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    pub(crate) fn workspace(&self) -> Workspace {
        let scratch = self.there.get_scratch_len().max(self.back.get_scratch_len());
        Workspace {
            frame: vec![0.0; self.n_fft],
            spectrum: self.there.make_output_vec(),
            scratch: vec![Complex32::default(); scratch],
        }
    }

    /// Fills `workspace.spectrum` from the first `n_fft` samples.
    pub(crate) fn analyse(&self, samples: &[f32], workspace: &mut Workspace) {
        multiply(&mut workspace.frame, samples, &self.window);
        self.there
            .process_with_scratch(
                &mut workspace.frame,
                &mut workspace.spectrum,
                &mut workspace.scratch[..self.there.get_scratch_len()],
            )
            .expect("buffers are as long as the plan asks");
    }

    /// Adds to `samples` the gradient of the frame, given that of each bin in `workspace.spectrum`.
    pub(crate) fn add_gradient(&self, samples: &mut [f32], workspace: &mut Workspace) {
        // The transform back counts every bin between the first and the last twice.
        let last = self.n_fft / 2;
        for bin in &mut workspace.spectrum[1..last] {
            *bin *= 0.5;
        }
        workspace.spectrum[0].im = 0.0;
        workspace.spectrum[last].im = 0.0;
        self.back
            .process_with_scratch(
                &mut workspace.spectrum,
                &mut workspace.frame,
                &mut workspace.scratch[..self.back.get_scratch_len()],
            )
            .expect("buffers are as long as the plan asks");
        add_product(samples, &workspace.frame, &self.window);
    }
}

/// Fills `out` with the samples from `start` on of a signal that is mirrored at its ends (the edge not
/// repeated), as far as half a frame goes beyond them.
pub(crate) fn copy_mirrored(samples: &[f32], start: isize, out: &mut [f32]) {
    let (from, until) = inside(samples.len(), start, out.len());
    for i in (0..from).chain(until..out.len()) {
        out[i] = samples[mirrored(start + i as isize, samples.len())];
    }
    let first = (start + from as isize) as usize;
    out[from..until].copy_from_slice(&samples[first..first + until - from]);
}

/// The transpose of [`copy_mirrored`]: adds the gradient of the copy to that of the signal.
pub(crate) fn add_mirrored(copy: &[f32], start: isize, samples: &mut [f32]) {
    let (from, until) = inside(samples.len(), start, copy.len());
    for i in (0..from).chain(until..copy.len()) {
        samples[mirrored(start + i as isize, samples.len())] += copy[i];
    }
    let first = (start + from as isize) as usize;
    add(&mut samples[first..first + until - from], &copy[from..until]);
}

/// Which of `n` positions from `start` on lie in a signal, which reaches to at least one of them.
fn inside(n_samples: usize, start: isize, n: usize) -> (usize, usize) {
    let from = (-start).clamp(0, n as isize);
    (from as usize, (n_samples as isize - start).clamp(from, n as isize) as usize)
}

fn mirrored(position: isize, n_samples: usize) -> usize {
    let last = n_samples as isize - 1;
    let position = position.abs();
    (if position > last { 2 * last - position } else { position }) as usize
}

on_every_level! {
    /// `to += x`, element by element.
    fn add(to: &mut [f32], x: &[f32]) {
        for (to, x) in to.iter_mut().zip(x) {
            *to += x;
        }
    }
}

on_every_level! {
    /// `to = x * window`.
    fn multiply(to: &mut [f32], x: &[f32], window: &[f32]) {
        for ((to, x), w) in to.iter_mut().zip(x).zip(window) {
            *to = x * w;
        }
    }
}

on_every_level! {
    /// `to += x * window`.
    fn add_product(to: &mut [f32], x: &[f32], window: &[f32]) {
        for ((to, x), w) in to.iter_mut().zip(x).zip(window) {
            *to += x * w;
        }
    }
}

on_every_level! {
    /// The magnitude of each bin; gives the sum of their squares.
    pub(crate) fn magnitudes(spectrum: &[Complex32], out: &mut [f32]) -> f32 {
        let mut sums = [0.0f32; LANES];
        for (bins, out) in spectrum.chunks(LANES).zip(out.chunks_mut(LANES)) {
            for ((bin, out), sum) in bins.iter().zip(out).zip(&mut sums) {
                let square = bin.re * bin.re + bin.im * bin.im;
                *out = square.sqrt();
                *sum += square;
            }
        }
        sums.iter().sum()
    }
}

on_every_level! {
    /// The squared magnitude of each bin.
    pub(crate) fn powers(spectrum: &[Complex32], out: &mut [f32]) {
        for (bin, out) in spectrum.iter().zip(out) {
            *out = bin.re * bin.re + bin.im * bin.im;
        }
    }
}

/// Numbers that are summed side by side.
const LANES: usize = 16;

/// The inputs of a [`compare`].
#[derive(Clone, Copy)]
pub(crate) struct Comparison {
    pub(crate) log_epsilon: f32,
    /// Factors of the derivatives of the squared and of the logarithmic part.
    pub(crate) squared_factor: f32,
    pub(crate) log_factor: f32,
}

on_every_level! {
    /// Compares the magnitudes of a frame with those of a reference: gives the sums of the squared and
    /// of the absolute logarithmic differences, and leaves in `spectrum` the gradient of each bin.
    pub(crate) fn compare(
        spectrum: &mut [Complex32],
        reference: &[f32],
        comparison: Comparison
    ) -> [f32; 2] {
        let mut sums = [[0.0f32; LANES]; 2];
        let (bins, last_bins) = spectrum.as_chunks_mut::<LANES>();
        let (references, last_reference) = reference.as_chunks::<LANES>();
        for (bins, reference) in bins.iter_mut().zip(references) {
            compare_lanes(bins, reference, comparison, &mut sums);
        }
        // Lanes of silence on both sides add nothing.
        let mut bins = [Complex32::default(); LANES];
        let mut reference = [0.0; LANES];
        bins[..last_bins.len()].copy_from_slice(last_bins);
        reference[..last_reference.len()].copy_from_slice(last_reference);
        compare_lanes(&mut bins, &reference, comparison, &mut sums);
        last_bins.copy_from_slice(&bins[..last_bins.len()]);
        sums.map(|sums| sums.iter().sum())
    }
}

#[inline(always)]
fn compare_lanes(
    bins: &mut [Complex32; LANES],
    reference: &[f32; LANES],
    comparison: Comparison,
    [squared, log]: &mut [[f32; LANES]; 2],
) {
    let Comparison { log_epsilon, squared_factor, log_factor } = comparison;
    let (re, im) = (bins.map(|bin| bin.re), bins.map(|bin| bin.im));
    let mut scales = [0.0; LANES];
    for i in 0..LANES {
        let (p, t) = ((re[i] * re[i] + im[i] * im[i]).sqrt(), reference[i]);
        let difference = p - t;
        let log_difference = ln_of(p + log_epsilon) - ln_of(t + log_epsilon);
        squared[i] += difference * difference;
        log[i] += log_difference.abs();
        let sign = if difference == 0.0 { 0.0 } else { 1.0f32.copysign(difference) };
        let slope = squared_factor * difference + log_factor * sign / (p + log_epsilon);
        scales[i] = if p == 0.0 { 0.0 } else { slope / p };
    }
    for i in 0..LANES {
        bins[i] = Complex32::new(re[i] * scales[i], im[i] * scales[i]);
    }
}
