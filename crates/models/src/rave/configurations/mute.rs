//! The switch `mute`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "mute".into(),
        title: "Mute".into(),
        group: "Augmentation".into(),
        summary:
            "Replaces one excerpt in ten with silence, so that the model learns to stay silent."
                .into(),
        settings: settings(json!({
            "mute_share": 0.1,
        })),
    }
}
