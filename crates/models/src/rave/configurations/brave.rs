//! BRAVE: RAVE's first version with less delay.
//!
//! Causal layers, a short filter bank and a latent frame of 128 samples take the delay out. Its slowest layers
//! still run at 345 frames a second, so long dilations are what makes it hear half a second.

use std::collections::BTreeMap;

use api::{Limit, Preset};
use serde_json::{Value, json};

use super::v1;
use crate::knobs::settings;

/// The number of steps that the published models were trained for, of which phase 1 is two thirds.
pub(super) const LIMIT: Limit = Limit::Steps { steps: 1_500_000 };

pub(super) fn preset() -> Preset {
    Preset {
        name: "brave".into(),
        title: "BRAVE".into(),
        group: "BRAVE".into(),
        summary: "Made for playing live: about 9 ms from input to output in blocks of 128 samples. It \
                  hears the last half second. Its short filter bank (40 dB) alone reconstructs with an \
                  SNR of only 30 dB. Training takes months on a CPU."
            .into(),
        settings: low_latency(32, &[3, 9, 27, 36], 40.0),
        limit: LIMIT,
    }
}

/// The settings of BRAVE at a capacity, with these dilations and this filter bank.
pub(super) fn low_latency(
    capacity: u32,
    dilations: &[u32],
    attenuation_db: f64,
) -> BTreeMap<String, Value> {
    let mut all = v1::without_noise(capacity);
    all.extend(settings(json!({
        "padding": "causal",
        "ratios": [2, 2, 2, 1],
        "stack_dilations": dilations,
        "pqmf_attenuation": attenuation_db,
    })));
    // Its decoder has 8 frames for each latent frame, so that the default fits and not that of v1.
    all.remove("noise_ratios");
    all
}
