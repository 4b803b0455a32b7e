//! Spectra: what a clip sounds like, in numbers that reports compare.

use std::f32::consts::TAU;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::Clip;

/// A magnitude spectrogram of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Magnitudes {
    /// Bins per frame: `window / 2 + 1`.
    pub n_bins: usize,
    /// Shape `[frames][bins]`, frame after frame. A full-scale sine in the middle of a bin has
    /// about 1.
    pub values: Vec<f32>,
}

impl Magnitudes {
    /// How many frames it has.
    pub fn n_frames(&self) -> usize {
        self.values.len() / self.n_bins
    }
}

/// The periodic Hann window, `0.5 - 0.5 cos(2 pi n / len)`.
pub fn hann_window(len: usize) -> Vec<f32> {
    (0..len).map(|n| 0.5 - 0.5 * (TAU * n as f32 / len as f32).cos()).collect()
}

/// Magnitudes of the short-time Fourier transform of one channel.
///
/// Hann window of `window` samples every `hop`; frame `i` is centred on sample `i * hop`, with
/// silence beyond both ends, so there are `n / hop + 1` frames. Divided by half the window's sum.
///
/// # Panics
/// If `window` or `hop` is 0.
pub fn stft_magnitudes(samples: &[f32], window: usize, hop: usize) -> Magnitudes {
    assert!(window > 0 && hop > 0, "a window and a hop have at least one sample");
    let mut stft = Stft::new(window);
    let n_bins = window / 2 + 1;
    let n_frames = samples.len() / hop + 1;
    let mut values = Vec::with_capacity(n_frames * n_bins);
    for frame_idx in 0..n_frames {
        let first = (frame_idx * hop) as isize - (window / 2) as isize;
        let at = |n: usize| usize::try_from(first + n as isize).ok();
        let sample = |n| at(n).and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
        stft.magnitudes((0..window).map(sample), &mut values);
    }
    Magnitudes { n_bins, values }
}

/// Plans of transforms, made once for each length: making one takes longer than a few transforms.
static PLANS: LazyLock<Mutex<RealFftPlanner<f32>>> =
    LazyLock::new(|| Mutex::new(RealFftPlanner::new()));

fn plans() -> MutexGuard<'static, RealFftPlanner<f32>> {
    // The planner is consistent between calls, even if a thread panicked while it held the lock.
    PLANS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The transform of `n` real numbers.
pub(crate) fn forward(n: usize) -> Arc<dyn RealToComplex<f32>> {
    plans().plan_fft_forward(n)
}

/// Back to `n` real numbers.
pub(crate) fn inverse(n: usize) -> Arc<dyn ComplexToReal<f32>> {
    plans().plan_fft_inverse(n)
}

/// A window and the transform of what is in it.
pub(crate) struct Stft {
    shape: Vec<f32>,
    scale: f32,
    fft: Arc<dyn RealToComplex<f32>>,
    input: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Stft {
    pub(crate) fn new(window: usize) -> Self {
        let shape = hann_window(window);
        let scale = 2.0 / shape.iter().sum::<f32>();
        let fft = forward(window);
        let (input, spectrum) = (fft.make_input_vec(), fft.make_output_vec());
        let scratch = fft.make_scratch_vec();
        Self { shape, scale, fft, input, spectrum, scratch }
    }

    /// Appends the magnitudes of a window of samples to `values`.
    pub(crate) fn magnitudes(&mut self, samples: impl Iterator<Item = f32>, values: &mut Vec<f32>) {
        for ((x, sample), shape) in self.input.iter_mut().zip(samples).zip(&self.shape) {
            *x = sample * shape;
        }
        self.fft
            .process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch)
            .expect("all buffers were made by the plan");
        values.extend(self.spectrum.iter().map(|bin| bin.norm() * self.scale));
    }
}

/// Windows of the log-spectral distance, as in RAVE's spectral loss.
const WINDOWS: [usize; 5] = [2048, 1024, 512, 256, 128];
/// Magnitudes below this, -80 dB, count as equally silent.
const FLOOR: f32 = 1e-4;

/// How far apart two clips sound, in dB: 0 is equal, under 1 is hard to tell, over 10 is different.
///
/// The root mean square difference of log magnitudes, averaged over channels and five window
/// lengths (2048 to 128 samples, a quarter hop). Clips are compared over the shorter length and
/// over the channels both have. Magnitudes below -80 dB count as -80 dB. Definition: Gray and
/// Markel, "Distance measures for speech processing" (1976), at several resolutions.
pub fn log_spectral_distance(a: &Clip, b: &Clip) -> f64 {
    let n_frames = a.n_frames().min(b.n_frames());
    let mut distance = SpectralDistance::new(a.channels.len().min(b.channels.len()));
    let block = |clip: &Clip, at: usize| -> Vec<Vec<f32>> {
        let end = (at + BLOCK).min(n_frames);
        clip.channels.iter().map(|channel| channel[at..end].to_vec()).collect()
    };
    for at in (0..n_frames).step_by(BLOCK) {
        distance.push(&block(a, at), &block(b, at));
    }
    distance.finish()
}

/// Frames that are compared at a time.
const BLOCK: usize = 1 << 14;

/// [`log_spectral_distance`] of sounds that come in blocks.
pub struct SpectralDistance {
    n_channels: usize,
    /// Window by window, and in each channel by channel.
    comparisons: Vec<Comparison>,
}

impl SpectralDistance {
    /// Of two sounds with so many channels.
    pub fn new(n_channels: usize) -> Self {
        let of_window = |window| (0..n_channels).map(move |_| Comparison::new(window));
        Self { n_channels, comparisons: WINDOWS.into_iter().flat_map(of_window).collect() }
    }

