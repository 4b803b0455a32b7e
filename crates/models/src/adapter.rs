//! Adapters as a family: small additions to the weights of a model of others that makes sound from words, learnt from clips
//! of one's own and words for each (LoRA).
//!
//! The network is the other model's, whose weights stay as they are (`stable_audio`); what is learnt, and how files of it
//! look, is in [`crate::lora`].

pub mod config;
mod configurations;
mod family;
mod infer;
mod lessons;
mod memory;
mod objective;
mod peft;
mod train;

pub(crate) use family::Adapters;
pub use infer::Model;
pub use lessons::{AdapterBase, CaptionSettings, LearntClip, LearntWords, Lessons};
