//! The switch `causal`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "causal".into(),
        title: "Causal".into(),
        group: "Playing live".into(),
        summary:
            "Layers see only the past: less latency when you play live, slightly lower quality."
                .into(),
        settings: settings(json!({
            "padding": "causal",
        })),
    }
}
