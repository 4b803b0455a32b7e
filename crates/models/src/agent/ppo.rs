//! Proximal policy optimisation: play, estimate advantages, improve the policy a little, again.
//!
//! Source: Schulman and others, «Proximal Policy Optimization Algorithms», 2017; details as in
//! Stable-Baselines3 2.9, whose curves it is compared with.
//!
//! Games are played in groups, and an update's batch is computed in parts, of sizes that do not depend on
//! the number of threads: the same seed gives the same agent on every number of them.

use games::{Finished, Random, Settings, Vector};
use nn::{
    Init,
    feedforward::{FlatAdam, Pass, in_parallel},
};

use super::{
    config::Config,
    network::{Agent, Seen},
    policy::{draw, log_softmax},
    state::Fields,
    values::{Values, explained_variance, mean_and_deviation},
};

/// Games that are played by one thread at a time.
const GROUP: usize = 4;
/// Steps of a batch that are computed by one thread at a time, and the most such parts.
const PART: usize = 64;
const PARTS_MAX: usize = 8;
/// What `PyTorch`'s optimiser is given in Stable-Baselines3's PPO.
const EPSILON: f32 = 1e-5;

/// An agent that learns with PPO.
pub(crate) struct Ppo {
    agent: Agent,
    parameters: Vec<f32>,
    adam: FlatAdam,
    groups: Vec<Group>,
    random: Random,
    n_updates: u64,
    parts: Vec<Part>,
    transposed: Vec<f32>,
    gradients: Vec<f32>,
    order: Vec<(u32, u32)>,
}

/// Some games that are played together.
struct Group {
    settings: Settings,
    vector: Vector,
    random: Random,
    n: usize,
    pass: Pass,
    preferences: Vec<f32>,
    finished: Vec<Finished>,
    played: Played,
}

/// What was played in a group since the last update, `[step][game]`.
struct Played {
    pictures: Vec<u8>,
    numbers: Vec<f32>,
    actions: Vec<u8>,
    log_probabilities: Vec<f32>,
    values: Vec<f32>,
    rewards: Vec<f32>,
    /// Whether the episode ended with the step.
    ends: Vec<bool>,
    advantages: Vec<f32>,
    returns: Vec<f32>,
}

/// What one thread computes of a batch.
struct Part {
    pass: Pass,
    gradients: Vec<f32>,
    preferences: Vec<f32>,
    members: std::ops::Range<usize>,
    sums: Sums,
}

/// Sums over the members of a batch.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    policy_loss: f64,
    value_loss: f64,
    entropy: f64,
    kl: f64,
    n_clipped: f64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.policy_loss += other.policy_loss;
        self.value_loss += other.value_loss;
        self.entropy += other.entropy;
        self.kl += other.kl;
        self.n_clipped += other.n_clipped;
    }
}

/// What an update works with.
#[derive(Clone, Copy, Debug)]
struct Rates {
    clip: f32,
    entropy_weight: f32,
    value_weight: f32,
}

