//! Priors as a family among others.

use std::{collections::BTreeMap, path::Path};

use api::{DatasetSummary, FieldProblem};
use nn::Compute;
use serde_json::{Value, json};

use super::{
    config::{self, Config},
    directions::LearntLatents,
    infer::{self, Model},
    network::Network,
    train::Training,
};
use crate::{
    Change, CodecShape, Composition, Described, Error, ExcerptSettings, Family, Finished, Forecast,
    LatentSpace, PhaseTimes, PriorCodec, Settings, StepTimes, Trainer,
};

/// What the family is called in settings, commands and files.
pub(crate) const NAME: &str = "prior";

/// The family.
pub(crate) struct Priors;

impl Family for Priors {
    fn name(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> api::Family {
        config::family()
    }

    fn compose(
        &self,
        preset: &str,
        switches: &[String],
        overrides: &BTreeMap<String, Value>,
    ) -> Result<Composition, Vec<FieldProblem>> {
        config::resolve(preset, switches, overrides)
    }

    fn settings(&self, frozen: &Value) -> Result<Box<dyn Settings>, Vec<FieldProblem>> {
        Ok(Box::new(Config::from_settings(frozen)?))
    }

    fn settings_of_dataset(&self, _dataset: &DatasetSummary) -> Vec<(&'static str, Value)> {
        vec![]
    }

    fn resume(&self, checkpoint: &Path) -> Result<Box<dyn Trainer>, Error> {
        Ok(Box::new(Training::load(checkpoint)?))
    }

    fn open(&self, weights: &Path) -> Result<Box<dyn Finished>, Error> {
        Ok(Box::new(Model::load(weights)?))
    }

    fn look_at(&self, weights: &Path) -> Result<Described, Error> {
        let words = nn::checkpoint::read_some(weights, |_| false)?.metadata;
        let said = infer::read_words(weights, &words)?;
        Ok(Described {
            settings: Box::new(said.config),
            step: Some(said.step),
            phase: 1,
            space: None,
            prior_of: Some(said.codec),
            adapter_of: None,
            n_parameters: None,
        })
    }
}

/// Memory of the program itself beside what a training holds.
const PROGRAM_BYTES: u64 = 48 << 20;
/// The length of a measurement of speed, in seconds.
const MEASURE_SECS: f64 = 10.0;
/// Directions and latents of a codec that is not known yet.
const USUAL_SIZE: usize = 16;

/// Latents of a codec that is not known yet, to say how large and how fast a prior is.
pub(super) fn usual(config: &Config) -> LearntLatents {
    let size = if config.latent_size == 0 { USUAL_SIZE } else { config.latent_size };
    let one = |i: usize| (0..size).map(|j| f32::from(u8::from(i == j))).collect();
    let shape = CodecShape {
        rate_hz: 44_100,
        channels: 1,
        latent_size: size,
        ratio: 512,
        n_books: 0,
        codebook_size: 0,
        regularization: "variational",
    };
    LearntLatents {
        codec: PriorCodec {
            sha256: String::new(),
            name: String::new(),
            family: String::new(),
            settings: Value::Null,
            shape,
        },
        space: LatentSpace {
            mean: vec![0.0; size],
            directions: (0..size).map(one).collect(),
            fidelity: (0..size).map(|i| if i + 1 < size { 0.0 } else { 1.0 }).collect(),
            n_active: size,
        },
        centre: vec![0.0; size],
        deviation: vec![1.0; size],
    }
}

impl Settings for Config {
    fn to_value(&self) -> Value {
        self.to_settings()
    }

    fn with(&self, settings: &Value) -> Option<Box<dyn Settings>> {
        Some(Box::new(Self::from_settings(settings).ok()?))
    }

    fn check(&self, _dataset: &DatasetSummary) -> Vec<FieldProblem> {
        vec![]
    }

    fn forecast(&self) -> Forecast {
        let network = Network::new(self, self.n_directions(&usual(self).space));
        let mut notes = Vec::new();
        if self.latent_size == 0 {
            notes.push(format!(
                "How many directions of the latents reach the fidelity is known once the model is \
                 asked; the numbers are for {}.",
                network.n
            ));
        }
        Forecast {
            n_parameters: network.n_parameters() as u64,
            n_discriminator_parameters: 0,
            memory_bytes: vec![memory_bytes(self, &network)],
            codec: None,
            notes,
        }
    }

    fn codec(&self) -> Option<CodecShape> {
        None
    }

    fn excerpts(&self) -> Option<ExcerptSettings> {
        None
    }

    fn trainer(&self, seed: u64) -> Box<dyn Trainer> {
        Box::new(Training::new(self, seed, &usual(self)))
    }

    fn latent_trainer(&self, seed: u64, latents: &LearntLatents) -> Option<Box<dyn Trainer>> {
        Some(Box::new(Training::new(self, seed, latents)))
    }

    fn measure(
        &self,
        _compute: &Compute,
        clock: &mut dyn FnMut() -> f64,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Option<(StepTimes, Box<dyn Trainer>)> {
        let mut trainer = self.trainer(0);
        let windows = trainer.windows()?;
        let batch = nn::Init::new(0).normal(windows.n_values());
        trainer.step_while(&batch, &mut || true)?;
        let (from, mut n_counted) = (clock(), 0);
        loop {
            let secs = clock() - from;
            if !go_on((secs / MEASURE_SECS).min(1.0)) {
                return None;
            }
            if secs >= MEASURE_SECS && n_counted > 0 {
                break;
            }
            trainer.step_while(&batch, &mut || true)?;
            n_counted += 1;
        }
        let step_secs = (clock() - from) / f64::from(n_counted);
        let phase = PhaseTimes { title: "learning", steps: None, is_open: false, step_secs };
        Some((StepTimes { phases: vec![phase], n_counted }, trainer))
    }

    fn lighter(&self) -> Vec<Vec<Change>> {
        let halves = std::iter::successors(Some(self.batch_size / 2), |n| Some(n / 2));
        let smaller = halves.take_while(|n| *n >= 1).map(|n| Change {
            title: format!("Batches of {n}"),
            settings: BTreeMap::from([("batch_size".to_owned(), json!(n))]),
        });
        vec![smaller.collect()]
    }
}

/// What a training holds at most, in bytes.
fn memory_bytes(config: &Config, network: &Network) -> u64 {
    let n_values = (config.batch_size * config.n_frames) as u64;
    // Of each block: the gate's output, its halves, their functions and product, both sums, and gradients.
    let of_blocks = config.n_layers * (9 * config.res_size + 2 * config.skp_size);
    let outputs = network.n * (network.n_outputs() + config.head_size);
    let of_ends = 3 * network.channels_in() + 6 * outputs;
    // Weights, gradients, two moments and the average, with room for what is saved.
    PROGRAM_BYTES + 4 * n_values * (of_blocks + of_ends) as u64 + 32 * network.n_parameters() as u64
}
