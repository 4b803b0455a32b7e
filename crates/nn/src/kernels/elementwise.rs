//! Loops that treat every element alike, in place, compiled for every level of CPU.
//!
//! The transcendental functions are polynomials without branches, so that a compiler turns them into
//! vector instructions; each says how far it is from the true value.
//! Source of the polynomials: Stephen Moshier's Cephes Mathematical Library, single precision.
#![expect(clippy::excessive_precision, reason = "coefficients stand as they were published")]
#![expect(unsafe_code, reason = "functions for one level of CPU are called after asking for it")]

use super::{simd::on_every_level, snake::sine_of};

on_every_level! {
    /// `max(x, slope * x)` for slopes in (0, 1].
    pub(crate) fn leaky_relu(x: &mut [f32], slope: f32) {
        for x in x {
            *x = if *x > 0.0 { *x } else { slope * *x };
        }
    }
}

on_every_level! {
    /// `gradient` times the derivative of [`leaky_relu`] at `x`.
    pub(crate) fn leaky_relu_gradient(x: &[f32], gradient: &mut [f32], slope: f32) {
        for (gradient, x) in gradient.iter_mut().zip(x) {
            *gradient *= if *x > 0.0 { 1.0 } else { slope };
        }
    }
}

on_every_level! {
    /// Hyperbolic tangent, within 2 units in the last place.
    pub(crate) fn tanh(x: &mut [f32]) {
        for x in x {
            *x = tanh_of(*x);
        }
    }
}

on_every_level! {
    /// `gradient` times the derivative of [`tanh`] where it was `y`.
    pub(crate) fn tanh_gradient(y: &[f32], gradient: &mut [f32]) {
        for (gradient, y) in gradient.iter_mut().zip(y) {
            *gradient *= 1.0 - y * y;
        }
    }
}

on_every_level! {
    /// `1 / (1 + exp(-x))`, within 3 units in the last place.
    pub(crate) fn sigmoid(x: &mut [f32]) {
        for x in x {
            *x = sigmoid_of(*x);
        }
    }
}

on_every_level! {
    /// `gradient` times the derivative of [`sigmoid`] where it was `y`.
    pub(crate) fn sigmoid_gradient(y: &[f32], gradient: &mut [f32]) {
        for (gradient, y) in gradient.iter_mut().zip(y) {
            *gradient *= y * (1.0 - y);
        }
    }
}

/// Above this, PyTorch's softplus is the identity.
const SOFTPLUS_THRESHOLD: f32 = 20.0;

on_every_level! {
    /// `ln(1 + exp(x))`, and `x` itself above 20, within 1e-7 or 4 units in the last place.
    pub(crate) fn softplus(x: &mut [f32]) {
        for x in x {
            // For what is small beside 1, `ln(1 + e)` by way of the rounding of `1 + e`.
            let e = exp_of(x.min(SOFTPLUS_THRESHOLD));
            let one_more = 1.0 + e;
            let rest = one_more - 1.0;
            let soft = if rest == 0.0 { e } else { ln_of(one_more) * (e / rest) };
            *x = if *x > SOFTPLUS_THRESHOLD { *x } else { soft };
        }
    }
}

on_every_level! {
    /// `gradient` times the derivative of [`softplus`] at `x`.
    pub(crate) fn softplus_gradient(x: &[f32], gradient: &mut [f32]) {
        for (gradient, x) in gradient.iter_mut().zip(x) {
            *gradient *= if *x > SOFTPLUS_THRESHOLD { 1.0 } else { sigmoid_of(*x) };
        }
    }
}

on_every_level! {
    /// `2 sigmoid(x + shift)^2.3 + 1e-7`: never quite silent, and steep.
    pub(crate) fn loudness(x: &mut [f32], shift: f32) {
        for x in x {
            // The logarithm of a sigmoid is that of what it divides by, turned round.
            let x_shifted = (*x + shift).clamp(-30.0, 30.0);
            *x = 2.0 * exp_of(-2.3 * ln_of(1.0 + exp_of(-x_shifted))) + 1e-7;
        }
    }
}

on_every_level! {
    /// `x + sin(alpha x)^2 / (alpha + 1e-9)` over rows with one `alpha` for each column.
    pub(crate) fn snake(x: &mut [f32], alpha: &[f32]) {
        for row in x.chunks_exact_mut(alpha.len()) {
            for (x, alpha) in row.iter_mut().zip(alpha) {
                let sine = sine_of(alpha * *x);
                *x += sine * sine / (alpha + 1e-9);
            }
        }
    }
}

on_every_level! {
    /// `scale * x + shift` over rows with one scale and shift for each column.
    pub(crate) fn affine(x: &mut [f32], scale: &[f32], shift: &[f32]) {
        for row in x.chunks_exact_mut(scale.len()) {
            for (x, (scale, shift)) in row.iter_mut().zip(scale.iter().zip(shift)) {
                *x = *x * scale + shift;
            }
        }
    }
}

