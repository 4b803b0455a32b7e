//! RAVE: a variational autoencoder of sound that runs faster than real time.
//!
//! Sound is split into bands (`network::pqmf`), an encoder turns them into latents, a decoder
//! turns those back into bands and sound. In phase 1 the model learns to make spectra alike, in phase
//! 2 the encoder rests and the decoder learns to please discriminators.
//!
//! Source: Caillon & Esling, "RAVE: A variational autoencoder for fast and high-quality neural audio
//! synthesis", 2021, <https://arxiv.org/abs/2111.05011>, and measurements of the original program.

mod config;
mod configurations;
mod export;
mod family;
mod forecast;
mod infer;
mod latent;
mod measure;
mod memory;
mod network;
mod objective;
pub mod original;
#[cfg(test)]
mod parity;
mod space;
mod stream;
mod train;
#[cfg(test)]
pub(crate) mod vectors;

pub use config::{
    Activation, Architecture, Arithmetic, Config, DecoderOutput, Device, DiscriminatorKind,
    EncoderInput, GanLoss, LossWeights, Padding, PhaseSwitch, Regularization, family, resolve,
};
pub use export::{
    Consistent, DIFFERENCE_MAX, ExportFacts, ExportSettings, OnnxPart, PlayedFacts, PlayedGraphs,
    PlayedModule, Plays, Shown, Verified, consistent,
};
pub use family::Rave;
pub use forecast::{Forecast, check, forecast};
pub use infer::{Description, Model, describe};
pub use measure::{StepSecs, measure};
pub use memory::Memory;
pub use objective::Phase;
pub use space::LatentSpace;
pub use stream::{Player, PlayerSettings, Randomness};
pub use train::{StepDifference, StepReport, Trainer, Validation};
