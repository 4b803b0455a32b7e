//! A model in training, of whatever family, as the training loop sees it.

use std::path::Path;

use nn::Compute;

use crate::{Error, StepDifference};

/// A model in training: its weights, its optimisers, its random numbers, and where it stands.
///
/// The same seed gives the same losses, and one that was saved and resumed goes on as if nothing had
/// happened.
pub trait Trainer {
    /// Steps done.
    fn global_step(&self) -> u64;

    /// The phase of the next step, and where it began.
    fn phase(&self) -> api::Phase;

    /// What [`Validation::score`] is a value of.
    fn score_metric(&self) -> api::ScoreMetric;

    /// Hears which share of the training's budget is used, 0 to 1, for schedules that run over it.
    fn set_share(&mut self, _share: f64) {}

    /// The windows of latents that a step learns from; `None` for a model that learns from none.
    fn windows(&self) -> Option<WindowSettings> {
        None
    }

    /// Learns from one batch: excerpts of sound, flat, in the shape that the settings say, or latents in the
    /// shape of [`Self::windows`]; empty for a family that learns from neither. `go_on` is asked every few seconds; after a no there is
    /// nothing, and everything is as it was before the step.
    fn step_while(&mut self, batch: &[f32], go_on: &mut dyn FnMut() -> bool) -> Option<StepReport>;

    /// Measures on what is held out, `[clip][channel][sample]` or `[clip][latent][frame]`, and remembers for checkpoints what it
    /// learnt about itself. `None` if there was nothing to measure.
    fn validate(&mut self, held_out: &[Vec<Vec<f32>>]) -> Option<Validation>;

    /// The same, and remembers nothing.
    fn measure(&self, clips: &[Vec<Vec<f32>>]) -> Option<Validation>;

    /// What the model makes of a clip `[channel][sample]` or `[latent][frame]`, or of nothing, to hear or see;
    /// `None` for a model that is seen in what it plays.
    fn render(&self, clip: &[Vec<f32>]) -> Option<Rendered>;

    /// What the model makes of the `i`-th of the words that its samples are made of, and those words; `None` where there are
    /// no more.
    fn render_words(&self, _i: usize) -> Option<(String, Rendered)> {
        None
    }

    /// The game that it learns, if it learns one.
    fn game(&self) -> Option<&'static games::Info> {
        None
    }

    /// Plays `n` episodes of its game, if it has one; the same seed gives the same ones.
    fn record(&self, _n: usize, _seed: u64) -> Vec<games::Recording> {
        vec![]
    }

    /// Stores the model as it is now without what only training needs, if its trainer can by itself.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn save_player(&self, _path: &Path) -> Result<(), Error> {
        Ok(())
    }

    /// Stores everything needed to go on, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn save(&mut self, path: &Path) -> Result<(), Error>;

    /// Takes a checkpoint from before training went astray as the new start: at half the rate, and with
    /// other random numbers.
    ///
    /// # Errors
    /// When the file cannot be read; then nothing is changed.
    fn step_back(&mut self, path: &Path) -> Result<(), Error>;

    /// The same where there is no checkpoint to go back to: training begins anew.
    fn start_over(&mut self);

    /// How often it went back, to a checkpoint or to the beginning.
    fn n_steps_back(&self) -> u32;

    /// Hears that so many measurements in a row were no better, and says what follows.
    fn note_stale(&mut self, n_measurements: u64) -> Stale;

    /// Where it learns and measures.
    fn compute(&self) -> Compute {
        Compute::cpu()
    }

    /// Learns and measures at another place from now on.
    fn compute_on(&mut self, _compute: Compute) {}

    /// How far a step from here, which is not taken, is from the CPU's.
    fn difference_from_cpu(&mut self, _batch: &[f32]) -> StepDifference {
        StepDifference::default()
    }
}

/// How many latents a step learns from: `[batch, frames, latent]`, frame after frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSettings {
    /// Windows of a step.
    pub batch_size: usize,
    /// Frames of a window.
    pub n_frames: usize,
    /// Latents of a frame.
    pub latent_size: usize,
}

impl WindowSettings {
    /// Numbers of a batch.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.batch_size * self.n_frames * self.latent_size
    }
}

/// What happened in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The number of the step, from 1.
    pub step: u64,
    /// What was measured, by the names of metrics.
    pub values: Vec<(&'static str, f64)>,
    /// The value of the score's metric on what it learnt from, to compare with [`Validation::score`], if it
    /// was its turn.
    pub score: Option<f64>,
    /// Episodes that ended in the step: score, and steps of play.
    pub episodes: Vec<(f64, u32)>,
    /// Whether every loss and gradient was a number. If not, no weight was changed.
    pub is_finite: bool,
}

/// How good a model is on what is held out.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// A value of the metric that the trainer names as its score.
    pub score: f64,
    /// What that is called where a single clip was measured.
    pub clip_metric: &'static str,
    /// What else was measured, by the names of metrics.
    pub values: Vec<(&'static str, f64)>,
}

/// What a model made.
#[derive(Clone, Debug, PartialEq)]
pub enum Rendered {
    /// Sound, `[channel][sample]`, sample-aligned with the clip and as long.
    Sound(Vec<Vec<f32>>),
    /// Latents of the codec that it learns from, `[latent][frame]`, as many frames as the clip.
    Latents(Vec<Vec<f32>>),
    /// A file: a picture, a film, or numbers.
    File {
        /// What it is called, the same at every step, like `screen.png`.
        name: &'static str,
        /// How to show it.
        medium: api::Medium,
        /// Its media type, like `image/png`.
        mime: &'static str,
        /// Its content.
        bytes: Vec<u8>,
    },
}

/// What follows when a model has not become better for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// It goes on.
    GoesOn,
    /// It has begun phase 2.
    BeganPhase2,
    /// Training is over.
    Ends,
}
