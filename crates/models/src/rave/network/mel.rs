//! The mel spectrogram that is the input of the hybrid configuration's encoder.
//!
//! Power spectra of windows of unit energy, summed in triangles evenly spaced on HTK's mel scale,
//! as in `torchaudio.transforms.MelSpectrogram(normalized=True)`.

use burn::tensor::Tensor;
use nn::{StftParams, from_values, stft_magnitude};

use super::constant_like;
use super::layers::Interval;
use crate::rave::Config;

/// The spectrogram that replaces the filter bank before the encoder.
#[derive(Debug)]
pub(super) struct Mel {
    params: StftParams,
    /// See [`bands`].
    bands: Tensor<2>,
}

impl Mel {
    pub(super) fn new(config: &Config) -> Self {
        let params =
            StftParams { n_fft: config.mel_n_fft, hop: config.mel_hop, center_reflect: true };
        let n_bins = params.n_fft / 2 + 1;
        Self { params, bands: from_values(bands(config), [config.n_mels, n_bins]) }
    }

    /// `ln(1 + power)` of each band. Shape:
    /// `[batch, channels, samples] -> [batch, channels * bands, samples / hop]`. Without gradient.
    pub(super) fn forward(&self, audio: Tensor<3>) -> Tensor<3> {
        let [batch, channels, samples] = audio.dims();
        let mut flat = audio.inner().reshape([batch * channels, samples]);
        let least = self.params.n_fft / 2 + 1;
        if samples < least {
            // Too short to be mirrored: padded with silence.
            let silence = Tensor::zeros([batch * channels, least - samples], &flat.device());
            flat = Tensor::cat(vec![flat, silence], 1);
        }
        let magnitudes = stft_magnitude(flat, self.params);
        // Frames centred on or behind the end are dropped.
        let [rows, bins, _] = magnitudes.dims();
        let frames = samples / self.params.hop;
        let power = magnitudes.narrow(2, 0, frames).square();
        let columns = power.swap_dims(0, 1).reshape([bins, rows * frames]);
        let [n_bands, _] = self.bands.dims();
        let mel = constant_like(&columns, self.bands.clone())
            .matmul(columns)
            .reshape([n_bands, rows, frames]);
        mel.log1p().swap_dims(0, 1).reshape([batch, channels * n_bands, frames])
    }

    /// The hop, in samples.
    pub(super) fn hop(&self) -> usize {
        self.params.hop
    }

    /// The interval of samples that an interval of frames depends on.
    pub(super) fn samples_of(&self, (first, last): Interval) -> Interval {
        let (hop, half) = (self.params.hop as i64, self.params.n_fft as i64 / 2);
        (first * hop - half, last * hop + half - 1)
    }
}

/// Weights of the bins in each band, divided by the window's energy, so that they map powers to the values
/// whose logarithm the encoder receives: `[bands, bins]`.
pub(in crate::rave) fn bands(config: &Config) -> Vec<f32> {
    let n_fft = config.mel_n_fft;
    let values = triangles(config.n_mels, n_fft / 2 + 1, f64::from(config.sampling_rate));
    // The sum of a squared Hann window.
    let energy = 3.0 * n_fft as f64 / 8.0;
    values.into_iter().map(|value| (value / energy) as f32).collect()
}

/// Triangles of height 1 between neighbouring mel frequencies, from 0 to half the rate: `[bands, bins]`.
fn triangles(n_bands: usize, n_bins: usize, rate_hz: f64) -> Vec<f64> {
    let mel_from_hz = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let hz_from_mel = |mel: f64| 700.0 * (10f64.powf(mel / 2595.0) - 1.0);
    let top = mel_from_hz(rate_hz / 2.0);
    let corner = |i: usize| hz_from_mel(top * i as f64 / (n_bands + 1) as f64);
    let bin_hz = |bin: usize| rate_hz / 2.0 * bin as f64 / (n_bins - 1) as f64;
    let value = |band: usize, bin: usize| {
        let (low, middle, high) = (corner(band), corner(band + 1), corner(band + 2));
        let (rising, falling) =
            ((bin_hz(bin) - low) / (middle - low), (high - bin_hz(bin)) / (high - middle));
        rising.min(falling).max(0.0)
    };
    (0..n_bands)
        .flat_map(|band| (0..n_bins).map(move |bin| (band, bin)))
        .map(|(a, b)| value(a, b))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nn::values;

    use super::*;
    use crate::rave::resolve;

    #[test]
    fn sounds_shorter_than_half_a_window_are_heard() {
        let settings = resolve("hybrid", &[], &BTreeMap::new()).unwrap().settings;
        let config = Config::from_settings(&settings).unwrap();
        let mel = Mel::new(&config);
        for samples in [256, 1024, 2048] {
            let audio = from_values(vec![0.5; samples], [1, 1, samples]);
            let heard = mel.forward(audio);
            assert_eq!(heard.dims(), [1, config.n_mels, samples / config.mel_hop]);
            let heard = values(heard);
            assert!(heard.iter().all(|x| x.is_finite()) && heard.iter().any(|x| *x > 0.0));
        }
    }
}
