//! Magnitude spectra and the distance between sounds that is made of them.

use burn::tensor::Tensor;

use crate::array::{Array, is_host};
use crate::composed;
use crate::differentiable::{Input, Operation, apply};
use crate::kernels::elementwise;
use crate::kernels::spectrum::{
    Comparison, Transform, add_mirrored, compare, copy_mirrored, magnitudes, transform,
};
use crate::threads;

/// How a signal is cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StftParams {
    /// Samples in a frame; even.
    pub n_fft: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Frames are centred on multiples of `hop`; the signal is mirrored at its ends.
    pub center_reflect: bool,
}

impl StftParams {
    fn pad(&self) -> usize {
        if self.center_reflect { self.n_fft / 2 } else { 0 }
    }

    fn n_frames(&self, n_samples: usize) -> usize {
        let pad = self.pad();
        assert!(n_samples + 2 * pad >= self.n_fft, "{n_samples} samples are less than {self:?}");
        assert!(pad == 0 || pad < n_samples, "{n_samples} samples are too few to mirror {pad}");
        (n_samples + 2 * pad - self.n_fft) / self.hop + 1
    }

    /// The first sample of a frame; negative in the mirrored part.
    fn start(&self, frame: usize) -> isize {
        (frame * self.hop) as isize - self.pad() as isize
    }

    /// Samples that `n_frames` neighbouring frames cover.
    fn span(&self, n_frames: usize) -> usize {
        (n_frames - 1) * self.hop + self.n_fft
    }

    /// The samples under some frames.
    fn samples(&self, signal: &[f32], first_frame: usize, n_frames: usize) -> Vec<f32> {
        let mut samples = vec![0.0; self.span(n_frames)];
        copy_mirrored(signal, self.start(first_frame), &mut samples);
        samples
    }
}

/// Magnitudes of the short-time Fourier transform with a periodic Hann window, as `torch.stft(…).abs()`.
///
/// The gradient of a magnitude of 0 is 0, as in PyTorch.
///
/// # Shapes
/// - `x`: `[batch, samples]`
/// - output: `[batch, n_fft / 2 + 1, frames]`
///
/// # Panics
/// When the signal is shorter than a frame, or than half a frame where it is mirrored.
#[must_use]
pub fn stft_magnitude(x: Tensor<2>, params: StftParams) -> Tensor<3> {
    if !is_host(&x) {
        return composed::stft_magnitude(x, params);
    }
    apply(&Magnitude(params), [Input::new(x)])
}

/// The short-time Fourier transform with a periodic Hann window, real and imaginary parts as channels.
///
/// # Shapes
/// - `x`: `[batch, samples]`
/// - output: `[batch, 2, frames, n_fft / 2 + 1]`
///
/// # Panics
/// When the signal is shorter than a frame, or than half a frame where it is mirrored.
#[must_use]
pub fn stft(x: Tensor<2>, params: StftParams) -> Tensor<4> {
    if !is_host(&x) {
        return composed::stft(x, params);
    }
    apply(&Spectrum(params), [Input::new(x)])
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
/// When the shapes differ, the sounds are not longer than half the largest scale, or `log_epsilon` is
/// not positive.
#[must_use]
pub fn spectral_distance(
    predicted: Tensor<2>,
    target: Tensor<2>,
    scales: &[usize],
    log_epsilon: f32,
) -> Tensor<1> {
    assert_eq!(predicted.dims(), target.dims(), "sounds to compare");
    assert!(log_epsilon > 0.0, "a logarithm of silence needs more than {log_epsilon}");
    if !is_host(&predicted) {
        return composed::spectral_distance(&predicted, &target, scales, log_epsilon);
    }
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
            let signal = &x.values()[row * n_samples..(row + 1) * n_samples];
            let samples = self.0.samples(signal, 0, n_frames);
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
            let signal = &x.values()[row * n_samples..(row + 1) * n_samples];
            let samples = self.0.samples(signal, 0, n_frames);
            let gradient = &gradient.values()[row * n_bins * n_frames..];
            let mut to = vec![0.0; samples.len()];
            let mut workspace = transform.workspace();
            for frame in 0..n_frames {
                transform.analyse(&samples[frame * self.0.hop..], &mut workspace);
                for (bin, value) in workspace.spectrum.iter_mut().enumerate() {
                    let magnitude = value.norm();
                    if magnitude > 0.0 {
                        *value *= gradient[bin * n_frames + frame] / magnitude;
                    }
                }
                transform.add_gradient(&mut to[frame * self.0.hop..], &mut workspace);
            }
            add_mirrored(&to, self.0.start(0), out);
        });
        [Some(Array::new(out, x.shape()))]
    }
}

