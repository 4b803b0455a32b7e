//! Pictures against their definitions, one number at a time, in `f64`.

use super::*;
use crate::Init;

fn random(seed: u64, n: usize, [rows, columns]: [usize; 2], channels: usize) -> Pictures {
    let values = Init::new(seed).normal(n * rows * columns * channels);
    Pictures { n, rows, columns, channels, values }
}

fn at(x: &Pictures, [picture, row, column, channel]: [usize; 4]) -> f64 {
    f64::from(x.values[((picture * x.rows + row) * x.columns + column) * x.channels + channel])
}

fn check(kernel: Kernel2d, n: usize, size: [usize; 2]) {
    let Kernel2d { channels_in, channels_out, size: [rows, columns], stride, padding } = kernel;
    let x = random(1, n, size, channels_in);
    let weight = Init::new(2).normal(channels_out * channels_in * rows * columns);
    let bias = Init::new(3).normal(channels_out);
    let found = Conv2d::new(&kernel, &weight, &bias, Precision::Float32).run(&x);
    let extent = |i: usize| (size[i] + padding[0] + padding[1] - kernel.size[i]) / stride + 1;
    assert_eq!((found.n, found.size(), found.channels), (n, [extent(0), extent(1)], channels_out));
    for (i, value) in found.values.iter().enumerate() {
        let (pixel, out) = (i / channels_out, i % channels_out);
        let (column, row) = (pixel % found.columns, pixel / found.columns % found.rows);
        let picture = pixel / found.columns / found.rows;
        let mut expected = f64::from(bias[out]);
        for tap in 0..rows * columns {
            let from = [row * stride + tap / columns, column * stride + tap % columns];
            let [Some(from_row), Some(from_column)] = from.map(|it| it.checked_sub(padding[0]))
            else {
                continue;
            };
            if from_row < size[0] && from_column < size[1] {
                for channel in 0..channels_in {
                    let w = weight[(out * channels_in + channel) * rows * columns + tap];
                    expected += f64::from(w) * at(&x, [picture, from_row, from_column, channel]);
                }
            }
        }
        assert!((f64::from(*value) - expected).abs() < 1e-3, "{kernel:?}: {value}, not {expected}");
    }
}

#[test]
fn convolutions_are_their_formula_at_every_size_and_stride() {
    for size in [[1, 1], [2, 2], [5, 3], [7, 16], [16, 9]] {
        for n in [1, 2] {
            check(Kernel2d::square(5, 7, 3), n, size);
            check(Kernel2d::square(20, 50, 1), n, size);
            check(Kernel2d { stride: 2, ..Kernel2d::square(4, 6, 3) }, n, size);
            // Padded behind alone, as encoders of pictures do.
            check(Kernel2d { stride: 2, padding: [0, 1], ..Kernel2d::square(4, 6, 2) }, n, size);
            check(Kernel2d { padding: [0, 1], ..Kernel2d::square(3, 5, 2) }, n, size);
        }
    }
    let patches = Kernel2d { stride: 4, padding: [0, 0], ..Kernel2d::square(1, 24, 4) };
    check(patches, 1, [16, 12]);
    check(Kernel2d { size: [3, 5], padding: [2, 2], ..Kernel2d::square(2, 3, 3) }, 2, [6, 40]);
}

#[test]
fn groups_of_channels_have_mean_zero_and_size_one_before_gain_and_bias() {
    let [n, channels, n_groups] = [2, 12, 3];
    let mut x = random(1, n, [9, 5], channels);
    // Means that are large beside the deviations.
    x.values.iter_mut().for_each(|x| *x += 50.0);
    let (gain, bias) = (Init::new(2).normal(channels), Init::new(3).normal(channels));
    let norm = GroupNorm { n_groups, gain, bias, epsilon: 1e-5 };
    let found = norm.run(&x);
    let in_group = channels / n_groups;
    for picture in 0..n {
        for channel in 0..channels {
            let group = channel / in_group * in_group..(channel / in_group + 1) * in_group;
            let pixels = (0..x.rows * x.columns).map(|i| [i / x.columns, i % x.columns]);
            let all: Vec<f64> = pixels
                .flat_map(|[row, column]| group.clone().map(move |it| [picture, row, column, it]))
                .map(|place| at(&x, place))
                .collect();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / all.len() as f64;
            let place = [picture, 3, 2, channel];
            let normal = (at(&x, place) - mean) / (variance + 1e-5).sqrt();
            let expected = normal * f64::from(norm.gain[channel]) + f64::from(norm.bias[channel]);
            assert!(
                (at(&found, place) - expected).abs() < 2e-4,
                "{} {expected}",
                at(&found, place)
            );
        }
    }
    let mut activated = norm.run(&x).values;
    activate(Activation::Silu, &mut activated);
    assert_eq!(norm.run_activated(&x, Activation::Silu).values, activated);
}

#[test]
fn enlarged_pictures_repeat_the_pixels_that_lie_there() {
    let x =
        Pictures { n: 1, rows: 2, columns: 3, channels: 1, values: vec![1., 2., 3., 4., 5., 6.] };
    assert_eq!(x.enlarged([2, 3]), x);
    let found = x.enlarged([4, 6]).values;
    assert_eq!(found[..12], [1., 1., 2., 2., 3., 3., 1., 1., 2., 2., 3., 3.]);
    // To an odd number: floor(i * 2 / 3) and floor(i * 3 / 5).
    let found = x.enlarged([3, 5]).values;
    assert_eq!(found, [1., 1., 2., 2., 3., 1., 1., 2., 2., 3., 4., 4., 5., 5., 6.]);
}

#[test]
fn pictures_side_by_side_have_the_channels_of_both() {
    let (a, b) = (random(1, 2, [2, 3], 2), random(2, 2, [2, 3], 3));
    let both = a.beside(&b);
    assert_eq!((both.n, both.size(), both.channels), (2, [2, 3], 5));
    let place = [1, 1, 2, 4];
    assert_eq!(at(&both, place).to_bits(), at(&b, [1, 1, 2, 2]).to_bits());
    assert_eq!(at(&both, [1, 0, 1, 1]).to_bits(), at(&a, [1, 0, 1, 1]).to_bits());
}
