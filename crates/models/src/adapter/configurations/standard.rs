//! Standard: for 20 to 50 clips.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "standard".into(),
        title: "Standard".into(),
        group: "Maquette".into(),
        summary: "2,500 steps on crops of 12 seconds with all layers, for 20 to 50 clips. Plan for a night.".into(),
        settings: settings(json!({})),
        limit: Limit::Steps { steps: 2_500 },
    }
}
