//! Sound to the spectrogram that the model was trained on.

use audio::features::{BinSize, FeatureSettings, MelBands, mirrored_mel};

use super::config::VocoderConfig;

/// Seconds of a frame: 1024 samples at 16 kHz.
const FRAME_SECS: f64 = 0.064;
/// Magnitudes below this count as it.
const MAGNITUDE_MIN: f32 = 1e-5;
/// The peak that sounds are brought to.
const PEAK: f32 = 0.5;

/// The logarithm of the magnitude in each band, `[n_frames][bands]`, of a sound that is followed by silence as far as
/// need be. Its mean is taken out, and its peak brought to that of the training.
///
/// Source: Liu et al., "`AudioLDM`", 2023, and its published settings for 16 kHz; other rates have frames of as many
/// seconds.
pub(super) fn spectrogram(config: &VocoderConfig, sound: &[f32], n_frames: usize) -> Vec<f32> {
    let rate = f64::from(config.sampling_rate);
    let n_fft = ((FRAME_SECS * rate).round() as usize).next_power_of_two();
    let settings = FeatureSettings { rate_hz: config.sampling_rate, n_fft, hop: config.hop() };
    let n_samples = n_frames * settings.hop;
    let mut samples: Vec<f32> =
        sound.iter().take(n_samples).map(|x| if x.is_finite() { *x } else { 0.0 }).collect();
    let mean = samples.iter().map(|x| f64::from(*x)).sum::<f64>() / samples.len().max(1) as f64;
    samples.iter_mut().for_each(|x| *x -= mean as f32);
    let peak = samples.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    samples.iter_mut().for_each(|x| *x *= PEAK / (peak + 1e-8));
    samples.resize(n_samples, 0.0);
    let bands =
        MelBands { n: config.model_in_dim, span_hz: [0.0, rate / 2.0], size: BinSize::Magnitude };
    let mut frames = mirrored_mel(&samples, &settings, &bands).values;
    frames.truncate(n_frames * config.model_in_dim);
    frames.iter_mut().for_each(|x| *x = x.max(MAGNITUDE_MIN).ln());
    frames
}
