//! RAVE's `discrete_v3`: `discrete` with snake and the Descript discriminators.

use api::Preset;
use serde_json::json;

use super::PUBLISHED_LIMIT;
use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "discrete_v3".into(),
        title: "RAVE discrete v3".into(),
        group: "RAVE".into(),
        summary: "The discrete configuration with snake activations and the discriminators \
                  of the Descript Audio Codec."
            .into(),
        settings: settings(json!({
            "capacity": 96,
            "ratios": [4, 4, 2, 2],
            "activation": "snake",
            "has_noise": false,
            "regularization": "discrete",
            "noise_augmentation": 128,
            "phase_1_duration": 200_000,
            "log_epsilon": 1.0,
            "beta": 5e-2,
            "beta_initial": 1e-6,
            "beta_warmup": 20_000,
            "discriminator": "descript",
            "discriminator_capacity": 96,
            "num_skipped_features": 0,
            "update_discriminator_every": 4,
        })),
        limit: PUBLISHED_LIMIT,
    }
}
