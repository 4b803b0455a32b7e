//! How far a sound is tuned from A = 440 Hz.
//!
//! Source: Zhu, Kankanhalli and Gao, "Music key detection for musical audio" (MMM 2005), section 3; the mean of angles
//! instead of a histogram is that of Mauch and Dixon (2010).

use std::f64::consts::TAU;

use super::at_rate;
use crate::spectrum::Stft;

const RATE_HZ: u32 = 11_025;
const WINDOW: usize = 4096;
/// Frames a second are about five: more do not change the result.
const HOP: usize = 2048;
/// Where partials are near the notes they belong to, and far from each other for the window.
const RANGE_HZ: [f64; 2] = [120.0, 2000.0];

/// How far the notes of a channel are from those of A = 440 Hz, in cents, from -50 to 50.
///
/// Peaks of the spectrum, each at the top of a parabola through its logarithm, are angles on the circle of a semitone;
/// their mean, weighted by magnitude, is the tuning. 0 where there is no peak.
#[must_use]
pub fn tuning_cents(samples: &[f32], rate_hz: u32) -> f64 {
    let samples = at_rate(samples, rate_hz, RATE_HZ);
    let bin_hz = f64::from(RATE_HZ) / WINDOW as f64;
    let bins = RANGE_HZ.map(|hz| (hz / bin_hz) as usize);
    let mut stft = Stft::new(WINDOW);
    let mut magnitudes = Vec::with_capacity(WINDOW / 2 + 1);
    let (mut re, mut im) = (0.0, 0.0);
    for from in (0..samples.len()).step_by(HOP) {
        let sample = |n| samples.get(from + n).copied().unwrap_or(0.0);
        magnitudes.clear();
        stft.magnitudes((0..WINDOW).map(sample), &mut magnitudes);
        let largest = magnitudes[bins[0]..bins[1]].iter().fold(0.0f32, |max, x| max.max(*x));
        // Peaks 40 dB below the largest are mostly noise, and so is everything below -100 dB.
        let least = (0.01 * largest).max(1e-5);
        for bin in bins[0]..bins[1] {
            let around = [magnitudes[bin - 1], magnitudes[bin], magnitudes[bin + 1]];
            if around[1] > least && around[1] > around[0] && around[1] >= around[2] {
                let [a, b, c] = around.map(|x| f64::from(x.max(1e-12)).ln());
                let offset = (0.5 * (a - c) / (a - 2.0 * b + c)).clamp(-0.5, 0.5);
                let semitones = 12.0 * ((bin as f64 + offset) * bin_hz / 440.0).log2();
                let weight = f64::from(around[1]);
                re += weight * (TAU * semitones).cos();
                im += weight * (TAU * semitones).sin();
            }
        }
    }
    if re == 0.0 && im == 0.0 { 0.0 } else { 100.0 * im.atan2(re) / TAU }
}
