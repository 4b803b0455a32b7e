//! What can be composed, and what would not work.

use api::Id;
use serde_json::{Value, json};

use super::*;

fn choices(preset: &str, switches: &[&str], settings: Value) -> Choices {
    Choices {
        family: None,
        preset: Some(preset.to_owned()),
        switches: switches.iter().map(|&name| name.to_owned()).collect(),
        settings: serde_json::from_value(settings).unwrap(),
    }
}

fn own(choices: Choices) -> OwnPreset {
    OwnPreset {
        project: None,
        format: OwnPreset::FORMAT,
        id: Id::numbered("My voice", 1),
        created_ms: 0,
        name: "My voice".to_owned(),
        summary: String::new(),
        choices,
        limit: Some(api::Limit::Steps { steps: 9 }),
    }
}

#[test]
fn a_run_lies_on_top_of_a_preset_of_ones_own() {
    let own = own(choices("v2", &["causal"], json!({ "batch_size": 3, "beta": 0.5 })));
    let mine = choices("my-voice", &["wasserstein"], json!({ "capacity": 32 }));
    let composed = compose(&mine, Some(&own)).unwrap();
    assert_eq!(composed.preset, "v2");
    assert_eq!(composed.switches, ["causal", "wasserstein"]);
    assert_eq!(composed.own_preset.unwrap().id.as_str(), "my-voice");
    assert_eq!(composed.limit, api::Limit::Steps { steps: 9 });
    let check = |key: &str, value: Value, origin: Origin| {
        assert_eq!(composed.settings[key], value, "{key}");
        assert_eq!(composed.origins[key], origin, "{key}");
    };
    check("capacity", json!(32), Origin::Setting);
    check("batch_size", json!(3), Origin::Preset);
    check("padding", json!("causal"), Origin::Switch { name: "causal".to_owned() });
    // The later switch wins over the setting under it.
    check("beta", json!(100.0), Origin::Switch { name: "wasserstein".to_owned() });
    check("ratios", json!([4, 4, 4, 2]), Origin::Preset);
    check("kernel_size", json!(3), Origin::Default);
}

#[test]
fn what_a_preset_lacks_is_named() {
    let check = |own_choices: Choices, code: &str, word: &str| {
        let problem = compose(&Choices::default(), Some(&own(own_choices))).unwrap_err();
        assert_eq!(problem.code, code, "{problem:?}");
        assert!(problem.what.contains("My voice"), "{problem:?}");
        assert!(problem.why.as_ref().unwrap().contains(word), "{problem:?}");
    };
    check(choices("v9", &[], json!({})), "broken_preset", "the preset `v9` is missing");
    check(choices("v2", &["loud"], json!({})), "broken_preset", "the switch `loud`");
    check(choices("v2", &[], json!({ "volume": 1 })), "broken_preset", "the setting `volume`");
    let both = choices("v9", &["loud"], json!({}));
    check(both, "broken_preset", "the preset `v9`, the switch `loud` are missing");
    let other = Choices { family: Some("other".to_owned()), ..Choices::default() };
    check(other, "broken_preset", "the family `other`");
    check(choices("v2", &[], json!({ "capacity": 0 })), "bad_settings", "must be");
}

#[test]
fn looking_ahead_costs_delay() {
    let centered = compose(&choices("v2", &[], json!({})), None).unwrap().codec.unwrap();
    let causal = compose(&choices("v2", &["causal"], json!({})), None).unwrap().codec.unwrap();
    assert!(causal.receptive_field.ahead_samples <= 1, "{:?}", causal.receptive_field);
    assert!(causal.latency_samples < centered.latency_samples / 10);
}

#[test]
fn shorter_frames_cost_less_delay() {
    let long = compose(&choices("v2", &[], json!({})), None).unwrap();
    let short = compose(&choices("sketch", &[], json!({})), None).unwrap();
    let [of_long, of_short] = [&long, &short].map(|it| it.codec.as_ref().unwrap());
    assert_eq!((of_long.ratio, of_long.rate_hz), (2048, 44_100));
    assert_eq!(of_long.compression, 2048.0 / 128.0);
    assert!((of_long.latent_rate_hz - 44_100.0 / 2048.0).abs() < 1e-9);
    for codec in [of_long, of_short] {
        let ahead = codec.receptive_field.ahead_samples;
        assert!(codec.latency_samples > ahead, "what looks ahead is waited for");
        assert!(codec.receptive_field.back_samples > 0);
    }
    assert!(of_short.latency_samples < of_long.latency_samples);
    assert!(long.n_discriminator_parameters > long.n_parameters / 10);
}

#[test]
fn the_dataset_gives_its_rate_unless_one_was_chosen() {
    let dataset = DatasetSummary {
        source: String::new(),
        rate_hz: 48_000,
        channels: 1,
        n_files: 9,
        n_skipped: 0,
        n_validation: 1,
        length_secs: 600.0,
        bytes: 0,
        hash: String::new(),
        prepare_secs: 0.0,
        n_duplicates: 0,
    };
    let forecasted = forecast(&choices("sketch", &[], json!({})), None, &dataset).unwrap();
    assert_eq!(forecasted.settings["sampling_rate"], json!(48_000));
    assert_eq!(forecasted.origins["sampling_rate"], Origin::Dataset);
    let fixed = own(choices("sketch", &[], json!({ "sampling_rate": 44_100 })));
    for (mine, own) in [
        (choices("sketch", &[], json!({ "sampling_rate": 44_100 })), None),
        (choices("my-voice", &[], json!({})), Some(&fixed)),
    ] {
        let problem = forecast(&mine, own, &dataset).unwrap_err();
        assert_eq!(problem.fields[0].key, "sampling_rate");
        assert_eq!(problem.fields[0].suggestion, Some(json!(48_000)));
    }
}
