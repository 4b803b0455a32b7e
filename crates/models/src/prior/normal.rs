//! The standard normal distribution: its density, how much of it lies below a value, and the reverse.

/// Values beyond this many deviations are cut off where a uniform number becomes a normal one, as in RAVE.
pub(super) const CLAMP: f64 = 4.0;

/// `ln(sqrt(2 pi))`.
pub(super) const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_7;

/// The share of the distribution below `x`.
pub(super) fn share_below(x: f64) -> f64 {
    let scaled = x.abs() / std::f64::consts::SQRT_2;
    let above = 0.5 * complement(scaled);
    if x < 0.0 { above } else { 1.0 - above }
}

/// `1 - erf(x)` for `x` of at least 0, to about 12 digits.
///
/// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.5 (a series, for small `x`) and
/// 7.1.14 (a continued fraction).
fn complement(x: f64) -> f64 {
    let square = x * x;
    if x < 2.5 {
        let (mut term, mut sum) = (x, x);
        for n in 1..80 {
            let n = f64::from(n);
            term *= -square / n;
            sum += term / (2.0 * n + 1.0);
        }
        return 1.0 - sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let fraction = (1..60).rev().fold(x, |below, n| x + f64::from(n) / 2.0 / below);
    (-square).exp() / (fraction * std::f64::consts::PI.sqrt())
}

/// The value below which a share of the distribution lies, within [`CLAMP`].
///
/// Source: Acklam's rational approximation, "An algorithm for computing the inverse normal cumulative
/// distribution function", 2010, and a step of Newton's method after it.
pub(super) fn value_above(share: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    const TAIL: f64 = 0.024_25;
    let polynomial = |factors: &[f64], x: f64| factors.iter().fold(0.0, |sum, it| sum * x + it);
    let tail = |share: f64| {
        let x = (-2.0 * share.ln()).sqrt();
        polynomial(&C, x) / polynomial(&D, x)
    };
    // Beyond the clamp nothing is distinguished, and the ends are infinite.
    let share = share.clamp(1e-6, 1.0 - 1e-6);
    let first = if share < TAIL {
        tail(share)
    } else if share > 1.0 - TAIL {
        -tail(1.0 - share)
    } else {
        let (x, square) = (share - 0.5, (share - 0.5).powi(2));
        x * polynomial(&A, square) / polynomial(&B, square)
    };
    let density = (-0.5 * first * first - LN_SQRT_TAU).exp();
    (first - (share_below(first) - share) / density).clamp(-CLAMP, CLAMP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_tables() {
        // Abramowitz and Stegun, table 26.1.
        for (x, share) in [
            (0.0, 0.5),
            (0.5, 0.691_462_461_274_013),
            (1.0, 0.841_344_746_068_543),
            (2.0, 0.977_249_868_051_821),
            (3.0, 0.998_650_101_968_370),
            (4.0, 0.999_968_328_758_167),
            (-1.0, 0.158_655_253_931_457),
        ] {
            assert!((share_below(x) - share).abs() < 1e-12, "{x}: {}", share_below(x));
        }
    }

    #[test]
    fn the_reverse_goes_back() {
        for i in -39..=39 {
            let x = f64::from(i) / 10.0;
            assert!((value_above(share_below(x)) - x).abs() < 1e-8, "{x}");
        }
        assert_eq!((value_above(0.0), value_above(1.0)), (-CLAMP, CLAMP));
    }
}
