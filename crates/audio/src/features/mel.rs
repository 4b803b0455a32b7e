//! `melspectrogram`: power in bands that are as far apart as ears hear them.
//!
//! Source: Slaney, "Auditory Toolbox" (1998): the mel scale, linear below 1 kHz, and triangles of equal area.

use super::FeatureSettings;
use super::frames::{FeatureFrames, dot, for_each_power};

/// Bands from 0 Hz to half the rate.
pub(super) const N_MELS: usize = 128;
/// Below this the scale is linear. Source: as above.
const LINEAR_TO_HZ: f64 = 1000.0;
/// Hz of a mel where it is linear. Source: as above.
const HZ_A_MEL: f64 = 200.0 / 3.0;

/// Power in 128 mel bands, `[frames][128]`.
#[must_use]
pub fn melspectrogram(samples: &[f32], settings: &FeatureSettings) -> FeatureFrames {
    let mut out = FeatureFrames::with_room(N_MELS, settings.n_frames(samples.len()));
    let bands = Bands::new(settings);
    for_each_power(samples, settings, |power| bands.append(power, &mut out.values));
    out
}

/// The triangles of the bands.
pub(super) struct Bands {
    /// The first bin of each, and the weights from there on.
    triangles: Vec<(usize, Vec<f32>)>,
}

impl Bands {
    pub(super) fn new(settings: &FeatureSettings) -> Self {
        Self::spanning(settings, N_MELS, [0.0, f64::from(settings.rate_hz) / 2.0])
    }

    /// So many bands, from one frequency to another, in Hz.
    pub(super) fn spanning(settings: &FeatureSettings, n_mels: usize, span_hz: [f64; 2]) -> Self {
        let [bottom, top] = span_hz.map(mel_from_hz);
        let step = (top - bottom) / (n_mels + 1) as f64;
        let corners: Vec<f64> =
            (0..n_mels + 2).map(|i| hz_from_mel(bottom + step * i as f64)).collect();
        let n_bins = settings.n_fft / 2 + 1;
        let triangle = |corners: &[f64]| {
            let [low, centre, high] = [corners[0], corners[1], corners[2]];
            let area = 2.0 / (high - low);
            let weight = |bin: usize| {
                let hz = settings.bin_hz(bin);
                let slopes = ((hz - low) / (centre - low)).min((high - hz) / (high - centre));
                (slopes.max(0.0) * area) as f32
            };
            let first = (0..n_bins).find(|bin| weight(*bin) > 0.0).unwrap_or(0);
            let weights = (first..n_bins).map(weight).take_while(|weight| *weight > 0.0);
            (first, weights.collect())
        };
        Self { triangles: corners.windows(3).map(triangle).collect() }
    }

    /// Appends the power in each band.
    pub(super) fn append(&self, power: &[f32], out: &mut Vec<f32>) {
        out.extend(self.triangles.iter().map(|(first, weights)| {
            let inside = &power[*first..*first + weights.len()];
            dot(inside, weights)
        }));
    }

    /// Appends what is in each band, summed in 64 bits.
    pub(super) fn append_precise(&self, bins: &[f64], out: &mut Vec<f32>) {
        out.extend(self.triangles.iter().map(|(first, weights)| {
            let inside = bins[*first..].iter().zip(weights);
            inside.map(|(x, weight)| x * f64::from(*weight)).sum::<f64>() as f32
        }));
    }
}

fn mel_from_hz(hz: f64) -> f64 {
    let log_step = 6.4f64.ln() / 27.0;
    if hz < LINEAR_TO_HZ {
        hz / HZ_A_MEL
    } else {
        LINEAR_TO_HZ / HZ_A_MEL + (hz / LINEAR_TO_HZ).ln() / log_step
    }
}

fn hz_from_mel(mel: f64) -> f64 {
    let log_step = 6.4f64.ln() / 27.0;
    let linear_to = LINEAR_TO_HZ / HZ_A_MEL;
    if mel < linear_to {
        mel * HZ_A_MEL
    } else {
        LINEAR_TO_HZ * (log_step * (mel - linear_to)).exp()
    }
}
