//! Features and pitch of whole files, and what is said when they cannot be measured.

use std::f32::consts::TAU;

use audio::{WavFormat, write_wav};
use nn::npy::{self, Numbers};

use super::*;

/// A second of a tone in the left channel of two.
fn sound(folder: &Path, rate_hz: u32, hz: f32) -> std::path::PathBuf {
    let tone: Vec<f32> =
        (0..rate_hz).map(|n| 0.5 * (TAU * hz * n as f32 / rate_hz as f32).sin()).collect();
    let silence = vec![0.0; tone.len()];
    let path = folder.join(format!("{rate_hz}.wav"));
    let clip = Clip { rate_hz, channels: vec![tone, silence] };
    write_wav(&path, &clip, WavFormat::Float32).unwrap();
    path
}

fn order(feature: &str) -> FeatureOrder {
    FeatureOrder { feature: feature.to_owned(), rate_hz: 22_050, n_fft: 2048, hop: 512 }
}

#[test]
fn every_feature_becomes_an_array_of_bins_and_frames() {
    let folder = tempfile::tempdir().unwrap();
    for rate_hz in [8000, 44_100, 192_000] {
        let input = sound(folder.path(), rate_hz, 440.0);
        for (name, _) in feature_names() {
            let output = folder.path().join("f.npy");
            let measured = measure_feature(&input, &output, &order(name)).unwrap();
            assert!((measured.secs - 1.0).abs() < 1e-3);
            let array = npy::read(&output, 1 << 20).unwrap();
            assert_eq!(array.shape, [measured.bins as usize, 44], "{name}");
            let Numbers::Floats(values) = array.numbers else { panic!("not floats") };
            assert!(values.iter().all(|x| x.is_finite()), "{name}");
            if name == "rms" {
                // Half of it: the other channel is silent.
                assert!((values[20] - 0.25 / 2f32.sqrt()).abs() < 1e-3, "{}", values[20]);
            }
        }
    }
}

#[test]
fn pitch_is_found_at_any_rate() {
    let folder = tempfile::tempdir().unwrap();
    for rate_hz in [8000, 44_100] {
        let input = sound(folder.path(), rate_hz, 330.0);
        let track = measure_pitch(&input, &PitchOrder::default()).unwrap();
        assert_eq!((track.frames.len(), track.hop), (44, 512));
        let middle = track.frames[20].f0_hz.unwrap();
        assert!((middle - 330.0).abs() < 2.0, "{middle}");
    }
}

#[test]
fn the_melody_of_a_file_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    for rate_hz in [8000, 44_100, 192_000] {
        let input = sound(folder.path(), rate_hz, 440.0);
        let track = measure_melody(&input).unwrap();
        assert_eq!((track.rate_hz, track.hop, track.frames.len()), (22_050, 128, 173));
        let middle = track.frames[86];
        assert!(middle.f0_hz.is_some_and(|hz| (hz - 440.0).abs() < 2.0), "{middle:?}");
        assert!((0.5..=1.0).contains(&middle.probability), "{middle:?}");
    }
    let gone = measure_melody(&folder.path().join("gone.wav")).unwrap_err();
    assert_eq!(gone.code, "unreadable");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let input = sound(folder.path(), 8000, 440.0);
    let output = folder.path().join("f.npy");
    let refused = |input: &Path, order: FeatureOrder, code: &str, text: &str| {
        let problem = measure_feature(input, &output, &order).unwrap_err();
        assert_eq!(problem.code, code);
        let why = problem.why.unwrap();
        assert!(why.contains(text) && problem.remedy.is_some(), "{why}");
        assert!(!output.exists());
    };
    refused(&input, order("mfc"), "unfit", "no feature");
    refused(&input, FeatureOrder { rate_hz: 4000, ..order("cqt") }, "unfit", "a rate of");
    refused(&input, FeatureOrder { n_fft: 7, ..order("rms") }, "unfit", "frame of 7");
    refused(&folder.path().join("gone.wav"), order("rms"), "unreadable", "could not be read");
    let pitch = PitchOrder { high_hz: 20_000.0, ..PitchOrder::default() };
    assert_eq!(measure_pitch(&input, &pitch).unwrap_err().code, "unfit");
}
