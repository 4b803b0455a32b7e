//! Linear prediction of a block: coefficients as whole numbers, and what they miss.

use std::f64::consts::PI;

/// The most coefficients; more are outside the subset that every player must know. Source: RFC 9639, 7.
const ORDER_MAX: usize = 12;
/// Bits of a coefficient.
pub(super) const PRECISION: u32 = 14;

/// A predictor whose coefficients are whole numbers, to be shifted down after the sum.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Predictor {
    /// The nearest sample first.
    pub(super) coefficients: Vec<i32>,
    pub(super) shift: u32,
}

impl Predictor {
    /// What it misses from the first sample on that has enough before it; none where that does not fit into 32 bits.
    pub(super) fn residual(&self, samples: &[i32]) -> Option<Vec<i32>> {
        let order = self.coefficients.len();
        let windows = samples.windows(order + 1);
        let missed = windows.map(|window| {
            let past = window[..order].iter().rev();
            let products = past.zip(&self.coefficients).map(|(x, c)| i64::from(*x) * i64::from(*c));
            let missed = i64::from(window[order]) - (products.sum::<i64>() >> self.shift);
            i32::try_from(missed).ok().filter(|it| *it != i32::MIN)
        });
        missed.collect()
    }
}

/// The predictor that promises the shortest block; none for blocks too short or too regular for one.
pub(super) fn best_predictor(samples: &[i32], bits: u32) -> Option<Predictor> {
    if samples.len() <= 2 * ORDER_MAX {
        return None;
    }
    let correlations = autocorrelation(samples);
    let of_orders = levinson(&correlations);
    let n = samples.len() as f64;
    let n_bits = |(order, error): (usize, f64)| {
        // The entropy of a residual of this energy, as that of a Laplacian.
        let a_sample = (0.5 * (error.max(1e-9) / n).log2() + 1.0).max(0.0);
        a_sample * (n - order as f64) + (order as u32 * (bits + PRECISION)) as f64
    };
    let costs = of_orders
        .iter()
        .map(|(coefficients, error)| (coefficients, n_bits((coefficients.len(), *error))));
    let (best, _) = costs.min_by(|a, b| a.1.total_cmp(&b.1))?;
    quantised(best)
}

/// Correlations of a windowed block with itself, at lags from 0 to the highest order.
fn autocorrelation(samples: &[i32]) -> [f64; ORDER_MAX + 1] {
    let n = samples.len();
    // Tapered over a quarter at either end (Tukey).
    let n_taper = n / 4;
    let shape = |i: usize| {
        let from_end = i.min(n - 1 - i);
        if from_end >= n_taper {
            1.0
        } else {
            0.5 - 0.5 * (PI * (from_end as f64 + 0.5) / n_taper as f64).cos()
        }
    };
    let windowed: Vec<f64> =
        samples.iter().enumerate().map(|(i, x)| f64::from(*x) * shape(i)).collect();
    std::array::from_fn(|lag| windowed.iter().zip(&windowed[lag..]).map(|(a, b)| a * b).sum())
}

/// Coefficients of every order with the energy that they leave: the Levinson-Durbin recursion. Source: Makhoul,
/// "Linear prediction: a tutorial review" (1975), eq. 38.
fn levinson(correlations: &[f64; ORDER_MAX + 1]) -> Vec<(Vec<f64>, f64)> {
    let mut error = correlations[0];
    let mut coefficients: Vec<f64> = vec![];
    let mut found = vec![];
    for order in 1..=ORDER_MAX {
        if error <= correlations[0] * 1e-12 {
            break;
        }
        let known: f64 =
            coefficients.iter().zip(correlations[1..order].iter().rev()).map(|(a, r)| a * r).sum();
        let reflection = (correlations[order] - known) / error;
        let before = coefficients.clone();
        for (a, mirrored) in coefficients.iter_mut().zip(before.iter().rev()) {
            *a -= reflection * mirrored;
        }
        coefficients.push(reflection);
        error *= 1.0 - reflection * reflection;
        if !error.is_finite() || error <= 0.0 {
            break;
        }
        found.push((coefficients.clone(), error));
    }
    found
}

/// Coefficients as whole numbers; what rounding leaves is carried to the next one.
fn quantised(coefficients: &[f64]) -> Option<Predictor> {
    let largest = coefficients.iter().fold(0.0f64, |most, c| most.max(c.abs()));
    if !largest.is_finite() || largest <= 0.0 {
        return None;
    }
    let room = PRECISION as i32 - 1;
    let shift = (room - 1 - largest.log2().floor() as i32).min(15);
    if shift < 0 {
        return None;
    }
    let (least, most) = (-f64::from(1 << room), f64::from((1 << room) - 1));
    let mut left = 0.0;
    let rounded = coefficients.iter().map(|c| {
        left += c * f64::from(1 << shift);
        let whole = left.round().clamp(least, most);
        left -= whole;
        whole as i32
    });
    Some(Predictor { coefficients: rounded.collect(), shift: shift as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_predicted() {
        let tone: Vec<i32> =
            (0..4096).map(|n| ((f64::from(n) * 0.07).sin() * 20_000.0) as i32).collect();
        let predictor = best_predictor(&tone, 16).unwrap();
        let residual = predictor.residual(&tone).unwrap();
        assert_eq!(residual.len(), tone.len() - predictor.coefficients.len());
        let worst = residual.iter().map(|x| x.abs()).max().unwrap();
        assert!(worst < 40, "{worst}");
    }

    #[test]
    fn what_has_no_predictor_has_none() {
        assert_eq!(best_predictor(&[0; 4096], 16), None);
        assert_eq!(best_predictor(&[1, 2, 3], 16), None);
    }
}
