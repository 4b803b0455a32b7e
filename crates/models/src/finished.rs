//! A finished model, of whatever family. What it can do is asked of the model, not of its name.

use std::{cell::RefCell, path::Path};

use serde_json::Value;

use crate::{
    CodecShape, Error, ExportFacts, ExportSettings, LatentSpace, OnnxPart, PlayerSettings, Plays,
    Prior, Randomness, Verified,
};

/// A model that was trained.
pub trait Finished {
    /// The name of its family.
    fn family(&self) -> &'static str;

    /// What it is, in a line for people.
    fn kind(&self) -> &'static str;

    /// The settings it was trained with.
    fn settings(&self) -> Value;

    /// What its file of weights holds besides the settings, as the card of a package says it after the
    /// name of the file.
    fn about_weights(&self) -> &'static str {
        "holds its weights"
    }

    /// How many arrays its weights are.
    fn n_arrays(&self) -> usize;

    /// Every array of its weights: name, shape and values as bits.
    fn weights(&self) -> Vec<(String, Vec<usize>, Vec<u32>)>;

    /// Writes it without what only training needs, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn save(&self, path: &Path) -> Result<(), Error>;

    /// The model as a codec, if it turns sound into latents and back.
    fn as_codec(&self) -> Option<&dyn Codec> {
        None
    }

    /// The model as something that makes latents of a codec by itself, if it does.
    fn as_prior(&self) -> Option<&dyn Prior> {
        None
    }

    /// The model as a player of a game, if it is one.
    fn as_player(&self) -> Option<&crate::agent::Player> {
        None
    }

    /// The model as something that other programs can play, if it can be written for them.
    fn as_playable(&self) -> Option<&dyn Playable> {
        None
    }
}

impl dyn Finished + '_ {
    /// Whether all weights are equal to another's, to the last bit.
    #[must_use]
    pub fn has_weights_of(&self, other: &dyn Finished) -> bool {
        self.family() == other.family() && self.weights() == other.weights()
    }

    /// Whether it is the same model as another: all settings and weights are equal.
    #[must_use]
    pub fn equals(&self, other: &dyn Finished) -> bool {
        self.has_weights_of(other) && self.settings() == other.settings()
    }
}

/// Whoever brings or takes pieces failed, and knows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halt;

/// Appends what comes next to each row, and says whether there may be more.
pub type Pull<'a> = &'a mut dyn FnMut(&mut [Vec<f32>]) -> Result<bool, Halt>;

/// Takes what was made, `[row][frame or sample]`.
pub type Push<'a> = &'a mut dyn FnMut(&[Vec<f32>]) -> Result<(), Halt>;

/// A model that turns sound into latents and back. Sound and latents come and go in pieces, in
/// memory that does not grow with their length.
pub trait Codec {
    /// Its sound and its latents.
    fn shape(&self) -> CodecShape;

    /// The reconstruction of a sound, sample-aligned with it and as long.
    ///
    /// # Errors
    /// That `pull` or `push` failed.
    fn reconstruct_through(&self, pull: Pull<'_>, push: Push<'_>) -> Result<(), Halt>;

    /// Latents of a sound: means, or drawn around them with random numbers.
    ///
    /// # Errors
    /// That `pull` or `push` failed.
    fn encode_through(
        &self,
        latent: Randomness,
        pull: Pull<'_>,
        push: Push<'_>,
    ) -> Result<(), Halt>;

    /// Sound of latents; `noise` is for the random numbers that the decoder adds.
    ///
    /// # Errors
    /// That `pull` or `push` failed.
    fn decode_through(&self, noise: Randomness, pull: Pull<'_>, push: Push<'_>)
    -> Result<(), Halt>;

    /// Codes of a sound, as whole numbers. Only where [`Self::has_codes`].
    ///
    /// # Errors
    /// That `pull` or `push` failed.
    fn code_through(&self, pull: Pull<'_>, push: Push<'_>) -> Result<(), Halt>;

    /// Whether latents are sums of codes, and codes have been learnt.
    fn has_codes(&self) -> bool;

    /// The latents `[latent][frame]` that codes `[book][frame]` stand for; `None` where there is
    /// no such code or book.
    fn latent_of_codes(&self, codes: &[Vec<usize>]) -> Option<Vec<Vec<f32>>>;

    /// How many latent frames encoding gives of so many samples.
    fn n_latent_frames(&self, n_samples: u64) -> u64;

    /// How many samples decoding gives of so many latent frames.
    fn n_decoded_samples(&self, n_frames: u64) -> u64;

