//! How much memory a wish takes, before anything is made of it.

use super::Plan;
use super::autoencoder::piece_frames;
use super::config::{StableAudioConfig, TransformerConfig};
use crate::words::{BeginHow, Wish};

/// Bytes of a number.
const NUMBER: u64 = 4;

/// Bytes besides those of the weights: the larger of a step and of a piece of sound, and what is there all the time.
pub(super) fn sound_bytes(config: &StableAudioConfig, wish: &Wish, plan: &Plan) -> u64 {
    let of = &config.transformer;
    let n_frames = plan.n_frames as u64;
    let told = wish.prompts.len() as u64 + u64::from(wish.guidance.is_some_and(|it| it != 1.0));
    let n_words = config.n_tokens.min(64) as u64;
    let n_pairs = if of.is_differential { 2 } else { 1 };
    let words = (n_pairs + 1) * n_words * of.width as u64;
    let is_kept =
        wish.begin.as_ref().is_some_and(|begin| !matches!(begin.how, BeginHow::Vary { .. }));
    let local = if is_kept { n_frames * of.width as u64 } else { of.width as u64 };
    let conditioned = told * of.depth as u64 * (words + local);
    let latents = 8 * n_frames * of.n_latent as u64;
    let given = wish.noise.iter().flatten().map(Vec::len).sum::<usize>() as u64;
    let begin = wish.begin.iter().flat_map(|it| &it.sound).map(Vec::len).sum::<usize>() as u64;
    let n_samples =
        n_frames * config.autoencoder.hop() as u64 * config.autoencoder.n_channels as u64;
    let step = in_step(of, n_frames + of.n_memory as u64);
    let piece = in_piece(config);
    NUMBER * (conditioned + latents + given + 2 * begin + step.max(piece + n_samples))
}

/// Numbers that a layer of a transformer has at once: frames, those normalised, and the larger of what attention and of
/// what the feed forward makes.
fn in_layer(rows: u64, width: u64, n_inner: u64, is_differential: bool) -> u64 {
    let attention = if is_differential { 9 } else { 7 };
    rows * (2 * width + (attention * width).max(2 * n_inner + width))
}

fn in_step(config: &TransformerConfig, rows: u64) -> u64 {
    in_layer(rows, config.width as u64, config.n_inner as u64, config.is_differential)
}

fn in_piece(config: &StableAudioConfig) -> u64 {
    let of = &config.autoencoder;
    let mut frames = piece_frames(of) as u64;
    let mut most = 0;
    for level in of.levels.iter().rev() {
        let rows = frames * (level.stride as u64 + 1);
        most =
            most.max(in_layer(rows, level.width as u64, level.n_inner as u64, of.is_differential));
        frames *= level.stride as u64;
    }
    most
}
