//! The encoder against the reference's hidden states.

use std::collections::BTreeMap;
use std::path::Path;

use nn::{Init, NamedArray, checkpoint};

use super::*;

/// A tensor of the reference by the formulas of `benches/words/musicgen.py`.
fn tensor(name: &str, shape: Vec<usize>) -> NamedArray {
    let fan_in: usize = shape[1..].iter().product();
    let scale = if name.ends_with("SelfAttention.q.weight") { 0.5 } else { 1.0 };
    let value = |u: f64| match () {
        () if name.ends_with("norm.weight") => 0.8 + 0.4 * u,
        () if name.ends_with("shared.weight") => 3.0 * u - 1.5,
        () if name.ends_with("relative_attention_bias.weight") => 2.0 * u - 1.0,
        () => scale * (2.0 * u - 1.0) * (3.0 / fan_in as f64).sqrt(),
    };
    let draws = Init::named(0, name).uniform(shape.iter().product(), 0.0, 1.0);
    let values = draws.into_iter().map(|u| value(f64::from(u)) as f32).collect();
    NamedArray { name: name.to_owned(), shape, values }
}

#[test]
fn hidden_states_are_those_of_the_reference() {
    for name in ["t5_relu", "t5_gated_gelu"] {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/musicgen");
        let config = std::fs::read_to_string(vectors.join(format!("{name}.json"))).unwrap();
        let file = checkpoint::read(&vectors.join(format!("{name}.safetensors"))).unwrap();
        let meta: serde_json::Value = serde_json::from_str(&file.metadata["meta"]).unwrap();
        let ids: Vec<u32> = serde_json::from_value(meta["ids"].clone()).unwrap();
        let state: Vec<(String, Vec<usize>)> =
            serde_json::from_value(meta["state"].clone()).unwrap();
        let mut arrays: Vec<NamedArray> =
            state.into_iter().map(|(name, shape)| tensor(&name, shape)).collect();
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("config.json"), &config).unwrap();
        let path = place.path().join("model.safetensors");
        checkpoint::write(&path, &arrays, &BTreeMap::new()).unwrap();
        let found = crate::hub::check(place.path()).unwrap();
        assert!(found.is_usable && found.unexpected.is_empty(), "{found:?}");
        assert_eq!(found.family.as_deref(), Some("t5"));

        let config = T5Config::parse(&serde_json::from_str(&config).unwrap()).unwrap();
        let files = nn::weight_files::open(place.path()).unwrap();
        let model = T5::load(config.clone(), &files, Precision::Float32).unwrap();
        let expected = &file.arrays.iter().find(|it| it.name == "hidden").unwrap().values;
        let apart = |found: &[f32]| {
            assert_eq!(found.len(), expected.len());
            let pairs = found.iter().zip(expected);
            pairs.fold(0.0f32, |most, (a, b)| most.max((a - b).abs()))
        };
        let found = apart(&model.run(&ids));
        println!("{name}: hidden states at most {found:e} apart");
        assert!(found < 1e-4, "{name}: {found}");
        // 8 bits are near.
        let small = T5::load(config.clone(), &files, Precision::Int8).unwrap();
        let found = apart(&small.run(&ids));
        assert!(found < 0.1, "{name}: {found} with 8 bits");

        // The embedding under its other name.
        let other = arrays.iter_mut().find(|it| it.name == "shared.weight").unwrap();
        other.name = "encoder.embed_tokens.weight".to_owned();
        checkpoint::write(&path, &arrays, &BTreeMap::new()).unwrap();
        let found = crate::hub::check(place.path()).unwrap();
        assert!(found.is_usable && found.unexpected.is_empty(), "{found:?}");
        let files = nn::weight_files::open(place.path()).unwrap();
        let model = T5::load(config, &files, Precision::Float32).unwrap();
        assert!(apart(&model.run(&ids)) < 1e-4);
    }
}

#[test]
fn configurations_that_lie_are_refused() {
    let check = |field: &str, value: serde_json::Value, expected: &str| {
        let mut config = serde_json::json!({});
        config[field] = value;
        let said = T5Config::parse(&config).unwrap_err();
        assert!(said.contains(expected), "{field}: {said}");
    };
    check("d_model", 0.into(), "d_model is 0");
    check("d_ff", (1u64 << 40).into(), "d_ff is");
    check("num_layers", (-1).into(), "invalid value");
    check("relative_attention_num_buckets", 2.into(), "relative_attention_num_buckets is 2");
    check("relative_attention_max_distance", 4.into(), "relative_attention_max_distance is 4");
    check("feed_forward_proj", "gated-magic".into(), "gated-magic");
    check("layer_norm_epsilon", 7.into(), "layer_norm_epsilon");
}
