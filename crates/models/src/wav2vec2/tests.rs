//! Every layer of both forms against transformers, and settings that lie.

use super::*;
use crate::layers::reference::{Vectors, apart, sound, state, write_weights};

const NAMES: [&str; 4] = ["wav2vec2_base", "wav2vec2_large_lv60", "hubert_base", "hubert_large"];

/// A folder as a hub has it: base models inside a larger one and in the older spelling of weight normalisation.
fn folder(name: &str, vectors: &Vectors) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, json: &serde_json::Value| {
        std::fs::write(folder.path().join(name), json.to_string()).unwrap();
    };
    write("config.json", &vectors.settings["config"]);
    write("preprocessor_config.json", &vectors.settings["preprocessor"]);
    let mut arrays = state(&vectors.meta["state"], "");
    if name.ends_with("base") {
        let kind = name.split('_').next().unwrap();
        for array in &mut arrays {
            let older = array.name.replace("parametrizations.weight.original0", "weight_g");
            let older = older.replace("parametrizations.weight.original1", "weight_v");
            array.name = format!("{kind}.{older}");
        }
    }
    write_weights(&folder.path().join("model.safetensors"), &arrays);
    folder
}

#[test]
fn every_layer_is_that_of_the_reference() {
    for name in NAMES {
        let vectors = Vectors::named("wav2vec2", name);
        let folder = folder(name, &vectors);
        let found = crate::hub::check(folder.path()).unwrap();
        assert!(found.is_usable && found.unexpected.is_empty(), "{name}: {found:?}");
        let model = Wav2Vec2::open(folder.path()).unwrap();
        for n in vectors.meta["lengths"].as_array().unwrap() {
            let n = n.as_u64().unwrap() as usize;
            for layer in 0..=model.n_layers() {
                let expected = vectors.array(&format!("hidden {n} {layer}"));
                let found = model.hidden(&sound(n), layer).unwrap();
                let far = apart(&found, &expected.values);
                assert!(far < 1e-4, "{name}, {n} samples, layer {layer}: {far}");
                println!("{name}, {n} samples, layer {layer}: {far:e} apart");
            }
            let found = model.last(&sound(n)).unwrap();
            let far = apart(&found, &vectors.array(&format!("last {n}")).values);
            assert!(far < 1e-4, "{name}, {n} samples: {far}");
        }
        let said = model.hidden(&sound(800), 3).unwrap_err().to_string();
        assert!(said.contains("no layer 3"), "{said}");
        let said = model.hidden(&sound(20), 0).unwrap_err().to_string();
        assert!(said.contains("a frame needs 30"), "{said}");
    }
}

#[test]
fn settings_that_lie_are_refused_before_anything_is_made() {
    let vectors = Vectors::named("wav2vec2", "wav2vec2_base");
    let check = |field: &str, value: serde_json::Value, expected: &str| {
        let mut config = vectors.settings["config"].clone();
        config[field] = value;
        let said = Wav2Vec2Config::parse(&config).unwrap_err();
        assert!(said.contains(expected), "{field}: {said}");
    };
    check("hidden_size", 0.into(), "hidden_size is 0");
    check("hidden_size", (1u64 << 40).into(), "hidden_size is");
    check("num_attention_heads", 5.into(), "multiple of num_attention_heads");
    check("conv_dim", serde_json::json!([8]), "not as many");
    check("conv_dim", serde_json::json!([8, 12, 1_000_000]), "conv_dim is");
    check("conv_stride", serde_json::json!([5, 0, 2]), "conv_stride is 0");
    check("num_conv_pos_embedding_groups", 7.into(), "embedding_groups");
    check("feat_extract_norm", "batch".into(), "unknown variant");
    check("feat_extract_activation", "sine".into(), "not known here");
    check("conv_pos_batch_norm", true.into(), "conv_pos_batch_norm");
}
