//! Tests of priors in modules: what a module makes is what the prior plays here.

use nn::torch_script::{Module, Player};
use serde_json::json;

use super::*;
use crate::prior::live::tests::{SETTINGS, SIZE, model, quantised};
use crate::prior::quantised as quantisation;
use crate::{Prior as _, PriorSettings};

fn module(model: &Model, path: &std::path::Path) -> Player {
    let mut graph = Graph::new();
    let temperature = graph.input(1).value;
    let made = frame(model, &mut graph, temperature);
    let mut module = Module::new();
    module.graph("prior_frame", &graph, made);
    module.generator("prior", "prior_frame");
    module.add_reset();
    module.write(path).unwrap();
    Player::open(path).unwrap()
}

/// Coordinates of frames that a module makes: `[frame][direction]`.
fn made(player: &mut Player, x: f32, n_frames: usize) -> Vec<Vec<f32>> {
    let played = player.call("prior", &vec![x; n_frames], [1, 1, n_frames]).unwrap();
    assert_eq!(played.shape, [1, SIZE, n_frames]);
    let value = |i: usize, t: usize| played.values[i * n_frames + t];
    (0..n_frames).map(|t| (0..SIZE).map(|i| value(i, t)).collect()).collect()
}

/// Coordinates of frames that the prior plays.
fn played(model: &Model, settings: PriorSettings, n_frames: usize) -> Vec<Vec<f32>> {
    let mut live = model.live(settings);
    let space = model.space();
    let mut frame = [0.0; SIZE];
    let mut next = || {
        live.next(&mut frame);
        let centred: Vec<f32> = frame.iter().zip(&space.mean).map(|(x, mean)| x - mean).collect();
        let along = |direction: &Vec<f32>| direction.iter().zip(&centred).map(|(a, x)| a * x).sum();
        space.directions.iter().map(along).collect()
    };
    (0..n_frames).map(|_| next()).collect()
}

#[test]
fn a_module_makes_the_most_likely_frames() {
    let folder = tempfile::tempdir().unwrap();
    let likely = PriorSettings { temperature: 0.0, ..SETTINGS };
    let mixture = model(&json!({}));
    let mut player = module(&mixture, &folder.path().join("mixture.ts"));
    // At the lowest temperature that a module has, what is drawn is a thousandth as wide.
    let found = made(&mut player, -80.0, 12);
    for (t, (found, expected)) in found.iter().zip(played(&mixture, likely, 12)).enumerate() {
        for (i, (a, b)) in found.iter().zip(&expected).enumerate().take(4) {
            assert!((a - b).abs() < 0.03, "frame {t}, {i}: {a} {b}");
        }
    }
    // It goes on where it was, and a reset begins anew.
    player.act("reset").unwrap();
    let halves = [made(&mut player, -80.0, 6), made(&mut player, -80.0, 6)].concat();
    assert!(halves.iter().flatten().zip(found.iter().flatten()).all(|(a, b)| (a - b).abs() < 0.5));

    let quantised = model(&quantised());
    let mut player = module(&quantised, &folder.path().join("quantised.ts"));
    let found = made(&mut player, -80.0, 15);
    // The first frames of the original, and so of a module, are not whole.
    for (t, (found, expected)) in found[3..].iter().zip(played(&quantised, likely, 12)).enumerate()
    {
        let bins = |frame: &[f32]| -> Vec<usize> {
            frame[..4].iter().map(|x| quantisation::bin(*x, 16)).collect()
        };
        assert_eq!(bins(found), bins(&expected), "frame {t}");
    }
}

#[test]
fn a_module_draws_as_widely_as_the_prior() {
    let folder = tempfile::tempdir().unwrap();
    for (name, more) in [("mixture.ts", json!({})), ("quantised.ts", quantised())] {
        let model = model(&more);
        let mut player = module(&model, &folder.path().join(name));
        let moments = |frames: &[Vec<f32>]| -> Vec<[f64; 2]> {
            let n = frames.len() as f64;
            let of = |i: usize| {
                let mean = frames.iter().map(|it| f64::from(it[i])).sum::<f64>() / n;
                let square =
                    frames.iter().map(|it| (f64::from(it[i]) - mean).powi(2)).sum::<f64>() / n;
                [mean, square.sqrt()]
            };
            (0..SIZE).map(of).collect()
        };
        // A call has a budget.
        let frames: Vec<Vec<f32>> = (0..30).flat_map(|_| made(&mut player, 0.0, 100)).collect();
        let found = moments(&frames[10..]);
        let expected = moments(&played(&model, SETTINGS, 3000)[10..]);
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let ratio = found[1] / expected[1];
            assert!((0.8..1.25).contains(&ratio), "{name} {i}: {found:?} {expected:?}");
            let apart = (found[0] - expected[0]).abs() / expected[1];
            assert!(apart < 0.3, "{name} {i}: {found:?} {expected:?}");
        }
    }
}
