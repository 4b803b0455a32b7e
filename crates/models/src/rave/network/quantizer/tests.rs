//! Code books: learning, use, revival, gradients.

use super::*;

fn quantizer(n_books: usize, n_codes: usize, size: usize) -> Quantizer {
    Quantizer { n_books, n_codes, size, decay: 0.9, least_use: 2.0 }
}

/// A code book in training: its parameters, with a trained array so that passes count as training.
fn parameters(quantizer: &Quantizer) -> Parameters {
    let mut parameters = Parameters::new();
    quantizer.initialise(&mut parameters);
    parameters.insert("trained", &[1], vec![0.0]);
    parameters
}

/// One training pass, after which the code books have their updated values.
fn learn(
    quantizer: &Quantizer,
    parameters: &mut Parameters,
    x: &Tensor<3>,
    seed: u64,
) -> Vec<(&'static str, f64)> {
    let weights = parameters.weights(|name| name == "trained");
    let _ = quantizer.forward(&weights, x.clone(), Init::new(seed));
    let observed = weights.take_observed();
    for (name, new) in observed.values {
        parameters.values_mut(&name).unwrap().copy_from_slice(&new);
    }
    observed.metrics
}

fn metric(metrics: &[(&'static str, f64)], name: &str) -> f64 {
    metrics.iter().find(|(it, _)| *it == name).unwrap().1
}

#[test]
fn books_learn_what_they_hear_and_use_all_their_codes() {
    let quantizer = quantizer(3, 16, 4);
    let mut parameters = parameters(&quantizer);
    let distance = |parameters: &Parameters, x: &Tensor<3>| {
        let latent = quantizer.forward(&parameters.frozen(), x.clone(), Init::new(0)).latent;
        mean_square(&values(latent), &values(x.clone()))
    };
    let x = |seed: u64| from_values(Init::new(seed).normal(2 * 4 * 64), [2, 4, 64]);
    for step in 0..200 {
        let metrics = learn(&quantizer, &mut parameters, &x(step), step);
        assert!(metric(&metrics, "codebook_usage") <= 1.0);
    }
    let metrics = learn(&quantizer, &mut parameters, &x(999), 999);
    assert!(metric(&metrics, "codebook_usage") > 0.9, "{metrics:?}");
    assert!(metric(&metrics, "codebook_perplexity") > 10.0, "{metrics:?}");
    // Three books of four bits each for four normal numbers: theory allows 2^(-2 * 12 / 4) = 0.016.
    let heard = distance(&parameters, &x(1000));
    assert!(heard < 0.12, "mean square {heard}");
}

#[test]
fn dead_codes_come_back_to_life() {
    let quantizer = quantizer(1, 8, 2);
    let mut parameters = parameters(&quantizer);
    let near = |seed: u64, at: f32| {
        let x = Init::new(seed).uniform(2 * 64, at - 1.0, at + 1.0);
        from_values(x, [1, 2, 64])
    };
    learn(&quantizer, &mut parameters, &near(0, 0.0), 0);
    // The input moves far away from all codes but one.
    let mut revived = 0.0;
    for step in 1..60 {
        let metrics = learn(&quantizer, &mut parameters, &near(step, 50.0), step);
        revived += metric(&metrics, "codes_revived");
    }
    let metrics = learn(&quantizer, &mut parameters, &near(99, 50.0), 99);
    assert!(revived >= 7.0, "{revived}");
    assert!(metric(&metrics, "codebook_usage") > 0.9, "{metrics:?}");
}

#[test]
fn the_gradient_passes_through_and_pulls_toward_the_first_code() {
    let quantizer = quantizer(2, 4, 2);
    let mut parameters = parameters(&quantizer);
    let x = from_values(Init::new(1).normal(2 * 16), [1, 2, 16]);
    learn(&quantizer, &mut parameters, &x, 0);
    let leaf = x.clone().autodiff().require_grad();
    let quantized = quantizer.forward(&parameters.frozen(), leaf.clone(), Init::new(0));
    let toward = from_values(Init::new(2).normal(2 * 16), [1, 2, 16]);
    let gradients = (quantized.latent * toward.clone().autodiff()).sum().backward();
    assert_eq!(values(leaf.grad(&gradients).unwrap()), values(toward));
    let gradients = quantized.distance.backward();
    let pull = values(leaf.grad(&gradients).unwrap());
    let codes = parameters.values(&key(0, "embed")).unwrap();
    let rows = rows_of(x);
    let frames = quantized.codes[0].iter().enumerate();
    for (frame, &code) in frames {
        for i in 0..2 {
            let expected = 2.0 * (rows[2 * frame + i] - codes[2 * code + i]) / 32.0;
            let found = pull[i * 16 + frame];
            assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
        }
    }
}

#[test]
fn without_codes_yet_latents_stay_as_they_are() {
    let quantizer = quantizer(2, 4, 2);
    let parameters = parameters(&quantizer);
    let x = from_values(vec![1.0; 8], [1, 2, 4]);
    let quantized = quantizer.forward(&parameters.frozen(), x, Init::new(0));
    assert_eq!(values(quantized.latent), [1.0; 8]);
    assert_eq!(values(quantized.distance), [0.0]);
}
