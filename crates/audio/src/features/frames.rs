//! Frames: the walk over a sound that all features share, and the numbers that they give for each frame.

use std::f64::consts::TAU;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::FeatureSettings;
use crate::spectrum::forward;

/// A feature over time: as many numbers for each frame as it has bins.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureFrames {
    /// Numbers for each frame; at least 1.
    pub n_bins: usize,
    /// Shape `[frames][bins]`, frame after frame.
    pub values: Vec<f32>,
}

impl FeatureFrames {
    pub(super) fn with_room(n_bins: usize, n_frames: usize) -> Self {
        Self { n_bins, values: Vec::with_capacity(n_bins * n_frames) }
    }

    /// How many frames it has.
    #[must_use]
    pub fn n_frames(&self) -> usize {
        self.values.len() / self.n_bins
    }

    /// The numbers of a frame.
    ///
    /// # Panics
    /// If there is no such frame.
    #[must_use]
    pub fn frame(&self, frame_idx: usize) -> &[f32] {
        &self.values[frame_idx * self.n_bins..][..self.n_bins]
    }

    /// The same numbers in the order of librosa's arrays, shape `[bins][frames]`.
    #[must_use]
    pub fn by_bin(&self) -> Vec<f32> {
        let n_frames = self.n_frames();
        let mut out = vec![0.0; self.values.len()];
        // A few frames at a time, so that what is read stays in the cache.
        for (group_idx, group) in self.values.chunks(16 * self.n_bins).enumerate() {
            for bin in 0..self.n_bins {
                let row = &mut out[bin * n_frames + group_idx * 16..];
                for (to, frame) in row.iter_mut().zip(group.chunks_exact(self.n_bins)) {
                    *to = frame[bin];
                }
            }
        }
        out
    }
}

/// The periodic Hann window, computed in 64 bits.
pub(super) fn hann(len: usize) -> Vec<f32> {
    (0..len).map(|n| (0.5 - 0.5 * (TAU * n as f64 / len as f64).cos()) as f32).collect()
}

/// Calls `take` with each frame of samples: frame `i` is centred on sample `i * hop`, with silence beyond both ends.
pub(crate) fn for_each_frame(
    samples: &[f32],
    len: usize,
    hop: usize,
    mut take: impl FnMut(&[f32]),
) {
    let mut padded = vec![0.0; len];
    for frame_idx in 0..=samples.len() / hop {
        let end = frame_idx * hop + len - len / 2;
        match end.checked_sub(len).and_then(|start| samples.get(start..end)) {
            Some(frame) => take(frame),
            None => {
                padded.fill(0.0);
                let n_before = len.saturating_sub(end);
                let from = end.saturating_sub(len).min(samples.len());
                let inside = &samples[from..end.min(samples.len())];
                padded[n_before..n_before + inside.len()].copy_from_slice(inside);
                take(&padded);
            }
        }
    }
}

/// Calls `take` with the spectrum of each frame under a window, `n / 2 + 1` bins.
pub(super) fn for_each_spectrum(
    samples: &[f32],
    window: &[f32],
    hop: usize,
    mut take: impl FnMut(&mut [Complex<f32>]),
) {
    let fft = forward(window.len());
    let mut input = fft.make_input_vec();
    let mut spectrum = fft.make_output_vec();
    let mut scratch = fft.make_scratch_vec();
    for_each_frame(samples, window.len(), hop, |frame| {
        for ((x, sample), shape) in input.iter_mut().zip(frame).zip(window) {
            *x = sample * shape;
        }
        fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch)
            .expect("all buffers were made by the plan");
        take(&mut spectrum);
    });
}

/// Calls `take` with the power of each bin of each frame, under a Hann window.
pub(super) fn for_each_power(
    samples: &[f32],
    settings: &FeatureSettings,
    mut take: impl FnMut(&[f32]),
) {
    let mut power = vec![0.0; settings.n_fft / 2 + 1];
    for_each_spectrum(samples, &hann(settings.n_fft), settings.hop, |spectrum| {
        for (power, bin) in power.iter_mut().zip(spectrum) {
            *power = bin.re * bin.re + bin.im * bin.im;
        }
        take(&power);
    });
}

/// Calls `take` with the magnitude of each bin of each frame, under a Hann window.
pub(super) fn for_each_magnitude(
    samples: &[f32],
    settings: &FeatureSettings,
    mut take: impl FnMut(&[f32]),
) {
    let mut magnitudes = vec![0.0; settings.n_fft / 2 + 1];
    for_each_spectrum(samples, &hann(settings.n_fft), settings.hop, |spectrum| {
        for (magnitude, bin) in magnitudes.iter_mut().zip(spectrum) {
            *magnitude = (bin.re * bin.re + bin.im * bin.im).sqrt();
        }
        take(&magnitudes);
    });
}

/// The sum of products, in eight lanes so that it is vectorised.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let (a_chunks, a_rest) = a[..n].as_chunks::<8>();
    let (b_chunks, b_rest) = b[..n].as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

/// The sum, in eight lanes so that it is vectorised.
pub(super) fn sum(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// Divides a frame by a norm of it, unless that is as good as 0.
pub(super) fn divide(frame: &mut [f32], norm: f32) {
    if norm >= f32::MIN_POSITIVE {
        frame.iter_mut().for_each(|x| *x /= norm);
    }
}

/// Calls `take` with the power of each bin of each frame, as [`for_each_power`] but transformed in 64 bits: for
/// features that hang on bins far below the loudest ones.
pub(super) fn for_each_precise_power(
    samples: &[f32],
    settings: &FeatureSettings,
    mut take: impl FnMut(&[f64]),
) {
    let n = settings.n_fft;
    let window: Vec<f64> = (0..n).map(|i| 0.5 - 0.5 * (TAU * i as f64 / n as f64).cos()).collect();
    let mut power = vec![0.0; n / 2 + 1];
    for_each_precise_spectrum(samples, &window, settings.hop, |spectrum| {
        for (power, bin) in power.iter_mut().zip(spectrum) {
            *power = bin.re * bin.re + bin.im * bin.im;
        }
        take(&power);
    });
}

/// Calls `take` with the spectrum of each frame under a window, as [`for_each_spectrum`] but transformed in 64 bits.
pub(super) fn for_each_precise_spectrum(
    samples: &[f32],
    window: &[f64],
    hop: usize,
    mut take: impl FnMut(&[Complex<f64>]),
) {
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(window.len());
    let mut input = fft.make_input_vec();
    let mut spectrum = fft.make_output_vec();
    let mut scratch = fft.make_scratch_vec();
    for_each_frame(samples, window.len(), hop, |frame| {
        for ((x, sample), shape) in input.iter_mut().zip(frame).zip(window) {
            *x = f64::from(*sample) * shape;
        }
        fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch)
            .expect("the buffers were made for the plan");
        take(&spectrum);
    });
}
