//! All products against their definitions in `f64`, at the sizes where tiles begin and end.

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
