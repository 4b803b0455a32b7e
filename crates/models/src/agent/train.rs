//! An agent in training: one of the algorithms, what it has played, and how it is saved.

use std::{collections::BTreeMap, path::Path};

use games::Recording;
use nn::NamedArray;

use super::{
    Learnt,
    config::{Algorithm, Config},
    dqn::Dqn,
    infer::Player,
    network::Agent,
    play::{Choice, episodes},
    ppo::Ppo,
    state::{FRONT, Fields},
    values::Episodes,
};
use crate::{Error, Finished as _, Rendered, Stale, StepReport, Validation};

/// The name of the score: the mean score of whole episodes, played to measure.
pub(crate) const SCORE: &str = "eval/mean_reward";
/// Decides the episodes that are played to measure, which are the same each time.
const EVALUATION_SEED: u64 = 0xe7a1;

/// An agent in training.
pub(crate) struct Training {
    config: Config,
    seed: u64,
    learner: Learner,
    step: u64,
    /// The share of the budget that is used.
    share: f64,
    episodes: Episodes,
    n_steps_back: u32,
    /// What the learning rate is multiplied with, after training went astray.
    rate_factor: f64,
}

enum Learner {
    Ppo(Box<Ppo>),
    Dqn(Box<Dqn>),
}

impl Learner {
    fn new(config: &Config, seed: u64) -> Self {
        match config.algorithm {
            Algorithm::Ppo => Self::Ppo(Box::new(Ppo::new(config, seed))),
            Algorithm::Dqn => Self::Dqn(Box::new(Dqn::new(config, seed))),
        }
    }

    fn step(&mut self, config: &Config, left: f64) -> Learnt {
        match self {
            Self::Ppo(ppo) => ppo.step(config, left),
            Self::Dqn(dqn) => dqn.step(config, left),
        }
    }

    fn agent(&self) -> (&Agent, &[f32]) {
        match self {
            Self::Ppo(ppo) => (ppo.agent(), ppo.parameters()),
            Self::Dqn(dqn) => (dqn.agent(), dqn.parameters()),
        }
    }

    fn fields(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        match self {
            Self::Ppo(ppo) => ppo.fields(fields),
            Self::Dqn(dqn) => dqn.fields(fields),
        }
    }
}

/// How an agent is measured.
pub(crate) fn measured_choice(config: &Config) -> Choice {
    match config.algorithm {
        _ if config.is_eval_greedy => Choice::Best,
        Algorithm::Ppo => Choice::Drawn,
        // A few random actions keep a greedy agent from doing the same for ever.
        Algorithm::Dqn => Choice::Mostly(0.01),
    }
}

impl Training {
    pub(crate) fn new(config: &Config, seed: u64) -> Self {
        Self {
            learner: Learner::new(config, seed),
            config: config.clone(),
            seed,
            step: 0,
            share: 0.0,
            episodes: Episodes::default(),
            n_steps_back: 0,
            rate_factor: 1.0,
        }
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// When it cannot be read or lacks something.
    pub(crate) fn load(path: &Path) -> Result<Self, Error> {
        let found = nn::checkpoint::read(path)?;
        let config = super::infer::config(path, &found.metadata)?;
        let lacks = |what: String| Error::NotResumable { path: path.into(), what };
        let word = |key: &str| {
            let key = format!("{FRONT}{key}");
            let found = found.metadata.get(&key);
            found.and_then(|it| it.parse::<u64>().ok()).ok_or_else(|| lacks(key))
        };
        let mut training = Self::new(&config, word("seed")?);
        let arrays: BTreeMap<String, NamedArray> =
            found.arrays.iter().map(|it| (it.name.clone(), it.clone())).collect();
        training.fields(&mut Fields::Load(&arrays, &found.metadata)).map_err(lacks)?;
        Ok(training)
    }

    fn fields(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        fields.whole("seed", &mut self.seed)?;
        fields.whole("step", &mut self.step)?;
        let mut bits = [self.share.to_bits(), self.rate_factor.to_bits()];
        fields.whole("share", &mut bits[0])?;
        fields.whole("rate_factor", &mut bits[1])?;
        [self.share, self.rate_factor] = bits.map(f64::from_bits);
        let mut n_back = u64::from(self.n_steps_back);
        fields.whole("n_steps_back", &mut n_back)?;
        self.n_steps_back = n_back as u32;
        self.episodes.fields(fields)?;
        self.learner.fields(fields)
    }

    /// Episodes of this agent as it is now.
    fn play(&self, n: usize, seed: u64) -> Vec<Recording> {
        let (agent, parameters) = self.learner.agent();
        episodes(&self.config, agent, parameters, measured_choice(&self.config), n, seed)
    }

    /// Settings with the rate as it is after training went astray.
    fn slowed(&self) -> Config {
        let learning_rate = self.config.learning_rate * self.rate_factor;
        Config { learning_rate, ..self.config.clone() }
    }
}

impl crate::Trainer for Training {
    fn global_step(&self) -> u64 {
        self.step
    }

