//! Filters that fold a Fourier spectrum into pitch classes.
//!
//! Each bin gives to the pitch classes near it by a Gaussian, all bins the same in sum of squares, and less the
//! further they are from the fifth octave. Source: Ellis, "Chroma feature analysis and synthesis" (2007).

use super::FeatureSettings;

/// Pitch classes, from C on.
pub(super) const N_CHROMA: usize = 12;
/// The octave that counts most, from C0 = 1 on, and the width of that in octaves. Source: as above.
const CENTRE_OCTAVE: f64 = 5.0;
const WIDTH_OCTAVES: f64 = 2.0;

/// The weights of the bins for each pitch class, `[12][n_fft / 2 + 1]`; `tuning` in semitones.
pub(super) fn chroma_filters(settings: &FeatureSettings, tuning: f64) -> Vec<Vec<f32>> {
    let n = N_CHROMA as f64;
    let a_hz = 440.0 * (tuning / n).exp2();
    let semitones = |bin: usize| n * (settings.bin_hz(bin) / (a_hz / 16.0)).log2();
    // The bin of 0 Hz stands an octave and a half below the first.
    let place = |bin| if bin == 0 { semitones(1) - 1.5 * n } else { semitones(bin) };
    let n_bins = settings.n_fft / 2 + 1;
    let mut filters = vec![vec![]; N_CHROMA];
    for bin in 0..n_bins {
        let at = place(bin);
        let width = if bin + 1 == settings.n_fft { 1.0 } else { (place(bin + 1) - at).max(1.0) };
        let weights: [f64; N_CHROMA] = std::array::from_fn(|chroma| {
            let distance = (at - chroma as f64 + n / 2.0 + 10.0 * n).rem_euclid(n) - n / 2.0;
            (-0.5 * (2.0 * distance / width).powi(2)).exp()
        });
        let norm = weights.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        let octaves = (at / n - CENTRE_OCTAVE) / WIDTH_OCTAVES;
        let loudness = (-0.5 * octaves * octaves).exp();
        for (chroma, filter) in filters.iter_mut().enumerate() {
            // Weights are counted from A; pitch classes from C.
            let weight = weights[(chroma + 3) % N_CHROMA];
            filter.push((weight / norm * loudness) as f32);
        }
    }
    filters
}
