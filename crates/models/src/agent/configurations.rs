//! Presets of agents: one file each, listed here in the order of the picker.
//!
//! Those of the first group are named after the time that they take; those of the second are what the
//! literature trains with, step for step.

mod atari_dqn;
mod atari_ppo;
mod cartpole;
mod epic;
mod mountaincar;
mod quick;
mod standard;

use api::Preset;

/// Every preset, the recommended one first.
pub(super) fn presets() -> Vec<Preset> {
    vec![
        quick::preset(),
        standard::preset(),
        epic::four_hours(),
        epic::ten_hours(),
        cartpole::preset(),
        mountaincar::preset(),
        atari_ppo::preset(),
        atari_dqn::preset(),
    ]
}
