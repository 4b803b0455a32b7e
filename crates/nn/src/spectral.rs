//! Magnitude spectra and the distance between sounds that is made of them.

use std::sync::Mutex;

use burn::tensor::Tensor;

use crate::array::Array;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::elementwise;
use crate::kernels::spectrum::{Transform, add_unpadded, pad_reflected, transform};
use crate::threads;

/// How a signal is cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StftParams {
    /// Samples in a frame; even.
    pub n_fft: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Whether frames are centred on multiples of `hop`, the signal mirrored at its ends.
    pub center_reflect: bool,
}

impl StftParams {
    fn pad(&self) -> usize {
        if self.center_reflect { self.n_fft / 2 } else { 0 }
    }

    fn n_frames(&self, n_samples: usize) -> usize {
        let padded = n_samples + 2 * self.pad();
        assert!(padded >= self.n_fft, "{n_samples} samples are less than a frame of {self:?}");
        (padded - self.n_fft) / self.hop + 1
    }

    fn padded(&self, samples: &[f32]) -> Vec<f32> {
        if self.center_reflect { pad_reflected(samples, self.pad()) } else { samples.to_vec() }
    }
}

/// Magnitudes of the short-time Fourier transform with a periodic Hann window, as `torch.stft(…).abs()`.
///
/// Where a magnitude is 0, its gradient is 0, as in PyTorch.
///
/// # Shapes
/// - `x`: `[batch, samples]`
/// - output: `[batch, n_fft / 2 + 1, frames]`
///
/// # Panics
/// When the signal is shorter than a frame, or than half a frame where it is mirrored.
#[must_use]
pub fn stft_magnitude(x: Tensor<2>, params: StftParams) -> Tensor<3> {
    apply(&Magnitude(params), [Input::new(x)])
}

/// Multi-scale spectral distance of two sounds.
///
/// For each scale `n`, with `T` and `P` the magnitudes of target and prediction (hop `n / 4`,
/// centred): `sum (T - P)^2 / sum T^2 + mean |ln(T + log_epsilon) - ln(P + log_epsilon)|`; the
/// scales are summed. The gradient flows into `predicted` only, and is computed along with the value.
///
/// # Shapes
/// - `predicted`, `target`: `[batch, samples]`
/// - output: `[1]`
///
/// Source: Défossez et al., "SING: Symbol-to-Instrument Neural Generator", 2018, for the logarithm;
/// the relative squared distance and the sum as trained by RAVE 2.3.
///
/// # Panics
/// When the shapes differ or the sounds are shorter than half the largest scale.
#[must_use]
pub fn spectral_distance(
    predicted: Tensor<2>,
    target: Tensor<2>,
    scales: &[usize],
    log_epsilon: f32,
) -> Tensor<1> {
    assert_eq!(predicted.dims(), target.dims(), "sounds to compare");
    let operation = Distance { scales: scales.to_vec(), log_epsilon };
    apply(&operation, [Input::new(predicted), Input::new(target.inner())])
}

#[derive(Clone, Debug)]
struct Magnitude(StftParams);

impl Operation<1> for Magnitude {
    type Saved = Array;

    fn infer(&self, [x]: [Array; 1]) -> Array {
        let [batch, n_samples] = x.dims();
        let transform = transform(self.0.n_fft);
        let (n_bins, n_frames) = (transform.n_bins(), self.0.n_frames(n_samples));
        let mut out = vec![0.0; batch * n_bins * n_frames];
        threads::for_each_chunk(&mut out, n_bins * n_frames, |row, out| {
            let samples = self.0.padded(&x.values()[row * n_samples..(row + 1) * n_samples]);
            let mut workspace = transform.workspace();
            for frame in 0..n_frames {
                transform.analyse(&samples[frame * self.0.hop..], &mut workspace);
                for (bin, value) in workspace.spectrum.iter().enumerate() {
                    out[bin * n_frames + frame] = value.norm();
                }
            }
        });
        Array::new(out, vec![batch, n_bins, n_frames])
    }

    fn forward(&self, [x]: [Array; 1], _wanted: [bool; 1]) -> (Array, Array) {
        (self.infer([x.clone()]), x)
    }

    fn backward(&self, x: Array, gradient: Array, _wanted: [bool; 1]) -> [Option<Array>; 1] {
        let [_, n_samples] = x.dims();
        let transform = transform(self.0.n_fft);
        let (n_bins, n_frames) = (transform.n_bins(), self.0.n_frames(n_samples));
        let mut out = vec![0.0; x.len()];
        threads::for_each_chunk(&mut out, n_samples, |row, out| {
            let samples = self.0.padded(&x.values()[row * n_samples..(row + 1) * n_samples]);
            let gradient = &gradient.values()[row * n_bins * n_frames..];
            let mut padded = vec![0.0; samples.len()];
            let mut workspace = transform.workspace();
            for frame in 0..n_frames {
                transform.analyse(&samples[frame * self.0.hop..], &mut workspace);
                for (bin, value) in workspace.spectrum.iter_mut().enumerate() {
                    *value *= ratio(gradient[bin * n_frames + frame], value.norm());
                }
                transform.add_gradient(&mut padded[frame * self.0.hop..], &mut workspace);
            }
            unpad(&padded, &self.0, out);
        });
        [Some(Array::new(out, x.shape()))]
    }
}

#[derive(Clone, Debug)]
struct Distance {
    scales: Vec<usize>,
    log_epsilon: f32,
}

impl Operation<2> for Distance {
    /// The gradient with respect to the prediction, for a gradient of 1.
    type Saved = Array;

    fn infer(&self, [predicted, target]: [Array; 2]) -> Array {
        let mut distance = 0.0;
        for scale in &self.scales {
            distance += self.at_scale(*scale, &predicted, &target, None);
        }
        Array::new(vec![distance as f32], vec![1])
    }

