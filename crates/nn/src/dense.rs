//! Transformers and other large networks that only compute, without the tensor library.
//!
//! Numbers are rows: a slice of `f32` holds `[frames][channels]`, one frame after the other, and every function says how
//! many channels it expects. Weights come as PyTorch lays them out and are packed once, as 32-bit floats or as integers
//! of 16 or 8 bits ([`Precision`]), for the vector instructions of this CPU; a product with them uses all
//! threads. A layer gives the same numbers however many frames are computed together, and on any number of threads.
//!
//! Reading weights once and in order is what a step of a model that writes one token at a time takes its time for, so
//! 8 bits are about four times as fast as 32 there; where hundreds of frames share a weight they only save memory.

mod attention;
pub mod backward;
mod linear;
mod normalise;
mod over_time;
mod pictures;
mod rotary;

pub use crate::stream::Precision;

pub use self::{
    attention::{Attention, attend},
    linear::{Activation, Linear, activate, add, packed_bytes},
    normalise::{layer_norm, rms_norm},
    over_time::{Conv1d, ConvTranspose1d, Kernel1d},
    pictures::{Conv2d, GroupNorm, Kernel2d, Pictures},
    rotary::Rotary,
};

#[cfg(test)]
mod tests;
