//! Tests of training: agreement with the original program, what a frame may know, what is learnt, and resuming.

use nn::Parameters;
use serde_json::json;

use super::*;
use crate::Trainer as _;
use crate::prior::directions::tests::{codec, latents, learnt};
use crate::rave::vectors::Vectors;

const SIZE: usize = 4;

fn config(more: &serde_json::Value) -> Config {
    let mut settings = json!({
        "res_size": 16, "skp_size": 16, "cycle_size": 3, "n_layers": 3, "head_size": 8,
        "latent_size": 3, "batch_size": 4, "n_frames": 32, "warmup": 0, "ema": 0.9,
    });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Config::from_settings(&settings).unwrap()
}

fn quantised() -> serde_json::Value {
    json!({ "distribution": "quantised", "resolution": 16, "latent_size": 2 })
}

/// The batch of a step, drawn from frames.
fn batch(training: &Training, frames: &[f32], step: u64) -> Vec<f32> {
    let windows = training.windows().unwrap();
    let mut rng = Init::new(step);
    let n = windows.n_frames * windows.latent_size;
    let room = frames.len() / SIZE - windows.n_frames;
    let from = rng.uniform(windows.batch_size, 0.0, room as f32);
    from.iter().flat_map(|at| frames[*at as usize * SIZE..][..n].to_vec()).collect()
}

fn clip(frames: &[f32]) -> Vec<Vec<f32>> {
    (0..SIZE).map(|i| frames.iter().skip(i).step_by(SIZE).copied().collect()).collect()
}

fn trained(config: &Config, frames: &[f32], n_steps: u64) -> Training {
    let mut training = Training::new(config, 7, &learnt(frames, SIZE));
    for step in 0..n_steps {
        training.set_share(step as f64 / n_steps as f64);
        let batch = batch(&training, frames, step);
        assert!(training.step_while(&batch, &mut || true).unwrap().is_finite);
    }
    training
}

/// Logits, loss and gradients are those of the original program for the same weights and latents.
#[test]
fn the_quantised_prior_is_the_originals() {
    let reference = Vectors::read("prior");
    let vectors = &reference.arrays;
    let config = config(&json!({
        "distribution": "quantised", "resolution": 8, "res_size": 16, "skp_size": 8,
        "kernel_size": 3, "cycle_size": 2, "n_layers": 3, "latent_size": 4,
    }));
    let network = Network::new(&config, 4);
    let mut parameters = Parameters::new();
    for (name, shape, values) in reference.state() {
        parameters.insert(name, &shape, values.unwrap());
    }
    for name in network.initialise(0).names() {
        assert_eq!(parameters.shape(name), network.initialise(0).shape(name), "{name}");
    }
    let u = Init::named(0, "latents").uniform(2 * 4 * 24, 0.0, 1.0);
    let values: Vec<f32> = (0..2)
        .flat_map(|b| (0..24).flat_map(move |t| (0..4).map(move |j| (b * 4 + j) * 24 + t)))
        .map(|i| 2.5 * (2.0 * u[i] - 1.0))
        .collect();
    let task = Task::new(&network, &values, 2);
    assert_eq!((task.n_frames, task.n_values()), (20, 2 * 4 * 20));
    let weights = parameters.weights(|_| true);
    let input = from_values(task.input.clone(), [2, 32, 20]);
    let made = network.forward(&weights, input, from_values(vec![0.0; 1], [1, 1, 1]), &[]);
    let outputs = nn::values(made.clone());
    // The original also computes what comes after the last turn, which nothing is compared with.
    let expected = &vectors["logits"].values;
    for (row, found) in outputs.chunks(20).enumerate() {
        for (t, x) in found.iter().enumerate() {
            assert!((x - expected[row * 21 + t]).abs() < 1e-5, "row {row}, turn {t}");
        }
    }
    let (nats, mut gradient) = task.nats(&network, &outputs);
    let n = task.n_values() as f64;
    let of_values: f64 = task.now.iter().map(|x| crate::prior::quantised::nats(*x, 0.0, 8)).sum();
    let loss = reference.meta["values"]["loss"].as_f64().unwrap();
    assert!(((nats - of_values) / n - loss).abs() < 1e-6, "{} {loss}", (nats - of_values) / n);
    gradient.iter_mut().for_each(|it| *it /= n as f32);
    let gradient = from_values(gradient, made.dims()).autodiff();
    let gradients = weights.backward((made * gradient).sum());
    let mut n_compared = 0;
    for (name, expected) in vectors.iter().filter(|(name, _)| name.starts_with("gradient/")) {
        let found = gradients.get(name.trim_start_matches("gradient/")).unwrap();
        let largest = expected.values.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        assert_eq!(found.len(), expected.values.len(), "{name} is whole");
        for (a, b) in found.iter().zip(&expected.values) {
            assert!((a - b).abs() < 1e-4 * largest.max(1e-3), "{name}: {a} {b}");
        }
        n_compared += 1;
    }
    // Every parameter but those of the last residual connection, which nothing comes after.
    assert_eq!(n_compared, parameters.names().count() - 2);
}

