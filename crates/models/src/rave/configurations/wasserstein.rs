//! The switch `wasserstein`.

use api::Switch;
use serde_json::json;

use crate::knobs::settings;

pub(super) fn switch() -> Switch {
    Switch {
        name: "wasserstein".into(),
        title: "Wasserstein".into(),
        group: "Latent space".into(),
        summary: "Sixteen latent variables spread like a normal distribution as a whole, and \
                  random inputs for the rest."
            .into(),
        settings: settings(json!({
            "regularization": "wasserstein",
            "latent_size": 16,
            "noise_augmentation": 128,
            "phase_1_duration": 200_000,
            "multiband_weight": 2.0,
            "fullband_weight": 2.0,
            "adversarial_weight": 2.0,
            "beta": 100.0,
            "beta_initial": 100.0,
            "beta_warmup": 0,
        })),
    }
}
