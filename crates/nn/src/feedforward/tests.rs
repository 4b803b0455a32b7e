//! Networks: gradients, arrays, first weights, the optimiser.

use super::*;

/// Smooth, so that differences say what gradients are.
const CONVOLUTION: LayerSettings = LayerSettings {
    n_out: 20,
    kernel: Some((3, 2)),
    activation: Activation::Tanh,
    first: FirstWeights::Orthogonal(1.4),
};

fn linear(n_out: usize, activation: Activation) -> LayerSettings {
    LayerSettings { n_out, kernel: None, activation, first: FirstWeights::Uniform }
}

fn picture() -> Network {
    let input = Shape::Picture { rows: 9, columns: 7, channels: 3 };
    let second = LayerSettings { n_out: 33, kernel: Some((2, 1)), ..CONVOLUTION };
    let trunk = [CONVOLUTION, second, linear(40, Activation::Tanh)];
    Network::new(input, &trunk, &[&[linear(3, Activation::None)], &[linear(1, Activation::None)]])
}

/// A loss that weighs every number that both heads give.
fn loss(network: &Network, parameters: &[f32], x: &[f32], n: usize, pass: &mut Pass) -> f64 {
    let len = network.input().len();
    network.forward(parameters, &Input::Numbers(&|i| &x[i * len..][..len]), n, pass);
    let heads = [network.head(0, pass), network.head(1, pass)];
    let all = heads.iter().flat_map(|head| head.iter());
    all.enumerate().map(|(i, y)| f64::from(*y) * ((i as f64).sin() + 0.3)).sum()
}

#[test]
fn gradients_are_those_of_differences() {
    let network = picture();
    let mut random = Init::new(3);
    let mut parameters = network.init(&mut random);
    let n = 5;
    let x = random.normal(n * network.input().len());
    let mut pass = Pass::default();
    loss(&network, &parameters, &x, n, &mut pass);
    let n_policy = network.head_gradient(0, &mut pass).len();
    for (head, first) in [(0, 0), (1, n_policy)] {
        for (i, to) in network.head_gradient(head, &mut pass).iter_mut().enumerate() {
            *to = ((first + i) as f64).sin() as f32 + 0.3;
        }
    }
    let (mut transposed, mut gradients) = (vec![], vec![0.0; network.n_parameters()]);
    network.transpose(&parameters, &mut transposed);
    let to_input = network.backward_to_input(&transposed, &mut pass, &mut gradients).to_vec();
    let step = 1e-2;
    for i in (0..parameters.len()).step_by(37) {
        let before = parameters[i];
        let mut at = |value: f32| {
            parameters[i] = value;
            loss(&network, &parameters, &x, n, &mut Pass::default())
        };
        let difference = (at(before + step) - at(before - step)) / f64::from(2.0 * step);
        parameters[i] = before;
        let is_padding = difference == 0.0;
        let found = f64::from(gradients[i]);
        assert!(
            is_padding || (found - difference).abs() < 0.03 * (1.0 + difference.abs()),
            "{i}: {found} {difference}"
        );
    }
    let mut x = x;
    for i in (0..x.len()).step_by(53) {
        let before = x[i];
        let mut at = |value: f32| {
            x[i] = value;
            loss(&network, &parameters, &x, n, &mut Pass::default())
        };
        let difference = (at(before + step) - at(before - step)) / f64::from(2.0 * step);
        x[i] = before;
        let found = f64::from(to_input[i]);
        assert!(
            (found - difference).abs() < 0.03 * (1.0 + difference.abs()),
            "{i}: {found} {difference}"
        );
    }
}

#[test]
fn arrays_go_out_and_come_back() {
    let network = picture();
    let parameters = network.init(&mut Init::new(1));
    let names: Vec<String> = (0..5).map(|i| format!("layer.{i}")).collect();
    let arrays = network.to_arrays(&parameters, &names);
    assert_eq!(arrays[0].shape, [20, 3, 3, 3]);
    assert_eq!(arrays.len(), 10);
    assert_eq!(network.from_arrays(&arrays, &names).unwrap(), parameters);
    let n_values: usize = arrays.iter().map(|it| it.values.len()).sum();
    assert_eq!(n_values, network.n_trainable());
    assert!(matches!(network.from_arrays(&arrays[1..], &names), Err(Error::Missing { .. })));
}

#[test]
fn first_rows_are_orthogonal() {
    let settings = LayerSettings { kernel: None, ..CONVOLUTION };
    let network = Network::new(Shape::Numbers(64), &[], &[&[settings]]);
    let arrays = network.to_arrays(&network.init(&mut Init::new(5)), &["it".into()]);
    let row = |i: usize| &arrays[0].values[i * 64..][..64];
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    assert!((dot(row(3), row(3)) - 1.4 * 1.4).abs() < 1e-4);
    assert!(dot(row(3), row(4)).abs() < 1e-4);
}

#[test]
fn adam_moves_as_its_paper_says() {
    let mut adam = FlatAdam::new(2, 1e-8);
    let mut parameters = [1.0, 1.0];
    let norm = adam.step(&mut parameters, &[3.0, -4.0], 0.1, 10.0);
    assert!((norm - 5.0).abs() < 1e-9);
    assert!((parameters[0] - 0.9).abs() < 1e-6 && (parameters[1] - 1.1).abs() < 1e-6);
    assert!(adam.step(&mut parameters, &[f32::NAN, 0.0], 0.1, 10.0).is_nan());
    assert_eq!(adam.n_steps, 1);
}

#[test]
fn a_rectifier_passes_gradients_where_it_passes_values() {
    let network = Network::new(Shape::Numbers(2), &[linear(8, Activation::Relu)], &[&[]]);
    let parameters = network.init(&mut Init::new(2));
    let (mut pass, mut transposed) = (Pass::default(), vec![]);
    network.forward(&parameters, &Input::Bytes(&|_| &[255, 0], 1.0 / 255.0), 1, &mut pass);
    network.head_gradient(0, &mut pass).fill(1.0);
    network.transpose(&parameters, &mut transposed);
    let mut gradients = vec![0.0; network.n_parameters()];
    network.backward(&transposed, &mut pass, &mut gradients);
    let arrays = network.to_arrays(&gradients, &["it".into()]);
    let is_on: Vec<f32> =
        network.head(0, &pass).iter().map(|y| f32::from(u8::from(*y > 0.0))).collect();
    assert_eq!(arrays[1].values, is_on);
    assert!(is_on.contains(&1.0) && is_on.contains(&0.0));
}
