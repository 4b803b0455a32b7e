//! `mfcc`: the coarse shape of the mel spectrum in dB, as 20 cepstral coefficients.
//!
//! Source: Davis and Mermelstein, "Comparison of parametric representations for monosyllabic word recognition" (1980);
//! the orthonormal discrete cosine transform of type 2.

use std::f64::consts::PI;

use super::FeatureSettings;
use super::decibels::db_from_power;
use super::frames::{FeatureFrames, dot};
use super::mel::{N_MELS, melspectrogram};

const N_COEFFICIENTS: usize = 20;

/// 20 mel-frequency cepstral coefficients, `[frames][20]`.
pub(super) fn mfcc(samples: &[f32], settings: &FeatureSettings) -> FeatureFrames {
    let mut mel = melspectrogram(samples, settings);
    db_from_power(&mut mel.values);
    let cosines: Vec<Vec<f32>> = (0..N_COEFFICIENTS).map(cosine).collect();
    let mut out = FeatureFrames::with_room(N_COEFFICIENTS, mel.n_frames());
    for frame in mel.values.chunks_exact(N_MELS) {
        out.values.extend(cosines.iter().map(|cosine| dot(frame, cosine)));
    }
    out
}

/// A row of the cosine transform.
fn cosine(k: usize) -> Vec<f32> {
    let n = N_MELS as f64;
    let scale = if k == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
    let at = |i: usize| scale * (PI * k as f64 * (2 * i + 1) as f64 / (2.0 * n)).cos();
    (0..N_MELS).map(|i| at(i) as f32).collect()
}
