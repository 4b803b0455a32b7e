//! Priors: networks that learn which latents of a codec follow which, and so make new ones.
//!
//! Two ways of saying what may come next share one network of gated, dilated, causal convolutions (van den
//! Oord and others, 2016): bins of quantised latents, as RAVE's own prior has them, and mixtures of
//! normal distributions, of which each direction of a frame knows the ones before it.

pub mod config;
mod configurations;
mod directions;
mod exported;
mod family;
mod infer;
mod live;
mod mixture;
mod network;
mod normal;
mod objective;
mod original;
mod quantised;
mod train;

pub use directions::{LatentMeter, LearntLatents};
pub(crate) use family::Priors;
pub use infer::Model;
pub(crate) use original::OriginalPrior;
