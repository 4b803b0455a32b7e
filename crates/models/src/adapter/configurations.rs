//! Presets of adapters: one file each, listed here in the order of the picker.

mod quick;
mod standard;

use api::Preset;

/// Every preset, the recommended one first.
pub(super) fn presets() -> Vec<Preset> {
    vec![quick::preset(), standard::preset()]
}
