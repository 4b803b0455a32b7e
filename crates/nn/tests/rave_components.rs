//! Spectra and distances against the vectors that the real RAVE wrote, where they are at hand.
//!
//! The vectors lie in `rave/components/components.npz` of the folder `MAQUETTE_SHARED`, by default
//! `../shared` beside the workspace.
#![expect(clippy::print_stdout, reason = "a test says that it was skipped")]

use std::path::PathBuf;

use nn::{NamedArray, StftParams, from_values};

fn shared(path: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let root = std::env::var("MAQUETTE_SHARED").unwrap_or_else(|_| default.to_owned());
    let path = PathBuf::from(root).join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} not found", path.display());
    None
}

fn check(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance * scale, "{what}: {worst} of {scale}");
}

#[test]
fn spectra_and_distances_agree_with_rave() {
    let Some(path) = shared("rave/components/components.npz") else { return };
    let arrays = nn::npz::read(&path).unwrap();
    let get = |name: &str| arrays.iter().find(|array| array.name == name).unwrap();
    let sound = |array: &NamedArray| from_values(array.values.clone(), [1, array.values.len()]);
    let (x, y) = (sound(get("x")), sound(get("y")));

    for n_fft in [2048, 1024, 512, 256, 128] {
        // The vectors hold the first frames.
        let expected = get(&format!("stft_{n_fft}"));
        let params = StftParams { n_fft, hop: n_fft / 4, center_reflect: true };
        let magnitudes = nn::stft_magnitude(x.clone(), params);
        let n_frames = magnitudes.dims()[2];
        let values = nn::values(magnitudes);
        let rows = values.chunks(n_frames).map(|row| &row[..expected.shape[2]]);
        check("stft", &rows.flatten().copied().collect::<Vec<_>>(), &expected.values, 1e-6);
    }
    let scales = [2048, 1024, 512, 256, 128];
    for (name, epsilon) in [("audiodistv1_eps1e-07", 1e-7), ("audiodistv1_eps1", 1.0)] {
        let distance = nn::spectral_distance(y.clone(), x.clone(), &scales, epsilon);
        check(name, &nn::values(distance), &get(name).values, 1e-5);
    }
    let input = get("mod_sigmoid_in");
    let sigmoid = nn::values(nn::sigmoid(from_values(input.values.clone(), [input.values.len()])));
    let found: Vec<f32> = sigmoid.iter().map(|s| 2.0 * s.powf(2.3) + 1e-7).collect();
    check("mod_sigmoid", &found, &get("mod_sigmoid").values, 1e-5);
}