on_every_level! {
    /// `to += x`.
    pub(crate) fn add(to: &mut [f32], x: &[f32]) {
        for (to, x) in to.iter_mut().zip(x) {
            *to += x;
        }
    }
}

on_every_level! {
    /// `factor * x`.
    pub(crate) fn scale(x: &mut [f32], factor: f32) {
        for x in x {
            *x *= factor;
        }
    }
}

on_every_level! {
    /// `to += factor * x`.
    pub(crate) fn add_scaled(to: &mut [f32], x: &[f32], factor: f32) {
        for (to, x) in to.iter_mut().zip(x) {
            *to += factor * x;
        }
    }
}

on_every_level! {
    /// The sum, in 16 lanes, which is fast and loses less precision than one.
    pub(crate) fn sum(x: &[f32]) -> f32 {
        let mut lanes = [0.0f32; 16];
        let (chunks, rest) = x.as_chunks::<16>();
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane += x;
            }
        }
        lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()
    }
}

on_every_level! {
    /// The sum of `|a - b|`, in 16 lanes.
    pub(crate) fn absolute_difference(a: &[f32], b: &[f32]) -> f32 {
        let mut lanes = [0.0f32; 16];
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
        for (a, b) in a.iter().zip(b) {
            for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
                *lane += (a - b).abs();
            }
        }
        let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b).abs()).sum();
        lanes.iter().sum::<f32>() + rest
    }
}

on_every_level! {
    /// `factor` times the sign of `a - b`, in the place of `a`; 0 where they are alike.
    pub(crate) fn sign_of_difference(a: &mut [f32], b: &[f32], factor: f32) {
        for (a, b) in a.iter_mut().zip(b) {
            let (above, below) = (*a > *b, *a < *b);
            *a = if above { factor } else if below { -factor } else { 0.0 };
        }
    }
}

on_every_level! {
    /// The sum of products, in 16 lanes.
    pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
        let mut lanes = [0.0f32; 16];
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
        for (a, b) in a.iter().zip(b) {
            for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
                *lane += a * b;
            }
        }
        lanes.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
    }
}

on_every_level! {
    /// Scores become shares that add up to 1: a softmax. All of them at -infinity become 0.
    pub(crate) fn softmax(scores: &mut [f32]) {
        let mut lanes = [f32::NEG_INFINITY; 16];
        let (whole, rest) = scores.as_chunks::<16>();
        for chunk in whole {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane = if *x > *lane { *x } else { *lane };
            }
        }
        let most = lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |most, x| most.max(*x));
        if most == f32::NEG_INFINITY {
            scores.fill(0.0);
            return;
        }
        let mut sums = [0.0f32; 16];
        let (whole, rest) = scores.as_chunks_mut::<16>();
        for chunk in whole {
            for (sum, x) in sums.iter_mut().zip(chunk) {
                *x = share_of(*x - most);
                *sum += *x;
            }
        }
        let mut sum: f32 = sums.iter().sum();
        for x in rest {
            *x = share_of(*x - most);
            sum += *x;
        }
        let factor = 1.0 / sum;
        for x in scores {
            *x *= factor;
        }
    }
}

/// The exponential, and exactly 0 where it is too small for a single.
#[inline(always)]
fn share_of(x: f32) -> f32 {
    let power = exp_of(x);
    if x < -87.0 { 0.0 } else { power }
}

on_every_level! {
    /// `x * sigmoid(x)`.
    pub(crate) fn silu(x: &mut [f32]) {
        for x in x {
            *x *= sigmoid_of(*x);
        }
    }
}

