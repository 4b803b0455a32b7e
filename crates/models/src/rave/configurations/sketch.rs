//! Sketch: a model for ten minutes on a laptop.
//!
//! Chosen by training on 14 notes and measuring on 3 others. A gain that keeps levels through the
//! layers, hardly any latent noise and a high learning rate shorten the time during which latents
//! are unused from about 1700 steps to 800; a wide, fast latent lets sounds through that were not
//! in the training data.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "sketch".into(),
        title: "Sketch".into(),
        group: "Maquette".into(),
        summary: "A small model that learns a handful of sounds on a laptop in about ten \
                  minutes. Good for trying out a dataset."
            .into(),
        settings: settings(json!({
            "capacity": 12,
            "latent_size": 64,
            "ratios": [4, 2, 2],
            "dilations": [1, 3],
            "dilations_deepest": [1],
            "noise_bands": 5,
            "noise_hidden": 16,
            "batch_size": 4,
            "n_signal": 24_576,
            "learning_rate": 3e-3,
            "learning_rate_final": 0.05,
            "initial_gain": 1.7,
            "latent_noise": 0.05,
            "phase_1_duration": 20_000,
            "beta": 1e-4,
            "beta_initial": 1e-6,
            "beta_warmup": 2_000,
            "discriminator_capacity": 8,
        })),
        limit: Limit::Minutes { minutes: 10.0 },
    }
}
