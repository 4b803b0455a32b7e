//! RAVE's `v2_nopqmf`.

use api::Preset;
use serde_json::json;

use super::PUBLISHED_LIMIT;
use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "v2_nopqmf".into(),
        title: "RAVE v2, raw output".into(),
        group: "RAVE".into(),
        summary: "The second version with a decoder that makes the waveform itself instead \
                  of frequency bands, trained with compressed excerpts."
            .into(),
        settings: settings(json!({
            "capacity": 64,
            "ratios": [4, 4, 4, 2],
            "decoder_output": "raw",
            "decoder_ratios": [8, 8, 8, 4],
            "has_noise": false,
            "compress_share": 0.5,
            "compress_most": -10.0,
            "beta_initial": 1e-6,
            "beta_warmup": 500_000,
            "discriminator_capacity": 64,
            "update_discriminator_every": 4,
        })),
        limit: PUBLISHED_LIMIT,
    }
}