#[derive(Clone, Debug)]
struct Spectrum(StftParams);

impl Operation<1> for Spectrum {
    /// The shape of the input.
    type Saved = [usize; 2];

    fn infer(&self, [x]: [Array; 1]) -> Array {
        let [batch, n_samples] = x.dims();
        let transform = transform(self.0.n_fft);
        let (n_bins, n_frames) = (transform.n_bins(), self.0.n_frames(n_samples));
        let mut out = vec![0.0; 2 * batch * n_bins * n_frames];
        threads::for_each_chunk(&mut out, 2 * n_bins * n_frames, |row, out| {
            let signal = &x.values()[row * n_samples..(row + 1) * n_samples];
            let samples = self.0.samples(signal, 0, n_frames);
            let (real, imaginary) = out.split_at_mut(n_bins * n_frames);
            let mut workspace = transform.workspace();
            let frames = real.chunks_mut(n_bins).zip(imaginary.chunks_mut(n_bins));
            for (frame, (real, imaginary)) in frames.enumerate() {
                transform.analyse(&samples[frame * self.0.hop..], &mut workspace);
                for (i, bin) in workspace.spectrum.iter().enumerate() {
                    (real[i], imaginary[i]) = (bin.re, bin.im);
                }
            }
        });
        Array::new(out, vec![batch, 2, n_frames, n_bins])
    }

    fn forward(&self, [x]: [Array; 1], _wanted: [bool; 1]) -> (Array, [usize; 2]) {
        let dims = x.dims();
        (self.infer([x]), dims)
    }

    fn backward(
        &self,
        [batch, n_samples]: [usize; 2],
        gradient: Array,
        _wanted: [bool; 1],
    ) -> [Option<Array>; 1] {
        let transform = transform(self.0.n_fft);
        let (n_bins, n_frames) = (transform.n_bins(), self.0.n_frames(n_samples));
        let mut out = vec![0.0; batch * n_samples];
        threads::for_each_chunk(&mut out, n_samples, |row, out| {
            let gradient = &gradient.values()[2 * row * n_bins * n_frames..];
            let (real, imaginary) = gradient.split_at(n_bins * n_frames);
            let mut to = vec![0.0; self.0.span(n_frames)];
            let mut workspace = transform.workspace();
            let frames = real.chunks(n_bins).zip(imaginary.chunks(n_bins)).take(n_frames);
            for (frame, (real, imaginary)) in frames.enumerate() {
                for (i, bin) in workspace.spectrum.iter_mut().enumerate() {
                    (bin.re, bin.im) = (real[i], imaginary[i]);
                }
                transform.add_gradient(&mut to[frame * self.0.hop..], &mut workspace);
            }
            add_mirrored(&to, self.0.start(0), out);
        });
        [Some(Array::new(out, vec![batch, n_samples]))]
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
        let at = |scale: &usize| self.at_scale(*scale, &predicted, &target, None);
        let distance: f64 = self.scales.iter().map(at).sum();
        Array::new(vec![distance as f32], vec![1])
    }

    fn forward(&self, [predicted, target]: [Array; 2], _wanted: [bool; 2]) -> (Array, Array) {
        let mut gradient = vec![0.0; predicted.len()];
        let at = |scale: &usize| self.at_scale(*scale, &predicted, &target, Some(&mut gradient));
        let distance: f64 = self.scales.iter().map(at).sum();
        let gradient = Array::new(gradient, predicted.shape());
        (Array::new(vec![distance as f32], vec![1]), gradient)
    }

    fn backward(&self, saved: Array, gradient: Array, wanted: [bool; 2]) -> [Option<Array>; 2] {
        let factor = gradient.values()[0];
        [wanted[0].then(|| saved.map(|g| elementwise::scale(g, factor))), None]
    }
}

