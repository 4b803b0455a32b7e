//! Half the sampling rate, for constant-Q transforms: aligned to the sample, flat up to 91.4 % of the new band.
//!
//! A Kaiser-windowed low-pass that equals soxr's high quality, which librosa uses: any other filter would ring in its own
//! way, and differ from it where a sound begins and ends at once. Filtered by overlap-save, folded to half the rate before
//! the inverse transform, in 64 bits, so that what is loud leaves no noise where it is nearly silent. Source: Kaiser,
//! "Nonrecursive digital filter design using the I0-sinh window function" (1974); the numbers below are those that fit
//! what soxr 0.1.3 (`HQ`, 2:1) makes of impulses, to 4e-8.

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Where the filter has fallen by half, as a share of the old half rate.
const CUTOFF: f64 = 0.478_435_91;
/// How steeply the window falls: 127 dB.
const BETA: f64 = 13.039_955;
/// Half the taps, without the middle one.
const HALF: usize = 194;
const N_TAPS: usize = 2 * HALF + 1;
/// Samples of a block, and those of it that are not touched by its ends.
const BLOCK: usize = 4096;
const VALID: usize = BLOCK - N_TAPS + 1;

/// Halves the rate of sounds.
pub(super) struct HalfRate {
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    filter: Vec<Complex<f64>>,
}

impl HalfRate {
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(BLOCK);
        let inverse = planner.plan_fft_inverse(BLOCK / 2);
        let mut taps = taps();
        taps.resize(BLOCK, 0.0);
        let mut filter = forward.make_output_vec();
        forward.process(&mut taps, &mut filter).expect("the buffers were made for the plan");
        Self { forward, inverse, filter }
    }

    /// Every other sample of the filtered sound, `ceil(n / 2)` of them, times `gain`.
    pub(super) fn halved(&self, samples: &[f32], gain: f32) -> Vec<f32> {
        let n_out = samples.len().div_ceil(2);
        let mut out = Vec::with_capacity(n_out + VALID / 2);
        let mut block = self.forward.make_input_vec();
        let mut spectrum = self.forward.make_output_vec();
        let mut folded = self.inverse.make_input_vec();
        let mut made = self.inverse.make_output_vec();
        let mut scratch = vec![
            Complex::default();
            self.forward.get_scratch_len().max(self.inverse.get_scratch_len())
        ];
        let scale = f64::from(gain) / BLOCK as f64;
        while out.len() < n_out {
            // The first valid output of a block is the middle of the taps' first whole reach.
            let start = 2 * out.len() as isize - HALF as isize;
            copy_from(samples, start, &mut block);
            self.forward
                .process_with_scratch(
                    &mut block,
                    &mut spectrum,
                    &mut scratch[..self.forward.get_scratch_len()],
                )
                .expect("the buffers were made for the plan");
            for (bin, filter) in spectrum.iter_mut().zip(&self.filter) {
                *bin *= filter;
            }
            for (k, bin) in folded.iter_mut().enumerate() {
                *bin = (spectrum[k] + spectrum[BLOCK / 2 - k].conj()) * scale;
            }
            (folded[0].im, folded[BLOCK / 4].im) = (0.0, 0.0);
            self.inverse
                .process_with_scratch(
                    &mut folded,
                    &mut made,
                    &mut scratch[..self.inverse.get_scratch_len()],
                )
                .expect("the buffers were made for the plan");
            out.extend(made[HALF..HALF + VALID / 2].iter().map(|x| *x as f32));
        }
        out.truncate(n_out);
        out
    }
}

/// Fills a block with the samples from `start` on, and silence beyond both ends.
fn copy_from(samples: &[f32], start: isize, block: &mut [f64]) {
    block.fill(0.0);
    let n_before = usize::try_from(-start).unwrap_or(0).min(block.len());
    let from = usize::try_from(start).unwrap_or(0).min(samples.len());
    let n = (block.len() - n_before).min(samples.len() - from);
    let inside = block[n_before..n_before + n].iter_mut().zip(&samples[from..from + n]);
    inside.for_each(|(to, x)| *to = f64::from(*x));
}

fn taps() -> Vec<f64> {
    let tap = |i: usize| {
        let t = i as f64 - HALF as f64;
        let sinc = if t == 0.0 { CUTOFF } else { (PI * CUTOFF * t).sin() / (PI * t) };
        let x = t / (HALF as f64 + 0.5);
        sinc * bessel_i0(BETA * (1.0 - x * x).sqrt()) / bessel_i0(BETA)
    };
    (0..N_TAPS).map(tap).collect()
}

/// The modified Bessel function of order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means of what soxr 0.1.3 (Python's `soxr` 1.1.0, `HQ`, 2:1) made of 300 impulses: place, tap.
    const TAPS: [(usize, f32); 9] = [
        (0, 0.478_435_9),
        (1, 0.317_527_1),
        (2, 0.021_483_93),
        (25, -0.001_406_172),
        (80, 0.000_999_998),
        (121, -0.000_059_184),
        (150, -0.000_015_733),
        (181, 0.000_000_727),
        (194, 0.000_000_026),
    ];

    #[test]
    fn impulses_become_the_taps_of_soxr() {
        for (place, tap) in TAPS {
            // An impulse before a sample that stays, and one after it.
            for at in [4000 - place, 4000 + place] {
                let mut samples = vec![0.0; 9000];
                samples[at] = 1.0;
                let found = HalfRate::new().halved(&samples, 1.0)[2000];
                assert!((found - tap).abs() < 1e-7, "{place}: {found} is not {tap}");
            }
        }
    }
}
