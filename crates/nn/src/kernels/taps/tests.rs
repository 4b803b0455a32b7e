//! Both products against their definitions in `f64`, on every level of this CPU.

use super::*;
use crate::Init;

#[test]
fn every_level_of_this_cpu_agrees() {
    let mut init = Init::new(5);
    let offsets: Vec<u32> = (0..37).map(|_| (init.next_u64() % 50) as u32).collect();
    let input = init.normal(50 + 208);
    for level in simd::levels() {
        for &n_rows in block_rows(level) {
            for n in [1, 7, 16, 33, 48, 100, 200] {
                let weights = init.normal(offsets.len() * n_rows);
                let start = init.normal(n_rows);
                let offsets = Offsets::new(offsets.clone());
                let rows = Rows { weights: &weights, n_rows, offsets: &offsets, start: &start };
                let mut out = vec![f32::NAN; n_rows * n];
                // SAFETY: `out` has `n` columns in each row.
                unsafe { rows.product(level, &input, n, out.as_mut_ptr(), n) };
                check_product(&rows, &input, n, &out);
                check_dots(level, n_rows, &offsets, &input, n, &mut init);
            }
        }
    }
}

fn check_product(rows: &Rows<'_>, input: &[f32], n: usize, out: &[f32]) {
    for (i, found) in out.iter().enumerate() {
        let (row, t) = (i / n, i % n);
        let terms = rows.weights.iter().skip(row).step_by(rows.n_rows).zip(rows.offsets.iter());
        let terms = terms.map(|(w, offset)| f64::from(*w) * f64::from(input[offset + t]));
        let expected = f64::from(rows.start[row]) + terms.sum::<f64>();
        assert!((f64::from(*found) - expected).abs() < 1e-4, "{found}, not {expected}");
    }
}

fn check_dots(
    level: Level,
    n_rows: usize,
    offsets: &Offsets,
    input: &[f32],
    n: usize,
    init: &mut Init,
) {
    let stride = n.next_multiple_of(COLUMNS_STEP) + 3;
    let mut values = init.normal(n_rows * stride);
    values.chunks_mut(stride).for_each(|row| row[n..].fill(0.0));
    let mut out = vec![1.0; n_rows * offsets.len()];
    dots(level, Left { values: &values, n_rows, stride }, offsets, input, n, &mut out);
    for (i, found) in out.iter().enumerate() {
        let (p, row) = (i / n_rows, i % n_rows);
        let offset = offsets.iter().nth(p).unwrap();
        let terms = values[row * stride..][..n].iter().zip(&input[offset..]);
        let expected = 1.0 + terms.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        assert!((f64::from(*found) - expected).abs() < 1e-4, "{level:?}: {found}, not {expected}");
    }
}
