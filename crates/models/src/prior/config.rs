//! The knobs of priors: the one place where a setting's name, range, default and help stand.

use std::collections::BTreeMap;

use api::{FieldProblem, KnobKind};
use serde_json::Value;

use super::configurations;
use crate::knobs::{Composition, Form, choice, factor, integer, knobs, number, problem_with};

knobs! {
    "Latents" {
        fidelity: f64 = 0.95, number(0.1, 0.999), BASIC, "Fidelity", "",
            "How much of the variance of the codec's latents the prior models, by their principal directions; the rest is drawn at random. More is closer to the sound and harder to learn.";
        latent_size: usize = 0, integer(0, 1_024), ADVANCED, "Directions", "",
            "How many directions of the latents are modelled; 0 takes as many as the fidelity asks for.";
        distribution: Distribution = "mixture", choice(&["mixture", "quantised"]), ADVANCED, "Distribution", "",
            "How it says what may come next. Mixture: sums of normal distributions, where each direction of a frame knows the ones before it. Quantised: bins of equal probability, as in RAVE's own prior.";
        n_components: usize = 4, integer(1, 32), ADVANCED, "Components", "",
            "Normal distributions in each mixture.";
        resolution: usize = 32, integer(2, 256), ADVANCED, "Resolution", "bins",
            "Bins of a quantised latent.";
    }
    "Network" {
        res_size: usize = 128, integer(4, 2_048), ADVANCED, "Residual channels", "",
            "Channels that pass from layer to layer.";
        skp_size: usize = 128, integer(4, 2_048), ADVANCED, "Skip channels", "",
            "Channels that each layer adds to what the output is made of.";
        kernel_size: usize = 3, integer(2, 9), ADVANCED, "Kernel", "frames",
            "Frames that a layer looks at.";
        cycle_size: usize = 6, integer(1, 12), ADVANCED, "Cycle", "layers",
            "Each layer looks at frames twice as far apart as the layer before; after so many it begins anew.";
        n_layers: usize = 12, integer(1, 60), ADVANCED, "Layers", "",
            "Gated layers. More see further back.";
        head_size: usize = 32, integer(4, 256), ADVANCED, "Head", "units",
            "Hidden units for each direction of a frame, where mixtures are made.";
    }
    "Learning" {
        learning_rate: f64 = 2e-3, factor(1e-6, 1e-1), BASIC, "Learning rate", "",
            "How far each step moves the weights.";
        is_annealed: bool = true, KnobKind::Bool, ADVANCED, "Falling learning rate", "",
            "Lets the learning rate fall to almost nothing over the budget, in steps or in time.";
        warmup: u64 = 100, integer(0, 100_000), ADVANCED, "Warm-up", "steps",
            "Steps over which the learning rate rises at first.";
        batch_size: usize = 16, integer(1, 512), ADVANCED, "Batch size", "",
            "Stretches of latents that a step learns from.";
        n_frames: usize = 256, integer(16, 8_192), ADVANCED, "Length", "frames",
            "Frames of such a stretch.";
        dropout: f64 = 0.1, number(0.0, 0.9), BASIC, "Dropout", "",
            "The share of channels that are left out at random, so that little sound is not learnt by heart.";
        weight_decay: f64 = 0.01, number(0.0, 10.0), ADVANCED, "Weight decay", "",
            "Makes weights smaller, by this times the learning rate in each step.";
        gradient_clip: f64 = 1.0, number(0.0, 1_000.0), ADVANCED, "Largest gradient", "",
            "Gradients with a larger norm are scaled down to this; 0 leaves them.";
        ema: f64 = 0.999, number(0.0, 0.99999), ADVANCED, "Averaging", "",
            "The model that is measured and kept is a running average of the weights, which keeps this share in each step; 0 takes the weights themselves.";
    }
}

/// How a prior says what may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Mixtures of normal distributions.
    Mixture,
    /// Bins of quantised latents.
    Quantised,
}

impl Config {
    /// How many frames back a frame depends on what was.
    #[must_use]
    pub fn context_frames(&self) -> usize {
        let layers: usize = (0..self.n_layers).map(|i| self.dilation(i)).sum();
        (self.kernel_size - 1) * (layers + 1) + 1
    }

    /// Frames between the taps of a layer.
    pub(super) fn dilation(&self, layer: usize) -> usize {
        1 << (layer % self.cycle_size)
    }

    /// How many directions of a space are modelled.
    pub(super) fn n_directions(&self, space: &crate::LatentSpace) -> usize {
        let size = space.mean.len();
        let reached = space.n_directions(self.fidelity as f32);
        match self.distribution {
            Distribution::Mixture if self.latent_size == 0 => reached.min(size),
            Distribution::Mixture => self.latent_size.min(size),
            // The original counts the directions before the one that reaches the fidelity, and rounds up.
            Distribution::Quantised => {
                let n = if self.latent_size == 0 { reached - 1 } else { self.latent_size };
                let fits = |n: &usize| {
                    *n <= size
                        && self.res_size.is_multiple_of(*n)
                        && self.skp_size.is_multiple_of(*n)
                };
                let most = n.max(1).next_power_of_two();
                let halves = std::iter::successors(Some(most), |n| Some(n / 2));
                halves.take_while(|n| *n > 0).find(fits).unwrap_or(1)
            }
        }
    }

    fn contradictions(&self) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        if self.distribution == Distribution::Quantised {
            let n = self.latent_size.next_power_of_two().max(1);
            for (key, size) in [("res_size", self.res_size), ("skp_size", self.skp_size)] {
                if self.latent_size > 0 && !size.is_multiple_of(n) {
                    let message = format!("must be a multiple of the {n} directions");
                    problems.push(problem_with(key, message, size.next_multiple_of(n)));
                }
            }
        }
        problems
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

/// Priors as forms and the command line show them.
pub(super) fn family() -> api::Family {
    api::Family {
        name: super::family::NAME.into(),
        title: "Prior".into(),
        summary: "Learns which latents of a model follow which, and then goes on by itself.".into(),
        learns_from: api::LearnsFrom::Latents,
        presets: configurations::presets(),
        switches: vec![],
        knobs: knobs(),
    }
}
