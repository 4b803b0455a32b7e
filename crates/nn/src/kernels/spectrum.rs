//! Short-time spectra of real signals: one window and one pair of transforms per size, kept for ever.
//!
//! Source: the numerics of `torch.stft` with a periodic Hann window and no normalisation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// What frames of one size need: the window and the transforms there and back.
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

impl Transform {
    fn new(n_fft: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let step = std::f64::consts::TAU / n_fft as f64;
        Self {
            n_fft,
            window: (0..n_fft).map(|i| (0.5 - 0.5 * (step * i as f64).cos()) as f32).collect(),
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
        for ((to, x), w) in workspace.frame.iter_mut().zip(samples).zip(&self.window) {
            *to = x * w;
        }
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
        for ((to, x), w) in samples.iter_mut().zip(&workspace.frame).zip(&self.window) {
            *to += x * w;
        }
    }
}

/// Copies `samples` with `pad` of its own mirrored beginning and end around it (edge not repeated).
pub(crate) fn pad_reflected(samples: &[f32], pad: usize) -> Vec<f32> {
    assert!(pad < samples.len(), "{} samples are too few to mirror {pad}", samples.len());
    let n = samples.len();
    let before = samples[1..=pad].iter().rev();
    let after = samples[n - 1 - pad..n - 1].iter().rev();
    before.chain(samples).chain(after).copied().collect()
}

/// The transpose of [`pad_reflected`]: adds the gradient of the padded signal to that of the signal.
pub(crate) fn add_unpadded(padded: &[f32], pad: usize, samples: &mut [f32]) {
    let n = samples.len();
    for (to, x) in samples.iter_mut().zip(&padded[pad..]) {
        *to += x;
    }
    for (to, x) in samples[1..=pad].iter_mut().zip(padded[..pad].iter().rev()) {
        *to += x;
    }
    for (to, x) in samples[n - 1 - pad..n - 1].iter_mut().zip(padded[pad + n..].iter().rev()) {
        *to += x;
    }
}
