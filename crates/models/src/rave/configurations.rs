//! Presets and switches of RAVE: one file each, listed here in the order of the picker.
//!
//! A preset names only what differs from the defaults; a switch names only what it changes. Names and
//! values of the group «RAVE» are those of the public configurations of RAVE 2.3; those of the group
//! «BRAVE» are from Caspe et al., "Designing Neural Synthesizers for Low-Latency Interaction", 2025,
//! <https://arxiv.org/abs/2503.11562>.

use api::{Limit, Preset, Switch};

mod adain;
mod brave;
mod brave_wide;
mod causal;
mod compress;
mod descript_discriminator;
mod discrete;
mod discrete_v3;
mod gain;
mod hybrid;
mod mute;
mod noise;
mod onnx;
mod raspberry;
mod sketch;
mod snake;
mod spectral_discriminator;
mod spherical;
mod standard;
mod v1;
mod v2;
mod v2_nopqmf;
mod v2_small;
mod v3;
mod wasserstein;

/// Every preset, the recommended one first.
pub(super) fn presets() -> Vec<Preset> {
    vec![
        sketch::preset(),
        standard::preset(),
        v2_small::preset(),
        v2::preset(),
        v3::preset(),
        v1::preset(),
        v2_nopqmf::preset(),
        discrete::preset(),
        discrete_v3::preset(),
        hybrid::preset(),
        onnx::preset(),
        raspberry::preset(),
        brave::preset(),
        brave_wide::preset(),
    ]
}

/// Every switch.
pub(super) fn switches() -> Vec<Switch> {
    vec![
        causal::switch(),
        adain::switch(),
        noise::switch(),
        snake::switch(),
        wasserstein::switch(),
        spherical::switch(),
        descript_discriminator::switch(),
        spectral_discriminator::switch(),
        mute::switch(),
        compress::switch(),
        gain::switch(),
    ]
}

/// The number of steps that the original program trains for by default.
const PUBLISHED_LIMIT: Limit = Limit::Steps { steps: 6_000_000 };
