//! The words of the product and their JSON, shared by the studio, the worker, the server and the pages.
//!
//! # Glossary
//!
//! | word | meaning |
//! |---|---|
//! | **Workspace** | One folder on disk that holds everything; one studio serves it at a time. |
//! | **Project** | A folder of datasets, runs and models that belong together; the first is `default`. |
//! | **Dataset** | Sound prepared for training: resampled, split by file, stored in chunks with its peaks. |
//! | **Run** | One training of one model on one dataset, with its settings frozen when it was queued. |
//! | **Model** | A checkpoint that was put into the library, with its lineage; or one added from a file. |
//! | **Reconstruction** | A sound sent through a model and back, next to its original. |
//! | **Conversion** | A sound turned into latents, or latents into sound. |
//! | **Game** | Rules, a screen and a score, that people and agents play. |
//! | **Episode** | A game from its start to its end, recorded as its actions. |
//! | **Film** | Recorded episodes, rendered to be watched. |
//! | **Analysis** | What was found in a sound: beats, chords, key, sections, loudness, faults. |
//! | **Session** | Models that play in the page, live: a job that stays. |
//! | **Control** of a session | One value that is moved while it plays: a gain, a weight, a latent's bias. |
//! | **Prior** | A model that makes up latents of another model, frame after frame. |
//! | **Adapter** | A small addition to the weights of a model that makes sound from words, learnt from clips of one's own (LoRA). |
//! | **Caption** | What a sound of a dataset is, in words. |
//! | **Recipe** | How a sound was made, whole enough to make it again. |
//! | **Generation** | Sounds made from one recipe, to choose from. |
//! | **Sound** | A recording or a generated sound that was kept, with its recipe. |
//! | **Library** | Sounds of one's own in folders, and those that were kept, with what was found in them. |
//! | **Folder** of the library | Sounds that are watched where they are, or were dropped and are kept. |
//! | **DAW project** | A project of an audio workstation: tracks with clips of sound and notes, over a tempo map. Not one of Maquette's projects. |
//! | **Change** | What is done to a sound or MIDI file at the workbench: stretched, tuned, put on the grid. The file stays; what comes out may be kept. |
//! | **Collection** | Sounds of the library under a name of one's own; one may be in several. |
//! | **Patch** | What is kept of playing a model: a favourite point, a trajectory, the state of its controls. |
//! | **Map** | The latents of a dataset, drawn in two dimensions. |
//! | **Yardstick** | A score to compare an agent's with: a random player's, a person's. |
//! | **Export** | A model in the form that a player or another program needs, checked after it was written. |
//! | **Import** | Taking what another program made: its datasets, runs and models become ours. |
//! | **Job** | Anything long, heavy or risky: a child process and its folder. Preparing, training, measuring and reconstructing are jobs. |
//! | **Order** | What a job is asked to do (`job.json`), written once when it is queued. |
//! | **Event** | One numbered line of a job's `events.jsonl`. |
//! | **Control** | One line of a job's `control.jsonl`: what the studio asks of a running job. |
//! | **Checkpoint** | Everything needed to go on training from a step, or to play the model at that step. |
//! | **Score** | The metric that says how good a run's model is: it has a name, a unit and a direction. |
//! | **Phase** | A part of a training in which it learns something else than before. |
//! | **Sample** | A sound, picture or film of what a model makes while it trains; a sound has its original beside it. |
//! | **Family** | A kind of model (`rave`), with its settings and presets. |
//! | **Knob** | One setting of a family: name, range, unit, default and help. |
//! | **Preset** | A named choice of knobs: the family's, or one's own. |
//! | **Switch** | A named change of a few knobs, laid over a preset. |
//! | **Composition** | The whole settings of a preset, switches over it in order, and single settings on top. |
//! | **Measure** | A few steps with some settings, done to find out how long a run would take on this computer. |
//! | **Engine** | A program of others that makes sounds for Maquette, over files in a folder. |
//! | **Weights** | The numbers of a model that others trained, in a folder of the user's as a model hub has it. |
//! | **Trash** | What was deleted, for 30 days: it can be restored, or deleted forever. |
//! | **Problem** | What went wrong, why, and what to do about it. |
//!
//! Words of the field, as code, help texts and documents use them:
//!
//! | word | meaning |
//! |---|---|
//! | **Device** | The CPU or a GPU that a job computes on (setting `device`); never «place» or «card». |
//! | **Memory** | The patterns in one's own sounds, with vectors that find similar ones, and ratings that teach what is similar. |
//! | **Pattern** | A part of a sound with what is known of it: its ends, its range of frequencies, its kind, words. |
//! | **Flow** | A small graph of steps, as data, that turns sounds, words and patterns into new sounds. |
//! | **Blend** | One sound made of several: by grains, spectra, latents, or in layers. |
//! | **Space** | Vectors of patterns that one way of hearing gives: our own measures, or a model. |
//! | **Precision** | The number format of weights and products: 32 bits, 16 bits (mixed), or 8 and 16 bits when playing live. |
//! | **Random seed** | The number that all random numbers of a run follow from: the same seed gives the same run. |
//! | **Activation** | The non-linear function between layers: leaky ReLU or Snake. |
//! | **Receptive field** | The input samples that one output sample depends on. |
//! | **Latency** | The delay of the output when a model plays live, in samples. |
//! | **Encoder**, **decoder** | The halves of an autoencoder: from sound to latents, and back. |
//! | **Generator** | Encoder and decoder together, in adversarial training. |
//! | **Latent** | The vector that describes one frame of sound; also one of its dimensions over time. |
//! | **Noise channels** | Channels of random numbers that some models append to their latents. |
//! | **Codebook**, **code** | The vectors of a quantiser, and the index of one of them. |
//! | **Regularisation** | The part of the loss that shapes the latent space. |
//! | **Spectral distance** | The multi-resolution difference of two sounds' spectra: the loss of phase 1. |
//! | **Validation distance** | The spectral distance on held-out sound. |
//! | **Discriminator** | A network that phase 2 trains to classify sounds as real or reconstructed. |
//! | **Discriminator loss** | The loss that trains the discriminators. |
//! | **Generator loss** | The loss of the decoder against the discriminators. |
//! | **Feature matching** | The difference of the discriminators' features between a sound and its reconstruction. |
//! | **Upsampling**, **downsampling** | Layers that raise or lower the frame rate by their stride. |
//!
//! Everything here is plain data. Field names are the JSON names; units stand last in them.

