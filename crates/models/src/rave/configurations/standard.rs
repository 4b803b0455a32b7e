//! Standard: a model for a night on a good computer.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "standard".into(),
        title: "Standard".into(),
        group: "Maquette".into(),
        summary: "A medium model for an hour or a night on a good computer. Sounds much like \
                  its dataset."
            .into(),
        settings: settings(json!({
            "capacity": 24,
            "latent_size": 64,
            "noise_bands": 5,
            "noise_hidden": 32,
            "n_signal": 65_536,
            "phase_1_duration": 60_000,
            "beta_initial": 1e-6,
            "beta_warmup": 10_000,
            "discriminator_capacity": 24,
        })),
        limit: Limit::Minutes { minutes: 480.0 },
    }
}
