//! Phase mangling: a random all-pass filter that changes every sample and is hardly audible.
//!
//! RAVE trains on sounds filtered like this so that the model does not learn phase.
//! Source: Caillon and Esling, "RAVE" (2021), reference code `rave/dataset.py` and
//! `udls/transforms.py`, `random_phase_mangle`.

use std::f64::consts::TAU;

use crate::Rng;

/// Pole radius of the filter in RAVE's reference code.
const RADIUS: f64 = 0.99;
/// Range of its frequency there, in Hz; drawn uniformly in its logarithm.
const FREQUENCY_HZ: (f64, f64) = (20.0, 2000.0);

/// Filters the samples with an all-pass of a random frequency.
///
/// Pole radius 0.99; the frequency is between 20 and 2000 Hz, uniform in its logarithm. Samples at
/// `rate_hz`; the result may exceed the range of the input a little.
pub fn phase_mangle(samples: &mut [f32], rate_hz: u32, rng: &mut Rng) {
    let (low, high) = (FREQUENCY_HZ.0.ln(), FREQUENCY_HZ.1.ln());
    let frequency_hz = (low + (high - low) * rng.next_f64()).exp();
    allpass(samples, frequency_hz, RADIUS, rate_hz);
}

/// A second-order all-pass with poles at `radius` and ±`frequency_hz`, in place.
///
/// y\[n\] = r² x\[n\] - 2 r cos(w) x\[n-1\] + x\[n-2\] + 2 r cos(w) y\[n-1\] - r² y\[n-2\], with
/// w = 2 pi `frequency_hz` / `rate_hz`; that is b = \[r², -2 r cos w, 1\], a = \[1, -2 r cos w,
/// r²\]. Every frequency keeps its magnitude. State is `f64`, as in the reference.
pub fn allpass(samples: &mut [f32], frequency_hz: f64, radius: f64, rate_hz: u32) {
    let w = TAU * frequency_hz / f64::from(rate_hz);
    let c1 = -2.0 * radius * w.cos();
    let c2 = radius * radius;
    // Direct form II transposed.
    let (mut s1, mut s2) = (0.0f64, 0.0f64);
    for sample in samples {
        let x = f64::from(*sample);
        let y = c2 * x + s1;
        s1 = c1 * x - c1 * y + s2;
        s2 = x - c2 * y;
        *sample = y as f32;
    }
}

#[cfg(test)]
mod tests;