impl Ppo {
    pub(crate) fn new(config: &Config, seed: u64) -> Self {
        let agent = Agent::new(config);
        let parameters = agent.network.init(&mut Init::named(seed, "agent"));
        let n_parameters = parameters.len();
        let starts = (0..config.n_envs).step_by(GROUP);
        let groups = starts.map(|start| {
            let n = (config.n_envs - start).min(GROUP);
            Group::new(config, &agent, n, seed ^ ((start as u64 + 1) << 32))
        });
        Self {
            parameters,
            adam: FlatAdam::new(n_parameters, EPSILON),
            groups: groups.collect(),
            random: Random::new(seed ^ 0x5eed),
            n_updates: 0,
            parts: vec![],
            transposed: vec![],
            gradients: vec![0.0; n_parameters],
            order: vec![],
            agent,
        }
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    pub(crate) fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// Plays `n_steps` steps in every game and learns from them. `left` is the share of the budget that is
    /// left. Gives the steps that were played, the episodes that ended, what was measured, and whether every
    /// number was finite.
    pub(crate) fn step(&mut self, config: &Config, left: f64) -> super::Learnt {
        let (agent, parameters) = (&self.agent, &self.parameters);
        in_parallel(&mut self.groups, |_, group| group.play(config, agent, parameters));
        let finished = self.groups.iter_mut().flat_map(|it| it.finished.drain(..)).collect();
        let mut values = self.explained_variance();
        let is_finite = self.learn(config, left, &mut values);
        super::Learnt {
            n_steps: (config.n_envs * config.n_steps) as u64,
            finished,
            values,
            is_finite,
        }
    }

    fn explained_variance(&self) -> Values {
        let of = |part: fn(&Played) -> &Vec<f32>| -> Vec<f32> {
            self.groups.iter().flat_map(|it| part(&it.played).iter().copied()).collect()
        };
        let (values, returns) = (of(|it| &it.values), of(|it| &it.returns));
        vec![("train/explained_variance", explained_variance(&values, &returns))]
    }

    fn learn(&mut self, config: &Config, left: f64, values: &mut Values) -> bool {
        let rate = config.learning_rate * if config.is_annealed { left } else { 1.0 };
        let clip = config.clip_range * if config.is_clip_annealed { left } else { 1.0 };
        let rates = Rates {
            clip: clip as f32,
            entropy_weight: config.ent_coef as f32,
            value_weight: config.vf_coef as f32,
        };
        self.order.clear();
        for (group, it) in self.groups.iter().enumerate() {
            self.order
                .extend((0..it.played.actions.len()).map(|place| (group as u32, place as u32)));
        }
        let (mut sums, mut n, mut is_finite) = (Sums::default(), 0.0, true);
        let mut last = Sums::default();
        for _ in 0..config.n_epochs {
            shuffle(&mut self.order, &mut self.random);
            let mut start = 0;
            while start < self.order.len() {
                let end = (start + config.batch_size).min(self.order.len());
                last = self.update(start..end, rates);
                let norm = self.adam.step(
                    &mut self.parameters,
                    &self.gradients,
                    rate,
                    config.max_grad_norm,
                );
                is_finite &= norm.is_finite();
                let share = 1.0 / (end - start) as f64;
                last = Sums {
                    policy_loss: last.policy_loss * share,
                    value_loss: last.value_loss * share,
                    entropy: last.entropy * share,
                    kl: last.kl * share,
                    n_clipped: last.n_clipped * share,
                };
                sums.add(last);
                n += 1.0;
                start = end;
            }
        }
        self.n_updates += config.n_epochs as u64;
        let loss =
            last.policy_loss - config.ent_coef * last.entropy + config.vf_coef * last.value_loss;
        values.extend([
            ("train/loss", loss),
            ("train/policy_gradient_loss", sums.policy_loss / n),
            ("train/value_loss", sums.value_loss / n),
            ("train/entropy_loss", -sums.entropy / n),
            ("train/approx_kl", sums.kl / n),
            ("train/clip_fraction", sums.n_clipped / n),
            ("train/clip_range", clip),
            ("train/learning_rate", rate),
            ("train/n_updates", self.n_updates as f64),
        ]);
        is_finite && loss.is_finite()
    }

    /// Computes the gradients of a batch, members of the order.
    fn update(&mut self, members: std::ops::Range<usize>, rates: Rates) -> Sums {
        let n = members.len();
        let n_parts = n.div_ceil(PART).min(PARTS_MAX);
        let n_parameters = self.parameters.len();
        self.parts.resize_with(n_parts.max(self.parts.len()), || Part {
            pass: Pass::default(),
            gradients: vec![0.0; n_parameters],
            preferences: vec![],
            members: 0..0,
            sums: Sums::default(),
        });
        for (i, part) in self.parts[..n_parts].iter_mut().enumerate() {
            part.members = members.start + i * n / n_parts..members.start + (i + 1) * n / n_parts;
        }
        let order = &self.order[members];
        let advantages = order
            .iter()
            .map(|(group, place)| self.groups[*group as usize].played.advantages[*place as usize]);
        let normal = if n > 1 { mean_and_deviation(advantages) } else { (0.0, 1.0) };
        self.agent.network.transpose(&self.parameters, &mut self.transposed);
        let batch = Batch {
            agent: &self.agent,
            parameters: &self.parameters,
            transposed: &self.transposed,
            played: self.groups.iter().map(|it| &it.played).collect(),
            order: &self.order,
            normal,
            n,
            rates,
        };
        in_parallel(&mut self.parts[..n_parts], |_, part| batch.compute(part));
        let mut sums = Sums::default();
        let (first, others) = self.parts[..n_parts].split_at(1);
        self.gradients.copy_from_slice(&first[0].gradients);
        sums.add(first[0].sums);
        for part in others {
            sums.add(part.sums);
            self.gradients.iter_mut().zip(&part.gradients).for_each(|(sum, it)| *sum += it);
        }
        sums
    }

    pub(crate) fn fields(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        fields.numbers("parameters", &mut self.parameters)?;
        fields.numbers("adam.first", &mut self.adam.moments[0])?;
        fields.numbers("adam.second", &mut self.adam.moments[1])?;
        fields.whole("adam.n_steps", &mut self.adam.n_steps)?;
        fields.whole("n_updates", &mut self.n_updates)?;
        fields.random("random", &mut self.random)?;
        for (i, group) in self.groups.iter_mut().enumerate() {
            fields.random(&format!("groups.{i}.random"), &mut group.random)?;
            let settings = group.settings.clone();
            fields.vector(&format!("groups.{i}.games"), &mut group.vector, settings)?;
        }
        Ok(())
    }
}

/// A batch as its parts see it.
struct Batch<'a> {
    agent: &'a Agent,
    parameters: &'a [f32],
    transposed: &'a [f32],
    played: Vec<&'a Played>,
    order: &'a [(u32, u32)],
    /// Mean and deviation of the batch's advantages.
    normal: (f32, f32),
    n: usize,
    rates: Rates,
}

