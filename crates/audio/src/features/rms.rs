//! `rms`: how strong a sound is, frame by frame.

use super::FeatureSettings;
use super::frames::{FeatureFrames, dot, for_each_frame};

/// The root mean square of each frame, `[frames][1]`.
pub(super) fn rms(samples: &[f32], settings: &FeatureSettings) -> FeatureFrames {
    let mut out = FeatureFrames::with_room(1, settings.n_frames(samples.len()));
    for_each_frame(samples, settings.n_fft, settings.hop, |frame| {
        out.values.push((dot(frame, frame) / settings.n_fft as f32).sqrt());
    });
    out
}
