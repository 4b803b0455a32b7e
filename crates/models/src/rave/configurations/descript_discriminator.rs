//! The switch `descript_discriminator`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "descript_discriminator".into(),
        title: "Descript discriminators".into(),
        group: "Discriminators".into(),
        summary: "The large discriminators of the Descript Audio Codec, with 42 million \
                  parameters. They need much more memory and time."
            .into(),
        settings: settings(json!({
            "discriminator": "descript",
        })),
    }
}
