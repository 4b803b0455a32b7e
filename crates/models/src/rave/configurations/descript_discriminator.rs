//! The switch `descript_discriminator`.

use api::Switch;
use serde_json::json;

use super::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "descript_discriminator".into(),
        title: "Descript discriminators".into(),
        group: "Judges".into(),
        summary: "The large discriminators of the Descript Audio Codec, 42 million numbers.".into(),
        settings: settings(json!({
            "discriminator": "descript",
        })),
    }
}
