//! Tests of playing: it knows what training knows, and agrees with the original program turn by turn.

use serde_json::json;

use super::*;
use crate::prior::config::Config;
use crate::prior::directions::tests::{codec, latents, learnt};
use crate::prior::objective::Task;
use crate::rave::vectors::Vectors;
use crate::{Finished as _, LatentSpace, Prior as _};

pub(in crate::prior) const SIZE: usize = 5;
pub(in crate::prior) const SETTINGS: PriorSettings = PriorSettings { seed: 1, temperature: 1.0 };

pub(in crate::prior) fn model(more: &serde_json::Value) -> Model {
    let mut settings = json!({
        "res_size": 16, "skp_size": 16, "cycle_size": 3, "n_layers": 4, "head_size": 8,
        "latent_size": 4, "resolution": 16,
    });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let config = Config::from_settings(&settings).unwrap();
    let frames = latents(300, SIZE, 3);
    let directions = match config.distribution {
        Distribution::Mixture => Directions::measured(&learnt(&frames, SIZE), 4),
        Distribution::Quantised => {
            Directions::plain(LatentSpace::measured(&frames, SIZE).unwrap(), 4)
        }
    };
    let mut parameters = Network::new(&config, 4).initialise(9);
    // Larger weights than at first, so that what was before matters.
    let names: Vec<String> = parameters.names().map(str::to_owned).collect();
    for name in names {
        parameters.values_mut(&name).unwrap().iter_mut().for_each(|it| *it *= 1.5);
    }
    Model::new(&config, directions, codec(SIZE), parameters, 0)
}

pub(in crate::prior) fn quantised() -> serde_json::Value {
    json!({ "distribution": "quantised" })
}

fn made(live: &mut dyn LivePrior, n: usize) -> Vec<Vec<f32>> {
    let mut frame = vec![0.0; SIZE];
    (0..n)
        .map(|_| {
            live.next(&mut frame);
            frame.clone()
        })
        .collect()
}

#[test]
fn a_seed_decides_and_a_reset_begins_anew() {
    for more in [json!({}), quantised()] {
        let model = model(&more);
        let mut live = model.live(SETTINGS);
        let first = made(live.as_mut(), 20);
        assert!(first.iter().flatten().all(|x| x.is_finite()));
        assert_ne!(first[..10], first[10..]);
        live.hear(&[9.0; SIZE]);
        live.reset(1);
        assert_eq!(made(live.as_mut(), 20), first);
        live.reset(2);
        assert_ne!(made(live.as_mut(), 20), first);
        live.set_temperature(0.0);
        live.reset(3);
        let likely = made(live.as_mut(), 20);
        live.reset(4);
        assert_eq!(made(live.as_mut(), 20), likely, "nothing is left to draw");
    }
}

/// What it draws from after having heard frames is what the network says that is measured and trained.
#[test]
fn playing_knows_what_training_knows() {
    for more in [json!({}), quantised()] {
        let model = model(&more);
        let (network, directions) = (model.network(), model.directions());
        let heard = latents(40, SIZE, 8);
        let mut along = [0.0; SIZE];
        let mut values = Vec::new();
        for frame in heard.chunks(SIZE) {
            directions.values_of(frame, &mut along);
            values.extend_from_slice(&along[..4]);
        }
        // One frame more, which is only what is to be predicted.
        values.extend([0.0; 4]);
        let task = Task::new(network, &values, 1);
        let shape = |channels| [1, channels, task.n_frames];
        let input = nn::from_values(task.input.clone(), shape(network.channels_in()));
        let now = nn::from_values(task.now.clone(), shape(4));
        let outputs = nn::values(network.forward(&model.parameters().frozen(), input, now, &[]));
        let k = network.n_outputs();
        let last = |i: usize| outputs[i * task.n_frames + task.n_frames - 1];

        let mut live = Live::new(&model, SETTINGS);
        heard.chunks(SIZE).for_each(|frame| live.hear(frame));
        match &mut live.head {
            Head::Bins(bins) => {
                // The last input of the task has the last frame that was heard in its last direction but one.
                let known = bins.known(&mut live.row, &mut live.input);
                let logits = bins.out.process(known, &mut |_: &mut [f32]| {});
                for (i, logit) in logits.iter().enumerate() {
                    assert!((logit - last(i)).abs() < 1e-4, "{i}: {logit} {}", last(i));
                }
            }
            Head::Mixture(mixtures) => {
                let known = live.row.step(&live.input).to_vec();
                let mut drawn = [0.0; 4];
                mixtures.draw(&known, 0.0, &mut live.rng, &mut drawn);
                // The first direction knows nothing of its frame, so its mean is the task's.
                let logits: Vec<f32> = (0..k / 3).map(last).collect();
                let best = objective::draw_index(&logits, 0.0, 0.0);
                let expected = last(k / 3 + best);
                assert!((drawn[0] - expected).abs() < 1e-4, "{} {expected}", drawn[0]);
            }
        }
    }
}

