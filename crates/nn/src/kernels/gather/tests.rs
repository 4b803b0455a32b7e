//! Products of gathered numbers, against the formula.

use super::*;
use crate::Init;

fn check(n_rows: usize, n_taps: usize, n_out: usize) {
    let mut random = Init::new((n_rows * 1000 + n_taps * 10 + n_out) as u64);
    let places = |random: &mut Init, n: usize| -> Vec<u32> {
        (0..n).map(|_| (random.next_u64() % 50) as u32).collect()
    };
    let (rows, taps) = (places(&mut random, n_rows), places(&mut random, n_taps));
    let x = random.normal(100);
    let matrix = random.normal(n_taps * n_out);
    let mut packed = vec![0.0; packed_len(n_taps, n_out)];
    pack(&matrix, n_taps, n_out, &mut packed);
    let (row_places, tap_places) = (Places::new(rows.clone()), Places::new(taps.clone()));
    let product = Product { x: &x, rows: &row_places, taps: &tap_places, matrix: &packed, n_out };
    let expected = |row: usize, output: usize| -> f32 {
        let terms = taps.iter().enumerate();
        terms.map(|(j, tap)| x[(rows[row] + tap) as usize] * matrix[j * n_out + output]).sum()
    };
    let mut out = vec![1.0; n_rows * n_out];
    product.run(Layout::Rows, true, &mut out);
    let mut panels = vec![9.0; packed_len(n_rows, n_out)];
    product.run(Layout::Panels, false, &mut panels);
    for row in 0..n_rows {
        for output in 0..n_out {
            let expected = expected(row, output);
            let in_rows = out[row * n_out + output] - 1.0;
            let in_panels = panels[place(n_rows, n_out, row, output)];
            assert!((in_rows - expected).abs() < 1e-4 * (1.0 + expected.abs()));
            assert!((in_panels - expected).abs() < 1e-4 * (1.0 + expected.abs()));
        }
    }
    let mut transposed = vec![9.0; packed_len(n_out, n_taps)];
    pack_transposed(&packed, n_taps, n_out, &mut transposed);
    for tap in 0..n_taps {
        for output in 0..n_out {
            let there = transposed[place(n_out, n_taps, output, tap)];
            assert_eq!(there.to_bits(), matrix[tap * n_out + output].to_bits());
        }
    }
}

#[test]
fn products_are_those_of_the_formula() {
    for (n_rows, n_taps, n_out) in
        [(1, 1, 1), (12, 7, 16), (13, 3, 17), (29, 40, 32), (5, 9, 100), (31, 33, 5)]
    {
        check(n_rows, n_taps, n_out);
    }
}
