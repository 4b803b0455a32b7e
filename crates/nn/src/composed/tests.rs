//! Kernels against compositions, outputs and gradients: on the CPU always, on a GPU where there is one.

use burn::tensor::Tensor;

use super::*;
use crate::{Compute, Init};

/// A function of flat inputs with a flat output.
type Function<'a> = &'a dyn Fn(&[Tensor<1>]) -> Tensor<1>;

/// How far norms of differences may be, relative to norms: the absolute value of a logarithm, in a distance,
/// turns on rounding.
const TOLERANCE: f32 = 1e-4;

/// The output of a function and the gradient of each input, where it has one.
fn run(place: &Compute, f: Function<'_>, inputs: &[Vec<f32>]) -> Vec<Option<Vec<f32>>> {
    let leaf = |x: &Vec<f32>| place.tensor(x.clone(), [x.len()]).autodiff().require_grad();
    let leaves: Vec<Tensor<1>> = inputs.iter().map(leaf).collect();
    let y = f(&leaves);
    let n = y.dims()[0];
    let toward = place.tensor(Init::new(99).uniform(n, -1.0, 1.0), [n]).autodiff();
    let gradients = (y.clone() * toward).sum().backward();
    let of_inputs = leaves.iter().map(|leaf| leaf.grad(&gradients).map(values));
    std::iter::once(Some(values(y))).chain(of_inputs).collect()
}

fn compare(what: &str, found: &[Option<Vec<f32>>], expected: &[Option<Vec<f32>>], tolerance: f32) {
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let (Some(found), Some(expected)) = (found, expected) else {
            assert_eq!(found.is_some(), expected.is_some(), "{what}: a gradient for input {i}");
            continue;
        };
        assert_eq!(found.len(), expected.len(), "{what}: numbers in {i}");
        let norm = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>().sqrt();
        let apart = norm(&mut found.iter().zip(expected).map(|(a, b)| a - b));
        let size = norm(&mut expected.iter().copied());
        assert!(
            apart <= tolerance * size,
            "{what}, {i} of [output, gradients…]: {apart} of {size}"
        );
    }
}

/// A card to check on besides the CPU.
fn gpu(is_mixed: bool) -> Option<Compute> {
    let found = Compute::gpu(is_mixed);
    let is_needed = std::env::var_os("MAQUETTE_NEEDS_GPU").is_some();
    assert!(found.is_ok() || !is_needed, "{found:?}");
    found.ok()
}

/// `kernel` on the CPU against `composed` there, and against itself on a GPU.
fn check(what: &str, lengths: &[usize], kernel: Function<'_>, composed: Function<'_>) {
    let inputs: Vec<Vec<f32>> = lengths
        .iter()
        .enumerate()
        .map(|(i, n)| Init::new(i as u64 + 1).uniform(*n, -1.0, 1.0))
        .collect();
    let expected = run(&Compute::cpu(), kernel, &inputs);
    compare(what, &run(&Compute::cpu(), composed, &inputs), &expected, TOLERANCE);
    if let Some(gpu) = gpu(false) {
        // Sines may be off by 2^-11 by the specification of Vulkan.
        let tolerance = if what == "snake" { 1e-3 } else { TOLERANCE };
        compare(&format!("{what} on a GPU"), &run(&gpu, kernel, &inputs), &expected, tolerance);
    }
}

fn flat<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    let n: usize = x.dims().iter().product();
    x.reshape([n])
}

#[test]
fn activations() {
    type Activation = fn(Tensor<2>) -> Tensor<2>;
    let leaky: [Activation; 2] = [|x| crate::leaky_relu(x, 0.2), |x| leaky_relu(x, 0.2)];
    let others: [[Activation; 2]; 3] = [
        [crate::tanh, Tensor::tanh],
        [crate::sigmoid, activation::sigmoid],
        [|x| crate::softplus(x * 40.0), |x| softplus(x * 40.0)],
    ];
    for [kernel, composed] in std::iter::once(leaky).chain(others) {
        let of = |activation: Activation| {
            move |x: &[Tensor<1>]| flat(activation(x[0].clone().reshape([7, 31])))
        };
        check("activation", &[217], &of(kernel), &of(composed));
    }
    let of = |activation: fn(Tensor<3>, Tensor<1>) -> Tensor<3>| {
        move |x: &[Tensor<1>]| {
            flat(activation(x[0].clone().reshape([2, 3, 29]), x[1].clone() + 1.5))
        }
    };
    check("snake", &[174, 3], &of(crate::snake), &of(snake));
}

