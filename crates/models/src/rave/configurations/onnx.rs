//! RAVE's `onnx`: `v1` without noise, smaller.

use api::Preset;

use super::{PUBLISHED_LIMIT, v1};

pub(super) fn preset() -> Preset {
    Preset {
        name: "onnx".into(),
        title: "RAVE onnx".into(),
        group: "RAVE".into(),
        summary: "The first version at half the capacity and without noise, so that the same \
                  input always gives the same sound."
            .into(),
        settings: v1::without_noise(32),
        limit: PUBLISHED_LIMIT,
    }
}
