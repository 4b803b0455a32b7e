//! `zero_crossing_rate`: how often the sign changes.

use super::FeatureSettings;
use super::frames::FeatureFrames;

/// Samples this close to 0 count as 0, which is positive.
const ZERO: f32 = 1e-10;

/// The share of each frame's samples that have another sign than the one before, `[frames][1]`.
///
/// Beyond both ends the first and the last sample go on.
pub(super) fn zero_crossing_rate(samples: &[f32], settings: &FeatureSettings) -> FeatureFrames {
    let (len, hop) = (settings.n_fft, settings.hop);
    // How many crossings there are before each hop's sample would need the sound twice; a running count needs it once.
    let is_negative = |x: f32| x < -ZERO;
    let crosses = |at: usize| {
        at > 0 && at < samples.len() && is_negative(samples[at]) != is_negative(samples[at - 1])
    };
    let mut out = FeatureFrames::with_room(1, settings.n_frames(samples.len()));
    // Crossings from sample `from` on, before sample `end`: those of the frame's samples but the first.
    let (mut from, mut end, mut n) = (0, 0, 0usize);
    for frame_idx in 0..settings.n_frames(samples.len()) {
        let frame_end = frame_idx * hop + len - len / 2;
        while end < frame_end.min(samples.len()) {
            n += usize::from(crosses(end));
            end += 1;
        }
        let second = (frame_end + 1).saturating_sub(len);
        while from < second.min(samples.len()) {
            n -= usize::from(crosses(from));
            from += 1;
        }
        out.values.push((n as f64 / len as f64) as f32);
    }
    out
}
