//! The switch `spectral_discriminator`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "spectral_discriminator".into(),
        title: "Spectral discriminators".into(),
        group: "Discriminators".into(),
        summary: "Discriminators that compare spectra instead of periods, as in EnCodec.".into(),
        settings: settings(json!({
            "discriminator_periods": [],
            "discriminator_scales": 3,
            "discriminator_spectra": [4096, 2048, 1024, 512, 256],
        })),
    }
}
