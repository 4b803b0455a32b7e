//! Spectrograms drawn out to as many frames as a picture needs.

/// The sharpness of the cubic. Source: Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981, with
/// the constant that PyTorch has.
const SHARPNESS: f64 = -0.75;

/// Rows between rows by cubic curves, the first and the last staying where they are: of `[rows][row_len]`,
/// `[n][row_len]`.
pub(super) fn stretched_rows(x: &[f32], row_len: usize, n: usize) -> Vec<f32> {
    let n_rows = x.len() / row_len;
    if n_rows == n {
        return x.to_vec();
    }
    let step = if n > 1 { (n_rows - 1) as f64 / (n - 1) as f64 } else { 0.0 };
    let mut out = Vec::with_capacity(n * row_len);
    for i in 0..n {
        // Positions are rounded as the reference rounds them.
        let at = f64::from(step as f32 * i as f32);
        let (whole, part) = (at.floor(), at - at.floor());
        let shares = [near(1.0 + part), near(part), near(1.0 - part), near(2.0 - part)];
        let row = |tap: usize| {
            let row = (whole as i64 + tap as i64 - 1).clamp(0, n_rows as i64 - 1) as usize;
            &x[row * row_len..][..row_len]
        };
        let rows = [row(0), row(1), row(2), row(3)];
        let mix = |column: usize| {
            let parts = rows.iter().zip(shares).map(|(row, share)| f64::from(row[column]) * share);
            parts.sum::<f64>() as f32
        };
        out.extend((0..row_len).map(mix));
    }
    out
}

/// The weight of a row at a distance of up to 2.
fn near(distance: f64) -> f64 {
    let (a, d) = (SHARPNESS, distance);
    if d <= 1.0 {
        ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0
    } else {
        ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_ends_and_follow_a_line_between() {
        let x: Vec<f32> = (0..10).flat_map(|i| [i as f32, -(i as f32)]).collect();
        let found = stretched_rows(&x, 2, 19);
        assert_eq!((found[0], found[36]), (0.0, 9.0));
        // Halfway between rows in the middle.
        assert!((found[2 * 9] - 4.5).abs() < 1e-6, "{}", found[18]);
        assert_eq!(stretched_rows(&x, 2, 10), x);
        assert_eq!([near(0.0), near(1.0), near(2.0)], [1.0, 0.0, 0.0]);
    }
}
