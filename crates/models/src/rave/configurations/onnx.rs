//! RAVE's `onnx`: `v1` without noise, smaller.

use api::Preset;
use serde_json::json;

use super::{PUBLISHED_LIMIT, settings};

pub(super) fn preset() -> Preset {
    Preset {
        name: "onnx".into(),
        title: "RAVE onnx".into(),
        group: "RAVE".into(),
        summary:
            "The first version at half the capacity and without noise, so that it is the same \
                  every time it plays."
                .into(),
        settings: settings(json!({
            "architecture": "v1",
            "capacity": 32,
            "ratios": [4, 4, 4, 2],
            "has_noise": false,
            "noise_ratios": [4, 4, 4],
            "noise_bands": 5,
            "beta": 0.1,
            "beta_initial": 0.1,
            "valid_signal_crop": false,
            "discriminator_capacity": 32,
            "discriminator_periods": [],
            "feature_matching_weight": 10.0,
            "feature_matching_is_relative": false,
            "num_skipped_features": 0,
        })),
        limit: PUBLISHED_LIMIT,
    }
}
