//! Quick: a small adapter from short crops, to hear whether clips and words are right.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "quick".into(),
        title: "Quick".into(),
        group: "Maquette".into(),
        summary: "400 steps on crops of 6 seconds, for a timbre. Start here.".into(),
        settings: settings(json!({
            "rank": 8,
            "alpha": 8.0,
            "layers": "attention",
            "crop_secs": 6.0,
            "learning_rate": 3e-4,
        })),
        limit: Limit::Steps { steps: 400 },
    }
}
