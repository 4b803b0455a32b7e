//! RAVE's `raspberry`: `onnx`, smaller still.

use api::Preset;

use super::{PUBLISHED_LIMIT, v1};

pub(super) fn preset() -> Preset {
    Preset {
        name: "raspberry".into(),
        title: "RAVE raspberry".into(),
        group: "RAVE".into(),
        summary: "The smallest of the first version, for boards such as the Raspberry Pi.".into(),
        settings: v1::without_noise(16),
        limit: PUBLISHED_LIMIT,
    }
}
