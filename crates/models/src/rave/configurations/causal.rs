//! The switch `causal`.

use api::Switch;
use serde_json::json;

use super::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "causal".into(),
        title: "Causal".into(),
        group: "Playing live".into(),
        summary: "Layers look back only: less delay when played live, a little less quality."
            .into(),
        settings: settings(json!({
            "padding": "causal",
        })),
    }
}
