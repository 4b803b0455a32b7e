//! Features and pitch of a sound file, for people's own scripts: what `maquette features` and `maquette pitch` do.

use std::path::Path;

use api::{MeasuredFeature, PitchFrame, PitchTrack, Problem};
use audio::{
    Clip, DecodeLimits, PyinSettings, Resampler, SoundReader,
    features::{FEATURES, Feature, FeatureSettings},
    melody::{Melody, MelodyFrame, melody},
    pyin, with_channels,
};

use crate::{bad_sound::explain, folder::problem};

/// The most samples of a sound that are kept, a GiB of them: over three hours at 22,050 Hz.
const MOST_SAMPLES: usize = 1 << 28;

/// What to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureOrder {
    /// The feature's name; see [`feature_names`].
    pub feature: String,
    /// The sampling rate at which it is measured.
    pub rate_hz: u32,
    /// Samples of a frame.
    pub n_fft: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
}

/// Where a pitch is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PitchOrder {
    /// The sampling rate at which it is looked for.
    pub rate_hz: u32,
    /// The lowest pitch, in Hz.
    pub low_hz: f64,
    /// The highest pitch, in Hz.
    pub high_hz: f64,
}

impl Default for PitchOrder {
    fn default() -> Self {
        let PyinSettings { rate_hz, range_hz: [low_hz, high_hz], .. } = PyinSettings::default();
        Self { rate_hz, low_hz, high_hz }
    }
}

/// The features that can be measured: names, and what they say in a few words.
pub fn feature_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    FEATURES.iter().map(|feature| (feature.name, feature.what))
}

/// Measures a feature of a sound, mixed to mono, and writes it as a NumPy array of `float32`, `[bins, frames]`.
///
/// # Errors
/// When the sound cannot be read, the feature does not fit, or the file cannot be written: what happened, and what to
/// do.
pub fn measure_feature(
    input: &Path,
    output: &Path,
    order: &FeatureOrder,
) -> Result<MeasuredFeature, Problem> {
    let unfit = |why: &str, remedy: &str| {
        let what = format!("The feature {} cannot be measured.", order.feature);
        problem("unfit", what, &api::sentence(why), remedy)
    };
    let feature = Feature::named(&order.feature)
        .ok_or_else(|| unfit("there is no feature of this name", "Choose another one."))?;
    let settings = FeatureSettings { rate_hz: order.rate_hz, n_fft: order.n_fft, hop: order.hop };
    settings.check().map_err(|error| unfit(&error.why, &error.remedy))?;
    let samples = mono(input, order.rate_hz)?;
    let frames =
        feature.measure(&samples, &settings).map_err(|error| unfit(&error.why, &error.remedy))?;
    let (n_bins, n_frames) = (frames.n_bins, frames.n_frames());
    nn::npy::write(output, &[n_bins, n_frames], &frames.by_bin()).map_err(|error| {
        let what = format!("“{}” was not written.", output.display());
        let why = api::sentence(&format!("failed to {error}"));
        problem("not_written", what, &why, "Check the folder and the space there.")
    })?;
    Ok(MeasuredFeature {
        feature: order.feature.clone(),
        bins: n_bins as u64,
        frames: n_frames as u64,
        rate_hz: order.rate_hz,
        hop: order.hop as u32,
        secs: samples.len() as f64 / f64::from(order.rate_hz),
    })
}

/// The pitch of one voice over a sound, mixed to mono.
///
/// # Errors
/// When the sound cannot be read, or the range does not fit the rate: what happened, and what to do.
pub fn measure_pitch(input: &Path, order: &PitchOrder) -> Result<PitchTrack, Problem> {
    // About a tenth of a second, and two of the longest periods at least.
    let longest = 2.0 * f64::from(order.rate_hz) / order.low_hz.max(1.0);
    let frame = (order.rate_hz as usize / 11).max(longest as usize).next_power_of_two();
    let settings = PyinSettings {
        rate_hz: order.rate_hz,
        range_hz: [order.low_hz, order.high_hz],
        frame,
        hop: (frame / 4).min(order.rate_hz as usize / 40).max(1),
    };
    let unfit = |why: String| {
        let remedy = "Choose a range between 20 Hz and half the rate.";
        problem("unfit", "The pitch cannot be found.", &api::sentence(&why), remedy)
    };
    settings.check().map_err(unfit)?;
    let samples = mono(input, order.rate_hz)?;
    let frames = pyin(&samples, &settings).map_err(unfit)?;
    Ok(PitchTrack {
        rate_hz: order.rate_hz,
        hop: settings.hop as u32,
        secs: samples.len() as f64 / f64::from(order.rate_hz),
        frames: frames
            .into_iter()
            .map(|it| PitchFrame { f0_hz: it.f0_hz, probability: it.probability })
            .collect(),
    })
}

/// The predominant melody of a mix, in the form of a pitch track: `probability` is the share of what is heard that the
/// pitch explains with its harmonics.
///
/// # Errors
/// When the sound cannot be read: what happened, and what to do.
pub fn measure_melody(input: &Path) -> Result<PitchTrack, Problem> {
    let samples = mono(input, Melody::RATE_HZ)?;
    let found = melody(&samples, Melody::RATE_HZ);
    let frame = |it: &MelodyFrame| PitchFrame { f0_hz: it.f0_hz, probability: it.clarity };
    Ok(PitchTrack {
        rate_hz: Melody::RATE_HZ,
        hop: Melody::HOP as u32,
        secs: samples.len() as f64 / f64::from(Melody::RATE_HZ),
        frames: found.frames.iter().map(frame).collect(),
    })
}

/// A sound file mixed to one channel at a rate, decoded block by block.
///
/// # Errors
/// When it cannot be read, or is too long to be kept.
pub(crate) fn mono(path: &Path, rate_hz: u32) -> Result<Vec<f32>, Problem> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let unreadable = |error: &audio::Error| {
        let why = explain(error);
        problem(why.code, format!("“{name}” could not be read as sound."), &why.why, why.remedy)
    };
    let mut reader =
        SoundReader::open(path, &DecodeLimits::STREAMED).map_err(|error| unreadable(&error))?;
    let from_hz = reader.rate_hz();
    let mut resampler = Resampler::new(from_hz, rate_hz, 1);
    let mut samples = [vec![]];
    let mut block = vec![];
    while reader.next(&mut block).map_err(|error| unreadable(&error))? {
        let clip = Clip { rate_hz: from_hz, channels: std::mem::take(&mut block) };
        resampler.push(&with_channels(clip, 1).channels, &mut samples);
        if samples[0].len() > MOST_SAMPLES {
            let hours = MOST_SAMPLES as f64 / f64::from(rate_hz) / 3600.0;
            let why = format!("It is longer than {hours:.1} hours, the most at {rate_hz} Hz.");
            let what = format!("“{name}” is too long.");
            return Err(problem("too_long", what, &why, "Cut it into pieces."));
        }
    }
    resampler.finish(&mut samples);
    reader.end().scale(&mut samples);
    let [samples] = samples;
    Ok(samples)
}

#[cfg(test)]
mod tests;
