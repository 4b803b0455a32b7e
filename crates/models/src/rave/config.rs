//! The knobs and presets of RAVE: the one place where a setting's name, range, default and help stand.
//!
//! Names and defaults are those of RAVE's `v2_small` configuration (Caillon & Esling, 2021,
//! <https://arxiv.org/abs/2111.05011>, and its second version); the preset `full` is all defaults.

use std::collections::BTreeMap;

use api::{Family, FieldProblem, KnobKind, Limit, Preset};
use serde_json::{Value, json};

use crate::knobs::{
    self, choice, factor, integer, integers, knobs, multiple, number, problem, problem_with,
};

knobs! {
    "Sound" {
        sampling_rate: u32 = 44_100, integer(8_000, 192_000), BASIC, "Sampling rate", "Hz",
            "Samples per second of the sound that the model hears and makes; the same as the dataset's.";
        channels: usize = 1, integer(1, 2), BASIC, "Channels", "",
            "1 for mono, 2 for stereo; the same as the dataset's.";
        phase_mangle_share: f64 = 0.8, number(0.0, 1.0), ADVANCED, "Phase variation", "",
            "The share of excerpts whose phases are turned at random, so that the model does not learn them by heart. 0 turns it off.";
        speed_variation: f64 = 0.0, number(0.0, 24.0), ADVANCED, "Speed variation", "semitones",
            "Plays excerpts up to this much faster or slower, so that the model hears more pitches than were recorded. 0 turns it off.";
        gain_variation: f64 = 0.0, number(0.0, 40.0), ADVANCED, "Gain variation", "dB",
            "Plays excerpts up to this much quieter, so that the model hears more levels than were recorded. 0 turns it off.";
    }
    "Model" {
        capacity: usize = 48, integer(2, 256), BASIC, "Capacity", "",
            "How much the model can hold: twice as much sounds better, and takes up to four times as long per step.";
        latent_size: usize = 128, integer(1, 512), BASIC, "Latent size", "",
            "How many curves describe a sound inside the model. Fewer are easier to play by hand, more keep more detail.";
        ratios: Vec<usize> = [4, 2, 2, 2], integers(6, 2, 16), ADVANCED, "Compression ratios", "",
            "By how much each stage slows the latent curves down, even numbers. Larger ratios react more slowly and compute faster.";
        dilations: Vec<usize> = [1, 3, 9], integers(6, 1, 27), ADVANCED, "Dilations", "",
            "How far each layer of a stage looks around, in frames. More or larger numbers hear longer patterns.";
        dilations_deepest: Vec<usize> = [1, 3], integers(6, 1, 27), ADVANCED, "Dilations of the deepest stage", "",
            "The same for the slowest stage, where one frame is already long.";
        kernel_size: usize = 3, integer(3, 9), ADVANCED, "Kernel size", "",
            "How many frames each layer sees at once; an odd number.";
        n_band: usize = 16, integer(2, 32), ADVANCED, "Frequency bands", "",
            "Into how many bands sound is split before the model sees it; a power of two. More bands compute faster.";
        pqmf_attenuation: f64 = 100.0, number(40.0, 120.0), ADVANCED, "Band separation", "dB",
            "How well the bands are kept apart; higher is cleaner and has longer filters.";
        has_noise: bool = true, KnobKind::Bool, BASIC, "Noise synthesiser", "",
            "Adds a filtered noise part, for breath, hiss and drums.";
        noise_ratios: Vec<usize> = [2, 2, 2], integers(6, 1, 16), ADVANCED, "Noise ratios", "",
            "By how much the noise part slows down the control of its filters.";
        noise_bands: usize = 32, integer(2, 64), ADVANCED, "Noise bands", "",
            "How finely each noise filter is described. The original's 32 nearly mute the noise part; 5 lets it be heard.";
        noise_hidden: usize = 64, integer(2, 512), ADVANCED, "Noise capacity", "",
            "How much the noise part can hold.";
    }
    "Training" {
        batch_size: usize = 8, integer(1, 64), BASIC, "Batch size", "excerpts",
            "How many excerpts every step learns from. More make steadier and slower steps and need more memory.";
        n_signal: usize = 131_072, multiple(16, 2_048, 1_048_576), BASIC, "Excerpt length", "samples",
            "The length of those excerpts. Longer ones teach longer patterns, and take more time and memory.";
        learning_rate: f64 = 1e-3, factor(1e-6, 1e-1), BASIC, "Learning rate", "",
            "How large the steps are at first. Too large and training goes astray, too small and it crawls.";
        learning_rate_final: f64 = 0.1, factor(1e-3, 1.0), ADVANCED, "Final learning rate", "of the first",
            "The share of the learning rate that is left when phase 1 ends; it falls in a straight line.";
        learning_rate_discriminator: f64 = 1e-4, factor(1e-7, 1e-1), ADVANCED, "Discriminator learning rate", "",
            "How fast the judges of phase 2 learn.";
        initial_gain: f64 = 1.0, factor(0.1, 10.0), ADVANCED, "Initial gain", "",
            "How strongly every layer of a new model passes sound on. 1 is the original; 2 starts to learn sooner in a short training.";
        phase_1_duration: u64 = 1_000_000, integer(0, 10_000_000), BASIC, "Length of phase 1", "steps",
            "When the model stops learning to describe sound and starts learning to sound real.";
        adam_beta_1: f64 = 0.5, number(0.0, 0.999), ADVANCED, "Momentum", "",
            "How long the optimiser keeps its direction.";
        adam_beta_2: f64 = 0.9, number(0.0, 0.9999), ADVANCED, "Step memory", "",
            "How long the optimiser remembers how large gradients were.";
    }
    "Latent space" {
        beta: f64 = 0.01, factor(1e-8, 10.0), BASIC, "Regularisation", "",
            "How strongly latent curves are kept smooth and centred. More makes them easier to play, less keeps more detail.";
        beta_initial: f64 = 0.01, factor(1e-8, 10.0), ADVANCED, "Regularisation at first", "",
            "The same at the first step; from there it moves to its final value by equal factors.";
        beta_warmup: u64 = 0, integer(0, 10_000_000), ADVANCED, "Regularisation warm-up", "steps",
            "How many steps that takes.";
        latent_noise: f64 = 1.0, number(0.0, 1.0), ADVANCED, "Latent noise", "",
            "How much chance is added to latent curves while learning. 1 is the original; less learns faster and leaves gaps between sounds.";
    }
    "Distance" {
        multiband_weight: f64 = 1.0, number(0.0, 100.0), ADVANCED, "Multi-band weight", "",
            "How much the distance of spectra in each band counts.";
        fullband_weight: f64 = 1.0, number(0.0, 100.0), ADVANCED, "Full-band weight", "",
            "How much the distance of spectra of the whole sound counts.";
        stft_scales: Vec<usize> = [2048, 1024, 512, 256, 128], integers(8, 16, 8_192), ADVANCED, "Spectrum sizes", "samples",
            "The window lengths at which spectra are compared; even numbers.";
        log_epsilon: f64 = 1e-7, factor(1e-9, 10.0), ADVANCED, "Spectrum floor", "",
            "Below this, differences between quiet parts of a spectrum hardly count.";
        valid_signal_crop: bool = true, KnobKind::Bool, ADVANCED, "Ignore the edges", "",
            "Leaves the ends of excerpts, where the model cannot see enough, out of the multi-band distance.";
    }
    "Adversarial" {
        discriminator_capacity: usize = 48, integer(1, 256), ADVANCED, "Discriminator capacity", "",
            "How much the judges of phase 2 can hold.";
        discriminator_periods: Vec<usize> = [2, 3, 5, 7, 11], integers(8, 1, 64), ADVANCED, "Discriminator periods", "samples",
            "One judge looks at every so-manieth sample.";
        discriminator_scales: usize = 3, integer(1, 6), ADVANCED, "Discriminator scales", "",
            "How many judges listen, each at half the speed of the one before.";
        update_discriminator_every: u64 = 2, integer(2, 64), ADVANCED, "Judge every", "steps",
            "In phase 2 one step of so many teaches the judges, the others teach the model.";
        feature_matching_weight: f64 = 20.0, number(0.0, 100.0), ADVANCED, "Feature matching weight", "",
            "How much it counts that the judges see the same in original and reconstruction.";
        num_skipped_features: usize = 1, integer(0, 4), ADVANCED, "Skipped features", "layers",
            "How many first layers of the judges are left out of that.";
        adversarial_weight: f64 = 1.0, number(0.0, 100.0), ADVANCED, "Adversarial weight", "",
            "How much it counts to sound real to the judges.";
        loss_weights: LossWeights = "squared", choice(&["squared", "plain"]), ADVANCED, "Use of weights", "",
            "The original program applies every weight twice (squared); its paper applies it once (plain).";
    }
}

