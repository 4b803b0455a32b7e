//! Half the sampling rate, for constant-Q transforms: aligned to the sample, flat up to 91.3 % of the new band.
//!
//! A Kaiser-windowed low-pass of 120 dB with the transition of soxr's high quality, which librosa uses: a sharper filter
//! would ring longer, and differ from it where a sound begins and ends at once. Filtered by overlap-save, folded to half
//! the rate before the inverse transform. Source: Kaiser, "Nonrecursive digital filter design using the I0-sinh window
//! function" (1974).

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealToComplex};

use crate::spectrum::{forward, inverse};

/// Where the filter begins to fall and where it has fallen, as shares of the new half rate. Source: soxr 0.1.3, quality
/// HQ: 20 bits.
const PASS: f64 = 0.9136;
const STOP: f64 = 1.0;
/// How far it falls, in dB. Source: as above.
const REJECTION_DB: f64 = 120.4;
/// Half the taps, without the middle one; the number follows from the above by Kaiser's formula.
const HALF: usize = 181;
const N_TAPS: usize = 2 * HALF + 1;
/// Samples of a block, and those of it that are not touched by its ends.
const BLOCK: usize = 4096;
const VALID: usize = BLOCK - N_TAPS + 1;

/// Halves the rate of sounds.
pub(super) struct HalfRate {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    filter: Vec<Complex<f32>>,
}

impl HalfRate {
    pub(super) fn new() -> Self {
        let (forward, inverse) = (forward(BLOCK), inverse(BLOCK / 2));
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
        let scale = gain / BLOCK as f32;
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
            out.extend_from_slice(&made[HALF..HALF + VALID / 2]);
        }
        out.truncate(n_out);
        out
    }
}

/// Fills a block with the samples from `start` on, and silence beyond both ends.
fn copy_from(samples: &[f32], start: isize, block: &mut [f32]) {
    block.fill(0.0);
    let n_before = usize::try_from(-start).unwrap_or(0).min(block.len());
    let from = usize::try_from(start).unwrap_or(0).min(samples.len());
    let n = (block.len() - n_before).min(samples.len() - from);
    block[n_before..n_before + n].copy_from_slice(&samples[from..from + n]);
}

fn taps() -> Vec<f32> {
    let beta = 0.1102 * (REJECTION_DB - 8.7);
    // In units of the old half rate.
    let cutoff = (PASS + STOP) / 4.0;
    let tap = |i: usize| {
        let t = i as f64 - HALF as f64;
        let sinc = if t == 0.0 { cutoff } else { (PI * cutoff * t).sin() / (PI * t) };
        let x = t / (HALF as f64 + 0.5);
        sinc * bessel_i0(beta * (1.0 - x * x).sqrt()) / bessel_i0(beta)
    };
    let taps: Vec<f64> = (0..N_TAPS).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| (tap / sum) as f32).collect()
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
