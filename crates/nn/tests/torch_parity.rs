//! Every operation against what PyTorch computes, forward and backward, for odd shapes.
//!
//! The numbers are in `vectors/torch.npz`; `vectors/make_torch_vectors.py` wrote them.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Tensor;
use nn::{
    Adam, AdamSettings, Conv1d, ConvTranspose1d, NamedArray, Parameters, StftParams, from_values,
};

/// Largest difference allowed, relative to the largest value of the array.
const TOLERANCE: f32 = 1e-5;

struct Vectors(BTreeMap<String, NamedArray>);

impl Vectors {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/torch.npz");
        let arrays = nn::npz::read(&path).unwrap();
        Self(arrays.into_iter().map(|array| (array.name.clone(), array)).collect())
    }

    fn n_cases(&self, kind: &str) -> usize {
        (0..).take_while(|i| self.0.keys().any(|k| k.starts_with(&format!("{kind}{i}/")))).count()
    }

    fn values(&self, case: &str, part: &str) -> &[f32] {
        &self.0[&format!("{case}/{part}")].values
    }

    fn numbers<const N: usize>(&self, case: &str) -> [usize; N] {
        let numbers: Vec<usize> =
            self.values(case, "parameters").iter().map(|value| *value as usize).collect();
        numbers.try_into().unwrap()
    }

    fn tensor<const D: usize>(&self, case: &str, part: &str) -> Tensor<D> {
        let array = &self.0[&format!("{case}/{part}")];
        from_values(array.values.clone(), array.shape.clone().try_into().unwrap())
    }

    fn leaf<const D: usize>(&self, case: &str, part: &str) -> Tensor<D> {
        self.tensor(case, part).autodiff().require_grad()
    }

    fn check<const D: usize>(&self, case: &str, part: &str, found: Tensor<D>) {
        let expected = &self.0[&format!("{case}/{part}")];
        if D == expected.shape.len() {
            assert_eq!(found.dims().as_slice(), expected.shape, "{case}/{part}");
        }
        check_values(&format!("{case}/{part}"), &nn::values(found), &expected.values, TOLERANCE);
    }
}

fn check_values(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance * scale,
            "{what}[{i}]: {found}, not {expected} ± {tolerance} of {scale}"
        );
    }
}

/// The scalar whose gradient with respect to `y` is `gy`.
fn weighed<const D: usize>(y: Tensor<D>, gy: Tensor<D>) -> Tensor<1> {
    (y * gy).sum()
}

#[test]
fn convolutions_agree() {
    let vectors = Vectors::read();
    for i in 0..vectors.n_cases("conv") {
        let case = format!("conv{i}");
        let [stride, left, right, dilation, groups] = vectors.numbers(&case);
        let conv = Conv1d { stride, padding: (left, right), dilation, groups };
        let (x, w, b) = (
            vectors.leaf::<3>(&case, "x"),
            vectors.leaf::<3>(&case, "w"),
            vectors.leaf::<1>(&case, "b"),
        );
        let y = nn::conv1d(x.clone(), w.clone(), Some(b.clone()), conv);
        vectors.check(&case, "y", y.clone());
        let gradients = weighed(y, vectors.tensor(&case, "gy")).backward();
        vectors.check(&case, "gx", x.grad(&gradients).unwrap());
        vectors.check(&case, "gw", w.grad(&gradients).unwrap());
        vectors.check(&case, "gb", b.grad(&gradients).unwrap());
    }
}

/// `leaky_conv1d(x)` must be `conv1d(leaky_relu(x))`, backward too.
#[test]
fn a_rectifier_before_a_convolution_is_the_same_inside_it() {
    let vectors = Vectors::read();
    let check = |case: &str, run: &dyn Fn(Tensor<3>, Tensor<3>, bool) -> Tensor<3>| {
        let results = [false, true].map(|is_inside| {
            let (x, w) = (vectors.leaf::<3>(case, "x"), vectors.leaf::<3>(case, "w"));
            let y = run(x.clone(), w.clone(), is_inside);
            let gradients = weighed(y.clone(), vectors.tensor(case, "gy")).backward();
            [y, x.grad(&gradients).unwrap(), w.grad(&gradients).unwrap()].map(nn::values)
        });
        for (inside, outside) in results[1].iter().zip(&results[0]) {
            check_values(case, inside, outside, 1e-6);
        }
    };
    for i in 0..vectors.n_cases("conv") {
        let case = format!("conv{i}");
        let [stride, left, right, dilation, groups] = vectors.numbers(&case);
        let conv = Conv1d { stride, padding: (left, right), dilation, groups };
        check(&case, &|x, w, is_inside| match is_inside {
            true => nn::leaky_conv1d(x, 0.2, w, None, conv),
            false => nn::conv1d(nn::leaky_relu(x, 0.2), w, None, conv),
        });
    }
    for i in 0..vectors.n_cases("transposed") {
        let case = format!("transposed{i}");
        let [stride, padding, output_padding, dilation, groups] = vectors.numbers(&case);
        let conv = ConvTranspose1d { stride, padding, output_padding, dilation, groups };
        check(&case, &|x, w, is_inside| match is_inside {
            true => nn::leaky_conv_transpose1d(x, 0.2, w, None, conv),
            false => nn::conv_transpose1d(nn::leaky_relu(x, 0.2), w, None, conv),
        });
    }
}