/// Whether a loss weight is applied twice, as the original program does, or once, as its paper says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossWeights {
    /// Twice.
    Squared,
    /// Once.
    Plain,
}

impl Config {
    /// Reads settings as they were frozen; knobs that an older file lacks get their defaults.
    ///
    /// # Errors
    /// Every setting that cannot be used, with what would be right.
    pub fn from_settings(settings: &Value) -> Result<Self, Vec<FieldProblem>> {
        let whole = knobs::reread(&knobs(), settings)?;
        let config: Self =
            serde_json::from_value(whole).map_err(|error| vec![problem("", error.to_string())])?;
        let problems = config.contradictions();
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// The settings to freeze.
    #[must_use]
    pub fn to_settings(&self) -> Value {
        serde_json::to_value(self).expect("plain numbers become JSON")
    }

    /// Samples of sound per latent frame.
    #[must_use]
    pub fn ratio(&self) -> usize {
        self.n_band * self.ratios.iter().product::<usize>()
    }

    /// The dilations of a stage of the encoder, from the fastest to the deepest.
    pub(super) fn stage_dilations(&self, stage: usize) -> &[usize] {
        if stage + 1 == self.ratios.len() { &self.dilations_deepest } else { &self.dilations }
    }

    /// A weight as the loss sees it.
    pub(super) fn effective(&self, weight: f64) -> f64 {
        match self.loss_weights {
            LossWeights::Squared => weight * weight,
            LossWeights::Plain => weight,
        }
    }

    /// Settings that are each right but cannot be together.
    fn contradictions(&self) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        let ratio: usize = self.ratios.iter().product();
        if self.ratios.iter().any(|ratio| !ratio.is_multiple_of(2)) {
            problems.push(problem("ratios", "each number must be even"));
        }
        if self.kernel_size.is_multiple_of(2) {
            let message = "must be odd, so that a layer looks as far back as ahead";
            problems.push(problem_with("kernel_size", message, self.kernel_size - 1));
        }
        if !self.n_band.is_power_of_two() {
            let near = self.n_band.next_power_of_two();
            problems.push(problem_with("n_band", "must be a power of two", near));
        }
        if self.has_noise && !ratio.is_multiple_of(self.noise_ratios.iter().product()) {
            problems.push(problem(
                "noise_ratios",
                format!("together they must divide {ratio}, the product of the compression ratios"),
            ));
        }
        if !self.n_signal.is_multiple_of(self.ratio()) {
            let near = self.n_signal.next_multiple_of(self.ratio());
            let message = format!("must be a multiple of {}, the compression ratio", self.ratio());
            problems.push(problem_with("n_signal", message, near));
        }
        if self.stft_scales.iter().any(|n| !n.is_multiple_of(4)) {
            problems.push(problem("stft_scales", "each number must be a multiple of 4"));
        }
        let widest = self.capacity << self.ratios.len();
        if widest > 8_192 {
            let near = 8_192 >> self.ratios.len();
            let message = format!(
                "with {} stages the widest layer would have {widest} channels; 8192 is the most",
                self.ratios.len()
            );
            problems.push(problem_with("capacity", message, near));
        }
        if problems.is_empty() {
            problems.extend(super::forecast::too_short(self));
        }
        problems
    }
}