    /// Takes the next block of both, `[channels][frames]`, equally long.
    pub fn push(&mut self, a: &[Vec<f32>], b: &[Vec<f32>]) {
        for (i, comparison) in self.comparisons.iter_mut().enumerate() {
            let channel = i % self.n_channels;
            comparison.push(&a[channel], &b[channel]);
        }
    }

    /// How far apart the sounds are.
    pub fn finish(self) -> f64 {
        let n = self.comparisons.len().max(1) as f64;
        self.comparisons.into_iter().map(Comparison::finish).sum::<f64>() / n
    }
}

/// Two channels, compared window by window.
struct Comparison {
    stft: Stft,
    hop: usize,
    /// Samples from the beginning of the next window on.
    waiting: [Vec<f32>; 2],
    n_samples: usize,
    n_windows: usize,
    squares: f64,
}

impl Comparison {
    fn new(window: usize) -> Self {
        // The first window is centred on the first sample.
        let silence = vec![0.0; window / 2];
        Self {
            stft: Stft::new(window),
            hop: window / 4,
            waiting: [silence.clone(), silence],
            n_samples: 0,
            n_windows: 0,
            squares: 0.0,
        }
    }

    fn push(&mut self, a: &[f32], b: &[f32]) {
        self.n_samples += a.len();
        self.waiting[0].extend_from_slice(a);
        self.waiting[1].extend_from_slice(b);
        self.compare(usize::MAX);
    }

    /// Compares as many windows as there are samples for, up to `n_windows_max` in all.
    fn compare(&mut self, n_windows_max: usize) {
        let window = self.stft.shape.len();
        let mut at = 0;
        let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
        while at + window <= self.waiting[0].len() && self.n_windows < n_windows_max {
            of_a.clear();
            of_b.clear();
            self.stft.magnitudes(self.waiting[0][at..at + window].iter().copied(), &mut of_a);
            self.stft.magnitudes(self.waiting[1][at..at + window].iter().copied(), &mut of_b);
            self.squares += squared_difference_db(&of_a, &of_b);
            self.n_windows += 1;
            at += self.hop;
        }
        self.waiting.iter_mut().for_each(|waiting| drop(waiting.drain(..at)));
    }

    fn finish(mut self) -> f64 {
        let n_windows = self.n_samples / self.hop + 1;
        let window = self.stft.shape.len();
        // The last windows reach over the end.
        for waiting in &mut self.waiting {
            waiting.resize(waiting.len() + window, 0.0);
        }
        self.compare(n_windows);
        (self.squares / (n_windows * (window / 2 + 1)) as f64).sqrt()
    }
}

fn squared_difference_db(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| {
        let difference = 20.0 * (a.max(FLOOR) / b.max(FLOOR)).log10();
        f64::from(difference * difference)
    });
    squares.sum()
}

/// The long-term average spectrum in bands: `(centre in Hz, level in dB)` per band.
///
/// `n_bands` bands of equal width in octaves from 20 Hz to half the rate; the level is the mean
/// power in the band over all channels and time, relative to a full-scale sine; at least -120 dB.
/// A band narrower than a bin of the 4096-sample transform takes the bin nearest to its centre.
pub fn band_spectrum(clip: &Clip, n_bands: usize) -> Vec<(f64, f64)> {
    const WINDOW: usize = 4096;
    let mut power = vec![0.0f64; WINDOW / 2 + 1];
    let mut n_frames = 0;
    for channel in &clip.channels {
        let magnitudes = stft_magnitudes(channel, WINDOW, WINDOW / 2);
        for frame in magnitudes.values.chunks(magnitudes.n_bins) {
            for (sum, magnitude) in power.iter_mut().zip(frame) {
                *sum += f64::from(magnitude * magnitude);
            }
            n_frames += 1;
        }
    }
    let bin_hz = f64::from(clip.rate_hz) / WINDOW as f64;
    let (low, high) = (20f64, f64::from(clip.rate_hz) / 2.0);
    let edge = |i: f64| low * (high / low).powf(i / n_bands as f64);
    let bin = |hz: f64| ((hz / bin_hz).round() as usize).min(WINDOW / 2);
    // A Hann window spreads a sine's power over 1.5 bins.
    let norm = 1.5 * f64::from(n_frames.max(1));
    (0..n_bands)
        .map(|i| {
            let centre = edge(i as f64 + 0.5);
            let first = bin(edge(i as f64));
            let bins = first..bin(edge(i as f64 + 1.0));
            let sum: f64 =
                if bins.is_empty() { power[bin(centre)] } else { power[bins].iter().sum() };
            (centre, crate::db_from_gain((sum / norm).sqrt()))
        })
        .collect()
}

/// The centre of a window's spectrum, in Hz: how bright it sounds; none for silence.
///
/// The mean of frequencies, weighted by magnitude, under a Hann window. Source: Peeters, "A large set of audio
/// features for sound description" (2004), section 6.1.1.
pub fn spectral_centroid_hz(samples: &[f32], rate_hz: u32) -> Option<f64> {
    if samples.is_empty() {
        return None;
    }
    let mut magnitudes = Vec::with_capacity(samples.len() / 2 + 1);
    Stft::new(samples.len()).magnitudes(samples.iter().copied(), &mut magnitudes);
    let sum: f64 = magnitudes.iter().map(|magnitude| f64::from(*magnitude)).sum();
    let bin_hz = f64::from(rate_hz) / samples.len() as f64;
    let weighted = magnitudes.iter().enumerate().map(|(i, it)| i as f64 * f64::from(*it));
    let centroid = weighted.sum::<f64>() / sum * bin_hz;
    (sum > 1e-6 && centroid.is_finite()).then_some(centroid)
}

#[cfg(test)]
mod tests;
