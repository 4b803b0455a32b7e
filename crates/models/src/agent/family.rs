//! Game agents as a family among others.

use std::{collections::BTreeMap, path::Path};

use api::{DatasetSummary, ExportKind, Fact, FieldProblem};
use nn::Compute;
use serde_json::{Value, json};

use super::{
    config::{self, Algorithm, Config, Observation},
    infer::{self, Player},
    network::Agent,
    train::Training,
};
use crate::{
    Change, CodecShape, Composition, Described, Error, ExcerptSettings, Family, Finished, Forecast,
    PhaseTimes, Settings, StepTimes, Trainer,
};

/// What the family is called in settings, commands and files.
pub(crate) const NAME: &str = "agent";

/// The family.
pub(crate) struct GameAgents;

impl Family for GameAgents {
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
        Ok(Box::new(Player::load(weights)?))
    }

    fn look_at(&self, weights: &Path) -> Result<Described, Error> {
        let words = nn::checkpoint::read_some(weights, |_| false)?.metadata;
        let config = infer::config(weights, &words)?;
        let step = words.get("step").and_then(|it| it.parse().ok());
        Ok(Described {
            settings: Box::new(config),
            step,
            phase: 1,
            space: None,
            prior_of: None,
            adapter_of: None,
            n_parameters: None,
        })
    }
}

/// Memory of the program itself beside what a training holds.
const PROGRAM_BYTES: u64 = 24 << 20;
/// The length of a measurement of speed, in seconds.
const MEASURE_SECS: f64 = 10.0;

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
        let agent = Agent::new(self);
        let mut notes = Vec::new();
        if self.seen() == Observation::Screen && self.info().planes.is_some() {
            notes.push(
                "Learning from the screen takes many times as long as learning from planes.".into(),
            );
        }
        Forecast {
            n_parameters: agent.network.n_trainable() as u64,
            n_discriminator_parameters: 0,
            memory_bytes: vec![memory_bytes(self, &agent)],
            codec: None,
            notes,
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let n_parameters = Settings::forecast(self).n_parameters as f64;
        vec![Fact::number("n_parameters", "Parameters", n_parameters, "")]
    }

    fn expected_score(&self, step: u64) -> Option<(f64, f64)> {
        super::expected::expected(self, step)
    }

    fn codec(&self) -> Option<CodecShape> {
        None
    }

    fn excerpts(&self) -> Option<ExcerptSettings> {
        None
    }

    fn exports(&self) -> Vec<ExportKind> {
        vec![ExportKind::Safetensors, ExportKind::Onnx, ExportKind::Maq]
    }

    fn trainer(&self, seed: u64) -> Box<dyn Trainer> {
        Box::new(Training::new(self, seed))
    }

    fn measure(
        &self,
        _compute: &Compute,
        clock: &mut dyn FnMut() -> f64,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Option<(StepTimes, Box<dyn Trainer>)> {
        let mut training = Training::new(self, 0);
        // What is measured is learning, which for DQN begins when its memory has something in it.
        while self.algorithm == Algorithm::Dqn && training.global_step() < self.learning_starts {
            training.step_while(&[], &mut || go_on(0.0))?;
        }
        training.step_while(&[], &mut || true)?;
        let (from, from_step) = (clock(), training.global_step());
        let mut n_counted = 0;
        loop {
            let secs = clock() - from;
            if !go_on((secs / MEASURE_SECS).min(1.0)) {
                return None;
            }
            if secs >= MEASURE_SECS && n_counted > 0 {
                break;
            }
            training.step_while(&[], &mut || true)?;
            n_counted += 1;
        }
        let n_steps = (training.global_step() - from_step) as f64;
        let step_secs = (clock() - from) / n_steps;
        let phase =
            PhaseTimes { title: "playing and learning", steps: None, is_open: false, step_secs };
        Some((StepTimes { phases: vec![phase], n_counted }, Box::new(training)))
    }

    fn lighter(&self) -> Vec<Vec<Change>> {
        if self.algorithm != Algorithm::Dqn {
            return vec![];
        }
        let sizes = std::iter::successors(Some(self.buffer_size / 2), |n| Some(n / 2));
        let smaller = sizes.take_while(|n| *n >= 1_000).map(|n| Change {
            title: format!("A replay memory of {n} steps"),
            settings: BTreeMap::from([("buffer_size".to_owned(), json!(n))]),
        });
        vec![smaller.collect()]
    }
}

/// What a training holds at most, in bytes.
fn memory_bytes(config: &Config, agent: &Agent) -> u64 {
    let (n_seen, n_parameters) = (agent.n_seen() as u64, agent.network.n_parameters() as u64);
    let seen_bytes = if config.seen() == Observation::Numbers { 4 * n_seen } else { n_seen };
    let of_values = agent.network.n_values() as u64 * 8;
    let (held, n_parts, batch) = match config.algorithm {
        Algorithm::Ppo => {
            let n_steps = (config.n_envs * config.n_steps) as u64;
            (n_steps * (seen_bytes + 26), config.batch_size.div_ceil(64).min(8), config.batch_size)
        }
        Algorithm::Dqn => {
            let frame = if config.seen() == Observation::Screen { n_seen / 4 } else { seen_bytes };
            let n_parts = config.batch_size.div_ceil(16);
            (config.buffer_size as u64 * (frame + 6), n_parts, 2 * config.batch_size)
        }
    };
    // Parameters, both moments, gradients, the transposed matrices, and the gradients of each part.
    let of_parameters = n_parameters * 4 * (6 + n_parts as u64);
    PROGRAM_BYTES + held + of_parameters + of_values * batch as u64
}