    fn forward(&self, [predicted, target]: [Array; 2], _wanted: [bool; 2]) -> (Array, Array) {
        let mut gradient = vec![0.0; predicted.len()];
        let mut distance = 0.0;
        for scale in &self.scales {
            distance += self.at_scale(*scale, &predicted, &target, Some(&mut gradient));
        }
        let gradient = Array::new(gradient, predicted.shape());
        (Array::new(vec![distance as f32], vec![1]), gradient)
    }

    fn backward(&self, saved: Array, gradient: Array, wanted: [bool; 2]) -> [Option<Array>; 2] {
        let factor = gradient.values()[0];
        [wanted[0].then(|| saved.map(|g| elementwise::scale(g, factor))), None]
    }
}

/// What one row of one scale adds to the sums of the distance.
#[derive(Default)]
struct Sums {
    squared_difference: f64,
    log_difference: f64,
}

impl Distance {
    fn at_scale(
        &self,
        scale: usize,
        predicted: &Array,
        target: &Array,
        gradient: Option<&mut [f32]>,
    ) -> f64 {
        let params = StftParams { n_fft: scale, hop: scale / 4, center_reflect: true };
        let [batch, n_samples] = predicted.dims();
        let transform = transform(scale);
        let (n_bins, n_frames) = (transform.n_bins(), params.n_frames(n_samples));
        let mut reference = vec![0.0; batch * n_frames * n_bins];
        threads::for_each_chunk(&mut reference, n_frames * n_bins, |row, out| {
            let samples = params.padded(&target.values()[row * n_samples..(row + 1) * n_samples]);
            magnitudes(&transform, &params, &samples, out);
        });
        let energy: f64 = reference.iter().map(|t| f64::from(t * t)).sum();
        let task = RowTask {
            transform: &transform,
            params: &params,
            log_epsilon: self.log_epsilon,
            squared_factor: (2.0 / energy) as f32,
            log_factor: 1.0 / reference.len() as f32,
        };
        let totals = Mutex::new(vec![Sums::default(); batch]);
        let row_of = |row: usize| {
            let samples = &predicted.values()[row * n_samples..(row + 1) * n_samples];
            (
                params.padded(samples),
                &reference[row * n_frames * n_bins..(row + 1) * n_frames * n_bins],
            )
        };
        let store = |row: usize, sums: Sums| totals.lock().expect("no task panics")[row] = sums;
        match gradient {
            None => threads::for_each(batch, |row| {
                let (samples, reference) = row_of(row);
                store(row, task.run(&samples, reference, None));
            }),
            Some(gradient) => threads::for_each_chunk(gradient, n_samples, |row, gradient| {
                let (samples, reference) = row_of(row);
                let mut padded = vec![0.0; samples.len()];
                store(row, task.run(&samples, reference, Some(&mut padded)));
                unpad(&padded, &params, gradient);
            }),
        }
        let totals = totals.into_inner().expect("no task panics");
        let squared: f64 = totals.iter().map(|sums| sums.squared_difference).sum();
        let log: f64 = totals.iter().map(|sums| sums.log_difference).sum();
        squared / energy + log / reference.len() as f64
    }
}

impl Clone for Sums {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

struct RowTask<'a> {
    transform: &'a Transform,
    params: &'a StftParams,
    log_epsilon: f32,
    squared_factor: f32,
    log_factor: f32,
}

impl RowTask<'_> {
    /// Compares the frames of padded `samples` with `reference`; adds the gradient where one is wanted.
    fn run(&self, samples: &[f32], reference: &[f32], mut gradient: Option<&mut [f32]>) -> Sums {
        let mut sums = Sums::default();
        let mut workspace = self.transform.workspace();
        for (frame, reference) in reference.chunks(self.transform.n_bins()).enumerate() {
            self.transform.analyse(&samples[frame * self.params.hop..], &mut workspace);
            let (mut squared, mut log) = (0.0f32, 0.0f32);
            for (value, &t) in workspace.spectrum.iter_mut().zip(reference) {
                let p = value.norm();
                let log_difference = (p + self.log_epsilon).ln() - (t + self.log_epsilon).ln();
                squared += (p - t) * (p - t);
                log += log_difference.abs();
                let sign = if log_difference == 0.0 { 0.0 } else { log_difference.signum() };
                let slope =
                    self.squared_factor * (p - t) + self.log_factor * sign / (p + self.log_epsilon);
                *value *= ratio(slope, p);
            }
            sums.squared_difference += f64::from(squared);
            sums.log_difference += f64::from(log);
            if let Some(gradient) = gradient.as_deref_mut() {
                self.transform
                    .add_gradient(&mut gradient[frame * self.params.hop..], &mut workspace);
            }
        }
        sums
    }
}

/// Writes magnitudes frame by frame.
fn magnitudes(transform: &Transform, params: &StftParams, samples: &[f32], out: &mut [f32]) {
    let mut workspace = transform.workspace();
    for (frame, out) in out.chunks_mut(transform.n_bins()).enumerate() {
        transform.analyse(&samples[frame * params.hop..], &mut workspace);
        for (out, value) in out.iter_mut().zip(&workspace.spectrum) {
            *out = value.norm();
        }
    }
}

fn unpad(padded: &[f32], params: &StftParams, out: &mut [f32]) {
    if params.center_reflect {
        add_unpadded(padded, params.pad(), out);
    } else {
        for (out, x) in out.iter_mut().zip(padded) {
            *out += x;
        }
    }
}

/// `numerator / magnitude`, and 0 where the magnitude is 0.
fn ratio(numerator: f32, magnitude: f32) -> f32 {
    if magnitude == 0.0 { 0.0 } else { numerator / magnitude }
}
