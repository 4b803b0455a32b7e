//! `spectral_centroid`: the mean of frequencies, weighted by magnitude.
//!
//! Source: Klapuri and Davy, "Signal Processing Methods for Music Transcription" (2007), chapter 5.

use super::FeatureSettings;
use super::frames::{FeatureFrames, dot, for_each_magnitude, sum};

/// The centre of each frame's spectrum in Hz, `[frames][1]`; 0 for silence.
pub(super) fn spectral_centroid(samples: &[f32], settings: &FeatureSettings) -> FeatureFrames {
    let hz: Vec<f32> = (0..=settings.n_fft / 2).map(|bin| settings.bin_hz(bin) as f32).collect();
    let mut out = FeatureFrames::with_room(1, settings.n_frames(samples.len()));
    for_each_magnitude(samples, settings, |magnitudes| {
        let all = sum(magnitudes);
        let weighted = dot(magnitudes, &hz);
        out.values.push(if all >= f32::MIN_POSITIVE { weighted / all } else { 0.0 });
    });
    out
}
