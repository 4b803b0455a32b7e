//! What a family of models is to the rest of the program: a form, settings, a trainer and finished
//! models, behind traits, so that the jobs of the worker serve families that they do not know.

use std::{
    collections::BTreeMap,
    path::Path,
    rc::Rc,
    sync::{PoisonError, RwLock},
};

use api::{DatasetSummary, ExportKind, Fact, FieldProblem};
use nn::{Compute, NoGpu};
use serde_json::Value;

use crate::{
    AdapterBase, CaptionSettings, Composition, Error, Finished, LatentSpace, LearntLatents,
    Lessons, OtherProgram, PriorCodec, Trainer,
};

/// A kind of model that can be trained.
pub trait Family: Sync {
    /// Its name in settings, commands and files.
    fn name(&self) -> &'static str;

    /// What it is, what it learns from, its presets, switches and knobs.
    fn describe(&self) -> api::Family;

    /// The whole settings of a preset with switches laid over it and some knobs changed, and where
    /// each came from.
    ///
    /// # Errors
    /// Every setting that cannot be used, with what would be right.
    fn compose(
        &self,
        preset: &str,
        switches: &[String],
        overrides: &BTreeMap<String, Value>,
    ) -> Result<Composition, Vec<FieldProblem>>;

    /// Reads settings as they were frozen; knobs that an older file lacks get their defaults.
    ///
    /// # Errors
    /// Every setting that cannot be used, with what would be right.
    fn settings(&self, frozen: &Value) -> Result<Box<dyn Settings>, Vec<FieldProblem>>;

    /// The knobs that a dataset decides unless somebody chose them, with their values.
    fn settings_of_dataset(&self, dataset: &DatasetSummary) -> Vec<(&'static str, Value)>;

    /// Goes on from a checkpoint exactly as if training had not been interrupted.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a checkpoint of this family.
    fn resume(&self, checkpoint: &Path) -> Result<Box<dyn Trainer>, Error>;

    /// The same for a family that learns from clips with words.
    ///
    /// # Errors
    /// As [`Self::resume`], and when the checkpoint learnt on weights other than those of the lessons.
    fn resume_with(
        &self,
        checkpoint: &Path,
        _lessons: Rc<Lessons>,
    ) -> Result<Box<dyn Trainer>, Error> {
        self.resume(checkpoint)
    }

    /// Reads a finished model, or what of a checkpoint is one.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a model of this family.
    fn open(&self, weights: &Path) -> Result<Box<dyn Finished>, Error>;

    /// Reads what a file says of itself; its weights stay on disk.
    ///
    /// # Errors
    /// As [`Self::open`].
    fn look_at(&self, weights: &Path) -> Result<Described, Error>;

    /// Programs of others whose files it reads and writes.
    fn other_programs(&self) -> &'static [&'static dyn OtherProgram] {
        &[]
    }
}

/// The settings of one model, checked: everything that is known about it before it is trained.
pub trait Settings {
    /// The settings to freeze.
    fn to_value(&self) -> Value;

    /// Other settings of the same family; `None` where they cannot be used.
    fn with(&self, settings: &Value) -> Option<Box<dyn Settings>>;

    /// What prevents training on that dataset, with what to change.
    fn check(&self, dataset: &DatasetSummary) -> Vec<FieldProblem>;

    /// What the model will be like.
    fn forecast(&self) -> Forecast;

    /// What the model will be like, to show beside its training: at least how large it is.
    fn facts(&self) -> Vec<Fact> {
        let Forecast { n_parameters, n_discriminator_parameters, codec, .. } = self.forecast();
        let mut facts = vec![Fact::number("n_parameters", "Parameters", n_parameters as f64, "")];
        if n_discriminator_parameters > 0 {
            let n = n_discriminator_parameters as f64;
            let title = "Discriminator parameters";
            facts.push(Fact::number("n_discriminator_parameters", title, n, ""));
        }
        if let Some(codec) = codec {
            let latency = codec.latency_samples as f64;
            facts.push(Fact::number("latency_samples", "Latency", latency, "samples"));
        }
        facts
    }

    /// The score to expect after so many steps, from and to, where it was measured.
    fn expected_score(&self, _step: u64) -> Option<(f64, f64)> {
        None
    }

    /// What sound goes in and comes out and how it is described in between; `None` for a model that
    /// is no codec.
    fn codec(&self) -> Option<CodecShape>;

