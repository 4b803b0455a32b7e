//! `chroma_stft`: how strong each pitch class is, from a Fourier transform.

use super::FeatureSettings;
use super::chroma_filters::{N_CHROMA, chroma_filters};
use super::frames::{FeatureFrames, divide, dot, for_each_power};
use super::tuning::Peaks;

/// The strength of 12 pitch classes from C on, `[frames][12]`; the strongest of a frame has 1, all of silence 0.
///
/// The sound is gone through twice, first for its tuning, so that no spectra need to be kept.
#[must_use]
pub fn chroma_stft(samples: &[f32], settings: &FeatureSettings) -> FeatureFrames {
    let mut peaks = Peaks::new(settings);
    for_each_power(samples, settings, |power| peaks.look(power));
    let filters = chroma_filters(settings, peaks.tuning(N_CHROMA));
    let mut out = FeatureFrames::with_room(N_CHROMA, settings.n_frames(samples.len()));
    for_each_power(samples, settings, |power| {
        let start = out.values.len();
        out.values.extend(filters.iter().map(|filter| dot(power, filter)));
        let frame = &mut out.values[start..];
        let most = frame.iter().copied().fold(0.0, f32::max);
        divide(frame, most);
    });
    out
}
