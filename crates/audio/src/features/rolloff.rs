//! `spectral_rolloff`: the frequency below which most of a spectrum is.

use super::FeatureSettings;
use super::frames::{FeatureFrames, for_each_magnitude};

/// The share of the magnitudes that is below.
const SHARE: f32 = 0.85;

/// The lowest bin's frequency in Hz up to which 85 % of the magnitudes are, `[frames][1]`; 0 for silence.
pub(super) fn spectral_rolloff(samples: &[f32], settings: &FeatureSettings) -> FeatureFrames {
    let mut out = FeatureFrames::with_room(1, settings.n_frames(samples.len()));
    for_each_magnitude(samples, settings, |magnitudes| {
        // One after the other in 32 bits, as librosa adds them: the bin may hang on the last digit.
        let all = magnitudes.iter().fold(0.0f32, |sum, x| sum + x);
        let enough = SHARE * all;
        let mut so_far = 0.0;
        let bin = magnitudes.iter().position(|x| {
            so_far += x;
            so_far >= enough
        });
        out.values.push(settings.bin_hz(bin.unwrap_or(0)) as f32);
    });
    out
}
