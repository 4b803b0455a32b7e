//! The switch `gain`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "gain".into(),
        title: "Gain".into(),
        group: "Augmentation".into(),
        summary: "Plays half of the excerpts up to 6 dB quieter or 3 dB louder. In the \
                  original program this switch has no effect."
            .into(),
        settings: settings(json!({
            "gain_share": 0.5,
        })),
    }
}
