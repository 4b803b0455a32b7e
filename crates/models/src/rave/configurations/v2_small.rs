//! RAVE's `v2_small`: all defaults.

use api::Preset;
use serde_json::json;

use super::PUBLISHED_LIMIT;
use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "v2_small".into(),
        title: "RAVE v2 small".into(),
        group: "RAVE".into(),
        summary: "RAVE's smaller second version: quick to respond, 86 latent frames per \
                  second. Takes days."
            .into(),
        settings: settings(json!({})),
        limit: PUBLISHED_LIMIT,
    }
}
