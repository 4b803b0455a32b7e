//! Named weights, their first values, their gradients and their way through a checkpoint.

use std::collections::BTreeMap;

use nn::{Adam, AdamSettings, Conv1d, Error, Gradients, Init, Parameters, checkpoint};

fn network(seed: u64) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, shape) in [("one.weight", [6, 2, 3]), ("two.weight", [4, 6, 1])] {
        let mut init = Init::named(seed, name);
        parameters.insert(name, &shape, init.conv_weight(shape));
    }
    parameters.insert("two.bias", &[4], Init::named(seed, "two.bias").conv_bias(4, [4, 6, 1]));
    parameters.insert("buffer", &[2], vec![1.0, 2.0]);
    parameters
}

fn gradients(parameters: &Parameters) -> Gradients {
    let weights = parameters.weights(|name| name != "buffer");
    let x = nn::from_values(Init::new(9).normal(2 * 2 * 20), [2, 2, 20]);
    let hidden = nn::conv1d(x, weights.get("one.weight"), None, Conv1d::default());
    let bias = Some(weights.get("two.bias"));
    let y = nn::leaky_conv1d(hidden, 0.2, weights.get("two.weight"), bias, Conv1d::default());
    let loss = y.powf_scalar(2.0).mean();
    weights.backward(loss)
}

#[test]
fn the_same_seed_gives_the_same_weights_everywhere() {
    assert_eq!(network(1).fingerprint(), network(1).fingerprint());
    assert_ne!(network(1).fingerprint(), network(2).fingerprint());
    // The first numbers, so that another machine or a later version that differs is noticed.
    let first: Vec<f32> = Init::new(42).uniform(3, -1.0, 1.0);
    assert_eq!(first, [0.483_129_74, -0.680_179_24, -0.442_797_78]);
}

#[test]
fn first_values_have_pytorchs_spread() {
    let values = Init::new(1).conv_weight([50, 40, 5]);
    let bound = 1.0 / (200f32).sqrt();
    assert!(values.iter().all(|value| value.abs() <= bound));
    let variance = values.iter().map(|value| value * value).sum::<f32>() / values.len() as f32;
    assert!((variance / (bound * bound / 3.0) - 1.0).abs() < 0.05, "{variance}");
    let normal = Init::new(1).normal(10_001);
    assert_eq!(normal.len(), 10_001);
    let variance = normal.iter().map(|value| value * value).sum::<f32>() / 10_001.0;
    assert!((variance - 1.0).abs() < 0.05, "{variance}");
}

#[test]
fn gradients_come_by_name_for_what_is_trained() {
    let parameters = network(3);
    let gradients = gradients(&parameters);
    assert_eq!(gradients.names().collect::<Vec<_>>(), ["one.weight", "two.bias", "two.weight"]);
    assert_eq!(gradients.get("one.weight").unwrap().len(), 36);
    assert!(gradients.get("buffer").is_none());
    assert_eq!(parameters.n_values(|name| name.starts_with("two.")), 28);
}

#[test]
fn clipping_keeps_the_direction() {
    let mut gradients = gradients(&network(3));
    let (before, first) = (gradients.norm(), gradients.get("two.bias").unwrap()[0]);
    assert_eq!(gradients.clip_norm(before / 2.0), before);
    assert!((gradients.norm() / before - 0.5).abs() < 1e-4);
    let ratio = gradients.get("two.bias").unwrap()[0] / first;
    assert!((ratio - 0.5).abs() < 1e-4);
}

#[test]
fn training_goes_on_from_a_checkpoint_as_if_nothing_had_happened() {
    let step = |adam: &mut Adam, parameters: &mut Parameters| {
        let gradients = gradients(parameters);
        adam.step(parameters, &gradients, 1e-2);
    };
    let (mut adam, mut parameters) = (Adam::new(AdamSettings::default()), network(3));
    step(&mut adam, &mut parameters);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step.safetensors");
    let arrays = [parameters.to_arrays(), adam.to_arrays()].concat();
    checkpoint::write(&path, &arrays, &BTreeMap::new()).unwrap();
    let arrays = checkpoint::read(&path).unwrap().arrays;
    let (mut other_adam, mut other) = (Adam::new(AdamSettings::default()), network(4));
    other.load(&arrays).unwrap();
    other_adam.load(&arrays).unwrap();
    assert_eq!(other.fingerprint(), parameters.fingerprint());

    step(&mut adam, &mut parameters);
    step(&mut other_adam, &mut other);
    assert_eq!(other.fingerprint(), parameters.fingerprint());
}

#[test]
fn a_checkpoint_of_another_network_is_refused_whole() {
    let mut parameters = network(3);
    let before = parameters.fingerprint();
    let mut arrays = network(4).to_arrays();
    arrays[1].shape = vec![6, 4, 1];
    let error = parameters.load(&arrays).unwrap_err();
    assert!(matches!(&error, Error::Shape { name, .. } if name == "two.weight"), "{error}");
    arrays.remove(1);
    let error = parameters.load(&arrays).unwrap_err();
    assert!(matches!(&error, Error::Missing { name } if name == "two.weight"), "{error}");
    assert_eq!(parameters.fingerprint(), before);
}

#[test]
fn numbers_do_not_depend_on_the_number_of_threads() {
    let run = |n_threads| {
        nn::set_threads(n_threads);
        let (mut adam, mut parameters) = (Adam::new(AdamSettings::default()), network(3));
        for _ in 0..3 {
            let gradients = gradients(&parameters);
            adam.step(&mut parameters, &gradients, 1e-2);
        }
        parameters.fingerprint()
    };
    let alone = run(1);
    assert_eq!(run(2), alone);
    assert_eq!(run(5), alone);
}
