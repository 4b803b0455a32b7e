//! Standard: an hour, with a wider network than Quick that looks further back.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "standard".into(),
        title: "Standard".into(),
        group: "Maquette".into(),
        summary:
            "An hour, for an hour of sound or more. A wider network than Quick that looks twice as \
                  far back."
                .into(),
        settings: settings(json!({
            "fidelity": 0.98,
            "n_components": 8,
            "res_size": 192,
            "skp_size": 192,
            "cycle_size": 7,
            "n_layers": 14,
            "n_frames": 512,
            "batch_size": 8,
            "learning_rate": 1e-3,
        })),
        limit: Limit::Minutes { minutes: 60.0 },
    }
}
