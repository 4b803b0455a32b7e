//! A model that makes latents of a codec by itself, frame after frame, as live play and the jobs that
//! generate sound use it.

use std::path::Path;

use nn::graph::{Graph, Value as Made};
use serde_json::Value;

use crate::{CodecShape, Error, LatentSpace};

/// A model that makes latents of a codec by itself, frame after frame.
///
/// Frames are in the codec's own latent space: what a prior knows of its codec, such as the mean and
/// the directions of its latents, it keeps itself, so that no file of the codec is needed to open it.
pub trait Prior {
    /// The codec whose latents it learnt.
    fn codec(&self) -> &PriorCodec;

    /// How many frames back a frame depends on what was before it.
    fn context_frames(&self) -> usize;

    /// The mean and the directions of the codec's latents, as it counts in them.
    fn space(&self) -> &LatentSpace;

    /// Adds to a graph what makes a frame, for files that other programs play: of a temperature
    /// `[batch, 1, 1]` the coordinates of latents along the directions of [`Self::space`],
    /// `[batch, latents, 1]`.
    fn frame_in(&self, graph: &mut Graph, temperature: Made) -> Made;

    /// Saves it as a prior of the codec whose file has this SHA-256: the same codec, written again.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn save_as_of(&self, sha256: &str, path: &Path) -> Result<(), Error>;

    /// The model as an instrument, which makes one frame after the other.
    fn live(&self, settings: PriorSettings) -> Box<dyn LivePrior>;
}

/// A codec as a prior remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorCodec {
    /// SHA-256 of the codec's file of weights, in hexadecimal digits.
    pub sha256: String,
    /// What the codec was called when the prior was trained.
    pub name: String,
    /// The codec's family.
    pub family: String,
    /// The settings that the codec was trained with.
    pub settings: Value,
    /// Its sound and its latents.
    pub shape: CodecShape,
}

/// How a prior plays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorSettings {
    /// The seed of its random numbers: the same seed gives the same frames.
    pub seed: u64,
    /// How far random numbers decide: 0 always takes the most likely, 1 draws as it learnt,
    /// and more is wilder.
    pub temperature: f32,
}

/// A prior that plays: what was before is its state.
///
/// No method allocates or locks, so that it may run in an audio callback.
pub trait LivePrior: Send {
    /// Forgets everything and begins anew with a seed.
    fn reset(&mut self, seed: u64);

    /// Changes [`PriorSettings::temperature`] from the next frame on.
    fn set_temperature(&mut self, temperature: f32);

    /// Hears a frame that really was, to go on from there: all latents of the codec, as
    /// [`crate::LiveCodec::encode`] gives them.
    fn hear(&mut self, frame: &[f32]);

    /// Makes the next frame: all latents of the codec, as [`crate::LiveCodec::decode`] takes them.
    fn next(&mut self, frame: &mut [f32]);
}