    /// The model as an instrument, which works block by block.
    fn live(&self, settings: PlayerSettings) -> Box<dyn LiveCodec>;
}

/// A codec that plays block by block, and carries its state along.
pub trait LiveCodec: Send {
    /// By how many samples it is late.
    fn latency_samples(&self) -> usize;

    /// By how many of them sound comes later than its latents.
    fn decoder_latency_samples(&self) -> usize;

    /// Latents of the frames that begin in a block of sound, frame after frame.
    fn encode(&mut self, block: &[&[f32]]) -> &[f32];

    /// Sound of latents, frame after frame: one channel's sample next to the other's.
    fn decode(&mut self, latents: &[f32]) -> &[f32];

    /// Forgets the sound that it has heard; the next sample begins a latent frame.
    fn reset_encoder(&mut self);

    /// Forgets the latents that it has decoded.
    fn reset_decoder(&mut self);

    /// Lets random numbers begin anew, while everything sounds on.
    fn reseed(&mut self, seed: u64);
}

impl dyn Codec + '_ {
    /// [`Codec::reconstruct_through`], for functions with errors of their own.
    ///
    /// # Errors
    /// Those of `pull` and `push`, which end it.
    pub fn reconstruct_pieces<E>(
        &self,
        pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
        push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    ) -> Result<(), E> {
        with_errors(pull, push, |pull, push| self.reconstruct_through(pull, push))
    }

    /// [`Codec::encode_through`], for functions with errors of their own.
    ///
    /// # Errors
    /// Those of `pull` and `push`, which end it.
    pub fn encode_pieces<E>(
        &self,
        latent: Randomness,
        pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
        push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    ) -> Result<(), E> {
        with_errors(pull, push, |pull, push| self.encode_through(latent, pull, push))
    }

    /// [`Codec::decode_through`], for functions with errors of their own.
    ///
    /// # Errors
    /// Those of `pull` and `push`, which end it.
    pub fn decode_pieces<E>(
        &self,
        noise: Randomness,
        pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
        push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    ) -> Result<(), E> {
        with_errors(pull, push, |pull, push| self.decode_through(noise, pull, push))
    }

    /// [`Codec::code_through`], for functions with errors of their own.
    ///
    /// # Errors
    /// Those of `pull` and `push`, which end it.
    pub fn code_pieces<E>(
        &self,
        pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
        push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    ) -> Result<(), E> {
        with_errors(pull, push, |pull, push| self.code_through(pull, push))
    }
}

/// Keeps the first error of two functions while only the fact that there is one passes through `act`.
fn with_errors<E>(
    mut pull: impl FnMut(&mut [Vec<f32>]) -> Result<bool, E>,
    mut push: impl FnMut(&[Vec<f32>]) -> Result<(), E>,
    act: impl FnOnce(Pull<'_>, Push<'_>) -> Result<(), Halt>,
) -> Result<(), E> {
    let error = RefCell::new(None);
    let keep = |why: E| {
        error.borrow_mut().get_or_insert(why);
        Halt
    };
    // Whether it halted is told by the error, which it cannot have halted without.
    let _ = act(&mut |rows| pull(rows).map_err(keep), &mut |rows| push(rows).map_err(keep));
    error.into_inner().map_or(Ok(()), Err)
}

/// A codec that can be written as a file that other programs play.
pub trait Playable: Codec {
    /// What such a file is like.
    fn export_facts(&self, settings: ExportSettings) -> ExportFacts;

    /// Writes a TorchScript module for nn~; a prior of this model, if one is given, plays as its method `prior`.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn write_torch_script(
        &self,
        settings: ExportSettings,
        prior: Option<&dyn Prior>,
        path: &Path,
    ) -> Result<(), Error>;

    /// What players of such a module must know: whole sentences.
    fn torch_script_notes(&self, _settings: ExportSettings) -> Vec<String> {
        vec![]
    }

    /// Writes a part of the model, or all of it, as an ONNX graph.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn write_onnx(
        &self,
        settings: ExportSettings,
        part: OnnxPart,
        path: &Path,
    ) -> Result<(), Error>;

    /// Compares a file with the model in blocks of so many samples; `go_on` hears the share that is
    /// done, 0 to 1, and ends it by saying no.
    ///
    /// # Errors
    /// When the file cannot be played.
    fn verify(
        &self,
        settings: ExportSettings,
        file: &mut dyn Plays,
        block: usize,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Option<Verified>, Error>;

    /// The latent space, if its directions can be put in the order of how much they matter and were.
    fn ordered_space(&self) -> Option<&LatentSpace>;
}