/// The masked head tells nothing of a direction to itself or to those before it.
#[test]
fn a_direction_knows_those_before_it_and_the_past() {
    let config = config(&json!({}));
    let network = Network::new(&config, 3);
    let weights = network.initialise(3).frozen();
    let values = Init::new(5).normal(3 * 40);
    let outputs = |values: &[f32]| {
        let task = Task::new(&network, values, 1);
        let input = from_values(task.input.clone(), [1, 3, 40]);
        let now = from_values(task.now.clone(), [1, 3, 40]);
        nn::values(network.forward(&weights, input, now, &[]))
    };
    let before = outputs(&values);
    for direction in 0..3 {
        let mut moved = values.clone();
        moved[20 * 3 + direction] += 1.0;
        let after = outputs(&moved);
        let k = network.n_outputs();
        for j in 0..3 {
            for t in 0..40 {
                let is_other = (0..k).any(|i| {
                    let at = (j * k + i) * 40 + t;
                    after[at] != before[at]
                });
                // As far back as it looks, or an earlier direction of the same frame.
                let may_differ =
                    t > 20 && t - 20 <= config.context_frames() || t == 20 && j > direction;
                assert!(may_differ || !is_other, "{direction} is seen by {j} at {t}");
                assert!(is_other || t != 21, "{direction} is not seen by {j} at {t}");
            }
        }
    }
}

/// Each learns what there is to learn, and says so in the same unit.
#[test]
fn training_comes_near_the_entropy_of_the_source() {
    let frames = latents(6000, SIZE, 1);
    let held_out = [clip(&latents(1500, SIZE, 2))];
    // Innovations of deviations 0.86 and 0.1 (the second is told by the first), and noise of 0.3 twice.
    let entropy: f64 =
        [0.86f64, 0.1, 0.3, 0.3].iter().map(|it| it.ln() + 0.5 + 0.918_938_5).sum::<f64>() / 4.0;
    let check = |more: &serde_json::Value, n_steps: u64, within: f64| {
        let config = config(more);
        let untrained = trained(&config, &frames, 0).measure(&held_out).unwrap().score;
        let score = trained(&config, &frames, n_steps).measure(&held_out).unwrap().score;
        assert!(score < untrained && score > entropy - 0.03, "{score} {untrained} {entropy}");
        assert!(score < entropy + within, "{score} {untrained} {entropy}");
    };
    check(&json!({ "learning_rate": 1e-2, "dropout": 0.0 }), 250, 0.1);
    // What is not modelled counts as if its deviation were 1, and coarse bins do not tell values of a narrow
    // direction apart.
    let mut more = quantised();
    more["learning_rate"] = 1e-2.into();
    check(&more, 250, 0.9);
}

#[test]
fn resuming_goes_on_as_if_nothing_had_happened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    for more in [json!({}), quantised()] {
        let frames = latents(400, SIZE, 1);
        let mut straight = trained(&config(&more), &frames, 3);
        straight.save(&path).unwrap();
        let mut resumed = Training::load(&path).unwrap();
        for step in 3..6 {
            let batch = batch(&straight, &frames, step);
            let expected = straight.step_while(&batch, &mut || true).unwrap();
            assert_eq!(resumed.step_while(&batch, &mut || true).unwrap(), expected);
        }
        let clips = [clip(&latents(100, SIZE, 2))];
        assert_eq!(resumed.measure(&clips), straight.measure(&clips));
        assert!(straight.measure(&clips).unwrap().score.is_finite());
        assert_eq!(resumed.render(&clips[0]), straight.render(&clips[0]));
        let report = resumed
            .step_while(&[f32::NAN; 4096][..batch(&straight, &frames, 0).len()], &mut || true);
        assert!(!report.unwrap().is_finite);
        resumed.step_back(&path).unwrap();
        assert_eq!((resumed.global_step(), resumed.n_steps_back()), (3, 1));
        assert!(resumed.step_while(&batch(&straight, &frames, 9), &mut || false).is_none());
    }
}

#[test]
fn what_is_rendered_begins_with_what_was_heard() {
    let frames = latents(400, SIZE, 1);
    for more in [json!({}), quantised()] {
        let training = trained(&config(&more), &frames, 2);
        let clip = clip(&latents(50, SIZE, 2));
        let Some(Rendered::Latents(made)) = training.render(&clip) else { panic!("latents") };
        for (made, heard) in made.iter().zip(&clip) {
            assert_eq!((made.len(), &made[..25]), (50, &heard[..25]));
            assert!(made[25..] != heard[25..] && made.iter().all(|x| x.is_finite()));
        }
        let Some(Rendered::Latents(made)) = training.render(&[]) else { panic!("latents") };
        let rate_hz = codec(SIZE).shape.latent_rate_hz();
        assert_eq!((made.len(), made[0].len()), (SIZE, (6.0 * rate_hz).ceil() as usize));
    }
}

#[test]
fn clips_too_short_to_measure_are_left_out() {
    let training = trained(&config(&quantised()), &latents(400, SIZE, 1), 0);
    assert_eq!(training.measure(&[clip(&latents(2, SIZE, 1))]), None);
    assert_eq!(training.measure(&[vec![vec![]; SIZE]]), None);
    assert_eq!(training.measure(&[]), None);
}