impl Batch<'_> {
    fn compute(&self, part: &mut Part) {
        let (agent, n) = (self.agent, part.members.len());
        let members = &self.order[part.members.clone()];
        let place = |i: usize| (self.played[members[i].0 as usize], members[i].1 as usize);
        let len = agent.n_seen();
        if self.played[0].numbers.is_empty() {
            let of = |i: usize| {
                let (played, place) = place(i);
                &played.pictures[place * len..][..len]
            };
            agent.forward(self.parameters, Seen::Bytes(&of), n, &mut part.pass);
        } else {
            let of = |i: usize| {
                let (played, place) = place(i);
                &played.numbers[place * len..][..len]
            };
            agent.forward(self.parameters, Seen::Numbers(&of), n, &mut part.pass);
        }
        part.sums = Sums::default();
        agent.preferences(&part.pass, &mut part.preferences);
        let n_actions = agent.n_actions;
        for i in 0..n {
            let (played, place) = place(i);
            let logs = &mut part.preferences[i * n_actions..][..n_actions];
            self.policy(played, place, logs, &mut part.sums);
        }
        let values = agent.network.head(1, &part.pass).to_vec();
        let scale = 2.0 * self.rates.value_weight / self.n as f32;
        let to_values = agent.network.head_gradient(1, &mut part.pass);
        for (i, (to, value)) in to_values.iter_mut().zip(&values).enumerate() {
            let (played, place) = place(i);
            let error = value - played.returns[place];
            part.sums.value_loss += f64::from(error * error);
            *to = scale * error;
        }
        agent.network.head_gradient(0, &mut part.pass).copy_from_slice(&part.preferences);
        part.gradients.fill(0.0);
        agent.network.backward(self.transposed, &mut part.pass, &mut part.gradients);
    }

    /// Turns the logits of a member into the gradient of its loss.
    fn policy(&self, played: &Played, place: usize, logs: &mut [f32], sums: &mut Sums) {
        let entropy = log_softmax(logs);
        let action = usize::from(played.actions[place]);
        let advantage = (played.advantages[place] - self.normal.0) / (self.normal.1 + 1e-8);
        let log_ratio = logs[action] - played.log_probabilities[place];
        let (ratio, clip) = (log_ratio.exp(), self.rates.clip);
        let clipped = ratio.clamp(1.0 - clip, 1.0 + clip);
        let is_used = advantage * ratio <= advantage * clipped;
        sums.policy_loss -= f64::from((advantage * ratio).min(advantage * clipped));
        sums.entropy += f64::from(entropy);
        sums.kl += f64::from(ratio - 1.0 - log_ratio);
        sums.n_clipped += f64::from(u8::from((ratio - 1.0).abs() > clip));
        let share = 1.0 / self.n as f32;
        let to_log = if is_used { -advantage * ratio * share } else { 0.0 };
        for (i, log) in logs.iter_mut().enumerate() {
            let probability = log.exp();
            let of_policy = to_log * (f32::from(u8::from(i == action)) - probability);
            let of_entropy = self.rates.entropy_weight * share * probability * (*log + entropy);
            *log = of_policy + of_entropy;
        }
    }
}

