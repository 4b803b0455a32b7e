//! Quick: ten minutes on a laptop, from planes, after which a person sees that it has learnt.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "quick".into(),
        title: "Quick".into(),
        group: "By time".into(),
        summary: "Ten minutes on a laptop. Sees small pictures of what matters, so that it plays \
                  well soon. Start here."
            .into(),
        settings: settings(json!({ "learning_rate": 5e-4 })),
        limit: Limit::Minutes { minutes: 10.0 },
    }
}