/// Frames in a [`Piece`]; fixed, so that sums have one order whatever the number of threads.
const PIECE_FRAMES: usize = 64;

/// Some neighbouring frames of one sound: what a thread takes at a time.
#[derive(Default)]
struct Piece {
    sound: usize,
    first_frame: usize,
    n_frames: usize,
    /// Magnitudes of the target, frame by frame.
    reference: Vec<f32>,
    energy: f64,
    squared_difference: f64,
    log_difference: f64,
    /// With respect to the samples under the frames; empty where it is not wanted.
    gradient: Vec<f32>,
}

impl Distance {
    /// The distance at one scale; adds its gradient where one is wanted.
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
        let n_frames = params.n_frames(n_samples);
        let firsts = (0..n_frames).step_by(PIECE_FRAMES);
        let mut pieces: Vec<Piece> = (0..batch)
            .flat_map(|sound| firsts.clone().map(move |first_frame| (sound, first_frame)))
            .map(|(sound, first_frame)| Piece {
                sound,
                first_frame,
                n_frames: PIECE_FRAMES.min(n_frames - first_frame),
                ..Piece::default()
            })
            .collect();
        let range = |piece: &Piece| piece.sound * n_samples..(piece.sound + 1) * n_samples;
        threads::for_each_chunk(&mut pieces, 1, |_, piece| {
            let piece = &mut piece[0];
            piece.analyse(&target.values()[range(piece)], &params, &transform);
        });
        let energy: f64 = pieces.iter().map(|piece| piece.energy).sum();
        let n_values: usize = pieces.iter().map(|piece| piece.reference.len()).sum();
        let comparison = Comparison {
            log_epsilon: self.log_epsilon,
            squared_factor: (2.0 / energy) as f32,
            log_factor: 1.0 / n_values as f32,
        };
        let is_wanted = gradient.is_some();
        threads::for_each_chunk(&mut pieces, 1, |_, piece| {
            let piece = &mut piece[0];
            let predicted = &predicted.values()[range(piece)];
            piece.compare(predicted, &params, &transform, comparison, is_wanted);
        });
        if let Some(gradient) = gradient {
            threads::for_each_chunk(gradient, n_samples, |sound, gradient| {
                for piece in pieces.iter().filter(|piece| piece.sound == sound) {
                    add_mirrored(&piece.gradient, params.start(piece.first_frame), gradient);
                }
            });
        }
        let squared: f64 = pieces.iter().map(|piece| piece.squared_difference).sum();
        let log: f64 = pieces.iter().map(|piece| piece.log_difference).sum();
        squared / energy + log / n_values as f64
    }
}

impl Piece {
    /// Takes the target's magnitudes.
    fn analyse(&mut self, target: &[f32], params: &StftParams, transform: &Transform) {
        let samples = params.samples(target, self.first_frame, self.n_frames);
        let mut workspace = transform.workspace();
        self.reference = vec![0.0; self.n_frames * transform.n_bins()];
        for (frame, out) in self.reference.chunks_mut(transform.n_bins()).enumerate() {
            transform.analyse(&samples[frame * params.hop..], &mut workspace);
            self.energy += f64::from(magnitudes(&workspace.spectrum, out));
        }
    }

    /// Compares the prediction with the target; forgets the target.
    fn compare(
        &mut self,
        predicted: &[f32],
        params: &StftParams,
        transform: &Transform,
        comparison: Comparison,
        is_gradient_wanted: bool,
    ) {
        let samples = params.samples(predicted, self.first_frame, self.n_frames);
        let mut workspace = transform.workspace();
        if is_gradient_wanted {
            self.gradient = vec![0.0; samples.len()];
        }
        let reference = std::mem::take(&mut self.reference);
        for (frame, reference) in reference.chunks(transform.n_bins()).enumerate() {
            transform.analyse(&samples[frame * params.hop..], &mut workspace);
            let [squared, log] = compare(&mut workspace.spectrum, reference, comparison);
            self.squared_difference += f64::from(squared);
            self.log_difference += f64::from(log);
            if is_gradient_wanted {
                let gradient = &mut self.gradient[frame * params.hop..];
                transform.add_gradient(gradient, &mut workspace);
            }
        }
    }
}
