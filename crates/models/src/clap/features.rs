//! Sound to the spectrogram that the audio side takes.

use audio::features::{BinSize, FeatureSettings, MelBands, mirrored_mel};

use super::config::{FeatureConfig, Fill};

/// The quietest power that is told from silence.
const POWER_MIN: f32 = 1e-10;

/// The power in each band, in decibels, `[frames][bands]`, of a sound that is no longer than what is heard at once.
pub(super) fn spectrogram(config: &FeatureConfig, samples: &[f32]) -> Vec<f32> {
    let settings = FeatureSettings {
        rate_hz: config.sampling_rate,
        n_fft: config.fft_window_size,
        hop: config.hop_length,
    };
    let span_hz = [config.frequency_min, config.frequency_max];
    let bands = MelBands { n: config.feature_size, span_hz, size: BinSize::Power };
    let mut frames = mirrored_mel(&filled(config, samples), &settings, &bands);
    frames.values.iter_mut().for_each(|power| *power = 10.0 * power.max(POWER_MIN).log10());
    frames.values
}

/// A sound as long as what is heard at once.
fn filled(config: &FeatureConfig, samples: &[f32]) -> Vec<f32> {
    let n = config.n_samples();
    let samples = &samples[..samples.len().min(n)];
    let n_sound = match config.padding {
        Fill::RepeatPad => n / samples.len() * samples.len(),
        Fill::Repeat => n,
        Fill::Pad => samples.len(),
    };
    let mut out: Vec<f32> = samples.iter().copied().cycle().take(n_sound).collect();
    out.iter_mut().filter(|x| !x.is_finite()).for_each(|x| *x = 0.0);
    out.resize(n, 0.0);
    out
}
