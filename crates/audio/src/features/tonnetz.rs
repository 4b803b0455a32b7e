//! `tonnetz`: where the harmony is in the space of fifths and thirds.
//!
//! Source: Harte, Sandler and Gasser, "Detecting harmonic change in musical audio" (2006), section 2.

use std::f64::consts::PI;

use super::chroma_cqt::chroma_cqt;
use super::chroma_filters::N_CHROMA;
use super::frames::{FeatureFrames, divide, dot, sum};
use super::{FeatureSettings, UnfitFeature};

/// Turns of each circle for a pitch class, in units of pi, and its radius: fifths, minor thirds, major thirds.
const CIRCLES: [(f64, f64); 3] = [(7.0 / 6.0, 1.0), (3.0 / 2.0, 1.0), (2.0 / 3.0, 0.5)];

/// Six coordinates, `[frames][6]`: sine and cosine on the circles of fifths, minor and major thirds.
///
/// # Errors
/// As [`chroma_cqt`].
pub(super) fn tonnetz(
    samples: &[f32],
    settings: &FeatureSettings,
) -> Result<FeatureFrames, UnfitFeature> {
    let chroma = chroma_cqt(samples, settings)?;
    let axis = |(turns, radius): (f64, f64), shift: f64| -> Vec<f32> {
        let at = |class: usize| radius * (PI * (turns * class as f64 - shift)).cos();
        (0..N_CHROMA).map(|class| at(class) as f32).collect()
    };
    let axes: Vec<Vec<f32>> =
        CIRCLES.iter().flat_map(|circle| [axis(*circle, 0.5), axis(*circle, 0.0)]).collect();
    let mut out = FeatureFrames::with_room(axes.len(), chroma.n_frames());
    let mut frame = [0.0; N_CHROMA];
    for classes in chroma.values.chunks_exact(N_CHROMA) {
        frame.copy_from_slice(classes);
        divide(&mut frame, sum(classes));
        out.values.extend(axes.iter().map(|axis| dot(&frame, axis)));
    }
    Ok(out)
}
