//! The families of models: what can be trained, with which knobs, and how it computes.
//!
//! A family is an implementation of [`Family`], listed in [`FAMILIES`]. Each is a folder with the same
//! files: `family.rs` (what it is to the others), `config.rs` (the one table of its knobs),
//! `configurations/` (presets and switches), `network.rs` (layers), `objective.rs` (losses and
//! schedules), `train.rs` (one step) and `infer.rs` (a finished model).

pub mod adapter;
pub mod agent;
pub mod audio_ldm;
pub mod clap;
pub mod effort;
pub mod embedding;
pub mod encodec;
mod error;
mod family;
mod finished;
mod generative;
mod htdemucs;
pub mod hub;
mod knobs;
mod layers;
pub mod lora;
pub mod musicgen;
mod other_program;
pub mod prior;
pub mod rave;
pub mod stable_audio;
pub mod t5;
pub mod tokenizer;
mod trainer;
pub mod wav2vec2;
pub mod words;

pub use adapter::{AdapterBase, CaptionSettings, LearntClip, LearntWords, Lessons};
pub use error::Error;
pub use family::{
    Change, CodecForecast, CodecShape, Described, ExcerptSettings, FAMILIES, Family, Forecast,
    PhaseTimes, Settings, StepTimes, add_family, families, family, family_of, look_at, open,
};
pub use finished::{Codec, Finished, Halt, LiveCodec, Playable, Pull, Push};
pub use generative::{LivePrior, Prior, PriorCodec, PriorSettings};
pub use knobs::Composition;
pub use other_program::{
    ENTRIES_MAX, ForeignModel, ForeignRun, OtherProgram, Recognised, WrittenRun, entries,
    other_endings, other_programs,
};
pub use prior::{LatentMeter, LearntLatents};
// How codecs play and are written, which families of codecs share.
pub use rave::{
    Consistent, DIFFERENCE_MAX, ExportFacts, ExportSettings, LatentSpace, OnnxPart, PlayedFacts,
    PlayedGraphs, PlayedModule, PlayerSettings, Plays, Randomness, Shown, StepDifference, Verified,
    consistent,
};
pub use trainer::{Rendered, Stale, StepReport, Trainer, Validation, WindowSettings};
