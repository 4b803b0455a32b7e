//! Words and sounds through tiny models of random weights, and what cannot become a vector.

use std::{collections::BTreeMap, fs, path::PathBuf};

use audio::{Clip, FileFormat, WavFormat, write_sound};
use nn::{Init, NamedArray, checkpoint, npy::Numbers};
use serde_json::Value;

use super::*;

fn vectors(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/vectors").join(path)
}

/// A folder as a hub has it, with the settings and the names of a reference, and a sound of another rate with two channels.
fn folder(reference: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let read = |path: PathBuf| -> Value {
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let settings = read(vectors(&format!("{reference}.json")));
    fs::write(at("config.json"), settings["config"].to_string()).unwrap();
    fs::write(at("preprocessor_config.json"), settings["preprocessor"].to_string()).unwrap();
    fs::copy(vectors("clap/tokenizer.json"), at("tokenizer.json")).unwrap();
    let file = checkpoint::read(&vectors(&format!("{reference}.safetensors"))).unwrap();
    let meta: Value = serde_json::from_str(&file.metadata["meta"]).unwrap();
    let state: Vec<(String, Vec<usize>)> = serde_json::from_value(meta["state"].clone()).unwrap();
    let array = |(name, shape): (String, Vec<usize>)| {
        let fan_in: usize = shape.iter().skip(1).product();
        let size = (3.0 / fan_in as f32).sqrt();
        let is_gain = shape.len() < 2 && !name.ends_with("bias") || name.ends_with("weight_g");
        let [low, high] = if is_gain { [0.8, 1.2] } else { [-size, size] };
        let values = Init::named(0, &name).uniform(shape.iter().product(), low, high);
        NamedArray { name, shape, values }
    };
    let arrays: Vec<NamedArray> = state.into_iter().map(array).collect();
    checkpoint::write(&at("model.safetensors"), &arrays, &BTreeMap::new()).unwrap();
    let wave = |k: f32| (0..30_000).map(|n| 0.3 * (n as f32 * k).sin()).collect();
    let clip = Clip { rate_hz: 22_050, channels: vec![wave(0.05), wave(0.07)] };
    write_sound(&at("in.wav"), &clip, FileFormat::Wav(WavFormat::Int16)).unwrap();
    folder
}

/// The vector of an input, or of one of its layers.
fn made(
    folder: &Path,
    input: ToEmbed<'_>,
    layer: Option<usize>,
) -> Result<(EmbeddedInput, Vec<f32>), Problem> {
    let output = folder.join("e.npy");
    let said = embed(folder, input, layer, &output)?;
    let written = npy::read(&output, 1 << 20).unwrap();
    assert_eq!(said.shape, written.shape.iter().map(|n| *n as u64).collect::<Vec<_>>());
    let Numbers::Floats(values) = written.numbers else { panic!("vectors are of float32") };
    assert!(values.iter().all(|x| x.is_finite()));
    Ok((said, values))
}

fn length(values: &[f32]) -> f32 {
    values.iter().map(|x| x * x).sum::<f32>().sqrt()
}

#[test]
fn words_and_sounds_lie_in_one_space() {
    let folder = folder("clap/tiny");
    let (folder, sound) = (folder.path(), folder.path().join("in.wav"));
    assert!(crate::check_weights(folder).unwrap().is_usable);
    let (said, words) = made(folder, ToEmbed::Text("rain on a tin roof"), None).unwrap();
    assert_eq!((&said.shape[..], said.layer, said.notes.len()), (&[24][..], None, 0));
    let (said, heard) = made(folder, ToEmbed::Sound(&sound), None).unwrap();
    assert_eq!(said.shape, [24]);
    assert!((length(&words) - 1.0).abs() < 1e-4 && (length(&heard) - 1.0).abs() < 1e-4);
    assert_ne!(words, heard);
    // The same words give the same numbers, and layers have a row for each token.
    assert_eq!(made(folder, ToEmbed::Text("rain on a tin roof"), None).unwrap().1, words);
    let (said, _) = made(folder, ToEmbed::Text("rain"), Some(1)).unwrap();
    assert_eq!((said.shape[1], said.layer), (32, Some(1)));
    for text in ["", "🎵 שלום мир", &"very long ".repeat(10_000)] {
        let (said, values) = made(folder, ToEmbed::Text(text), None).unwrap();
        assert!((length(&values) - 1.0).abs() < 1e-4);
        assert_eq!(
            said.notes.iter().any(|it| it.contains("too long")),
            text.len() > 1_000,
            "{text}"
        );
    }
}

#[test]
fn voices_have_a_row_a_frame_and_a_mean() {
    for reference in ["wav2vec2/wav2vec2_base", "wav2vec2/hubert_large"] {
        let folder = folder(reference);
        let (folder, sound) = (folder.path(), folder.path().join("in.wav"));
        let (said, mean) = made(folder, ToEmbed::Sound(&sound), None).unwrap();
        assert_eq!((said.shape.len(), mean.len()), (1, 24));
        let (said, rows) = made(folder, ToEmbed::Sound(&sound), Some(2)).unwrap();
        assert_eq!(said.shape[1], 24);
        assert_eq!(rows.len() as u64, 24 * said.shape[0]);
        let problem = made(folder, ToEmbed::Text("rain"), None).unwrap_err();
        assert_eq!(problem.code, "unfit");
        assert!(problem.why.unwrap().contains("does not read"));
        let problem = made(folder, ToEmbed::Sound(&sound), Some(99)).unwrap_err();
        assert!(problem.why.unwrap().contains("no layer 99"));
    }
}

#[test]
fn what_cannot_be_used_is_said_in_words() {
    let whole = folder("clap/tiny");
    let check = |folder: &Path, input: ToEmbed<'_>, output: &Path, expected: [&str; 2]| {
        let problem = embed(folder, input, None, output).unwrap_err();
        let [code, why] = expected;
        let said = format!("{} {}", problem.what, problem.why.clone().unwrap_or_default());
        assert!(problem.code == code && said.contains(why), "{problem:?}");
    };
    let words = ToEmbed::Text("rain");
    let output = whole.path().join("e.npy");
    check(&whole.path().join("nowhere"), words, &output, ["unreadable_folder", "nowhere"]);
    check(whole.path(), words, &whole.path().join("no/such.npy"), ["not_written", "no/such.npy"]);
    let text = whole.path().join("config.json");
    let problem = embed(whole.path(), ToEmbed::Sound(&text), None, &output).unwrap_err();
    assert!(problem.what.contains("could not be read as sound"), "{problem:?}");
    // A file that was downloaded by half.
    let path = whole.path().join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    check(whole.path(), words, &output, ["bad_model", "model.safetensors"]);
    // A model of another kind.
    fs::write(whole.path().join("config.json"), r#"{"model_type":"encodec"}"#).unwrap();
    check(whole.path(), words, &output, ["bad_model", "no vectors"]);
}
