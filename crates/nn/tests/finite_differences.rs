//! The gradient of every operation against the change of its value along a random direction.

use burn::tensor::Tensor;
use nn::{Conv1d, ConvTranspose1d, Init, Parameters, StftParams, Weights};

/// Checks `d loss / d step` along a direction; `loss` sees one parameter for each of `shapes`.
fn check(what: &str, shapes: &[&[usize]], loss: impl Fn(&Weights) -> Tensor<1>) {
    // A seed with which no real bin of a spectrum is so near 0 that the step crosses its kink.
    let mut init = Init::new(31);
    let names: Vec<String> = (0..shapes.len()).map(|i| i.to_string()).collect();
    let (mut parameters, mut directions) = (Parameters::new(), Vec::new());
    for (name, shape) in names.iter().zip(shapes) {
        let n = shape.iter().product();
        parameters.insert(name, shape, init.normal(n));
        directions.push(init.normal(n));
    }
    let weights = parameters.weights(|_| true);
    let value = loss(&weights);
    let gradients = weights.backward(value);
    let along: f64 = names
        .iter()
        .zip(&directions)
        .flat_map(|(name, direction)| {
            gradients.get(name).expect("it was trained").iter().zip(direction)
        })
        .map(|(g, d)| f64::from(*g) * f64::from(*d))
        .sum();
    const STEP: f32 = 1e-3;
    let mut moved = |step: f32| {
        for (name, direction) in names.iter().zip(&directions) {
            let values = parameters.values_mut(name).expect("it was inserted");
            values.iter_mut().zip(direction).for_each(|(value, d)| *value += step * d);
        }
        f64::from(nn::values(loss(&parameters.frozen()))[0])
    };
    let (after, before) = (moved(STEP), moved(-2.0 * STEP));
    let change = (after - before) / (2.0 * f64::from(STEP));
    let scale = along.abs().max(1.0);
    assert!((along - change).abs() < 1e-2 * scale, "{what}: gradient {along}, change {change}");
}

/// A number that depends on every element differently, and not too little.
fn mixed<const D: usize>(y: Tensor<D>) -> Tensor<1> {
    let weights = Init::new(12).uniform(y.dims().iter().product(), 0.5, 1.5);
    let weights = nn::from_values(weights, y.dims());
    (y * weights).mean()
}

#[test]
fn convolutions() {
    for (stride, dilation, groups) in [(1, 1, 1), (3, 1, 1), (1, 4, 2), (2, 3, 4)] {
        let conv = Conv1d { stride, dilation, groups, padding: (4, 1) };
        let transposed =
            ConvTranspose1d { stride, dilation, groups, padding: 1, output_padding: 0 };
        let shapes: [&[usize]; 3] = [&[2, 4, 23], &[8, 4 / groups, 3], &[8]];
        check("conv1d", &shapes, |w| {
            mixed(nn::leaky_conv1d(w.get("0"), 0.2, w.get("1"), Some(w.get("2")), conv))
        });
        let shapes: [&[usize]; 3] = [&[2, 4, 9], &[4, 8 / groups, 3], &[8]];
        check("conv_transpose1d", &shapes, |w| {
            let bias = Some(w.get("2"));
            mixed(nn::leaky_conv_transpose1d(w.get("0"), 0.2, w.get("1"), bias, transposed))
        });
    }
}

#[test]
fn activations_and_weight_norm() {
    check("leaky_relu", &[&[40]], |w| mixed(nn::leaky_relu::<1>(w.get("0"), 0.2)));
    check("tanh", &[&[40]], |w| mixed(nn::tanh::<1>(w.get("0"))));
    check("sigmoid", &[&[40]], |w| mixed(nn::sigmoid::<1>(w.get("0"))));
    check("softplus", &[&[40]], |w| mixed(nn::softplus::<1>(w.get("0"))));
    check("weight_norm", &[&[3, 4, 5], &[3, 1, 1]], |w| {
        mixed(nn::weight_norm(w.get("0"), w.get("1")))
    });
}

#[test]
fn spectra() {
    let params = StftParams { n_fft: 16, hop: 5, center_reflect: true };
    check("stft_magnitude", &[&[2, 50]], |w| mixed(nn::stft_magnitude(w.get("0"), params)));
    let target = nn::from_values(Init::new(13).normal(180), [2, 90]);
    check("spectral_distance", &[&[2, 90]], |w| {
        nn::spectral_distance(w.get("0"), target.clone(), &[32, 16], 0.1)
    });
}