    /// The excerpts of sound that a step learns from; `None` for a model that learns from none.
    fn excerpts(&self) -> Option<ExcerptSettings>;

    /// Where words of clips come from, for a model that learns from clips with words; `None` for one that does not.
    fn captions(&self) -> Option<CaptionSettings> {
        None
    }

    /// What a finished model can be exported as.
    fn exports(&self) -> Vec<ExportKind> {
        vec![ExportKind::Safetensors, ExportKind::Maq]
    }

    /// A new model with random weights; the same seed gives the same weights and the same losses.
    fn trainer(&self, seed: u64) -> Box<dyn Trainer>;

    /// The same for a model that learns from the latents of a codec; `None` for one that does not.
    fn latent_trainer(&self, _seed: u64, _latents: &LearntLatents) -> Option<Box<dyn Trainer>> {
        None
    }

    /// The same for a model that learns from clips with words, with what prevents it; `None` for one that does not.
    fn adapter_trainer(
        &self,
        _seed: u64,
        _lessons: Rc<Lessons>,
    ) -> Option<Result<Box<dyn Trainer>, Error>> {
        None
    }

    /// Measures how long steps take on this computer by doing some with a model that is thrown away;
    /// gives that model in its last phase, so that the rest of a training can be timed with it.
    ///
    /// `clock` gives seconds from any start. `go_on` hears the share that is done, 0 to 1, and ends it
    /// by saying no; then there is nothing.
    fn measure(
        &self,
        compute: &Compute,
        clock: &mut dyn FnMut() -> f64,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Option<(StepTimes, Box<dyn Trainer>)>;

    /// Changes that lower the memory of a training: a list for each kind of change, each list from the
    /// mildest to the strongest. Each change can be combined with those of other kinds.
    fn lighter(&self) -> Vec<Vec<Change>> {
        vec![]
    }

    /// The place to train at, on this computer.
    ///
    /// # Errors
    /// When a GPU is asked for and there is none.
    fn compute(&self) -> Result<Compute, NoGpu> {
        Ok(Compute::cpu())
    }

    /// Whether products of 16 bits are asked for where a GPU multiplies.
    fn wants_mixed(&self) -> bool {
        false
    }

    /// Whether it is left to the program where to train.
    fn leaves_device_open(&self) -> bool {
        true
    }
}

/// What a model will be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Trainable numbers of the finished model.
    pub n_parameters: u64,
    /// Trainable numbers that only training needs, as those of discriminators.
    pub n_discriminator_parameters: u64,
    /// Memory of the training process at the peak of each phase, in bytes.
    pub memory_bytes: Vec<u64>,
    /// What it is like as a codec, if it is one.
    pub codec: Option<CodecForecast>,
    /// Things worth knowing before the start, none of which prevents it.
    pub notes: Vec<String>,
}

/// How far a codec looks and how late it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecForecast {
    /// How far a sample of the reconstruction looks back and ahead, in samples.
    pub receptive_field_samples: (usize, usize),
    /// By how many samples it is late when it is played live.
    pub latency_samples: usize,
}

/// The sound and the latents of a codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecShape {
    /// Samples per second.
    pub rate_hz: u32,
    /// Channels of sound.
    pub channels: usize,
    /// Latents.
    pub latent_size: usize,
    /// Samples of sound per latent frame.
    pub ratio: usize,
    /// Code books that latents are put together from, if they are.
    pub n_books: usize,
    /// Codes of each book.
    pub codebook_size: usize,
    /// How its latent space is kept in shape, in a word.
    pub regularization: &'static str,
}

impl CodecShape {
    /// Latent frames per second.
    #[must_use]
    pub fn latent_rate_hz(&self) -> f64 {
        f64::from(self.rate_hz) / self.ratio as f64
    }

    /// Samples of sound for each number of its latents.
    #[must_use]
    pub fn compression(&self) -> f64 {
        (self.ratio * self.channels) as f64 / self.latent_size as f64
    }
}

/// How excerpts of sound are drawn, and varied so that there is more to learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct ExcerptSettings {
    /// Excerpts of a step.
    pub batch_size: usize,
    /// Samples of an excerpt.
    pub n_signal: usize,
    /// The share of excerpts whose phase is randomised.
    pub phase_mangle_share: f64,
    /// Excerpts are made quieter by up to this, in dB.
    pub gain_variation: f64,
    /// Excerpts are played slower and faster by up to this, in semitones.
    pub speed_variation: f64,
    /// The share of excerpts whose dynamics change,
    pub compress_share: f64,
    /// from this level on, in dB,
    pub compress_threshold: f64,
    /// which comes to lie between this level, in dB,
    pub compress_least: f64,
    /// and this one.
    pub compress_most: f64,
    /// The share of excerpts whose gain changes as the original program changes it.
    pub gain_share: f64,
    /// The share of excerpts that become silent.
    pub mute_share: f64,
}

