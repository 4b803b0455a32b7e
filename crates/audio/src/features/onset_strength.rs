//! `onset_strength`: how much louder the mel bands became since the frame before.
//!
//! Source: Böck and Widmer, "Maximum filter vibrato suppression for onset detection" (2013), with a lag of one frame
//! and no maximum filter, as librosa's defaults are.

use super::FeatureSettings;
use super::decibels::db_from_power;
use super::frames::{FeatureFrames, sum};
use super::mel::{N_MELS, melspectrogram};

/// The mean rise of 128 mel bands in dB, `[frames][1]`, late by half a frame so that it lies on the onset.
#[must_use]
pub fn onset_strength(samples: &[f32], settings: &FeatureSettings) -> FeatureFrames {
    let mut mel = melspectrogram(samples, settings);
    db_from_power(&mut mel.values);
    let n_frames = mel.n_frames();
    let n_late = 1 + settings.n_fft / (2 * settings.hop);
    let mut out = FeatureFrames { n_bins: 1, values: vec![0.0; n_frames.min(n_late)] };
    let mut rises = [0.0; N_MELS];
    for frame_idx in 1..(n_frames + 1).saturating_sub(n_late) {
        let (before, at) = (mel.frame(frame_idx - 1), mel.frame(frame_idx));
        for ((rise, before), at) in rises.iter_mut().zip(before).zip(at) {
            *rise = (at - before).max(0.0);
        }
        out.values.push(sum(&rises) / N_MELS as f32);
    }
    out
}
