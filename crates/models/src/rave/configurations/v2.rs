//! RAVE's `v2`.

use api::Preset;
use serde_json::json;

use super::PUBLISHED_LIMIT;
use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "v2".into(),
        title: "RAVE v2".into(),
        group: "RAVE".into(),
        summary: "RAVE's second version: larger, with dilated layers. The reference for \
                  quality; it needs a large GPU."
            .into(),
        settings: settings(json!({
            "capacity": 96,
            "ratios": [4, 4, 4, 2],
            "has_noise": false,
            "beta": 5e-2,
            "beta_initial": 1e-6,
            "beta_warmup": 20_000,
            "discriminator_capacity": 96,
            "update_discriminator_every": 4,
        })),
        limit: PUBLISHED_LIMIT,
    }
}
