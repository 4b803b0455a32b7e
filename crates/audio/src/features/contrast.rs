//! `spectral_contrast`: how far peaks stand out of valleys, octave by octave.
//!
//! Source: Jiang et al., "Music type classification by spectral contrast feature" (2002), with librosa's bands.

use super::decibels::db_from_power;
use super::frames::{FeatureFrames, for_each_precise_power};
use super::{FeatureSettings, UnfitFeature};

/// Bands: one below, six octaves, the last up to half the rate.
const N_BANDS: usize = 7;
/// The first octave begins here, in Hz.
const LOW_HZ: f64 = 200.0;
/// The share of a band's bins that are its peak, and its valley.
const SHARE: f64 = 0.02;

/// Peaks over valleys in 7 bands in dB, `[frames][7]`.
///
/// # Errors
/// When half the rate is below the last band.
pub(super) fn spectral_contrast(
    samples: &[f32],
    settings: &FeatureSettings,
) -> Result<FeatureFrames, UnfitFeature> {
    let bands = bands(settings)?;
    let n_frames = settings.n_frames(samples.len());
    let mut peaks = FeatureFrames::with_room(N_BANDS, n_frames);
    let mut valleys = Vec::with_capacity(N_BANDS * n_frames);
    let mut sorted = Vec::new();
    for_each_precise_power(samples, settings, |power| {
        for band in &bands {
            sorted.clear();
            sorted.extend_from_slice(&power[band.first..band.end]);
            // Of magnitudes, in the order that their squares have.
            let mean = |powers: &[f64]| {
                let sum: f64 = powers.iter().map(|power| power.sqrt()).sum();
                (sum / powers.len() as f64) as f32
            };
            let n = band.n_counted;
            // Only the ends need to be in order, and not within themselves.
            let from = sorted.len() - n;
            sorted.select_nth_unstable_by(from, f64::total_cmp);
            peaks.values.push(mean(&sorted[from..]));
            sorted.select_nth_unstable_by(n - 1, f64::total_cmp);
            valleys.push(mean(&sorted[..n]));
        }
    });
    db_from_power(&mut peaks.values);
    db_from_power(&mut valleys);
    peaks.values.iter_mut().zip(&valleys).for_each(|(peak, valley)| *peak -= valley);
    Ok(peaks)
}

/// Bins of a band, and how many of them are its peak.
struct Band {
    first: usize,
    end: usize,
    n_counted: usize,
}

fn bands(settings: &FeatureSettings) -> Result<Vec<Band>, UnfitFeature> {
    let n_bins = settings.n_fft / 2 + 1;
    let edge_hz = |i: usize| if i == 0 { 0.0 } else { LOW_HZ * 2f64.powi(i as i32 - 1) };
    let last_hz = edge_hz(N_BANDS - 1);
    if last_hz >= f64::from(settings.rate_hz) / 2.0 {
        return Err(UnfitFeature {
            why: format!(
                "spectral_contrast looks up to {last_hz} Hz, and a rate of {} Hz holds half of it",
                settings.rate_hz
            ),
            remedy: "Choose a rate above 12800, like 22050.".into(),
        });
    }
    let band = |i: usize| {
        let (low, high) = (edge_hz(i), edge_hz(i + 1));
        let first = (0..n_bins).find(|bin| settings.bin_hz(*bin) >= low).unwrap_or(n_bins);
        let within = (first..n_bins).take_while(|bin| settings.bin_hz(*bin) <= high).count();
        // Each band but the first takes the bin before it too, and each but the last leaves its own last out.
        let first_taken = if i > 0 { first.saturating_sub(1) } else { first };
        let end = if i + 1 == N_BANDS { n_bins } else { first + within };
        let n_counted = ((SHARE * (end - first_taken) as f64).round_ties_even() as usize).max(1);
        let end = if i + 1 == N_BANDS { end } else { end - 1 };
        (within > 0 && end > first_taken && end - first_taken >= n_counted).then_some(Band {
            first: first_taken,
            end,
            n_counted,
        })
    };
    (0..N_BANDS).map(band).collect::<Option<_>>().ok_or_else(|| UnfitFeature {
        why: format!("a band of spectral_contrast has no bin in frames of {}", settings.n_fft),
        remedy: "Choose longer frames, like 2048.".into(),
    })
}
