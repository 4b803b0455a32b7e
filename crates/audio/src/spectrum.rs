//! Spectra: what a clip sounds like, in numbers that reports compare.

use std::f32::consts::TAU;

use realfft::RealFftPlanner;

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
    let shape = hann_window(window);
    let scale = 2.0 / shape.iter().sum::<f32>();
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(window);
    let (mut input, mut spectrum) = (fft.make_input_vec(), fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    let n_frames = samples.len() / hop + 1;
    let mut values = Vec::with_capacity(n_frames * spectrum.len());
    for frame_idx in 0..n_frames {
        let first = (frame_idx * hop) as isize - (window / 2) as isize;
        for (n, x) in input.iter_mut().enumerate() {
            let at = usize::try_from(first + n as isize).ok();
            *x = at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0) * shape[n];
        }
        fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch)
            .expect("all buffers were made by the plan");
        values.extend(spectrum.iter().map(|bin| bin.norm() * scale));
    }
    Magnitudes { n_bins: spectrum.len(), values }
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
    let pairs: Vec<_> = a.channels.iter().zip(&b.channels).collect();
    let distance = |window: usize| -> f64 {
        let of_pair = |(a, b): &(&Vec<f32>, &Vec<f32>)| {
            let a = stft_magnitudes(&a[..n_frames], window, window / 4);
            let b = stft_magnitudes(&b[..n_frames], window, window / 4);
            rms_difference_db(&a.values, &b.values)
        };
        pairs.iter().map(of_pair).sum::<f64>() / pairs.len().max(1) as f64
    };
    WINDOWS.iter().map(|window| distance(*window)).sum::<f64>() / WINDOWS.len() as f64
}

fn rms_difference_db(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| {
        let difference = 20.0 * (a.max(FLOOR) / b.max(FLOOR)).log10();
        f64::from(difference * difference)
    });
    (squares.sum::<f64>() / a.len().max(1) as f64).sqrt()
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

#[cfg(test)]
mod tests;
