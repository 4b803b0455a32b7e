//! The switch `snake`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "snake".into(),
        title: "Snake activation".into(),
        group: "Sound".into(),
        summary: "An activation suited to periodic sound. Takes longer to compute.".into(),
        settings: settings(json!({
            "activation": "snake",
        })),
    }
}
