//! What modules need to draw at random, for the player: shares, choices by them, and normal numbers of uniform
//! ones.

use crate::array::Array;
use crate::evaluate::{Found, n_numbers};

/// The softmax of rows `[rows, n]`.
pub(super) fn softmax(x: &Array) -> Found<Array> {
    let [_, n] = rows_of(x)?;
    let mut values = x.values().to_vec();
    for row in values.chunks_exact_mut(n) {
        let most = row.iter().fold(f32::NEG_INFINITY, |most, x| most.max(*x));
        row.iter_mut().for_each(|x| *x = (*x - most).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|x| *x /= sum);
    }
    Ok(Array::new(values, x.shape()))
}

/// One of the columns of each row `[rows, n]` by their shares, with a number in [0, 1) for each row: `[rows, 1]`.
pub(super) fn drawn(shares: &Array, uniform: &[f32]) -> Found<Array> {
    let [rows, n] = rows_of(shares)?;
    let draw = |(row, uniform): (&[f32], &f32)| {
        let mut left = uniform * row.iter().sum::<f32>();
        let found = row.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        found.unwrap_or(n - 1) as f32
    };
    let values = shares.values().chunks_exact(n).zip(uniform).map(draw).collect();
    Ok(Array::new(values, vec![rows, 1]))
}

/// Rows `[rows, n]` with a value at one place of each, `[rows, 1]`.
pub(super) fn scattered(x: Array, places: &Array, value: f32) -> Found<Array> {
    let [rows, n] = rows_of(&x)?;
    if places.shape() != [rows, 1] || places.values().iter().any(|at| *at < 0.0 || *at >= n as f32)
    {
        return Err(format!("places of shape {:?} in {rows} rows of {n}", places.shape()));
    }
    let shape = x.shape();
    let mut values = x.into_values();
    for (row, at) in values.chunks_exact_mut(n).zip(places.values()) {
        row[*at as usize] = value;
    }
    Ok(Array::new(values, shape))
}

fn rows_of(x: &Array) -> Found<[usize; 2]> {
    match x.shape()[..] {
        [rows, n] if rows > 0 && n > 0 => n_numbers(&[rows, n]).map(|_| [rows, n]),
        ref other => Err(format!("rows of an array of shape {other:?}")),
    }
}

/// The inverse of the error function, to about six digits.
///
/// Source: Giles, "Approximating the erfinv function", 2010, table 5, for single precision.
pub(super) fn erf_inv(x: f32) -> f32 {
    const CENTRAL: [f32; 9] = [
        2.810_226_4e-8,
        3.432_739_4e-7,
        -3.523_387_7e-6,
        -4.391_506_5e-6,
        2.185_808_7e-4,
        -1.253_725_1e-3,
        -4.177_681_6e-3,
        2.466_407_3e-1,
        1.501_409_4,
    ];
    const TAIL: [f32; 9] = [
        -2.002_142_6e-4,
        1.009_505_6e-4,
        1.349_343_2e-3,
        -3.673_428_4e-3,
        5.739_507_7e-3,
        -7.622_461_4e-3,
        9.438_870_5e-3,
        1.001_674,
        2.832_976_8,
    ];
    let w = -((1.0 - x) * (1.0 + x)).ln();
    let (factors, at) = if w < 5.0 { (CENTRAL, w - 2.5) } else { (TAIL, w.sqrt() - 3.0) };
    factors.iter().fold(0.0, |sum, factor| sum * at + factor) * x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_error_function_is_that_of_tables() {
        // erf(0.1), erf(0.5), erf(1), erf(2), from Abramowitz and Stegun, table 7.1.
        for (x, erf) in
            [(0.1, 0.112_462_92), (0.5, 0.520_499_9), (1.0, 0.842_700_8), (2.0, 0.995_322_3)]
        {
            assert!((erf_inv(erf) - x).abs() < 2e-5 * x.max(1.0), "{x}: {}", erf_inv(erf));
            assert_eq!(erf_inv(-erf), -erf_inv(erf));
        }
        assert!(erf_inv(1.0).is_infinite() || erf_inv(1.0).is_nan());
    }

    #[test]
    fn choices_follow_shares_and_bad_shapes_are_refused() {
        let rows = Array::new(vec![0.0, 3.0_f32.ln(), 50.0, 0.0], vec![2, 2]);
        let shares = softmax(&rows).unwrap();
        assert!((shares.values()[1] - 0.75).abs() < 1e-6);
        let chosen = |u: f32| drawn(&shares, &[u, u]).unwrap().values().to_vec();
        assert_eq!((chosen(0.2), chosen(0.3)), (vec![0.0, 0.0], vec![1.0, 0.0]));
        let ones = scattered(
            Array::new(vec![0.0; 4], vec![2, 2]),
            &drawn(&shares, &[0.9, 0.9]).unwrap(),
            1.0,
        );
        assert_eq!(ones.unwrap().values(), [0.0, 1.0, 1.0, 0.0]);
        assert!(softmax(&Array::new(vec![0.0; 2], vec![2])).is_err());
        let outside = Array::new(vec![5.0, 0.0], vec![2, 1]);
        assert!(scattered(shares, &outside, 1.0).is_err());
    }
}
