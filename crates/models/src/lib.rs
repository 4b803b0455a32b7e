//! The families of models: what can be trained, with which knobs, and how it computes.
//!
//! Every family is a folder with the same files: `config.rs` (the one table of its knobs),
//! `configurations/` (presets and switches), `network.rs` (layers), `objective.rs` (losses and
//! schedules), `train.rs` (one step) and `infer.rs` (a finished model). Adding a family is adding its
//! folder and one line to [`families`].

mod error;
mod knobs;
pub mod rave;

pub use error::Error;
pub use knobs::Composition;

/// Every family, as forms and the command line show it.
#[must_use]
pub fn families() -> Vec<api::Family> {
    vec![rave::family()]
}