on_every_level! {
    /// The Gaussian error linear unit, `x * normal_cdf(x)`, within 2e-7 of the largest of 1 and `|x|`.
    pub(crate) fn gelu(x: &mut [f32]) {
        for x in x {
            *x *= 0.5 * (1.0 + erf_of(*x * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

on_every_level! {
    /// Its form with a hyperbolic tangent, `gelu_pytorch_tanh` and `gelu_new` of model hubs.
    pub(crate) fn gelu_tanh(x: &mut [f32]) {
        for x in x {
            let inner = 0.797_884_56 * (*x + 0.044_715 * *x * *x * *x);
            *x *= 0.5 * (1.0 + tanh_of(inner));
        }
    }
}

/// The error function, within 2e-7. Source: Abramowitz and Stegun, *Handbook of Mathematical Functions*, 7.1.26.
#[inline(always)]
fn erf_of(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let p = t * polynomial(
        t,
        [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592],
    );
    (1.0 - p * exp_of(-size * size)).copysign(x)
}

/// The constants of an optimiser's step; see [`crate::Adam`].
#[derive(Clone, Copy)]
pub(crate) struct AdamStep {
    pub(crate) beta1: f32,
    pub(crate) one_less_beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) one_less_beta2: f32,
    pub(crate) epsilon: f32,
    pub(crate) root_of_correction2: f32,
    pub(crate) step_size: f32,
}

on_every_level! {
    /// Moves values, and their first and second moments, along a gradient, in the order of operations
    /// of `torch.optim.Adam`.
    pub(crate) fn adam(
        values: &mut [f32],
        first: &mut [f32],
        second: &mut [f32],
        gradient: &[f32],
        step: AdamStep
    ) {
        let elements = values.iter_mut().zip(first).zip(second).zip(gradient);
        for (((value, m), v), g) in elements {
            // PyTorch moves the first moment with `lerp`, which has two forms for accuracy.
            *m = if step.one_less_beta1 < 0.5 {
                *m + step.one_less_beta1 * (g - *m)
            } else {
                g - (g - *m) * step.beta1
            };
            *v = *v * step.beta2 + step.one_less_beta2 * g * g;
            let denominator = v.sqrt() / step.root_of_correction2 + step.epsilon;
            *value -= step.step_size * (*m / denominator);
        }
    }
}

/// The natural exponential, within 2 units in the last place from -87 to 88; beyond, as at the end.
#[inline(always)]
pub(crate) fn exp_of(x: f32) -> f32 {
    // Adding this pushes the fraction out of a single, and leaves a whole number in its lowest bits.
    const SHIFT: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    // ln 2 in two parts, of which the first has few bits.
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = polynomial(
        r,
        [
            1.987_569_1e-4,
            1.398_199_9e-3,
            8.333_452e-3,
            4.166_579_6e-2,
            1.666_666_5e-1,
            5.000_000_1e-1,
        ],
    );
    let fraction = p * r * r + r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    fraction * power
}

/// The natural logarithm of a positive normal number, within 2 units in the last place.
#[inline(always)]
pub(crate) fn ln_of(x: f32) -> f32 {
    // x = m * 2^e with m in [sqrt(1/2), sqrt(2)).
    const HALF_ROOT: u32 = 0x3f35_04f3;
    let bits = x.to_bits().wrapping_sub(HALF_ROOT);
    let e = ((bits as i32) >> 23) as f32;
    let m = f32::from_bits((bits & 0x007f_ffff) + HALF_ROOT) - 1.0;
    let p = polynomial(
        m,
        [
            7.037_683_6e-2,
            -1.151_461e-1,
            1.167_699_9e-1,
            -1.242_014_1e-1,
            1.424_932_3e-1,
            -1.666_805_7e-1,
            2.000_071_4e-1,
            -2.499_999_4e-1,
            3.333_333_1e-1,
        ],
    );
    let square = m * m;
    let tail = p * m * square - e * 2.121_944_4e-4 - 0.5 * square;
    m + tail + e * 0.693_359_4
}

/// The polynomial with these coefficients, that of the highest power first.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    coefficients.into_iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[inline(always)]
fn sigmoid_of(x: f32) -> f32 {
    1.0 / (1.0 + exp_of(-x))
}

#[inline(always)]
fn tanh_of(x: f32) -> f32 {
    let square = x * x;
    let p = polynomial(
        square,
        [-5.704_988_7e-3, 2.063_908_9e-2, -5.373_971_2e-2, 1.333_144_2e-1, -3.333_328_2e-1],
    );
    let near = p * square * x + x;
    let far = (1.0 - 2.0 / (exp_of(2.0 * x.abs()) + 1.0)).copysign(x);
    if x.abs() < 0.625 { near } else { far }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(what: &str, found: fn(&mut [f32]), expected: fn(f64) -> f64, limit: f64) {
        let mut points: Vec<f32> = (-4000..=4000).map(|i| i as f32 * 0.0101).collect();
        points.extend([0.0, -0.0, 1e-30, -1e-30, 1e-5, -87.0, 88.0, 1e30, -1e30]);
        let mut values = points.clone();
        found(&mut values);
        for (x, found) in points.iter().zip(&values) {
            let expected = expected(f64::from(*x));
            let difference = (f64::from(*found) - expected).abs();
            let unit = expected.abs() * f64::from(f32::EPSILON) + 1e-37;
            assert!(
                difference <= limit * unit,
                "{what}({x}) = {found}, not {expected}: {} units",
                difference / unit
            );
        }
    }

    #[test]
    fn functions_are_as_near_as_they_say() {
        check("tanh", tanh, f64::tanh, 2.0);
        check("sigmoid", sigmoid, |x| 1.0 / (1.0 + (-x.clamp(-88.0, 87.0)).exp()), 3.0);
        check("softplus", softplus, |x| if x > 20.0 { x } else { x.max(-87.0).exp().ln_1p() }, 5.0);
        check(
            "exp",
            |x| x.iter_mut().for_each(|x| *x = exp_of(*x)),
            |x| x.clamp(-87.0, 88.0).exp(),
            2.0,
        );
        let ln = |x: &mut [f32]| x.iter_mut().for_each(|x| *x = ln_of(x.abs().max(1e-37)));
        check("ln", ln, |x| f64::from((x as f32).abs().max(1e-37)).ln(), 2.0);
    }
}
