//! The switch `adain`.

use api::Switch;
use serde_json::json;

use super::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "adain".into(),
        title: "Style transfer".into(),
        group: "Playing live".into(),
        summary:
            "Layers that can move the statistics of one sound onto another while playing; they \
                  learn nothing."
                .into(),
        settings: settings(json!({
            "has_adain": true,
        })),
    }
}
