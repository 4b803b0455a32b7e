//! Standard: an hour, with a wider network than Quick.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "standard".into(),
        title: "Standard".into(),
        group: "By time".into(),
        summary: "An hour. A wider network that goes on learning where Quick ends.".into(),
        settings: settings(json!({ "hidden": 256, "n_envs": 32, "batch_size": 512 })),
        limit: Limit::Minutes { minutes: 60.0 },
    }
}
