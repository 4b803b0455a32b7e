//! The networks of agents: what an observation becomes, for PPO a policy and a value, for DQN the value of
//! each action.
//!
//! Nature is that of Mnih and others (2015); Small has the form that Young and Tian (2019) use for small
//! pictures; names and first weights are those of Stable-Baselines3.

use games::{Batch, GREY, Info, Wrappers};
use nn::feedforward::{Activation, FirstWeights, Input, LayerSettings, Network, Pass, Shape};

use super::config::{Algorithm, Config, NetworkKind, Observation};

/// Frames of a screen that an agent sees at once.
pub(crate) const STACK: usize = 4;

/// A network, and what its parts are called.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) network: Network,
    /// Of each layer, as Stable-Baselines3 calls it.
    pub(crate) names: Vec<String>,
    pub(crate) n_actions: usize,
    kind: Kind,
    factor: f32,
}

/// What the heads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Policy and value.
    Actor,
    /// Values of actions.
    Values,
    /// Advantages of actions, and the value of the state.
    Duelling,
}

/// Where what an agent sees is looked up, member by member.
#[derive(Clone, Copy)]
pub(crate) enum Seen<'a> {
    /// Pictures.
    Bytes(&'a dyn Fn(usize) -> &'a [u8]),
    /// Numbers.
    Numbers(&'a dyn Fn(usize) -> &'a [f32]),
}

/// What stands between a game and an agent of these settings.
pub(crate) fn wrappers(config: &Config) -> Wrappers {
    let observation = match config.seen() {
        Observation::Numbers => games::Observation::Numbers,
        Observation::Planes => games::Observation::Planes,
        _ => games::Observation::Grey84 { stack: STACK },
    };
    Wrappers {
        frame_skip: config.frames_per_action(),
        observation,
        episodic_life: config.is_episodic_life,
        clip_reward: config.clips_rewards,
        noop_max: config.noop_max,
        max_of_two: false,
        steps_max: None,
    }
}

/// The shape of what an agent sees.
pub(crate) fn shape(info: &Info, seen: Observation) -> Shape {
    match (seen, info.planes, info.numbers) {
        (Observation::Numbers, _, Some(numbers)) => Shape::Numbers(numbers.names.len()),
        (Observation::Planes, Some(planes), _) => Shape::Picture {
            rows: planes.rows,
            columns: planes.columns,
            channels: planes.names.len(),
        },
        _ => Shape::Picture { rows: GREY, columns: GREY, channels: STACK },
    }
}

impl Agent {
    pub(crate) fn new(config: &Config) -> Self {
        let info = config.info();
        let seen = config.seen();
        let n_actions = info.actions.len();
        let is_ppo = config.algorithm == Algorithm::Ppo;
        let first = |gain: f32| {
            if is_ppo { FirstWeights::Orthogonal(gain) } else { FirstWeights::Uniform }
        };
        let gain = std::f32::consts::SQRT_2;
        let conv = |n_out, kernel, stride| LayerSettings {
            n_out,
            kernel: Some((kernel, stride)),
            activation: Activation::Relu,
            first: first(gain),
        };
        let linear = |n_out, activation, gain| LayerSettings {
            n_out,
            kernel: None,
            activation,
            first: first(gain),
        };
        let layers = config.layers();
        let n_hidden = match (config.hidden, layers) {
            (0, NetworkKind::Nature) => 512,
            (0, NetworkKind::Small) => 128,
            (0, _) => 64,
            (chosen, _) => chosen,
        };
        // Stable-Baselines3 has the hyperbolic tangent in the MLP of PPO, and ReLU everywhere else.
        let mlp = if is_ppo { Activation::Tanh } else { Activation::Relu };
        let mut convolutions = match layers {
            NetworkKind::Nature => vec![conv(32, 8, 4), conv(64, 4, 2), conv(64, 3, 1)],
            NetworkKind::Small => vec![conv(16, 3, 1)],
            _ => vec![],
        };
        let hidden = match layers {
            NetworkKind::Nature | NetworkKind::Small => {
                vec![linear(n_hidden, Activation::Relu, gain)]
            }
            _ => vec![linear(n_hidden, mlp, gain), linear(n_hidden, mlp, gain)],
        };
        let is_convolutional = !convolutions.is_empty();
        let ends = [
            linear(n_actions, Activation::None, if is_ppo { 0.01 } else { 1.0 }),
            linear(1, Activation::None, 1.0),
        ];
        let kind = match config.algorithm {
            Algorithm::Ppo => Kind::Actor,
            Algorithm::Dqn if config.is_duelling => Kind::Duelling,
            Algorithm::Dqn => Kind::Values,
        };
        // Heads have hidden layers of their own where the literature has it so.
        let has_own = kind == Kind::Duelling || (kind == Kind::Actor && !is_convolutional);
        let head = |end: LayerSettings| {
            let before = if has_own { hidden.clone() } else { vec![] };
            [before, vec![end]].concat()
        };
        let n_heads = if kind == Kind::Values { 1 } else { 2 };
        let heads: Vec<Vec<LayerSettings>> = ends[..n_heads].iter().map(|end| head(*end)).collect();
        let names = names(kind, is_convolutional, convolutions.len(), hidden.len(), has_own);
        if !has_own {
            convolutions.extend(&hidden);
        }
        let heads: Vec<&[LayerSettings]> = heads.iter().map(Vec::as_slice).collect();
        Self {
            network: Network::new(shape(info, seen), &convolutions, &heads),
            names,
            n_actions,
            kind,
            factor: if seen == Observation::Screen { 1.0 / 255.0 } else { 1.0 },
        }
    }

    /// What bytes that it sees are multiplied with.
    pub(crate) fn factor(&self) -> f32 {
        self.factor
    }

