//! The switch `noise`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "noise".into(),
        title: "Noise synthesiser".into(),
        group: "Sound".into(),
        summary: "Adds a filtered noise part, for breath, hiss and drums.".into(),
        settings: settings(json!({
            "has_noise": true,
            "noise_hidden": 128,
            "noise_ratios": [2, 2, 2],
            "noise_bands": 5,
        })),
    }
}