/// How long steps take, and how many there are of each kind.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTimes {
    /// The phases of a training, in order; there is one at least.
    pub phases: Vec<PhaseTimes>,
    /// Steps that were counted of the kind with the fewest.
    pub n_counted: u32,
}

/// How long the steps of a phase take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseTimes {
    /// What it is called, as [`Trainer::phase`] says it.
    pub title: &'static str,
    /// Its steps; `None` for the last phase, which has no end of its own.
    pub steps: Option<u64>,
    /// Whether it may end before that.
    pub is_open: bool,
    /// Seconds of a mean step.
    pub step_secs: f64,
}

/// Settings that differ from those chosen, and what to call the change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// What people call it.
    pub title: String,
    /// The knobs that it sets, by key.
    pub settings: BTreeMap<String, Value>,
}

/// What a file of a model says of itself besides its weights.
pub struct Described {
    /// The settings it was trained with.
    pub settings: Box<dyn Settings>,
    /// Optimiser steps it was trained for, if it says so.
    pub step: Option<u64>,
    /// The phase it was saved in, from 1.
    pub phase: u8,
    /// The latent space as it was last measured, if there is one and it was.
    pub space: Option<LatentSpace>,
    /// The codec whose latents it makes, if it is a prior.
    pub prior_of: Option<PriorCodec>,
    /// The model whose weights it is added to, if it is an adapter.
    pub adapter_of: Option<AdapterBase>,
    /// Its trainable numbers, where its settings alone do not say how many.
    pub n_parameters: Option<u64>,
}

/// Every family that the program offers, the one that is meant where none is named first.
pub static FAMILIES: &[&dyn Family] = &[
    &crate::rave::Rave,
    &crate::agent::GameAgents,
    &crate::prior::Priors,
    &crate::adapter::Adapters,
];

/// Families that others added.
static ADDED: RwLock<Vec<&'static dyn Family>> = RwLock::new(Vec::new());

/// Adds a family until the process ends. Jobs and files may name it, and no form shows it: tests bring
/// one of their own this way. One that is there already is not added again.
pub fn add_family(family: &'static dyn Family) {
    let mut added = ADDED.write().unwrap_or_else(PoisonError::into_inner);
    if FAMILIES.iter().chain(added.iter()).all(|known| known.name() != family.name()) {
        added.push(family);
    }
}

/// Every family as forms and the command line show it.
#[must_use]
pub fn families() -> Vec<api::Family> {
    FAMILIES.iter().map(|family| family.describe()).collect()
}

/// Every family that there is, those that others added last.
pub(crate) fn all() -> Vec<&'static dyn Family> {
    let added = ADDED.read().unwrap_or_else(PoisonError::into_inner);
    FAMILIES.iter().chain(added.iter()).copied().collect()
}

/// The family with a name.
#[must_use]
pub fn family(name: &str) -> Option<&'static dyn Family> {
    all().into_iter().find(|family| family.name() == name)
}

/// The family of the model in a file, by what the file says of itself.
///
/// # Errors
/// When the file cannot be read, or names no family that there is.
pub fn family_of(weights: &Path) -> Result<&'static dyn Family, Error> {
    let words = nn::checkpoint::read_some(weights, |_| false)?.metadata;
    let wrong = |reason: String| Error::Settings { path: weights.into(), reason };
    let name = words.get("family").ok_or_else(|| wrong("it names no family of models".into()))?;
    family(name).ok_or_else(|| wrong(format!("this version has no family `{name}`")))
}

/// Reads a finished model of whatever family.
///
/// # Errors
/// As [`family_of`], and when the file does not hold a model.
pub fn open(weights: &Path) -> Result<Box<dyn Finished>, Error> {
    family_of(weights)?.open(weights)
}

/// Reads what a file of whatever family says of itself; its weights stay on disk.
///
/// # Errors
/// As [`open`].
pub fn look_at(weights: &Path) -> Result<Described, Error> {
    family_of(weights)?.look_at(weights)
}
