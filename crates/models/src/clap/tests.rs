//! Both sides against transformers, and folders that lie.

use super::*;
use crate::layers::reference::{Vectors, apart, cosine, place, sound, state, write_weights};

/// A folder as a hub has it.
fn folder(vectors: &Vectors) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, json: &serde_json::Value| {
        std::fs::write(folder.path().join(name), json.to_string()).unwrap();
    };
    write("config.json", &vectors.settings["config"]);
    write("preprocessor_config.json", &vectors.settings["preprocessor"]);
    let words = place("clap").join("tokenizer.json");
    std::fs::copy(words, folder.path().join("tokenizer.json")).unwrap();
    let weights = folder.path().join("model.safetensors");
    write_weights(&weights, &state(&vectors.meta["state"], ""));
    folder
}

fn opened() -> (Vectors, Clap) {
    let vectors = Vectors::read("clap");
    let folder = folder(&vectors);
    let clap = Clap::open(folder.path()).unwrap();
    (vectors, clap)
}

#[test]
fn the_folder_is_whole() {
    let folder = folder(&Vectors::read("clap"));
    let found = crate::hub::check(folder.path()).unwrap();
    assert_eq!(found.family.as_deref(), Some("clap"));
    assert!(
        found.is_usable && found.missing.is_empty() && found.unexpected.is_empty(),
        "{found:?}"
    );
}

#[test]
fn words_are_where_the_reference_puts_them() {
    let (vectors, clap) = opened();
    for (i, prompt) in vectors.meta["prompts"].as_array().unwrap().iter().enumerate() {
        let prompt = prompt.as_str().unwrap();
        let expected = vectors.array(&format!("text {i}"));
        // The network alone, then with its tokenizer.
        let hidden = clap.text.network.hidden(&vectors.ids(&format!("ids {i}")), 2);
        let last = vectors.array(&format!("text {i} last"));
        assert!(apart(&hidden, &last.values) < 1e-4, "{prompt}: {}", apart(&hidden, &last.values));
        let alone = clap.text.network.embedding(&hidden);
        assert!(apart(&alone, &expected.values) < 1e-4, "{prompt}");
        let whole = clap.text.embed(prompt);
        let near = cosine(&whole.values, &expected.values);
        assert!(near > 0.99999 && whole.n_cut == 0, "{prompt}: {near}");
        assert_eq!(clap.text.hidden(prompt, 2).unwrap(), hidden, "{prompt}");
        println!("{prompt:?}: cosine {near}");
    }
    // A text that is too long is cut, and what was cut is counted.
    let long = clap.text.embed(&"rain and wind ".repeat(100));
    assert!(long.n_cut > 100 && long.values.iter().all(|x| x.is_finite()));
    assert!(clap.text.hidden("rain", 3).unwrap_err().to_string().contains("no layer 3"));
}

#[test]
fn sounds_are_where_the_reference_puts_them() {
    let (vectors, clap) = opened();
    for n in vectors.meta["lengths"].as_array().unwrap() {
        let n = n.as_u64().unwrap() as usize;
        let x = sound(n);
        let features = features::spectrogram(&clap.sound.features, &x);
        let expected = vectors.array(&format!("features {n}"));
        assert!(apart(&features, &expected.values) < 1e-4, "{n} samples: the spectrogram");
        let last = clap.sound.hidden(&x, 3).unwrap();
        let expected = vectors.array(&format!("sound {n} last"));
        let far = apart(&last.values, &expected.values);
        assert!(far < 1e-3, "{n} samples: hidden states are {far} apart");
        let found = clap.sound.embed(&x).unwrap();
        let near = cosine(&found, &vectors.array(&format!("sound {n}")).values);
        assert!(near > 0.99999, "{n} samples: {near}");
        println!("{n} samples: hidden states {far:e} apart, cosine {near}");
    }
    assert!(clap.sound.embed(&[]).unwrap_err().to_string().contains("empty"));
    assert!(clap.sound.hidden(&[0.0], 4).unwrap_err().to_string().contains("no layer 4"));
}

#[test]
fn a_long_sound_is_heard_from_its_beginning_to_its_end() {
    let (_, clap) = opened();
    let once = sound(16_000);
    // The same second twice has the embedding of one.
    let twice = [&once[..], &once[..]].concat();
    let [alone, found] = [&once, &twice].map(|x| clap.sound.embed(x).unwrap());
    assert!(cosine(&alone, &found) > 0.999_999);
    let other = [&once[..], &vec![0.0; 16_000]].concat();
    assert!(cosine(&alone, &clap.sound.embed(&other).unwrap()) < 0.999);
    // Parts reach from the first sample to the last.
    let parts = clap.sound.features.parts(&twice[..20_001]).unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[1].as_ptr_range().end, twice[..20_001].as_ptr_range().end);
}

#[test]
fn settings_that_lie_are_refused_before_anything_is_made() {
    let vectors = Vectors::read("clap");
    let check = |side: &str, field: &str, value: serde_json::Value, expected: &str| {
        let mut config = vectors.settings["config"].clone();
        config[side][field] = value;
        let said = ClapConfig::parse(&config).unwrap_err();
        assert!(said.contains(expected), "{field}: {said}");
    };
    check("text_config", "vocab_size", 0.into(), "vocab_size is 0");
    check("text_config", "hidden_size", (1u64 << 40).into(), "hidden_size is");
    check("text_config", "hidden_size", 33.into(), "multiple of num_attention_heads");
    check("text_config", "num_hidden_layers", (-1).into(), "invalid value");
    check("text_config", "hidden_act", "sine".into(), "not known here");
    check("text_config", "pad_token_id", 66.into(), "pad_token_id is 66");
    check("text_config", "layer_norm_eps", 1.0.into(), "layer_norm_eps");
    check("audio_config", "enable_fusion", true.into(), "unfused");
    check("audio_config", "window_size", 5.into(), "whole windows");
    check("audio_config", "spec_size", 63.into(), "multiple of num_mel_bins");
    check("audio_config", "depths", serde_json::json!([2, 2]), "not as many");
    check("audio_config", "depths", serde_json::json!([2, 2, 1000]), "depths is 1000");
    check(
        "audio_config",
        "num_attention_heads",
        serde_json::json!([2, 4, 7]),
        "multiple of its heads",
    );
    check("audio_config", "patch_stride", serde_json::json!([4, 2]), "both directions");
    check("audio_config", "patch_embeds_hidden_size", 0.into(), "patch_embeds_hidden_size is 0");
    let audio = ClapConfig::parse(&vectors.settings["config"]).unwrap().audio_config;
    let check = |field: &str, value: serde_json::Value, expected: &str| {
        let mut features = vectors.settings["preprocessor"].clone();
        features[field] = value;
        let said = FeatureConfig::parse(&features, &audio).unwrap_err();
        assert!(said.contains(expected), "{field}: {said}");
    };
    check("feature_size", 64.into(), "num_mel_bins");
    check("hop_length", 10.into(), "number of frames");
    check("max_length_s", 1e9.into(), "max_length_s");
    check("frequency_max", 20_000.into(), "half the rate");
    check("padding", "wrap".into(), "unknown variant");
}
