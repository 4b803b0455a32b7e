//! `chroma_cqt`: how strong each pitch class is, from a constant-Q transform that is tuned to the sound.

use super::chroma_filters::N_CHROMA;
use super::cqt::{CqtBins, cqt};
use super::frames::{FeatureFrames, divide};
use super::tuning::tuning;
use super::{FeatureSettings, UnfitFeature};

/// Bins of a pitch class.
const PER_CLASS: usize = 3;

/// The strength of 12 pitch classes from C on, `[frames][12]`; the strongest of a frame has 1, all of silence 0.
///
/// Seven octaves from C1 on, in thirds of a semitone.
///
/// # Errors
/// When half the rate is below the highest bin.
pub fn chroma_cqt(
    samples: &[f32],
    settings: &FeatureSettings,
) -> Result<FeatureFrames, UnfitFeature> {
    let per_octave = PER_CLASS * N_CHROMA;
    // The tuning is looked for in frames of its own, whatever those of the feature are.
    let of_tuning = FeatureSettings { n_fft: 2048, hop: 512, ..*settings };
    let tuning = tuning(samples, &of_tuning, per_octave) / per_octave as f64;
    let low_hz = CqtBins::SEMITONES.low_hz * tuning.exp2();
    let bins = CqtBins { low_hz, per_octave, n_octaves: CqtBins::SEMITONES.n_octaves };
    let magnitudes = cqt(samples, settings, &bins)?;
    let mut out = FeatureFrames::with_room(N_CHROMA, magnitudes.n_frames());
    for frame in magnitudes.values.chunks_exact(bins.n_bins()) {
        let mut classes = [0.0; N_CHROMA];
        for (bin, magnitude) in frame.iter().enumerate() {
            // A class has the bin in its middle, and those beside it.
            classes[(bin + PER_CLASS / 2) / PER_CLASS % N_CHROMA] += magnitude;
        }
        let most = classes.iter().copied().fold(0.0, f32::max);
        divide(&mut classes, most);
        out.values.extend_from_slice(&classes);
    }
    Ok(out)
}
