//! Epic: a night, with the best that planes can give.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

fn epic(name: &str, title: &str, summary: &str, hours: f64) -> Preset {
    Preset {
        name: name.into(),
        title: title.into(),
        group: "By time".into(),
        summary: summary.into(),
        settings: settings(
            json!({ "hidden": 512, "n_envs": 64, "batch_size": 1_024, "gamma": 0.995 }),
        ),
        limit: Limit::Minutes { minutes: hours * 60.0 },
    }
}

pub(super) fn four_hours() -> Preset {
    epic("epic_4h", "Epic, 4 hours", "Half a night, and a film of it.", 4.0)
}

pub(super) fn ten_hours() -> Preset {
    epic("epic_10h", "Epic, 10 hours", "A whole night, for the longest film.", 10.0)
}
