//! The switch `spherical`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "spherical".into(),
        title: "Spherical".into(),
        group: "Latent space".into(),
        summary: "Sixteen latent variables on a sphere: only their direction counts.".into(),
        settings: settings(json!({
            "regularization": "spherical",
            "latent_size": 16,
            "phase_1_duration": 200_000,
        })),
    }
}
