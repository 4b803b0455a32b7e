//! The switch `adain`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "adain".into(),
        title: "Style transfer".into(),
        group: "Playing live".into(),
        summary: "Adds layers that can transfer the statistics of one sound to another while \
                  you play. They are not trained."
            .into(),
        settings: settings(json!({
            "has_adain": true,
        })),
    }
}
