//! Mel spectra of a sound, as cutting, kinds and vectors of patterns use them.

use std::f64::consts::PI;

use super::RATE_HZ;
use crate::{
    describe::mel_hz,
    features::{FeatureSettings, melspectrogram},
};

pub(super) const HOP: usize = 512;
const SETTINGS: FeatureSettings = FeatureSettings { rate_hz: RATE_HZ, n_fft: 1024, hop: HOP };
/// Frames a second.
pub(super) const FRAME_RATE: f64 = RATE_HZ as f64 / HOP as f64;
/// Cepstral coefficients of a frame, without the first, which is loudness.
pub(super) const N_CEPSTRAL: usize = 20;
/// Frames further below the loudest are silence, in dB.
pub(super) const RANGE_DB: f64 = 50.0;

/// Spectra, frame after frame.
pub(super) struct Spectra {
    pub(super) n_bands: usize,
    /// Power of bands, `[frames][bands]`.
    pub(super) power: Vec<f32>,
    /// The same in dB, not below 60 dB under the loudest.
    pub(super) db: Vec<f32>,
    /// The level of each frame, in dB.
    pub(super) level_db: Vec<f64>,
    /// Cepstral coefficients of each frame.
    pub(super) cepstral: Vec<[f32; N_CEPSTRAL]>,
    /// Frames that are not silence.
    pub(super) heard: Vec<usize>,
}

impl Spectra {
    /// Of one channel at the patterns' rate.
    pub(super) fn of(samples: &[f32]) -> Self {
        let mel = melspectrogram(samples, &SETTINGS);
        let n_bands = mel.n_bins;
        let largest = mel.values.iter().fold(0.0f32, |max, x| max.max(*x));
        let floor = (largest * 1e-6).max(1e-12);
        let db: Vec<f32> = mel.values.iter().map(|x| 10.0 * x.max(floor).log10()).collect();
        let cosines: Vec<Vec<f32>> = (1..=N_CEPSTRAL).map(|k| cosine(k, n_bands)).collect();
        let of_frame = |frame: &[f32]| {
            std::array::from_fn(|k| frame.iter().zip(&cosines[k]).map(|(a, b)| a * b).sum())
        };
        let level = |frame: &[f32]| {
            10.0 * frame.iter().map(|x| f64::from(*x)).sum::<f64>().max(1e-12).log10()
        };
        let level_db: Vec<f64> = mel.values.chunks_exact(n_bands).map(level).collect();
        let loudest = level_db.iter().copied().fold(f64::MIN, f64::max);
        let heard = (0..level_db.len()).filter(|i| level_db[*i] > loudest - RANGE_DB).collect();
        Self {
            n_bands,
            cepstral: db.chunks_exact(n_bands).map(of_frame).collect(),
            level_db,
            heard,
            db,
            power: mel.values,
        }
    }

    pub(super) fn frame(&self, i: usize) -> &[f32] {
        &self.power[i * self.n_bands..(i + 1) * self.n_bands]
    }

    pub(super) fn frame_db(&self, i: usize) -> &[f32] {
        &self.db[i * self.n_bands..(i + 1) * self.n_bands]
    }

    /// Mean and standard deviation of something over what is heard.
    pub(super) fn moments(&self, of: impl Fn(usize) -> f64) -> (f64, f64) {
        let n = self.heard.len().max(1) as f64;
        let mean = self.heard.iter().map(|i| of(*i)).sum::<f64>() / n;
        let square = self.heard.iter().map(|i| (of(*i) - mean).powi(2)).sum::<f64>() / n;
        (mean, square.sqrt())
    }

    /// The frequencies between which nine tenths of the power lie.
    pub(super) fn range_hz(&self) -> [f64; 2] {
        let mut sum = vec![0.0f64; self.n_bands];
        for frame in self.power.chunks_exact(self.n_bands) {
            sum.iter_mut().zip(frame).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        // Bands are as wide as their distance, which their area is divided by.
        for (i, sum) in sum.iter_mut().enumerate() {
            *sum *= mel_hz(i + 1, self.n_bands) - mel_hz(i, self.n_bands);
        }
        let total: f64 = sum.iter().sum();
        let below = |share: f64| {
            let mut so_far = 0.0;
            let at = sum.iter().position(|x| {
                so_far += x;
                so_far >= share * total
            });
            at.unwrap_or(self.n_bands - 1)
        };
        [mel_hz(below(0.05), self.n_bands), mel_hz(below(0.95) + 1, self.n_bands)]
    }

    /// The logarithm of the centre of a frame's magnitudes, in octaves.
    pub(super) fn centre_octaves(&self, i: usize) -> f64 {
        let (mut sum, mut total) = (0.0, 1e-12);
        for (band, x) in self.frame(i).iter().enumerate() {
            let root = f64::from(*x).sqrt();
            sum += root * mel_hz(band, self.n_bands);
            total += root;
        }
        (sum / total).max(20.0).log2()
    }
}

fn cosine(k: usize, n: usize) -> Vec<f32> {
    let scale = (2.0 / n as f64).sqrt();
    (0..n).map(|i| (scale * (PI * k as f64 * (i as f64 + 0.5) / n as f64).cos()) as f32).collect()
}