    fn phase(&self) -> api::Phase {
        let title = match self.config.algorithm {
            Algorithm::Ppo => "playing and learning",
            Algorithm::Dqn if self.step < self.config.learning_starts => {
                let (key, title) = ("filling".into(), "filling the replay memory".into());
                let until_step = Some(self.config.learning_starts);
                return api::Phase { key, title, number: 1, step: 0, until_step };
            }
            Algorithm::Dqn => "playing and learning",
        };
        let is_dqn = self.config.algorithm == Algorithm::Dqn;
        api::Phase {
            key: "learning".into(),
            title: title.into(),
            number: if is_dqn { 2 } else { 1 },
            step: if is_dqn { self.config.learning_starts } else { 0 },
            until_step: None,
        }
    }

    fn score_metric(&self) -> api::ScoreMetric {
        api::ScoreMetric {
            name: SCORE.into(),
            title: "Score".into(),
            unit: self.config.info().score_unit.into(),
            is_smaller_better: false,
            is_logarithmic: false,
        }
    }

    fn set_share(&mut self, share: f64) {
        self.share = share.clamp(0.0, 1.0);
    }

    fn step_while(
        &mut self,
        _batch: &[f32],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<StepReport> {
        if !go_on() {
            return None;
        }
        let learnt = self.learner.step(&self.slowed(), 1.0 - self.share);
        self.step += learnt.n_steps;
        self.episodes.add(&learnt.finished);
        let mut values = self.episodes.values();
        values.extend(learnt.values);
        Some(StepReport {
            step: self.step,
            values,
            score: None,
            episodes: learnt.finished.iter().map(|it| (it.score, it.n_steps)).collect(),
            is_finite: learnt.is_finite,
        })
    }

    fn validate(&mut self, held_out: &[Vec<Vec<f32>>]) -> Option<Validation> {
        self.measure(held_out)
    }

    fn measure(&self, _clips: &[Vec<Vec<f32>>]) -> Option<Validation> {
        let episodes = self.play(self.config.n_eval_episodes, EVALUATION_SEED);
        let n = episodes.len() as f64;
        let score = episodes.iter().map(|it| it.score).sum::<f64>() / n;
        let length = episodes.iter().map(|it| it.actions.len() as f64).sum::<f64>() / n;
        let values = vec![("eval/mean_ep_length", length)];
        Some(Validation { score, clip_metric: SCORE, values })
    }

    fn game(&self) -> Option<&'static games::Info> {
        Some(self.config.info())
    }

    fn save_player(&self, path: &Path) -> Result<(), Error> {
        let (_, parameters) = self.learner.agent();
        Player::new(self.config.clone(), parameters.to_vec()).save(path)
    }

    fn record(&self, n: usize, seed: u64) -> Vec<Recording> {
        self.play(n, seed)
    }

    fn render(&self, _clip: &[Vec<f32>]) -> Option<Rendered> {
        None
    }

    fn save(&mut self, path: &Path) -> Result<(), Error> {
        let (agent, parameters) = self.learner.agent();
        let mut arrays = agent.network.to_arrays(parameters, &agent.names);
        let mut words = super::infer::words(&self.config);
        words.insert("step".into(), self.step.to_string());
        let saved = self.fields(&mut Fields::Save(&mut arrays, &mut words));
        saved.expect("saving asks for nothing that may be absent");
        Ok(nn::checkpoint::write(path, &arrays, &words)?)
    }

    fn step_back(&mut self, path: &Path) -> Result<(), Error> {
        let (n, factor) = (self.n_steps_back + 1, self.rate_factor / 2.0);
        *self = Self { n_steps_back: n, rate_factor: factor, ..Self::load(path)? };
        Ok(())
    }

    fn start_over(&mut self) {
        let (n, factor) = (self.n_steps_back + 1, self.rate_factor / 2.0);
        let fresh = Self::new(&self.config, self.seed.wrapping_add(u64::from(n)));
        *self = Self { n_steps_back: n, rate_factor: factor, ..fresh };
    }

    fn n_steps_back(&self) -> u32 {
        self.n_steps_back
    }

    fn note_stale(&mut self, _n_measurements: u64) -> Stale {
        Stale::GoesOn
    }
}
