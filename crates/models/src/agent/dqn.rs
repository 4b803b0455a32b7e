//! Deep Q-learning: learn what each action is worth from a memory of what was played.
//!
//! Source: Mnih and others, «Human-level control through deep reinforcement learning», 2015; details as in
//! Stable-Baselines3 2.9. Double: van Hasselt and others, 2016. Duelling: Wang and others, 2016.

use games::{Random, Settings, Vector};
use nn::{
    Init,
    feedforward::{FlatAdam, Pass, in_parallel},
};

use super::{
    Learnt,
    config::Config,
    network::{Agent, Seen},
    play::{Choice, choose},
    policy::best,
    replay::{Replay, Sample},
    state::Fields,
};

/// Steps of a batch that one thread computes at a time.
const PART: usize = 16;
/// `PyTorch`'s own, which Stable-Baselines3's DQN keeps.
const EPSILON: f32 = 1e-8;
/// Steps of play between reports.
const SLICE: u64 = 256;

/// An agent that learns with DQN.
pub(crate) struct Dqn {
    agent: Agent,
    parameters: Vec<f32>,
    target: Vec<f32>,
    adam: FlatAdam,
    settings: Settings,
    vector: Vector,
    replay: Replay,
    random: Random,
    step: u64,
    n_updates: u64,
    is_first: bool,
    pass: Pass,
    preferences: Vec<f32>,
    parts: Vec<Part>,
    transposed: Vec<f32>,
    gradients: Vec<f32>,
    samples: Vec<Sample>,
}

/// What one thread computes of a batch.
struct Part {
    pass: Pass,
    other: Pass,
    gradients: Vec<f32>,
    /// What was seen, and what then.
    seen: [Vec<u8>; 2],
    preferences: [Vec<f32>; 3],
    members: std::ops::Range<usize>,
    loss: f64,
}

impl Dqn {
    pub(crate) fn new(config: &Config, seed: u64) -> Self {
        let agent = Agent::new(config);
        let parameters = agent.network.init(&mut Init::named(seed, "agent"));
        let settings = super::play::vector_settings(config, 1, seed);
        let vector = super::play::vector(settings.clone());
        let n_parameters = parameters.len();
        Self {
            target: parameters.clone(),
            adam: FlatAdam::new(n_parameters, EPSILON),
            replay: Replay::new(config.buffer_size, vector.batch()),
            random: Random::new(seed ^ 0x5eed),
            step: 0,
            n_updates: 0,
            is_first: true,
            pass: Pass::default(),
            preferences: vec![],
            parts: vec![],
            transposed: vec![],
            gradients: vec![0.0; n_parameters],
            samples: vec![],
            agent,
            parameters,
            settings,
            vector,
        }
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    pub(crate) fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// Plays some steps and learns as often as the settings say. `left` is the share of the budget that is
    /// left.
    pub(crate) fn step(&mut self, config: &Config, left: f64) -> Learnt {
        let rate = config.learning_rate * if config.is_annealed { left } else { 1.0 };
        let done = (1.0 - left) / config.exploration_fraction.max(1e-9);
        let exploration = 1.0 - (1.0 - config.exploration_final) * done.min(1.0);
        let (mut finished, mut losses, mut is_finite) = (vec![], vec![], true);
        for _ in 0..SLICE {
            self.play(config, exploration as f32);
            finished.extend(self.vector.batch().finished.iter().flatten());
            self.step += 1;
            if self.step.is_multiple_of(config.target_update_interval) {
                self.target.copy_from_slice(&self.parameters);
            }
            if self.step > config.learning_starts
                && self.step.is_multiple_of(config.train_freq as u64)
            {
                for _ in 0..config.gradient_steps {
                    let Some(loss) = self.update(config, rate) else { continue };
                    is_finite &= loss.is_finite();
                    losses.push(loss);
                }
            }
        }
        let mut values = vec![
            ("rollout/exploration_rate", exploration),
            ("train/learning_rate", rate),
            ("train/n_updates", self.n_updates as f64),
        ];
        if !losses.is_empty() {
            values.push(("train/loss", losses.iter().sum::<f64>() / losses.len() as f64));
        }
        Learnt { n_steps: SLICE, finished, values, is_finite }
    }

    fn play(&mut self, config: &Config, exploration: f32) {
        let exploration = if self.step < config.learning_starts { 1.0 } else { exploration };
        let batch = self.vector.batch();
        // A random action needs no network.
        let action = if self.random.unit() < exploration {
            self.random.below(self.agent.n_actions as u32) as usize
        } else {
            self.agent.forward_batch(&self.parameters, batch, &mut self.pass);
            self.agent.preferences(&self.pass, &mut self.preferences);
            choose(&mut self.preferences, Choice::Best, &mut self.random)
        };
        self.replay.add(batch, self.is_first, action as u8);
        let batch = self.vector.step(&[action as u8]);
        self.replay.set_outcome(batch);
        self.is_first = batch.terminated[0] || batch.truncated[0];
    }

    /// An update on a batch; gives its loss, or nothing where too little is remembered.
    fn update(&mut self, config: &Config, rate: f64) -> Option<f64> {
        self.samples.clear();
        for _ in 0..config.batch_size {
            let gamma = config.gamma as f32;
            let sample = self.replay.draw(config.return_steps, gamma, &mut self.random)?;
            self.samples.push(sample);
        }
        let (n, n_parts) = (config.batch_size, config.batch_size.div_ceil(PART));
        let n_parameters = self.parameters.len();
        self.parts.resize_with(n_parts, || Part {
            pass: Pass::default(),
            other: Pass::default(),
            gradients: vec![0.0; n_parameters],
            seen: [vec![], vec![]],
            preferences: [vec![], vec![], vec![]],
            members: 0..0,
            loss: 0.0,
        });
        for (i, part) in self.parts.iter_mut().enumerate() {
            part.members = i * n / n_parts..(i + 1) * n / n_parts;
        }
        self.agent.network.transpose(&self.parameters, &mut self.transposed);
        let update = Update {
            agent: &self.agent,
            parameters: &self.parameters,
            target: &self.target,
            transposed: &self.transposed,
            replay: &self.replay,
            samples: &self.samples,
            is_double: config.is_double,
        };
        in_parallel(&mut self.parts, |_, part| update.compute(part));
        let mut loss = 0.0;
        self.gradients.fill(0.0);
        for part in &self.parts {
            loss += part.loss / n as f64;
            self.gradients.iter_mut().zip(&part.gradients).for_each(|(sum, it)| *sum += it);
        }
        let norm =
            self.adam.step(&mut self.parameters, &self.gradients, rate, config.max_grad_norm);
        self.n_updates += 1;
        Some(if norm.is_finite() { loss } else { f64::NAN })
    }

    pub(crate) fn fields(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        fields.numbers("parameters", &mut self.parameters)?;
        fields.numbers("target", &mut self.target)?;
        fields.numbers("adam.first", &mut self.adam.moments[0])?;
        fields.numbers("adam.second", &mut self.adam.moments[1])?;
        fields.whole("adam.n_steps", &mut self.adam.n_steps)?;
        fields.whole("n_updates", &mut self.n_updates)?;
        fields.whole("dqn.step", &mut self.step)?;
        let mut is_first = u64::from(self.is_first);
        fields.whole("is_first", &mut is_first)?;
        self.is_first = is_first == 1;
        fields.random("random", &mut self.random)?;
        fields.vector("games", &mut self.vector, self.settings.clone())?;
        self.replay.fields(fields)
    }
}

/// A batch as its parts see it.
struct Update<'a> {
    agent: &'a Agent,
    parameters: &'a [f32],
    target: &'a [f32],
    transposed: &'a [f32],
    replay: &'a Replay,
    samples: &'a [Sample],
    is_double: bool,
}