mod analysis;
mod change;
mod controls;
mod conversion;
mod dataset;
mod daw;
mod embedded;
mod engine;
mod event;
mod export;
mod family;
mod film;
mod flow;
mod game;
mod generation;
mod id;
mod import;
mod job;
mod kin;
mod latent_map;
mod library;
mod machine;
mod measure;
mod measured;
mod memory;
mod memory_order;
mod midi;
mod model;
mod names;
mod notes_edit;
mod patch;
mod play;
mod preset;
mod problem;
mod project;
mod recipe;
mod run;
mod session;
mod sound;
mod text;
mod trash;
mod weights;
mod workbench;

pub use analysis::*;
pub use change::*;
pub use controls::*;
pub use conversion::*;
pub use dataset::*;
pub use daw::*;
pub use embedded::*;
pub use engine::*;
pub use event::*;
pub use export::*;
pub use family::*;
pub use film::*;
pub use flow::*;
pub use game::*;
pub use generation::*;
pub use id::*;
pub use import::*;
pub use job::*;
pub use kin::*;
pub use latent_map::*;
pub use library::*;
pub use machine::*;
pub use measure::*;
pub use measured::*;
pub use memory::{
    FindPatterns, FoundPattern, FoundPatterns, LikePattern, MemoryCount, MemoryFailure, MemoryJob,
    MemoryMoved, MemoryOverview, MemoryResult, MemorySpace, NewMemoryQuery, NewPatterns, Pattern,
    PatternDetail, PatternEdit, PatternFacts, PatternId, PatternList, PatternMap, PatternPoint,
    PatternSource, PatternsForm, RatePattern, TakePatterns,
};
pub use memory_order::{CutOrder, KnownSounds, MemorySound, MemoryTask, MemoryWork, SpaceOrder};
pub use midi::*;
pub use model::*;
pub use names::*;
pub use notes_edit::*;
pub use patch::*;
pub use play::*;
pub use preset::*;
pub use problem::*;
pub use project::*;
pub use recipe::*;
pub use run::*;
pub use session::*;
pub use sound::*;
pub use text::*;
pub use trash::*;
pub use weights::*;
pub use workbench::*;

/// Milliseconds since 1970-01-01 UTC.
pub type UnixMs = u64;