#[test]
fn convolutions() {
    for (groups, stride, dilation, kernel, padding) in [
        (1, 1, 1, 3, (1, 1)),
        (1, 4, 1, 8, (2, 3)),
        (1, 2, 1, 4, (2, 0)),
        (2, 2, 1, 5, (2, 2)),
        (4, 3, 2, 3, (4, 0)),
        (1, 1, 9, 3, (9, 9)),
    ] {
        let (channels_in, channels_out, time) = (8, 12, 61);
        let conv = Conv1d { stride, padding, dilation, groups };
        type Convolve = fn(Tensor<3>, f32, Tensor<3>, Option<Tensor<1>>, Conv1d) -> Tensor<3>;
        let of = |convolve: Convolve| {
            move |x: &[Tensor<1>]| {
                let weight = x[1].clone().reshape([channels_out, channels_in / groups, kernel]);
                let sound = x[0].clone().reshape([2, channels_in, time]);
                flat(convolve(sound, 0.2, weight, Some(x[2].clone()), conv))
            }
        };
        let lengths =
            [2 * channels_in * time, channels_out * channels_in / groups * kernel, channels_out];
        check(&format!("{conv:?}"), &lengths, &of(crate::leaky_conv1d), &of(conv1d));
    }
    for (groups, stride, padding, output_padding, kernel) in
        [(1, 2, 1, 0, 4), (1, 4, 2, 0, 8), (1, 3, 0, 2, 5), (2, 2, 1, 1, 3)]
    {
        let (channels_in, channels_out, time) = (8, 12, 23);
        let conv = ConvTranspose1d { stride, padding, output_padding, dilation: 1, groups };
        type Convolve =
            fn(Tensor<3>, f32, Tensor<3>, Option<Tensor<1>>, ConvTranspose1d) -> Tensor<3>;
        let of = |convolve: Convolve| {
            move |x: &[Tensor<1>]| {
                let weight = x[1].clone().reshape([channels_in, channels_out / groups, kernel]);
                let sound = x[0].clone().reshape([2, channels_in, time]);
                flat(convolve(sound, 0.2, weight, Some(x[2].clone()), conv))
            }
        };
        let lengths =
            [2 * channels_in * time, channels_in * channels_out / groups * kernel, channels_out];
        let (kernel, composed) = (crate::leaky_conv_transpose1d, conv_transpose1d);
        check(&format!("{conv:?}"), &lengths, &of(kernel), &of(composed));
    }
}

#[test]
fn normalisations() {
    let of = |norm: fn(Tensor<3>, Tensor<3>) -> Tensor<3>| {
        move |x: &[Tensor<1>]| {
            flat(norm(x[0].clone().reshape([6, 5, 3]), x[1].clone().reshape([6, 1, 1])))
        }
    };
    check("weight_norm", &[90, 6], &of(crate::weight_norm), &of(weight_norm));
    type Norm = fn(Tensor<3>, Tensor<1>, Tensor<1>, f32) -> (Tensor<3>, BatchMoments);
    let of = |norm: Norm| {
        move |x: &[Tensor<1>]| {
            let sound = x[0].clone().reshape([2, 3, 29]);
            let (y, moments) = norm(sound.clone(), x[1].clone(), x[2].clone(), 1e-5);
            assert_eq!(moments.n_values, 58);
            // The moments are part of what is compared.
            let device = sound.device().inner();
            let of = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, [3]), &device);
            let moments = [of(moments.mean), of(moments.variance)].map(Tensor::autodiff).to_vec();
            Tensor::cat(vec![flat(y), Tensor::cat(moments, 0)], 0)
        }
    };
    check("batch_norm", &[174, 3, 3], &of(crate::batch_norm), &of(batch_norm));
}

#[test]
fn filtered_blocks() {
    let of = |filter: fn(Tensor<2>, Tensor<2>) -> Tensor<2>| {
        move |x: &[Tensor<1>]| {
            flat(filter(x[0].clone().reshape([9, 8]), x[1].clone().reshape([9, 8])))
        }
    };
    check("filter_blocks", &[72, 72], &of(crate::filter_blocks), &of(filter_blocks));
}

