//! Convolutions along time against their definition, one number at a time, in `f64`.

use super::*;
use crate::Init;

fn check(kernel: Kernel1d, n: usize) {
    let Kernel1d { channels_in, channels_out, n_taps, dilation, stride, n_groups, padding } =
        kernel;
    let in_group = channels_in / n_groups;
    let x = Init::new(1).normal(n * channels_in);
    let weight = Init::new(2).normal(channels_out * in_group * n_taps);
    let bias = Init::new(3).normal(channels_out);
    let conv = Conv1d::new(&kernel, &weight, &bias, Precision::Float32);
    let found = conv.run_leaky(&x, 0.5);
    let n_padded = n + padding[0] + padding[1];
    let n_out = (n_padded + stride).saturating_sub(kernel.span()) / stride;
    assert_eq!(found.len(), n_out * channels_out, "{kernel:?} of {n} frames");
    for (i, value) in found.iter().enumerate() {
        let (frame, out) = (i / channels_out, i % channels_out);
        let group = out / (channels_out / n_groups);
        let mut expected = f64::from(bias[out]);
        for tap in 0..n_taps {
            let from = (frame * stride + tap * dilation).checked_sub(padding[0]);
            let Some(from) = from.filter(|from| *from < n) else { continue };
            for channel in 0..in_group {
                let x = f64::from(x[from * channels_in + group * in_group + channel]);
                let w = f64::from(weight[(out * in_group + channel) * n_taps + tap]);
                expected += w * x.max(0.5 * x);
            }
        }
        assert!((f64::from(*value) - expected).abs() < 1e-3, "{kernel:?}: {value}, not {expected}");
    }
}

#[test]
fn convolutions_are_their_formula() {
    for n in [1, 3, 40, 200] {
        for dilation in [1, 3, 5] {
            check(Kernel1d::same([6, 10], 7, dilation), n);
        }
        let plain = Kernel1d::same([6, 12], 3, 1);
        check(Kernel1d { stride: 2, padding: [0, 0], ..plain }, n);
        check(Kernel1d { n_groups: 3, padding: [4, 4], n_taps: 8, ..plain }, n);
        check(
            Kernel1d { stride: 5, n_taps: 10, padding: [0, 0], ..Kernel1d::same([1, 20], 3, 1) },
            n,
        );
    }
    let conv = Conv1d::new(&Kernel1d::same([1, 1], 1, 1), &[2.0], &[], Precision::Float32);
    assert_eq!(conv.run(&[-1.0, 3.0]), [-2.0, 6.0]);
}

#[test]
fn transposed_convolutions_add_up_what_every_frame_gives() {
    for (n_taps, stride, padding) in [(16, 5, 5), (8, 4, 2), (4, 2, 1), (3, 3, 0), (7, 2, 2)] {
        for n in [1, 2, 9] {
            let [channels_in, channels_out] = [5, 3];
            let x = Init::new(1).normal(n * channels_in);
            let weight = Init::new(2).normal(channels_in * channels_out * n_taps);
            let bias = Init::new(3).normal(channels_out);
            let conv = ConvTranspose1d::new(
                [channels_in, channels_out],
                stride,
                padding,
                [&weight, &bias],
                Precision::Float32,
            );
            let mut expected = vec![0.0; ((n - 1) * stride + n_taps) * channels_out];
            for (i, sum) in expected.iter_mut().enumerate() {
                *sum = f64::from(bias[i % channels_out]);
            }
            for frame in 0..n {
                for channel in 0..channels_in {
                    let x = f64::from(x[frame * channels_in + channel]);
                    for out in 0..channels_out {
                        for tap in 0..n_taps {
                            let w = weight[(channel * channels_out + out) * n_taps + tap];
                            expected[(frame * stride + tap) * channels_out + out] +=
                                f64::from(w) * x.max(0.5 * x);
                        }
                    }
                }
            }
            let expected =
                &expected[padding * channels_out..expected.len() - padding * channels_out];
            let found = conv.run_leaky(&x, 0.5);
            assert_eq!(
                (found.len(), conv.n_frames(n)),
                (expected.len(), expected.len() / channels_out)
            );
            for (found, expected) in found.iter().zip(expected) {
                assert!((f64::from(*found) - expected).abs() < 1e-4, "{found}, not {expected}");
            }
        }
    }
}
