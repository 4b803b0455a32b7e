//! Features of a sound over time, as librosa 0.11 names and defines them: for analysis and `maquette features`.
//!
//! One file a feature, one line in [`FEATURES`]. All take one channel at the rate of the settings; frames are centred,
//! with silence beyond both ends, so `n` samples give `n / hop + 1` frames. Transforms are in 32 bits. Measured
//! against librosa: `docs/benchmarks.md`.
//!
//! Source: `McFee` et al., "librosa: Audio and Music Signal Analysis in Python" (2015), and its documentation, 0.11.

mod centroid;
mod chroma_cqt;
mod chroma_filters;
mod chroma_stft;
mod contrast;
mod cqt;
mod decibels;
mod flatness;
mod frames;
mod half_rate;
mod hpss;
mod mel;
mod mfcc;
mod mirrored_mel;
mod morlet;
mod onset_strength;
mod rms;
mod rolloff;
mod tonnetz;
mod tuning;
mod zero_crossings;

pub use self::chroma_cqt::chroma_cqt;
pub use self::chroma_stft::chroma_stft;
pub use self::cqt::{CqtBins, cqt};
pub use self::frames::FeatureFrames;
pub(crate) use self::frames::for_each_frame;
pub use self::hpss::harmonic_percussive;
pub use self::mel::melspectrogram;
pub use self::mirrored_mel::{BinSize, MelBands, mirrored_mel};
pub use self::morlet::{morlet, morlet_of};
pub use self::onset_strength::onset_strength;
pub use self::tuning::tuning;

/// How a feature is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureSettings {
    /// Sampling rate of the samples.
    pub rate_hz: u32,
    /// Samples of a frame, even. The constant-Q features and `morlet` choose their own.
    pub n_fft: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
}

impl Default for FeatureSettings {
    /// Those of librosa.
    fn default() -> Self {
        Self { rate_hz: 22_050, n_fft: 2048, hop: 512 }
    }
}

impl FeatureSettings {
    /// The longest frame, in samples.
    pub const LONGEST_FRAME: usize = 1 << 16;

    /// Whether anything can be measured with them.
    ///
    /// # Errors
    /// When a number is outside of what it may be: which, and what it may be.
    pub fn check(&self) -> Result<(), UnfitFeature> {
        let unfit = |why: String, remedy: &str| Err(UnfitFeature { why, remedy: remedy.into() });
        if !(100..=1_000_000).contains(&self.rate_hz) {
            let why = format!("a rate of {} Hz is not between 100 and 1,000,000 Hz", self.rate_hz);
            return unfit(why, "Choose a rate like 22050.");
        }
        if !(16..=Self::LONGEST_FRAME).contains(&self.n_fft) || !self.n_fft.is_multiple_of(2) {
            let why =
                format!("a frame of {} samples is not an even number from 16 to 65536", self.n_fft);
            return unfit(why, "Choose a length like 2048.");
        }
        if !(1..=Self::LONGEST_FRAME).contains(&self.hop) {
            let why = format!("a hop of {} samples is not between 1 and 65536", self.hop);
            return unfit(why, "Choose a hop like 512.");
        }
        Ok(())
    }

    /// How many frames so many samples have.
    #[must_use]
    pub fn n_frames(&self, n_samples: usize) -> usize {
        n_samples / self.hop + 1
    }

    /// The frequency of a bin of the transform, in Hz.
    fn bin_hz(&self, bin: usize) -> f64 {
        bin as f64 * f64::from(self.rate_hz) / self.n_fft as f64
    }
}

/// Why a feature cannot be measured with these settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("measure the feature: {why}")]
pub struct UnfitFeature {
    /// What does not fit.
    pub why: String,
    /// What to do about it: a sentence.
    pub remedy: String,
}

/// A feature that can be asked for by its name.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// Its name in librosa.
    pub name: &'static str,
    /// What it says, in a few words.
    pub what: &'static str,
    measure: fn(&[f32], &FeatureSettings) -> Result<FeatureFrames, UnfitFeature>,
}

/// All features, in the order in which they are listed.
#[rustfmt::skip]
pub const FEATURES: &[Feature] = &[
    Feature { name: "melspectrogram", what: "power in 128 mel bands", measure: |x, it| Ok(mel::melspectrogram(x, it)) },
    Feature { name: "mfcc", what: "20 mel-frequency cepstral coefficients", measure: |x, it| Ok(mfcc::mfcc(x, it)) },
    Feature { name: "chroma_stft", what: "12 pitch classes, from a Fourier transform", measure: |x, it| Ok(chroma_stft::chroma_stft(x, it)) },
    Feature { name: "chroma_cqt", what: "12 pitch classes, from a constant-Q transform", measure: chroma_cqt::chroma_cqt },
    Feature { name: "cqt", what: "magnitudes of 84 semitones from C1 on", measure: |x, it| cqt::cqt(x, it, &CqtBins::SEMITONES) },
    Feature { name: "morlet", what: "magnitudes of 84 semitones from C1 on, by Morlet wavelets", measure: morlet::morlet },
    Feature { name: "spectral_centroid", what: "centre of the spectrum, in Hz", measure: |x, it| Ok(centroid::spectral_centroid(x, it)) },
    Feature { name: "spectral_rolloff", what: "frequency below which 85 % of the magnitude is", measure: |x, it| Ok(rolloff::spectral_rolloff(x, it)) },
    Feature { name: "spectral_flatness", what: "1 for noise, 0 for tones", measure: |x, it| Ok(flatness::spectral_flatness(x, it)) },
    Feature { name: "spectral_contrast", what: "peaks over valleys in 7 bands, in dB", measure: contrast::spectral_contrast },
    Feature { name: "tonnetz", what: "6 coordinates of the tonal centre", measure: tonnetz::tonnetz },
    Feature { name: "zero_crossing_rate", what: "share of samples at which the sign changes", measure: |x, it| Ok(zero_crossings::zero_crossing_rate(x, it)) },
    Feature { name: "rms", what: "root mean square", measure: |x, it| Ok(rms::rms(x, it)) },
    Feature { name: "onset_strength", what: "how much louder the mel bands became", measure: |x, it| Ok(onset_strength::onset_strength(x, it)) },
];

impl Feature {
    /// The feature of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FEATURES.iter().find(|it| it.name == name)
    }

    /// Measures it in one channel, at the rate of the settings; samples that are not numbers count as silence.
    ///
    /// # Errors
    /// When the settings do not fit the feature, with what would.
    pub fn measure(
        &self,
        samples: &[f32],
        settings: &FeatureSettings,
    ) -> Result<FeatureFrames, UnfitFeature> {
        settings.check()?;
        if samples.iter().all(|x| x.is_finite()) {
            return (self.measure)(samples, settings);
        }
        let finite: Vec<f32> =
            samples.iter().map(|x| if x.is_finite() { *x } else { 0.0 }).collect();
        (self.measure)(&finite, settings)
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