#[test]
fn spectra() {
    for (n_fft, hop, center_reflect) in [(64, 16, true), (128, 32, false), (64, 24, true)] {
        let params = StftParams { n_fft, hop, center_reflect };
        let of = |stft: fn(Tensor<2>, StftParams) -> Tensor<3>| {
            move |x: &[Tensor<1>]| flat(stft(x[0].clone().reshape([2, 300]), params))
        };
        check(
            &format!("stft_magnitude {params:?}"),
            &[600],
            &of(crate::stft_magnitude),
            &of(stft_magnitude),
        );
        let of = |stft: fn(Tensor<2>, StftParams) -> Tensor<4>| {
            move |x: &[Tensor<1>]| flat(stft(x[0].clone().reshape([2, 300]), params))
        };
        check(&format!("stft {params:?}"), &[600], &of(crate::stft), &of(stft));
    }
    type Distance = fn(Tensor<2>, Tensor<2>, &[usize], f32) -> Tensor<1>;
    let of = |distance: Distance| {
        move |x: &[Tensor<1>]| {
            let [a, b] = [&x[0], &x[1]].map(|x| x.clone().reshape([2, 600]));
            distance(a, b, &[128, 64], 1e-3)
        }
    };
    let composed: Distance = |a, b, scales, floor| spectral_distance(&a, &b, scales, floor);
    let kernel = of(crate::spectral_distance);
    check("spectral_distance", &[1200, 1200], &kernel, &of(composed));
}

#[test]
fn silence_has_no_gradient_and_not_none_that_is_a_number() {
    let params = StftParams { n_fft: 64, hop: 16, center_reflect: true };
    let f = |x: &[Tensor<1>]| flat(stft_magnitude(x[0].clone().reshape([1, 200]), params));
    let found = run(&Compute::cpu(), &f, &[vec![0.0; 200]]);
    assert!(found.iter().flatten().flatten().all(|x| x.abs() < 1e-12));
}

#[test]
fn products_of_16_bits_are_near_those_of_32() {
    let Some(gpu) = gpu(true) else {
        eprintln!("skipped: no GPU");
        return;
    };
    let conv = Conv1d { padding: (1, 1), ..Conv1d::default() };
    let f = |narrow: bool| {
        let gpu = gpu.clone();
        move |x: &[Tensor<1>]| {
            let weight: Tensor<3> = x[1].clone().reshape([12, 8, 3]);
            let weight = if narrow { gpu.cast_for_products(weight) } else { weight };
            flat(crate::conv1d(x[0].clone().reshape([2, 8, 61]), weight, None, conv))
        }
    };
    let inputs = [976, 288].map(|n| Init::new(n as u64).uniform(n, -1.0, 1.0));
    let exact = run(&Compute::cpu(), &f(false), &inputs);
    let mixed = run(&gpu, &f(true), &inputs);
    compare("a convolution of 16 bits", &mixed, &exact, 1e-2);
    let output = |all: &[Option<Vec<f32>>]| all[0].clone().expect("there is an output");
    assert_ne!(output(&mixed), output(&exact), "products were not computed in 16 bits");
}

/// A row of convolutions as discriminators have it, the last of them one tap into one channel.
#[test]
fn rows_of_convolutions() {
    const CHANNELS: [usize; 6] = [1, 4, 8, 16, 32, 1];
    type Convolve = fn(Tensor<3>, f32, Tensor<3>, Option<Tensor<1>>, Conv1d) -> Tensor<3>;
    // The last row is one, two and four frames long.
    for (kernel, batch, time) in
        [(15, 2, 256), (15, 2, 512), (15, 2, 1024), (5, 4, 512), (5, 6, 342)]
    {
        let layers = move || {
            CHANNELS.windows(2).enumerate().map(move |(i, ends)| {
                let (taps, stride) = if i == 4 { (1, 1) } else { (kernel, 4) };
                ([ends[1], ends[0], taps], stride)
            })
        };
        let of = |convolve: Convolve| {
            move |x: &[Tensor<1>]| {
                let sound = x[0].clone().reshape([batch, 1, time]);
                let y = layers().enumerate().fold(sound, |y, (i, (shape, stride))| {
                    let padding = ((shape[2] - 1) / 2, (shape[2] - 1) / 2);
                    let conv = Conv1d { stride, padding, dilation: 1, groups: 1 };
                    let (weight, bias) =
                        (x[1 + 2 * i].clone().reshape(shape), x[2 + 2 * i].clone());
                    convolve(y, if i == 0 { 1.0 } else { 0.2 }, weight, Some(bias), conv)
                });
                flat(y)
            }
        };
        let weights = layers().flat_map(|(shape, _)| [shape.iter().product(), shape[0]]);
        let lengths: Vec<usize> = std::iter::once(batch * time).chain(weights).collect();
        let (kernel, composed) = (of(crate::leaky_conv1d), of(conv1d));
        check(&format!("a row over {batch} x {time}"), &lengths, &kernel, &composed);
    }
}
