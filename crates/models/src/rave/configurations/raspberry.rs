//! RAVE's `raspberry`: `onnx`, smaller still.

use api::Preset;
use serde_json::json;

use super::{PUBLISHED_LIMIT, settings};

pub(super) fn preset() -> Preset {
    Preset {
        name: "raspberry".into(),
        title: "RAVE raspberry".into(),
        group: "RAVE".into(),
        summary: "The smallest of the first version, for boards like the Raspberry Pi.".into(),
        settings: settings(json!({
            "architecture": "v1",
            "capacity": 16,
            "ratios": [4, 4, 4, 2],
            "has_noise": false,
            "noise_ratios": [4, 4, 4],
            "noise_bands": 5,
            "beta": 0.1,
            "beta_initial": 0.1,
            "valid_signal_crop": false,
            "discriminator_capacity": 16,
            "discriminator_periods": [],
            "feature_matching_weight": 10.0,
            "feature_matching_is_relative": false,
            "num_skipped_features": 0,
        })),
        limit: PUBLISHED_LIMIT,
    }
}