impl Group {
    fn new(config: &Config, agent: &Agent, n: usize, seed: u64) -> Self {
        let settings = super::play::vector_settings(config, n, seed);
        let vector = super::play::vector(settings.clone());
        let n_rows = n * config.n_steps;
        let has_numbers = !vector.batch().numbers.is_empty();
        let n_seen = n_rows * agent.n_seen();
        Self {
            settings,
            vector,
            random: Random::new(seed),
            n,
            pass: Pass::default(),
            preferences: vec![],
            finished: vec![],
            played: Played {
                pictures: vec![0; if has_numbers { 0 } else { n_seen }],
                numbers: vec![0.0; if has_numbers { n_seen } else { 0 }],
                actions: vec![0; n_rows],
                log_probabilities: vec![0.0; n_rows],
                values: vec![0.0; n_rows],
                rewards: vec![0.0; n_rows],
                ends: vec![false; n_rows],
                advantages: vec![0.0; n_rows],
                returns: vec![0.0; n_rows],
            },
        }
    }

    fn play(&mut self, config: &Config, agent: &Agent, parameters: &[f32]) {
        let (n, n_actions) = (self.n, agent.n_actions);
        for step in 0..config.n_steps {
            let rows = step * n..(step + 1) * n;
            let batch = self.vector.batch();
            let len = n * agent.n_seen();
            if self.played.numbers.is_empty() {
                self.played.pictures[step * len..][..len].copy_from_slice(&batch.pictures);
            } else {
                self.played.numbers[step * len..][..len].copy_from_slice(&batch.numbers);
            }
            agent.forward_batch(parameters, batch, &mut self.pass);
            self.played.values[rows.clone()].copy_from_slice(agent.network.head(1, &self.pass));
            agent.preferences(&self.pass, &mut self.preferences);
            for (i, logs) in self.preferences.chunks_exact_mut(n_actions).enumerate() {
                log_softmax(logs);
                let action = draw(logs, &mut self.random);
                self.played.actions[rows.start + i] = action as u8;
                self.played.log_probabilities[rows.start + i] = logs[action];
            }
            let batch = self.vector.step(&self.played.actions[rows.clone()]);
            self.finished.extend(batch.finished.iter().flatten());
            for i in 0..n {
                let mut reward = batch.rewards[i];
                // What was cut off would have gone on: its value stands for the rest.
                if batch.truncated[i] && !batch.terminated[i] {
                    agent.forward_last(parameters, batch, i, &mut self.pass);
                    reward += config.gamma as f32 * agent.network.head(1, &self.pass)[0];
                }
                self.played.rewards[rows.start + i] = reward;
                self.played.ends[rows.start + i] = batch.terminated[i] || batch.truncated[i];
            }
        }
        agent.forward_batch(parameters, self.vector.batch(), &mut self.pass);
        self.estimate(config, agent);
    }

    /// Advantages and returns, backward in time. Source: Schulman and others, «High-Dimensional Continuous
    /// Control Using Generalized Advantage Estimation», 2016.
    fn estimate(&mut self, config: &Config, agent: &Agent) {
        let (gamma, lambda) = (config.gamma as f32, config.gae_lambda as f32);
        let last = agent.network.head(1, &self.pass);
        for (i, last) in last.iter().enumerate() {
            let (mut next_value, mut advantage) = (*last, 0.0);
            for step in (0..config.n_steps).rev() {
                let row = step * self.n + i;
                let goes_on = if self.played.ends[row] { 0.0 } else { 1.0 };
                let surprise = self.played.rewards[row] + gamma * next_value * goes_on
                    - self.played.values[row];
                advantage = surprise + gamma * lambda * goes_on * advantage;
                self.played.advantages[row] = advantage;
                self.played.returns[row] = advantage + self.played.values[row];
                next_value = self.played.values[row];
            }
        }
    }
}

/// Fisher and Yates.
fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for i in (1..items.len()).rev() {
        items.swap(i, random.below(i as u32 + 1) as usize);
    }
}
