//! Folders that are damaged, foreign or not whole.

use std::path::Path;

use super::*;

/// Fields whose values a configuration may lie about.
const FIELDS: [&str; 12] = [
    "target_bandwidths",
    "sampling_rate",
    "audio_channels",
    "chunk_length_s",
    "overlap",
    "hidden_size",
    "num_filters",
    "num_residual_layers",
    "upsampling_ratios",
    "kernel_size",
    "dilation_growth_rate",
    "codebook_size",
];

fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let found = check(folder.path()).unwrap();
    assert!(!found.is_usable);
    assert!(open_encodec(folder.path()).is_err());
    found.problems
}

#[test]
fn folders_that_cannot_be_used_say_why() {
    let check = |files: &[(&str, &str)], expected: &[&str]| {
        let found = problems(files);
        for expected in expected {
            assert!(found.iter().any(|it| it.contains(expected)), "{expected}: {found:?}");
        }
    };
    check(&[], &["no file of weights", "There is no config.json"]);
    check(&[("config.json", "{")], &["not JSON"]);
    check(&[("config.json", "[]")], &["does not say the kind"]);
    check(&[("config.json", r#"{"model_type":"bert"}"#)], &["“bert” cannot be used"]);
    let pointer = "version https://git-lfs.github.com/spec/v1\n";
    let config = r#"{"model_type":"encodec"}"#;
    check(
        &[("config.json", config), ("model.safetensors", pointer)],
        &["Git LFS pointer", "tensors are missing"],
    );
    check(&[("config.json", r#"{"model_type":"encodec","num_filters":0}"#)], &["num_filters is 0"]);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let error = check(Path::new("no such folder")).unwrap_err().to_string();
    assert!(error.contains("no such folder"), "{error}");
}

proptest::proptest! {
    #[test]
    fn hostile_configurations_are_no_worse_than_an_error(
        field in 0..FIELDS.len(),
        number in proptest::num::f64::ANY,
        whole in proptest::num::i64::ANY,
        kind in 0..4,
    ) {
        let value = match kind {
            0 => serde_json::json!(number),
            1 => serde_json::json!(whole),
            2 => serde_json::json!([number, whole]),
            _ => serde_json::json!([whole % 600]),
        };
        let mut config = serde_json::json!({ "model_type": "encodec" });
        config[FIELDS[field]] = value;
        // What is accepted can be listed, so every shape is within bounds.
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        if let Ok(wanted) = (encodec::KIND.look)(&HubFolder::new(folder.path())) {
            let tensors = wanted.parts.iter().flat_map(|part| &part.tensors);
            proptest::prop_assert!(bytes_of(tensors.map(|it| &it.1[..])) <= 1 << 32);
        }
    }

    #[test]
    fn hostile_text_as_configuration_is_no_worse_than_an_error(text in ".{0,200}") {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), &text).unwrap();
        let found = check(folder.path()).unwrap();
        proptest::prop_assert!(!found.is_usable);
    }
}