    /// What its heads give, in a word.
    pub(crate) fn head_names(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Actor => &["logits", "value"],
            Kind::Values => &["q_values"],
            Kind::Duelling => &["advantages", "value"],
        }
    }

    /// Whether it prefers actions by the logits of a policy, and not by their values.
    pub(crate) fn is_policy(&self) -> bool {
        self.kind == Kind::Actor
    }

    /// Numbers of a member of what it sees.
    pub(crate) fn n_seen(&self) -> usize {
        self.network.input().len()
    }

    /// Computes what the heads give for `n` members.
    pub(crate) fn forward(&self, parameters: &[f32], seen: Seen<'_>, n: usize, pass: &mut Pass) {
        let input = match seen {
            Seen::Bytes(of) => Input::Bytes(of, self.factor),
            Seen::Numbers(of) => Input::Numbers(of),
        };
        self.network.forward(parameters, &input, n, pass);
    }

    /// The same for what all games of a vector show.
    pub(crate) fn forward_batch(&self, parameters: &[f32], batch: &Batch, pass: &mut Pass) {
        let (len, n) = (self.n_seen(), batch.rewards.len());
        if batch.numbers.is_empty() {
            let of = |i: usize| &batch.pictures[i * len..][..len];
            self.forward(parameters, Seen::Bytes(&of), n, pass);
        } else {
            let of = |i: usize| &batch.numbers[i * len..][..len];
            self.forward(parameters, Seen::Numbers(&of), n, pass);
        }
    }

    /// The same for the last that a game showed before it began anew.
    pub(crate) fn forward_last(
        &self,
        parameters: &[f32],
        batch: &Batch,
        i: usize,
        pass: &mut Pass,
    ) {
        let len = self.n_seen();
        if batch.numbers.is_empty() {
            let of = |_: usize| &batch.last_pictures[i * len..][..len];
            self.forward(parameters, Seen::Bytes(&of), 1, pass);
        } else {
            let of = |_: usize| &batch.last_numbers[i * len..][..len];
            self.forward(parameters, Seen::Numbers(&of), 1, pass);
        }
    }

    /// What each action is worth to it in the last forward pass, `[member][action]`: logits of a policy,
    /// values of DQN.
    pub(crate) fn preferences(&self, pass: &Pass, to: &mut Vec<f32>) {
        to.clear();
        to.extend_from_slice(self.network.head(0, pass));
        if self.kind == Kind::Duelling {
            let values = self.network.head(1, pass);
            for (row, value) in to.chunks_exact_mut(self.n_actions).zip(values) {
                let mean = row.iter().sum::<f32>() / row.len() as f32;
                row.iter_mut().for_each(|it| *it += value - mean);
            }
        }
    }

    /// What the states of the last forward pass are worth, where a network says so.
    pub(crate) fn values<'a>(&self, pass: &'a Pass) -> Option<&'a [f32]> {
        (self.kind != Kind::Values).then(|| self.network.head(1, pass))
    }

    /// Says that no head matters, before some of them are said to.
    pub(crate) fn clear_gradients(&self, pass: &mut Pass) {
        for head in 0..self.network.n_heads() {
            self.network.head_gradient(head, pass).fill(0.0);
        }
    }

    /// Says how the loss changes with [`Self::preferences`] of DQN, `[member][action]`.
    pub(crate) fn set_preference_gradient(&self, gradient: &[f32], pass: &mut Pass) {
        self.network.head_gradient(0, pass).copy_from_slice(gradient);
        if self.kind != Kind::Duelling {
            return;
        }
        let of_values = self.network.head_gradient(1, pass);
        for (to, row) in of_values.iter_mut().zip(gradient.chunks_exact(self.n_actions)) {
            *to = row.iter().sum();
        }
        let advantages = self.network.head_gradient(0, pass);
        for row in advantages.chunks_exact_mut(self.n_actions) {
            let mean = row.iter().sum::<f32>() / row.len() as f32;
            row.iter_mut().for_each(|it| *it -= mean);
        }
    }
}

/// The names of layers as Stable-Baselines3 has them: its modules are numbered with their activations.
fn names(
    kind: Kind,
    is_convolutional: bool,
    n_convolutions: usize,
    n_hidden: usize,
    has_own: bool,
) -> Vec<String> {
    let front = if kind == Kind::Actor { "" } else { "q_net." };
    let mut names: Vec<String> =
        (0..n_convolutions).map(|i| format!("{front}features_extractor.cnn.{}", 2 * i)).collect();
    let hidden = |of: &str| (0..n_hidden).map(|i| format!("{of}.{}", 2 * i)).collect::<Vec<_>>();
    match (kind, has_own) {
        (Kind::Actor, false) => {
            names.extend(hidden("features_extractor.linear"));
            names.extend(["action_net".into(), "value_net".into()]);
        }
        (Kind::Actor, true) => {
            names.extend(hidden("mlp_extractor.policy_net"));
            names.push("action_net".into());
            names.extend(hidden("mlp_extractor.value_net"));
            names.push("value_net".into());
        }
        (Kind::Values, _) if is_convolutional => {
            names.extend(hidden("q_net.features_extractor.linear"));
            names.push("q_net.q_net.0".into());
        }
        (Kind::Values, _) => {
            names.extend(hidden("q_net.q_net"));
            names.push(format!("q_net.q_net.{}", 2 * n_hidden));
        }
        // Stable-Baselines3 has no duelling network; these are names in its manner.
        (Kind::Duelling, _) => {
            names.extend(hidden("q_net.advantage_net"));
            names.push(format!("q_net.advantage_net.{}", 2 * n_hidden));
            names.extend(hidden("q_net.state_net"));
            names.push(format!("q_net.state_net.{}", 2 * n_hidden));
        }
    }
    names
}