/// The whole settings of a preset with some knobs changed, to freeze in an order.
///
/// # Errors
/// Every setting that cannot be used, with what would be right.
pub fn resolve(
    preset: &str,
    overrides: &BTreeMap<String, Value>,
) -> Result<Value, Vec<FieldProblem>> {
    let presets = presets();
    let Some(preset) = presets.iter().find(|known| known.name == preset) else {
        let names: Vec<&str> = presets.iter().map(|known| known.name.as_str()).collect();
        let message = format!("there is no preset `{preset}`; there are {}", names.join(", "));
        return Err(vec![problem("preset", message)]);
    };
    let settings = knobs::resolve(&knobs(), preset, overrides)?;
    Config::from_settings(&settings).map(|config| config.to_settings())
}

/// RAVE as forms and the command line show it.
#[must_use]
pub fn family() -> Family {
    Family {
        name: "rave".into(),
        title: "RAVE".into(),
        summary: "Learns to describe sound by a few curves and to sing it back from them, fast \
                  enough to play."
            .into(),
        presets: presets(),
        knobs: knobs(),
    }
}

/// Ready-made choices; a preset names only what differs from the defaults.
fn presets() -> Vec<Preset> {
    let preset = |name: &str, title: &str, summary: &str, limit, settings: Value| Preset {
        name: name.into(),
        title: title.into(),
        summary: summary.into(),
        settings: settings
            .as_object()
            .map(|map| map.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            .unwrap_or_default(),
        limit,
    };
    // Sketch was chosen by training on 14 notes and measuring on 3 others: a gain that keeps levels
    // through the layers, hardly any latent noise and a high learning rate shorten the time in which
    // the latent curves are not used yet from about 1700 steps to 800, and a wide, fast latent lets
    // sounds through that were not learnt.
    vec![
        preset(
            "sketch",
            "Sketch",
            "A small model that a laptop teaches a handful of sounds in ten minutes. For trying out \
             a dataset.",
            Limit::Minutes { minutes: 10.0 },
            json!({
                "capacity": 12,
                "latent_size": 64,
                "ratios": [4, 2, 2],
                "dilations": [1, 3],
                "dilations_deepest": [1],
                "noise_bands": 5,
                "noise_hidden": 16,
                "batch_size": 4,
                "n_signal": 24_576,
                "learning_rate": 3e-3,
                "learning_rate_final": 0.05,
                "initial_gain": 1.7,
                "latent_noise": 0.05,
                "phase_1_duration": 20_000,
                "beta": 1e-4,
                "beta_initial": 1e-6,
                "beta_warmup": 2_000,
                "discriminator_capacity": 8,
            }),
        ),
        preset(
            "standard",
            "Standard",
            "A middling model for an hour or a night on a good computer. Sounds much like its \
             dataset.",
            Limit::Minutes { minutes: 480.0 },
            json!({
                "capacity": 24,
                "latent_size": 64,
                "noise_bands": 5,
                "noise_hidden": 32,
                "n_signal": 65_536,
                "phase_1_duration": 60_000,
                "beta_initial": 1e-6,
                "beta_warmup": 10_000,
                "discriminator_capacity": 24,
            }),
        ),
        preset(
            "full",
            "Full",
            "RAVE's v2_small as published: a million steps of phase 1 and as many more. For a \
             machine that has days.",
            Limit::Steps { steps: 3_000_000 },
            json!({}),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_right_and_names_only_what_differs_from_the_defaults() {
        let defaults: BTreeMap<String, Value> =
            knobs().into_iter().map(|knob| (knob.key, knob.default)).collect();
        for preset in presets() {
            let settings = resolve(&preset.name, &BTreeMap::new()).unwrap();
            assert_eq!(Config::from_settings(&settings).unwrap().to_settings(), settings);
            for (key, value) in &preset.settings {
                assert_ne!(defaults.get(key), Some(value), "{} of {}", key, preset.name);
            }
        }
    }

    #[test]
    fn knobs_have_keys_of_their_own_and_whole_sentences() {
        let knobs = knobs();
        for knob in &knobs {
            assert_eq!(knobs.iter().filter(|other| other.key == knob.key).count(), 1);
            assert!(knob.help.ends_with('.'), "{}", knob.key);
        }
    }

    #[test]
    fn wrong_settings_are_refused_by_their_keys() {
        let check = |overrides: Value, keys: &[&str]| {
            let overrides = overrides.as_object().unwrap().clone().into_iter().collect();
            let problems = resolve("full", &overrides).unwrap_err();
            let found: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
            assert_eq!(found, keys, "{overrides:?}");
        };
        check(json!({ "capacity": 0 }), &["capacity"]);
        check(json!({ "Capacity": 8 }), &["Capacity"]);
        check(json!({ "capacity": 0, "latent": 8 }), &["latent", "capacity"]);
        check(json!({ "ratios": "3,2" }), &["ratios", "noise_ratios", "n_signal"]);
        check(json!({ "n_signal": 131_088 }), &["n_signal"]);
        check(json!({ "n_signal": 20_480 }), &["n_signal"]);
        check(json!({ "kernel_size": 4 }), &["kernel_size"]);
        check(json!({ "n_band": 12, "n_signal": 122_880 }), &["n_band"]);
        check(json!({ "noise_ratios": [7] }), &["noise_ratios"]);
        check(json!({ "ratios": [2, 2, 2, 2, 2, 2], "capacity": 200 }), &["capacity"]);
        assert_eq!(resolve("huge", &BTreeMap::new()).unwrap_err()[0].key, "preset");
    }

    #[test]
    fn settings_of_an_older_file_get_defaults_for_what_they_lack() {
        let config = Config::from_settings(&json!({ "capacity": 8 })).unwrap();
        assert_eq!((config.capacity, config.latent_size), (8, 128));
        assert!(Config::from_settings(&json!([])).is_err());
    }
}
