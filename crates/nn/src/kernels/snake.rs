//! The snake activation and its gradients, a channel at a time.
//!
//! `x + sin(alpha x)^2 / (alpha + 1e-9)` for each channel's own `alpha`.
//! Source: Ziyin, Hartwig and Ueda, "Neural Networks Fail to Learn Periodic Functions and How to Fix
//! It", 2020, <https://arxiv.org/abs/2006.08195>; the small number as trained by RAVE 2.3.
#![expect(clippy::excessive_precision, reason = "coefficients stand as they were published")]
#![expect(unsafe_code, reason = "functions for one level of CPU are called after asking for it")]

use super::simd::on_every_level;

/// Keeps an `alpha` of 0 from dividing by it.
const LEAST: f32 = 1e-9;

on_every_level! {
    /// Replaces a channel by its activation.
    pub(crate) fn snake(x: &mut [f32], alpha: f32) {
        let factor = 1.0 / (alpha + LEAST);
        for x in x {
            let sine = sine_of(alpha * *x);
            *x += factor * sine * sine;
        }
    }
}

/// Numbers that are summed side by side.
const LANES: usize = 16;

on_every_level! {
    /// Multiplies `gradient` with the derivative at `x`; gives the gradient of `alpha`.
    pub(crate) fn snake_gradient(x: &[f32], gradient: &mut [f32], alpha: f32) -> f32 {
        let factor = 1.0 / (alpha + LEAST);
        let slope = alpha * factor;
        let mut sums = [0.0f32; LANES];
        for (x, gradient) in x.chunks(LANES).zip(gradient.chunks_mut(LANES)) {
            for ((x, gradient), sum) in x.iter().zip(gradient).zip(&mut sums) {
                let angle = alpha * x;
                let (sine, double) = (sine_of(angle), sine_of(2.0 * angle));
                *sum += *gradient * factor * (x * double - factor * sine * sine);
                *gradient *= 1.0 + slope * double;
            }
        }
        sums.iter().sum()
    }
}

/// The sine, within 2e-7 of the true value for angles up to some ten thousands.
#[inline(always)]
pub(super) fn sine_of(x: f32) -> f32 {
    // Adding this pushes the fraction out of a single, and leaves a whole number in its lowest bits.
    const SHIFT: f32 = 12_582_912.0;
    let shifted = x * std::f32::consts::FRAC_1_PI + SHIFT;
    let n = shifted - SHIFT;
    // The rest to the nearest multiple of pi, which stands in three parts; an odd multiple turns the
    // sign.
    let r = x - n * 3.140_625 - n * 9.675_025_9e-4 - n * 1.509_957_9e-7;
    let square = r * r;
    let coefficients = [2.600_054_5e-6, -1.980_661_5e-4, 8.333_017_3e-3, -1.666_665_7e-1];
    let p = coefficients.into_iter().fold(0.0, |sum, coefficient| sum * square + coefficient);
    let sine = p * square * r + r;
    f32::from_bits(sine.to_bits() ^ (shifted.to_bits() << 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_is_as_near_as_it_says() {
        for i in -200_000..200_000 {
            let x = i as f32 * 0.01;
            let error = f64::from(sine_of(x)) - f64::from(x).sin();
            assert!(error.abs() < 2e-7, "sine of {x} is off by {error}");
        }
    }
}