impl Update<'_> {
    fn compute(&self, part: &mut Part) {
        let (agent, samples) = (self.agent, &self.samples[part.members.clone()]);
        let n = samples.len();
        // Where an episode ended, anything may stand for what came then: it counts nothing.
        let then = |i: usize| samples[i].then.unwrap_or(samples[i].at);
        self.forward(self.target, &then, n, &mut part.seen[1], &mut part.other);
        agent.preferences(&part.other, &mut part.preferences[1]);
        if self.is_double {
            self.forward(self.parameters, &then, n, &mut part.seen[1], &mut part.other);
            agent.preferences(&part.other, &mut part.preferences[2]);
        }
        self.forward(self.parameters, &|i| samples[i].at, n, &mut part.seen[0], &mut part.pass);
        agent.preferences(&part.pass, &mut part.preferences[0]);
        let [values, next, chosen] = &mut part.preferences;
        part.loss = 0.0;
        for (i, sample) in samples.iter().enumerate() {
            let row = i * agent.n_actions..(i + 1) * agent.n_actions;
            let best = best(if self.is_double { &chosen[row.clone()] } else { &next[row.clone()] });
            let value = if sample.then.is_some() { next[row.start + best] } else { 0.0 };
            let action = self.replay.action(sample.at);
            let error = values[row.start + action] - (sample.reward + sample.discount * value);
            // Huber's loss, as `smooth_l1_loss` of PyTorch.
            let size = error.abs();
            part.loss += f64::from(if size < 1.0 { 0.5 * error * error } else { size - 0.5 });
            values[row.clone()].fill(0.0);
            values[row.start + action] = error.clamp(-1.0, 1.0) / self.samples.len() as f32;
        }
        agent.set_preference_gradient(values, &mut part.pass);
        part.gradients.fill(0.0);
        agent.network.backward(self.transposed, &mut part.pass, &mut part.gradients);
    }

    /// A forward pass over remembered steps.
    fn forward(
        &self,
        parameters: &[f32],
        place: &dyn Fn(usize) -> usize,
        n: usize,
        room: &mut Vec<u8>,
        pass: &mut Pass,
    ) {
        if self.replay.has_numbers() {
            let of = |i: usize| self.replay.numbers(place(i));
            self.agent.forward(parameters, Seen::Numbers(&of), n, pass);
            return;
        }
        let len = self.agent.n_seen();
        room.resize(n * len, 0);
        for (i, to) in room.chunks_exact_mut(len).enumerate() {
            self.replay.pictures(place(i), to);
        }
        let of = |i: usize| &room[i * len..][..len];
        self.agent.forward(parameters, Seen::Bytes(&of), n, pass);
    }
}
