//! RAVE's `hybrid`: a mel spectrogram in, recurrent layers at the decoder's start.

use api::Preset;
use serde_json::json;

use super::PUBLISHED_LIMIT;
use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "hybrid".into(),
        title: "RAVE hybrid".into(),
        group: "RAVE".into(),
        summary: "Takes a mel spectrogram and decodes it through recurrent layers, for \
                  timbre that follows pitch and loudness. The original program cannot train \
                  it."
        .into(),
        settings: settings(json!({
            "capacity": 96,
            "ratios": [2, 2, 2],
            "decoder_ratios": [4, 4, 4, 2],
            "encoder_input": "mel",
            "encoder_dilations": [1],
            "gru_layers": 2,
            "has_noise": false,
            "beta": 5e-2,
            "beta_initial": 1e-6,
            "beta_warmup": 20_000,
            "discriminator_capacity": 96,
            "update_discriminator_every": 4,
        })),
        limit: PUBLISHED_LIMIT,
    }
}
