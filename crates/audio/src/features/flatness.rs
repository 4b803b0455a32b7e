//! `spectral_flatness`: how much a spectrum is like that of noise.
//!
//! Source: Dubnov, "Generalization of spectral flatness measure for non-Gaussian linear processes" (2004).

use super::FeatureSettings;
use super::frames::{FeatureFrames, for_each_precise_power};

/// Powers below this count as this.
const LEAST_POWER: f64 = 1e-10;

/// The geometric mean of each frame's powers over their arithmetic mean, `[frames][1]`: 1 for silence too.
pub(super) fn spectral_flatness(samples: &[f32], settings: &FeatureSettings) -> FeatureFrames {
    let mut out = FeatureFrames::with_room(1, settings.n_frames(samples.len()));
    for_each_precise_power(samples, settings, |power| {
        let n = power.len() as f64;
        let powers = power.iter().map(|power| power.max(LEAST_POWER));
        let mean = powers.clone().sum::<f64>() / n;
        out.values.push(((log_sum(powers) / n).exp() / mean) as f32);
    });
    out
}

/// The sum of natural logarithms, from products: a logarithm for eight factors.
fn log_sum(powers: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut product) = (0.0, 1.0f64);
    for (i, power) in powers.enumerate() {
        product *= power;
        // Eight factors between 1e-10 and 1e20 stay within the range of 64 bits.
        if i % 8 == 7 {
            sum += product.ln();
            product = 1.0;
        }
    }
    sum + product.ln()
}