#[test]
fn transposed_convolutions_agree() {
    let vectors = Vectors::read();
    for i in 0..vectors.n_cases("transposed") {
        let case = format!("transposed{i}");
        let [stride, padding, output_padding, dilation, groups] = vectors.numbers(&case);
        let conv = ConvTranspose1d { stride, padding, output_padding, dilation, groups };
        let (x, w, b) = (
            vectors.leaf::<3>(&case, "x"),
            vectors.leaf::<3>(&case, "w"),
            vectors.leaf::<1>(&case, "b"),
        );
        let y = nn::conv_transpose1d(x.clone(), w.clone(), Some(b.clone()), conv);
        vectors.check(&case, "y", y.clone());
        let gradients = weighed(y, vectors.tensor(&case, "gy")).backward();
        vectors.check(&case, "gx", x.grad(&gradients).unwrap());
        vectors.check(&case, "gw", w.grad(&gradients).unwrap());
        vectors.check(&case, "gb", b.grad(&gradients).unwrap());
    }
}

#[test]
fn activations_agree() {
    let vectors = Vectors::read();
    let check = |case: &str, f: fn(Tensor<1>) -> Tensor<1>| {
        let x = vectors.leaf::<1>(case, "x");
        let y = f(x.clone());
        vectors.check(case, "y", y.clone());
        let gradients = weighed(y, vectors.tensor(case, "gy")).backward();
        vectors.check(case, "gx", x.grad(&gradients).unwrap());
        vectors.check(case, "y", f(vectors.tensor(case, "x")));
    };
    check("leaky_relu", |x| nn::leaky_relu(x, 0.2));
    check("tanh", nn::tanh);
    check("sigmoid", nn::sigmoid);
    check("softplus", nn::softplus);
}

#[test]
fn weight_norm_agrees() {
    let vectors = Vectors::read();
    let (v, g) = (vectors.leaf::<3>("weight_norm", "v"), vectors.leaf::<3>("weight_norm", "g"));
    let w = nn::weight_norm(v.clone(), g.clone());
    vectors.check("weight_norm", "w", w.clone());
    let gradients = weighed(w, vectors.tensor("weight_norm", "gw")).backward();
    vectors.check("weight_norm", "gv", v.grad(&gradients).unwrap());
    vectors.check("weight_norm", "gg", g.grad(&gradients).unwrap());
}

#[test]
fn magnitudes_agree() {
    let vectors = Vectors::read();
    for i in 0..vectors.n_cases("stft") {
        let case = format!("stft{i}");
        let [n_fft, hop, centred] = vectors.numbers(&case);
        let params = StftParams { n_fft, hop, center_reflect: centred == 1 };
        let x = vectors.leaf::<2>(&case, "x");
        let y = nn::stft_magnitude(x.clone(), params);
        vectors.check(&case, "y", y.clone());
        let gradients = weighed(y, vectors.tensor(&case, "gy")).backward();
        vectors.check(&case, "gx", x.grad(&gradients).unwrap());
    }
}

#[test]
fn distances_agree() {
    let vectors = Vectors::read();
    for i in 0..vectors.n_cases("distance") {
        let case = format!("distance{i}");
        let scales: Vec<usize> =
            vectors.values(&case, "parameters").iter().map(|scale| *scale as usize).collect();
        let epsilon = vectors.values(&case, "epsilon")[0];
        let predicted = vectors.leaf::<2>(&case, "predicted");
        let target = vectors.tensor::<2>(&case, "target");
        let y = nn::spectral_distance(predicted.clone(), target.clone(), &scales, epsilon);
        vectors.check(&case, "y", y.clone());
        let gradients = (y * 3.0).backward();
        // Near silence the logarithm magnifies the last bits of a magnitude.
        let gx = nn::values(predicted.grad(&gradients).unwrap() / 3.0);
        check_values(&case, &gx, vectors.values(&case, "gx"), 1e-4);
        vectors.check(
            &case,
            "y",
            nn::spectral_distance(predicted.inner(), target, &scales, epsilon),
        );
    }
}

#[test]
fn adam_agrees_to_the_last_bits() {
    let vectors = Vectors::read();
    for i in 0..vectors.n_cases("adam") {
        let case = format!("adam{i}");
        // These are doubles in the file, rounded to single on reading.
        let settings = vectors.values(&case, "settings").iter();
        let settings: Vec<f64> = settings.map(|value| value.to_string().parse().unwrap()).collect();
        let mut parameters = Parameters::new();
        let start = vectors.values(&case, "start");
        parameters.insert("w", &[start.len()], start.to_vec());
        let mut adam = Adam::new(AdamSettings {
            beta1: settings[0],
            beta2: settings[1],
            ..AdamSettings::default()
        });
        let gradients = vectors.values(&case, "gradients").chunks(start.len());
        for (gradient, after) in gradients.zip(vectors.values(&case, "after").chunks(start.len())) {
            let weights = parameters.weights(|_| true);
            let gradient = from_values(gradient.to_vec(), [start.len()]);
            let loss = weighed(weights.get::<1>("w"), gradient);
            let gradients = weights.backward(loss);
            adam.step(&mut parameters, &gradients, settings[2]);
            check_values(&case, parameters.values("w").unwrap(), after, 2e-7);
        }
        let state: BTreeMap<_, _> =
            adam.to_arrays().into_iter().map(|array| (array.name.clone(), array.values)).collect();
        check_values(&case, &state["w.exp_avg"], vectors.values(&case, "first"), 2e-7);
        check_values(&case, &state["w.exp_avg_sq"], vectors.values(&case, "second"), 2e-7);
        assert_eq!(state["w.step"], [5.0]);
    }
}
