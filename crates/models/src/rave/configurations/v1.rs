//! RAVE's `v1`, the network of the paper.

use std::collections::BTreeMap;

use api::Preset;
use serde_json::{Value, json};

use super::PUBLISHED_LIMIT;
use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "v1".into(),
        title: "RAVE v1".into(),
        group: "RAVE".into(),
        summary: "RAVE's first version: batch normalisation in the encoder, a loudness \
                  envelope in the decoder, noise from phase 2 on."
            .into(),
        settings: first_version(64),
        limit: PUBLISHED_LIMIT,
    }
}

/// The settings of the first version at a capacity.
pub(super) fn first_version(capacity: u32) -> BTreeMap<String, Value> {
    settings(json!({
        "architecture": "v1",
        "capacity": capacity,
        "ratios": [4, 4, 4, 2],
        "noise_ratios": [4, 4, 4],
        "noise_bands": 5,
        "beta": 0.1,
        "beta_initial": 0.1,
        "valid_signal_crop": false,
        "discriminator_capacity": capacity,
        "discriminator_periods": [],
        "feature_matching_weight": 10.0,
        "feature_matching_is_relative": false,
        "num_skipped_features": 0,
    }))
}

/// The settings of the first version at a capacity, without noise.
pub(super) fn without_noise(capacity: u32) -> BTreeMap<String, Value> {
    let mut settings = first_version(capacity);
    settings.insert("has_noise".into(), json!(false));
    settings
}
