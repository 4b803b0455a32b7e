//! RAVE's own prior, as `prior_v1` of the original program trains it.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "prior_v1".into(),
        title: "Prior v1".into(),
        group: "RAVE".into(),
        summary:
            "RAVE's own prior: quantised latents, a large network, a million steps. Plan for days \
                  on a GPU."
                .into(),
        settings: settings(json!({
            "distribution": "quantised",
            "resolution": 32,
            "res_size": 512,
            "skp_size": 256,
            "kernel_size": 3,
            "cycle_size": 4,
            "n_layers": 10,
            "learning_rate": 1e-4,
            "is_annealed": false,
            "warmup": 0,
            "batch_size": 8,
            // The power of two above the 67 frames that it looks back.
            "n_frames": 128,
            "dropout": 0.0,
            "weight_decay": 0.0,
            "gradient_clip": 0.0,
            "ema": 0.0,
        })),
        limit: Limit::Steps { steps: 1_000_000 },
    }
}
