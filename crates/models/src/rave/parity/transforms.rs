//! Agreement with the original program in the augmentation of excerpts.

use std::path::Path;

use audio::Compander;

use super::*;
use crate::rave::vectors::u;

#[test]
fn changes_of_dynamics() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/transforms.safetensors");
    let file = nn::checkpoint::read(&path).unwrap();
    let meta: Value = serde_json::from_str(&file.metadata["meta"]).unwrap();
    let compress =
        |name: &str, knee_db: f64, secs: f64, points: &[(f64, f64)], n_channels: usize| {
            let mut sound = stepped_sound()[..n_channels].to_vec();
            let points_db = points.to_vec();
            let compander = Compander { attack_secs: secs, decay_secs: secs, knee_db, points_db };
            audio::compand(&mut sound, 44_100, &compander);
            let stride = meta["arrays"][name]["stride"].as_u64().unwrap() as usize;
            let ours: Vec<f64> = wide(&sound.concat()).into_iter().step_by(stride).collect();
            check(name, &ours, &find(&file.arrays, name).values);
        };
    let random = |level_db: f64| [(-80.0, -80.0), (-40.0, level_db)];
    compress("input", 6.0, 0.1, &[], 2);
    compress("compress-60", 6.0, 0.1, &random(-60.0), 2);
    compress("compress-30", 6.0, 0.1, &random(-30.0), 2);
    compress("compress-10", 6.0, 0.1, &random(-10.0), 2);
    compress("compress0", 6.0, 0.1, &random(0.0), 2);
    compress("compress_mono", 6.0, 0.1, &random(-30.0), 1);
    compress("compress_default", 6.0, 0.1, &[(-70.0, -70.0), (-60.0, -20.0)], 2);
    let ambient = [(-30.0, -15.0), (-10.0, -8.0), (0.0, -5.0)];
    compress("compress_ambient", 6.0, 0.01, &ambient, 2);
}

/// The sound that the vectors were made from: loud and quiet passages, both channels of one example.
fn stepped_sound() -> Vec<Vec<f32>> {
    const SAMPLES: usize = 49_152;
    const HALVINGS: [i32; 8] = [0, 3, 8, 1, 10, 0, 5, 13];
    let noise = u("x", 2 * SAMPLES);
    let sample = |c: usize, t: usize| {
        let p = (t * (c + 1) % 97) as f64;
        let triangle = (97.0 - (4.0 * p - 194.0).abs()) / 97.0;
        let x = (0.25 * (2.0 * noise[c * SAMPLES + t] - 1.0) + 0.5 * triangle) as f32;
        x * 2f32.powi(-HALVINGS[t / 6144])
    };
    (0..2).map(|c| (0..SAMPLES).map(|t| sample(c, t)).collect()).collect()
}
