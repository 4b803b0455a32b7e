//! The switch `compress`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "compress".into(),
        title: "Compress".into(),
        group: "Augmentation".into(),
        summary: "Changes the dynamics of four excerpts in five, so that the model copes \
                  with more levels."
            .into(),
        settings: settings(json!({
            "compress_share": 0.8,
        })),
    }
}