/// Values of several frames agree with a network that sees all at once, direction by direction.
#[test]
fn frames_are_the_most_likely_ones_one_after_the_other() {
    let model = model(&json!({}));
    let network = model.network();
    let mut live = Live::new(&model, PriorSettings { temperature: 0.0, ..SETTINGS });
    let mut values: Vec<f32> = Vec::new();
    let mut frame = [0.0; SIZE];
    for _ in 0..30 {
        live.next(&mut frame);
        values.extend_from_slice(&live.input);
    }
    let task = Task::new(network, &values, 1);
    let input = nn::from_values(task.input.clone(), [1, 4, 30]);
    let now = nn::from_values(task.now.clone(), [1, 4, 30]);
    let outputs = nn::values(network.forward(&model.parameters().frozen(), input, now, &[]));
    let k = network.n_outputs();
    for t in 0..30 {
        for j in 0..4 {
            let of: Vec<f32> = (0..k).map(|i| outputs[(j * k + i) * 30 + t]).collect();
            let expected = mixture::draw(&of, 0.0, 0.0, 0.0);
            let found = values[t * 4 + j];
            assert!((found - expected).abs() < 1e-4, "frame {t}, {j}: {found} {expected}");
        }
    }
}

/// The most likely turns are those of the original program, and so are the frames that they make.
#[test]
fn turns_are_the_originals() {
    let reference = Vectors::read("prior");
    let settings = json!({
        "distribution": "quantised", "resolution": 8, "res_size": 16, "skp_size": 8,
        "kernel_size": 3, "cycle_size": 2, "n_layers": 3, "latent_size": 4,
    });
    let config = Config::from_settings(&settings).unwrap();
    let mut parameters = nn::Parameters::new();
    for (name, shape, values) in reference.state() {
        parameters.insert(name, &shape, values.unwrap());
    }
    let space = LatentSpace::measured(&latents(100, 4, 1), 4).unwrap();
    let directions = Directions::plain(space, 4);
    let model = Model::new(&config, directions, codec(4), parameters, 0);
    let mut live = Live::new(&model, PriorSettings { temperature: 0.0, ..SETTINGS });
    let expected = &reference.arrays["frames"];
    // The first turn is of zeros; the first frame that ours makes is the first whole one after it.
    let n_frames = expected.values.len() / 4;
    let mut frame = [0.0; 4];
    for t in 1..n_frames {
        live.next(&mut frame);
        let mut along = [0.0; 4];
        model.directions().values_of(&frame, &mut along);
        let found: Vec<f32> = along.iter().map(|x| quantised::bin(*x, 8) as f32).collect();
        assert_eq!(found, &expected.values[t * 4..(t + 1) * 4], "frame {t}");
    }
}

/// Hearing goes on from what really was: the same frames give the same state.
#[test]
fn what_was_made_is_forgotten_where_frames_are_heard() {
    let model = model(&quantised());
    let heard = latents(60, SIZE, 5);
    let mut straight = model.live(SETTINGS);
    heard.chunks(SIZE).for_each(|frame| straight.hear(frame));
    let mut other = model.live(SETTINGS);
    made(other.as_mut(), 7);
    // As many frames as it looks back, and those that directions wait for.
    heard.chunks(SIZE).for_each(|frame| other.hear(frame));
    straight.set_temperature(0.0);
    other.set_temperature(0.0);
    assert_eq!(made(other.as_mut(), 9), made(straight.as_mut(), 9));
}

#[test]
fn files_bring_back_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    for more in [json!({}), quantised()] {
        let model = model(&more);
        model.save(&path).unwrap();
        let opened = crate::open(&path).unwrap();
        assert!(opened.equals(&model));
        let prior = opened.as_prior().unwrap();
        assert_eq!(prior.codec(), &codec(SIZE));
        assert_eq!(prior.context_frames(), 2 * (1 + 1 + 2 + 4 + 1) + 1);
        let expected = made(model.live(SETTINGS).as_mut(), 5);
        assert_eq!(made(prior.live(SETTINGS).as_mut(), 5), expected);
        let described = crate::look_at(&path).unwrap();
        assert_eq!(described.prior_of, Some(codec(SIZE)));
        assert_eq!(described.settings.to_value(), model.settings());
    }
}
