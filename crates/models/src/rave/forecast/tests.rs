//! The forecast of a run, compared with what actually happens.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::rave::resolve;

fn config(settings: &serde_json::Value) -> Config {
    Config::from_settings(settings).unwrap()
}

#[test]
fn the_published_model_is_as_large_as_the_original_says() {
    let forecast = forecast(&config(&json!({})));
    assert_eq!(forecast.n_parameters, 3_945_904 + 3_816_608);
    assert_eq!(forecast.n_discriminator_parameters, 6_791_720);
    assert_eq!(forecast.ratio, 512);
    assert_eq!(forecast.min_signal_samples, 37_376);
}

/// Parameters as the original counts them, delays by its layers: 144 samples of the filter bank, 112 of the
/// upsampling layers.
#[test]
fn brave_is_as_large_and_as_late_as_published() {
    let settings = resolve("brave", &[], &BTreeMap::new()).unwrap().settings;
    let forecast = forecast(&config(&settings));
    assert_eq!(forecast.n_parameters, 940_480 + 3_250_961);
    assert_eq!((forecast.ratio, forecast.latency_samples), (128, 144 + 112));
    let (back, ahead) = forecast.receptive_field_samples;
    assert!((22_800..22_900).contains(&back), "{back}");
    assert!(ahead < 128, "{ahead}");
}

#[test]
fn excerpts_shorter_than_the_spectra_are_refused_with_one_that_fits() {
    let problems = Config::from_settings(&json!({ "n_signal": 32_768 })).unwrap_err();
    assert_eq!(problems[0].key, "n_signal");
    let suggestion = problems[0].suggestion.clone().unwrap();
    config(&json!({ "n_signal": suggestion }));
}

#[test]
fn a_dataset_that_does_not_fit_says_what_to_change() {
    let dataset = api::DatasetSummary {
        source: String::new(),
        rate_hz: 48_000,
        channels: 2,
        n_files: 1,
        n_skipped: 0,
        n_validation: 1,
        length_secs: 1.0,
        bytes: 0,
        hash: String::new(),
        prepare_secs: 0.0,
        n_duplicates: 0,
    };
    let problems = check(&config(&json!({})), &dataset);
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["sampling_rate", "channels", "dataset"]);
    assert_eq!(problems[0].suggestion, Some(json!(48_000)));
}
