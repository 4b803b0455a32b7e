//! Quick: ten minutes on a laptop.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "quick".into(),
        title: "Quick".into(),
        group: "Maquette".into(),
        summary: "Ten minutes on a laptop. Start here.".into(),
        settings: settings(json!({})),
        limit: Limit::Minutes { minutes: 10.0 },
    }
}
