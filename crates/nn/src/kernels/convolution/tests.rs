//! All products against their definitions in `f64`, on every level of this CPU.

use super::*;
use crate::Init;

/// The output, and the gradients of input and weight, summed term by term.
fn by_definition(g: &Geometry, x: &[f32], w: &[f32], gy: &[f32]) -> [Vec<f64>; 3] {
    let mut y = vec![0.0; gy.len()];
    let mut gx = vec![0.0; x.len()];
    let mut gw = vec![0.0; w.len()];
    for member in 0..g.batch {
        for o in 0..g.channels_out {
            for c in 0..g.n_in() {
                let channel = o / g.n_out() * g.n_in() + c;
                for (j, tap) in (0..g.length_out).flat_map(|j| (0..g.kernel).map(move |k| (j, k))) {
                    let at = (j * g.stride) as isize + g.reach(tap);
                    if at < 0 || at >= g.length_in as isize {
                        continue;
                    }
                    let xi = (member * g.channels_in + channel) * g.length_in + at as usize;
                    let wi = (o * g.n_in() + c) * g.kernel + tap;
                    let yi = (member * g.channels_out + o) * g.length_out + j;
                    y[yi] += f64::from(x[xi]) * f64::from(w[wi]);
                    gx[xi] += f64::from(gy[yi]) * f64::from(w[wi]);
                    gw[wi] += f64::from(gy[yi]) * f64::from(x[xi]);
                }
            }
        }
    }
    [y, gx, gw]
}

fn check(g: Geometry) {
    let mut init = Init::new(3);
    let x = init.normal(g.batch * g.channels_in * g.length_in);
    let w = init.normal(g.channels_out * g.n_in() * g.kernel);
    let gy = init.normal(g.batch * g.channels_out * g.length_out);
    let expected = by_definition(&g, &x, &w, &gy);
    let found = [
        forward(&g, &x, 1.0, &w, None),
        input_gradient(&g, &gy, 1.0, &w, None),
        weight_gradient(&g, &x, 1.0, &gy, 1.0),
    ];
    for ((found, expected), what) in found.iter().zip(&expected).zip(["y", "gx", "gw"]) {
        assert_eq!(found.len(), expected.len(), "{what} of {g:?}");
        let scale = expected.iter().fold(1.0, |largest: f64, value| largest.max(value.abs()));
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            let difference = (f64::from(*found) - expected).abs();
            assert!(difference < 1e-5 * scale, "{what}[{i}] of {g:?}: {found}, not {expected}");
        }
    }
}

/// The sizes at which tiles, blocks of rows and vectors begin and end.
#[test]
fn products_agree_at_the_edges_of_tiles() {
    let plain = Geometry {
        batch: 1,
        channels_in: 3,
        length_in: 0,
        channels_out: 5,
        length_out: 0,
        kernel: 3,
        stride: 1,
        dilation: 1,
        groups: 1,
        pad_left: 1,
    };
    let sized = |g: Geometry, length_in: usize, pad_right: usize| {
        let padded = length_in + g.pad_left + pad_right;
        let length_out = (padded - g.dilation * (g.kernel - 1) - 1) / g.stride + 1;
        check(Geometry { length_in, length_out, ..g });
    };
    for length in [1, 2, 15, 16, 17, 47, 48, 49, 95, 97, 767, 768, 769, 4095, 4097] {
        sized(plain, length, 1);
        sized(Geometry { stride: 2, kernel: 4, ..plain }, length + 1, 1);
    }
    for channels in [1, 2, 3, 7, 8, 9, 15, 16, 31] {
        sized(Geometry { channels_out: channels, ..plain }, 100, 1);
        sized(Geometry { channels_in: channels, ..plain }, 100, 1);
        sized(
            Geometry { channels_in: channels, channels_out: channels, groups: channels, ..plain },
            100,
            1,
        );
    }
    for stride in 1..7 {
        for kernel in [1, 2, 5, 8] {
            for dilation in [1, 2, 5] {
                let g = Geometry { stride, kernel, dilation, pad_left: 6, batch: 2, ..plain };
                sized(g, 90, 2 * kernel);
            }
        }
    }
    // So many channels that a tile is as short as tiles get.
    sized(Geometry { channels_in: 2000, channels_out: 8, ..plain }, 250, 1);
}

#[test]
fn every_level_of_this_cpu_agrees() {
    let mut init = Init::new(5);
    let offsets: Vec<u32> = (0..37).map(|_| (init.next_u64() % 50) as u32).collect();
    let input = init.normal(50 + 208);
    for level in super::super::simd::levels() {
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
