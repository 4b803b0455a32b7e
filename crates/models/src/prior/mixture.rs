//! A mixture of normal distributions with `k` components: its likelihood, the gradient of that, and a draw.
//!
//! Its parameters are `3 k` numbers: logits of the components, their means, and the logarithms of their
//! deviations.

use super::normal::LN_SQRT_TAU;

/// Logarithms of deviations stay between these.
pub(super) const LN_DEVIATION: (f32, f32) = (-6.0, 4.0);

/// The negative logarithm of the density of `x`, in nats; adds its gradient times `factor` to `gradient`.
///
/// `parameter` gives the `i`-th parameter, `add` takes its gradient.
pub(super) fn nats(
    k: usize,
    x: f32,
    parameter: impl Fn(usize) -> f32,
    mut add: impl FnMut(usize, f32),
    shares: &mut [f64],
) -> f64 {
    let highest = (0..k).map(&parameter).fold(f32::MIN, f32::max);
    let total: f64 = (0..k).map(|i| f64::from(parameter(i) - highest).exp()).sum();
    let ln_total = total.ln();
    let mut most = f64::MIN;
    for (i, share) in shares[..k].iter_mut().enumerate() {
        let ln_deviation = clamped(parameter(2 * k + i));
        let off = f64::from(x - parameter(k + i)) * f64::from(-ln_deviation).exp();
        let ln_weight = f64::from(parameter(i) - highest) - ln_total;
        *share = ln_weight - 0.5 * off * off - f64::from(ln_deviation) - LN_SQRT_TAU;
        most = most.max(*share);
    }
    let sum: f64 = shares[..k].iter().map(|share| (share - most).exp()).sum();
    let ln_density = most + sum.ln();
    for (i, share) in shares[..k].iter().enumerate() {
        let share = (share - ln_density).exp();
        let weight = f64::from(parameter(i) - highest).exp() / total;
        let raw = parameter(2 * k + i);
        let ln_deviation = clamped(raw);
        let precision = f64::from(-ln_deviation).exp();
        let off = f64::from(x - parameter(k + i)) * precision;
        add(i, (weight - share) as f32);
        add(k + i, (-share * off * precision) as f32);
        if raw == ln_deviation {
            add(2 * k + i, (-share * (off * off - 1.0)) as f32);
        }
    }
    -ln_density
}

fn clamped(ln_deviation: f32) -> f32 {
    ln_deviation.clamp(LN_DEVIATION.0, LN_DEVIATION.1)
}

/// Draws a value. `uniform` is in [0, 1), `normal` standard normal. A temperature of 0 takes the mean of the most
/// likely component.
pub(super) fn draw(parameters: &[f32], temperature: f32, uniform: f32, normal: f32) -> f32 {
    let k = parameters.len() / 3;
    let i = super::objective::draw_index(&parameters[..k], temperature, uniform);
    let deviation = clamped(parameters[2 * k + i]).exp();
    parameters[k + i] + temperature * deviation * normal
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: [f32; 6] = [0.3, -0.4, 1.0, -0.5, -0.7, 0.2];

    fn density(x: f32) -> f64 {
        let mut shares = [0.0; 2];
        (-nats(2, x, |i| PARAMETERS[i], |_, _| {}, &mut shares)).exp()
    }

    #[test]
    fn densities_sum_to_one() {
        let step = 0.01;
        let sum: f64 = (-1500..1500).map(|i| density(i as f32 * step) * f64::from(step)).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        // 0.668 N(0; 1, 0.497) + 0.332 N(0; -0.5, 1.221), by hand.
        assert!((density(0.0) - 0.170_7).abs() < 1e-3, "{}", density(0.0));
    }

    #[test]
    fn gradients_are_those_of_differences() {
        for x in [-2.0f32, 0.1, 0.9, 5.0] {
            let mut gradient = [0.0f32; 6];
            nats(2, x, |i| PARAMETERS[i], |i, g| gradient[i] += g, &mut [0.0; 2]);
            for (i, found) in gradient.iter().enumerate() {
                let at = |step: f32| {
                    let moved = |j| PARAMETERS[j] + if i == j { step } else { 0.0 };
                    nats(2, x, moved, |_, _| {}, &mut [0.0; 2])
                };
                let expected = (at(1e-2) - at(-1e-2)) / 2e-2;
                assert!((f64::from(*found) - expected).abs() < 2e-3, "{i}: {found} {expected}");
            }
        }
    }

    #[test]
    fn draws_follow_the_density() {
        let mut rng = nn::Init::new(4);
        let n = 40_000;
        let (uniform, normal) = (rng.uniform(n, 0.0, 1.0), rng.normal(n));
        let drawn = uniform.iter().zip(&normal).map(|(u, z)| draw(&PARAMETERS, 1.0, *u, *z));
        let below = drawn.filter(|x| *x < 0.5).count() as f64 / n as f64;
        let expected: f64 = (-2000..500).map(|i| density(i as f32 * 0.001 + 0.0005) * 0.001).sum();
        let far: f64 = (-20_000..-2000).map(|i| density(i as f32 * 0.001) * 0.001).sum();
        assert!((below - expected - far).abs() < 0.01, "{below} {}", expected + far);
        assert_eq!(draw(&PARAMETERS, 0.0, 0.99, 3.0), 1.0);
    }
}
