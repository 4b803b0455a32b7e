//! RAVE's `v3`: `v2` with the switches `snake`, `adain` and `descript_discriminator`.

use api::Preset;
use serde_json::json;

use super::PUBLISHED_LIMIT;
use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "v3".into(),
        title: "RAVE v3".into(),
        group: "RAVE".into(),
        summary: "The second version with snake activations, style layers and the \
                  discriminators of the Descript Audio Codec."
            .into(),
        settings: settings(json!({
            "capacity": 96,
            "ratios": [4, 4, 4, 2],
            "activation": "snake",
            "has_adain": true,
            "has_noise": false,
            "beta": 5e-2,
            "beta_initial": 1e-6,
            "beta_warmup": 20_000,
            "discriminator": "descript",
            "discriminator_capacity": 96,
            "update_discriminator_every": 4,
        })),
        limit: PUBLISHED_LIMIT,
    }
}
