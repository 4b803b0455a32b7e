//! The switch `mute`.

use api::Switch;
use serde_json::json;

use super::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "mute".into(),
        title: "Mute".into(),
        group: "Augmentation".into(),
        summary: "Replaces one excerpt in ten by silence.".into(),
        settings: settings(json!({
            "mute_share": 0.1,
        })),
    }
}
