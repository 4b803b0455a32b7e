//! RAVE's `discrete`, whose quantiser the original program never switches on (its callback's name is
//! misspelt); ours quantises from the first step.

use api::Preset;
use serde_json::json;

use super::PUBLISHED_LIMIT;
use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "discrete".into(),
        title: "RAVE discrete".into(),
        group: "RAVE".into(),
        summary: "The second version with latents chosen from code books, for language \
                  models over sound."
            .into(),
        settings: settings(json!({
            "capacity": 96,
            "ratios": [4, 4, 2, 2],
            "has_noise": false,
            "regularization": "discrete",
            "noise_augmentation": 128,
            "phase_1_duration": 200_000,
            "log_epsilon": 1.0,
            "beta": 0.1,
            "beta_initial": 0.1,
            "discriminator_capacity": 96,
            "num_skipped_features": 0,
            "update_discriminator_every": 4,
        })),
        limit: PUBLISHED_LIMIT,
    }
}
