//! The switch `snake`.

use api::Switch;
use serde_json::json;

use super::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "snake".into(),
        title: "Snake activation".into(),
        group: "Sound".into(),
        summary: "An activation made for periodic sound. Takes longer.".into(),
        settings: settings(json!({
            "activation": "snake",
        })),
    }
}
