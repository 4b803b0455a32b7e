//! The knobs of adapters: the one place where a setting's name, range, default and help stand.

use std::collections::BTreeMap;

use api::{FieldProblem, KnobKind};
use nn::dense::Precision;
use serde_json::Value;

use super::configurations;
use super::lessons::CaptionSettings;
use crate::knobs::{Composition, Form, choice, factor, integer, knobs, number, text};

knobs! {
    "Words" {
        phrase: String = "", text(200), BASIC, "Words for all clips", "",
            "What is said of clips that have no text file of the same name beside them, such as the name of your instrument or band. The same words call it up later.";
        says_names: bool = true, KnobKind::Bool, ADVANCED, "File names as words", "",
            "Adds what such a file is called to those words, without numbers.";
        prompts: String = "", text(600), BASIC, "Prompts of samples", "",
            "What samples on the way are made of; put | between several. The words of clips that are held out if empty.";
        sample_secs: f64 = 8.0, number(0.05, 120.0), ADVANCED, "Length of samples", "s",
            "How long samples on the way are.";
    }
    "Adapter" {
        rank: usize = 16, integer(1, 256), BASIC, "Rank", "",
            "How much the adapter can hold: its size grows with it. 4 to 16 for a timbre, up to 64 for more clips.";
        alpha: f64 = 16.0, factor(0.1, 1_024.0), ADVANCED, "Alpha", "",
            "What is learnt is added times alpha over the rank, so it works like a learning rate of its own.";
        layers: Layers = "all", choice(&["attention", "all"]), ADVANCED, "Layers", "",
            "Which layers of the model's blocks are added to: those of its attention, or those of the feed forward too.";
    }
    "Learning" {
        learning_rate: f64 = 2e-4, factor(1e-6, 1e-1), BASIC, "Learning rate", "",
            "How far each step moves the adapter.";
        is_annealed: bool = true, KnobKind::Bool, ADVANCED, "Falling learning rate", "",
            "Lets the learning rate fall to almost nothing over the budget, in steps or in time.";
        warmup: u64 = 20, integer(0, 100_000), ADVANCED, "Warm-up", "steps",
            "Steps over which the learning rate rises at first.";
        batch_size: usize = 1, integer(1, 64), BASIC, "Batch size", "",
            "Clips that a step learns from. They are computed one after the other, so more take as much longer and no more memory.";
        crop_secs: f64 = 12.0, number(0.05, 380.0), BASIC, "Crop", "s",
            "Of longer clips, a stretch of this length is drawn each time; the model is told how long it is.";
        caption_dropout: f64 = 0.1, number(0.0, 1.0), ADVANCED, "Dropped words", "",
            "The share of clips whose words are left out, so that the model goes on without words as before.";
        levels: Levels = "model", choice(&["model", "logit_normal", "uniform"]), ADVANCED, "Levels of noise", "",
            "At which levels of noise it learns: those that the model's own sampler goes through, mostly middle ones (logit-normal), or all alike.";
        gradient_clip: f64 = 1.0, number(0.0, 1_000.0), ADVANCED, "Largest gradient", "",
            "Gradients with a larger norm are scaled down to this; 0 leaves them.";
        precision: Held = "float32", choice(&["float32", "int16", "int8"]), ADVANCED, "Precision of the model", "",
            "How the model's own weights are held while they are trained around: 16 bits take half the memory and change next to nothing, 8 bits a quarter.";
    }
}

/// Which layers are added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layers {
    /// Those of attention.
    Attention,
    /// Those of the feed forward too.
    All,
}

/// At which levels of noise it learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Levels {
    /// Those of the model's own sampler.
    Model,
    /// Mostly middle ones.
    LogitNormal,
    /// All alike.
    Uniform,
}

/// How weights are held that stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// As floats of 32 bits.
    Float32,
    /// As integers of 16 bits.
    Int16,
    /// As integers of 8 bits.
    Int8,
}

impl Layers {
    /// Whether a layer of the model is among them.
    pub(super) fn has(self, name: &str) -> bool {
        self == Self::All || name.contains("_attn.")
    }
}

impl Config {
    /// How the model's own weights are held.
    pub(super) fn precision(&self) -> Precision {
        match self.precision {
            Held::Float32 => Precision::Float32,
            Held::Int16 => Precision::Int16,
            Held::Int8 => Precision::Int8,
        }
    }

    /// Where words come from.
    pub(super) fn captions(&self) -> CaptionSettings {
        let prompts = self.prompts.split('|').map(str::trim).filter(|it| !it.is_empty());
        CaptionSettings {
            phrase: self.phrase.clone(),
            says_names: self.says_names,
            prompts: prompts.map(str::to_owned).collect(),
        }
    }

    #[expect(clippy::unused_self, reason = "the macro of all families asks for it")]
    fn contradictions(&self) -> Vec<FieldProblem> {
        vec![]
    }
}

/// The whole settings of a preset with switches laid over it and some knobs changed.
pub(super) fn resolve(
    preset: &str,
    switches: &[String],
    overrides: &BTreeMap<String, Value>,
) -> Result<Composition, Vec<FieldProblem>> {
    let form = Form { knobs: &knobs(), presets: &configurations::presets(), switches: &[] };
    let composition = form.compose(preset, switches, overrides)?;
    Config::from_settings(&composition.settings)?;
    Ok(composition)
}

/// Adapters as forms and the command line show them.
pub(super) fn family() -> api::Family {
    api::Family {
        name: super::family::NAME.into(),
        title: "Adapter".into(),
        summary: "Teaches a model that makes sound from words the sound of your own clips (LoRA)."
            .into(),
        learns_from: api::LearnsFrom::Words,
        presets: configurations::presets(),
        switches: vec![],
        knobs: knobs(),
    }
}
