//! Mel bands as networks that hear were trained on them: any number and span, and the sound mirrored beyond its ends.
//!
//! Transformed in 64 bits: what follows is a logarithm, in which bins far below the loudest ones count.

use std::f64::consts::TAU;

use realfft::RealFftPlanner;

use super::FeatureSettings;
use super::frames::FeatureFrames;
use super::mel::Bands;

/// Bands that are as far apart as ears hear them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MelBands {
    /// How many.
    pub n: usize,
    /// From where to where they reach, in Hz.
    pub span_hz: [f64; 2],
    /// What of each bin they add up.
    pub size: BinSize,
}

/// The size of a bin of a spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinSize {
    /// Its square.
    Power,
    /// Its absolute value.
    Magnitude,
}

/// What is in each band, `[frames][bands]`, of frames centred on multiples of the hop: `n / hop + 1` for `n` samples.
///
/// Bands are those of librosa: Slaney's scale and triangles of equal area.
#[must_use]
pub fn mirrored_mel(
    samples: &[f32],
    settings: &FeatureSettings,
    bands: &MelBands,
) -> FeatureFrames {
    let FeatureSettings { n_fft, hop, .. } = *settings;
    let n_frames = settings.n_frames(samples.len());
    let mut out = FeatureFrames::with_room(bands.n, n_frames);
    let triangles = Bands::spanning(settings, bands.n, bands.span_hz);
    let window: Vec<f64> =
        (0..n_fft).map(|i| 0.5 - 0.5 * (TAU * i as f64 / n_fft as f64).cos()).collect();
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(n_fft);
    let (mut input, mut spectrum) = (fft.make_input_vec(), fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    for frame in 0..n_frames {
        let first = (frame * hop) as i64 - (n_fft / 2) as i64;
        for (i, (x, shape)) in input.iter_mut().zip(&window).enumerate() {
            *x = f64::from(mirrored(samples, first + i as i64)) * shape;
        }
        fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch)
            .expect("the buffers were made for the plan");
        let size = |power: f64| match bands.size {
            BinSize::Power => power,
            BinSize::Magnitude => power.sqrt(),
        };
        let bins: Vec<f64> = spectrum.iter().map(|bin| size(bin.norm_sqr())).collect();
        triangles.append_precise(&bins, &mut out.values);
    }
    out
}

/// The sample at a place that may lie outside: there, the sound mirrored at its first and last sample.
fn mirrored(samples: &[f32], at: i64) -> f32 {
    let last = samples.len() as i64 - 1;
    if last < 1 {
        return samples.first().copied().unwrap_or(0.0);
    }
    let folded = at.rem_euclid(2 * last);
    samples[folded.min(2 * last - folded) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_in_the_band_around_it_and_edges_are_mirrored() {
        let settings = FeatureSettings { rate_hz: 16_000, n_fft: 1024, hop: 160 };
        let tone: Vec<f32> =
            (0..8_000).map(|i| (TAU * 1_000.0 * i as f64 / 16_000.0).cos() as f32).collect();
        let bands = MelBands { n: 32, span_hz: [50.0, 8_000.0], size: BinSize::Power };
        let found = mirrored_mel(&tone, &settings, &bands);
        assert_eq!((found.n_bins, found.n_frames()), (32, 51));
        let loudest = |frame: &[f32]| {
            (0..32).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).map(|i| (i, frame[i]))
        };
        let (band, power) = loudest(found.frame(25)).unwrap();
        // A cosine mirrored at its first sample goes on: the first frame is as loud as those in the middle.
        let (first_band, first) = loudest(found.frame(0)).unwrap();
        assert_eq!(band, first_band);
        assert!((first / power - 1.0).abs() < 0.02, "{first} {power}");
        // Magnitudes are smaller powers: their squares are at least of that order.
        let magnitudes =
            mirrored_mel(&tone, &settings, &MelBands { size: BinSize::Magnitude, ..bands });
        assert!(magnitudes.frame(25)[band] < power);
        assert_eq!(mirrored(&[1.0, 2.0, 3.0], -1).to_bits(), 2f32.to_bits());
        assert_eq!(mirrored(&[1.0, 2.0, 3.0], 4).to_bits(), 1f32.to_bits());
        assert_eq!(mirrored(&[1.0, 2.0, 3.0], 6).to_bits(), 3f32.to_bits());
    }
}
