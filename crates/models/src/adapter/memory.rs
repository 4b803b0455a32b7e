//! How large an adapter is, and how much memory its training takes.

use super::config::{Config, Held};
use crate::stable_audio::TransformerConfig;

/// Memory of the program itself beside what a training holds.
const PROGRAM_BYTES: u64 = 64 << 20;
/// The autoencoder of the published models, which makes samples on the way.
const AUTOENCODER_BYTES: u64 = 430 << 20;
/// Latents a second of the published models.
const FRAMES_A_SECOND: f64 = 44_100.0 / 4_096.0;

/// Numbers of a block's large weights.
fn of_block(model: &TransformerConfig) -> u64 {
    let (width, inner) = (model.width as u64, model.n_inner as u64);
    let n = if model.is_differential { 2 } else { 1 };
    width * width * (2 * n + 1 + 1 + n + n + 1 + 1) + 3 * width * inner
}

/// Trainable numbers.
pub(super) fn n_parameters(config: &Config, model: &TransformerConfig) -> u64 {
    let places = crate::stable_audio::places(model);
    let chosen = places.iter().filter(|(name, _)| config.layers.has(name));
    chosen.map(|(_, [n_out, n_in])| ((n_out + n_in) * config.rank) as u64).sum()
}

/// Memory of a training at its peak, in bytes.
pub(super) fn memory_bytes(config: &Config, model: &TransformerConfig) -> u64 {
    let n_weights = model.depth as u64 * of_block(model);
    // Both ways, with the scales of integers.
    let weights = match config.precision {
        Held::Float32 => 8 * n_weights,
        Held::Int16 => 4 * n_weights + n_weights / 8,
        Held::Int8 => 2 * n_weights + n_weights / 8,
    };
    // Small layers of blocks, and those around them.
    let small = 4 * (model.depth * (model.n_local + model.width) * model.width) as u64
        + 4 * (8 * model.width * model.width + 2 * model.n_condition * model.width) as u64;
    let n_frames = (config.crop_secs * FRAMES_A_SECOND) as u64 + model.n_memory as u64;
    let (width, inner) = (model.width as u64, model.n_inner as u64);
    let heads = if model.is_differential { 8 } else { 4 };
    // What a pass keeps of each block, and what the way back through one takes on top.
    let kept = n_frames * (10 * width + 2 * heads * width + 3 * inner);
    let passing = 4 * n_frames * (inner + 4 * width);
    let attention = 2 * 8 * n_frames * n_frames;
    // Values, gradients, two moments, and what is saved.
    let adapter = 28 * n_parameters(config, model);
    PROGRAM_BYTES
        + AUTOENCODER_BYTES
        + weights
        + small
        + 4 * (model.depth as u64 * kept + passing + attention)
        + adapter
}
