//! Folders of tiny models in both forms, against the tensors that demucs makes, and folders that lie.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nn::{NamedArray, checkpoint};
use serde_json::{Value, json};

use super::*;

const NAMES: [&str; 3] = ["bottom", "bands", "plain"];
const CLASS_KEY: &str = "klass";

fn vectors(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/htdemucs");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn state(vectors: &Value) -> Vec<(String, Vec<usize>)> {
    serde_json::from_value(vectors["state"].clone()).unwrap()
}

/// A folder as a hub has it: a bag of one model.
fn folder(settings: &Value, class: &str, state: Vec<(String, Vec<usize>)>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    std::fs::write(at("htdemucs.yaml"), "models: ['955717e8']\n").unwrap();
    std::fs::write(at("README.md"), "---\nlicense: mit\n---\n").unwrap();
    let array = |(name, shape): (String, Vec<usize>)| {
        let values = vec![0.5; shape.iter().product()];
        NamedArray { name, shape, values }
    };
    let arrays: Vec<NamedArray> = state.into_iter().map(array).collect();
    let said = [(CLASS_KEY, class), ("args", "[]"), ("kwargs", &settings.to_string())];
    let said: BTreeMap<String, String> =
        said.into_iter().map(|(key, it)| (key.to_owned(), it.to_owned())).collect();
    checkpoint::write(&at("955717e8.safetensors"), &arrays, &said).unwrap();
    folder
}

#[test]
fn tensors_are_those_of_the_reference() {
    for name in NAMES {
        let vectors = vectors(name);
        let config = HtDemucsConfig::parse(vectors["settings"].as_object().unwrap()).unwrap();
        let sorted = |mut it: Vec<(String, Vec<usize>)>| {
            it.sort();
            it
        };
        assert_eq!(sorted(config.tensors()), sorted(state(&vectors)), "{name}");
    }
}

#[test]
fn a_bag_is_known_and_checked_and_separation_is_said_to_be_lacking() {
    let vectors = vectors("bottom");
    let whole = folder(&vectors["settings"], CLASS, state(&vectors));
    let found = crate::hub::check(whole.path()).unwrap();
    assert_eq!(found.family.as_deref(), Some("htdemucs"));
    assert!(
        found.is_usable && found.missing.is_empty() && found.unexpected.is_empty(),
        "{found:?}"
    );
    assert_eq!(found.licence.map(|it| it.name).as_deref(), Some("mit"));
    assert!(found.uses.is_empty());
    let fact = |name: &str| found.facts.iter().find(|it| it.0 == name).map(|it| it.1.as_str());
    assert_eq!(fact("stems"), Some("drums, bass, other, vocals"));
    assert!(fact("separation").unwrap().contains("not offered here yet"));

    // One tensor is lacking, one is foreign, one has another shape.
    let mut lying = state(&vectors);
    lying[0].0 = "foreign".to_owned();
    lying[1].1[0] += 1;
    let found = crate::hub::check(folder(&vectors["settings"], CLASS, lying).path()).unwrap();
    assert!(!found.is_usable);
    assert_eq!(
        (found.missing.len(), &found.unexpected[..]),
        (1, &["955717e8.safetensors: foreign".to_owned()][..])
    );
    assert!(found.problems.iter().any(|it| it.contains("another shape")), "{:?}", found.problems);
}

#[test]
fn folders_that_lie_are_refused_in_words() {
    let vectors = vectors("plain");
    let check = |settings: Value, class: &str, expected: &str| {
        let folder = folder(&settings, class, vec![]);
        let found = crate::hub::check(folder.path()).unwrap();
        assert!(!found.is_usable);
        assert!(found.problems.iter().any(|it| it.contains(expected)), "{:?}", found.problems);
    };
    let with = |key: &str, value: Value| {
        let mut settings = vectors["settings"].clone();
        settings[key] = value;
        settings
    };
    check(with("channels", json!(1u64 << 40)), CLASS, "channels is");
    check(with("depth", json!(0)), CLASS, "depth is 0");
    check(with("growth", json!("much")), CLASS, "invalid type");
    check(with("sources", json!([])), CLASS, "number of sources");
    check(with("t_sparse_self_attn", json!(true)), CLASS, "sparse");
    check(with("dconv_comp", json!(0)), CLASS, "out of its range");
    check(json!([1]), CLASS, "no settings by name");
    check(vectors["settings"].clone(), "demucs.hdemucs.HDemucs", "of the class demucs.hdemucs");
    check(vectors["settings"].clone(), "os.system", "of the class os.system");

    let folder = folder(&vectors["settings"], CLASS, state(&vectors));
    let path = folder.path().join("955717e8.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let found = crate::hub::check(folder.path()).unwrap();
    assert!(!found.is_usable, "{found:?}");
    std::fs::remove_file(&path).unwrap();
    let found = crate::hub::check(folder.path()).unwrap();
    assert!(found.problems.iter().any(|it| it.contains("is not there")), "{:?}", found.problems);
}
