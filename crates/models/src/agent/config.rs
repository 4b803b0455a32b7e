//! The knobs of agents: the one place where a setting's name, range, default and help stand.
//!
//! Names and defaults are those of Stable-Baselines3 2.9, whose PPO and DQN these are (Schulman and others,
//! <https://arxiv.org/abs/1707.06347>; Mnih and others, Nature 518, 2015), but for the game, what is seen of
//! it, and the network.

use std::collections::BTreeMap;

use api::{FieldProblem, KnobKind};
use serde_json::Value;

use super::configurations;
use crate::knobs::{Composition, Form, choice, factor, integer, knobs, number, problem_with};

knobs! {
    "Game" {
        game: String = "brick", game_choice(), BASIC, "Game", "",
            "The game that the agent learns to play.";
        opponent: Opponent = "medium", choice(&["easy", "medium", "hard"]), BASIC, "Opponent", "",
            "How strong the scripted opponent is, in games for two. An easier one is beaten sooner and teaches less.";
        observation: Observation = "auto", choice(&["auto", "planes", "screen", "numbers"]), BASIC, "What it sees", "",
            "Planes are small pictures of what matters, and train fastest. Screen is what people see, in grey, 84 by 84 pixels, four frames at a time: the literature's way, and many times slower. Numbers are for games whose state is a few numbers. Auto takes numbers, then planes, then the screen, whichever the game has first.";
        frame_skip: u32 = 0, integer(0, 16), ADVANCED, "Frames per action", "frames",
            "How long each action is held. Longer looks less far back and learns coarse play sooner; 0 takes what suits the game.";
        noop_max: u32 = 0, integer(0, 60), ADVANCED, "Idle start", "frames",
            "An episode begins with up to this many frames without an action, drawn at random, so that no two begin alike.";
        is_episodic_life: bool = false, KnobKind::Bool, ADVANCED, "A life is an episode", "",
            "Tells the agent that a lost life ends the episode, which teaches it to avoid that. The game itself goes on.";
        clips_rewards: bool = false, KnobKind::Bool, ADVANCED, "Signs of rewards", "",
            "Learns from the sign of each reward instead of its size, so that large ones do not outweigh the rest.";
    }
    "Learning" {
        algorithm: Algorithm = "ppo", choice(&["ppo", "dqn"]), BASIC, "Algorithm", "",
            "PPO improves its policy on what it has just played, with many games at once. DQN learns what each action is worth from a memory of past play, and makes more of few steps.";
        learning_rate: f64 = 3e-4, factor(1e-6, 1e-1), BASIC, "Learning rate", "",
            "How far each update moves the weights. Higher learns faster, until it forgets what it could.";
        is_annealed: bool = true, KnobKind::Bool, ADVANCED, "Falling learning rate", "",
            "Lets the learning rate fall to zero over the budget, in steps or in time, as well as PPO's clip range if that is to fall.";
        gamma: f64 = 0.99, number(0.0, 1.0), ADVANCED, "Discount", "",
            "How much a reward counts one step later. Closer to 1 plans further ahead and learns more slowly.";
        batch_size: usize = 256, integer(8, 8_192), ADVANCED, "Batch size", "",
            "Steps of play that an update learns from.";
        max_grad_norm: f64 = 0.5, factor(0.01, 1_000.0), ADVANCED, "Largest gradient", "",
            "Gradients with a larger norm are scaled down to this.";
    }
    "PPO" {
        n_envs: usize = 16, integer(1, 256), ADVANCED, "Games at once", "",
            "How many games are played at the same time. More give more varied steps for each update.";
        n_steps: usize = 128, integer(1, 8_192), ADVANCED, "Steps of each game", "",
            "Steps that are played in each game before the policy is updated.";
        n_epochs: usize = 4, integer(1, 50), ADVANCED, "Epochs", "",
            "How often an update goes over the steps that were played.";
        gae_lambda: f64 = 0.95, number(0.0, 1.0), ADVANCED, "GAE lambda", "",
            "How far advantages look at rewards that came, instead of trusting the value function: 1 looks to the end, 0 one step.";
        clip_range: f64 = 0.2, number(0.01, 1.0), ADVANCED, "Clip range", "",
            "How far an update may change the probability of an action.";
        is_clip_annealed: bool = false, KnobKind::Bool, ADVANCED, "Falling clip range", "",
            "Lets the clip range fall to zero over the budget.";
        ent_coef: f64 = 0.01, number(0.0, 1.0), ADVANCED, "Entropy weight", "",
            "How much it is rewarded for keeping its options open. Higher explores more, for longer.";
        vf_coef: f64 = 0.5, number(0.0, 10.0), ADVANCED, "Value weight", "",
            "How much the loss of the value function counts beside that of the policy.";
    }
    "DQN" {
        buffer_size: usize = 100_000, integer(100, 2_000_000), ADVANCED, "Replay memory", "steps",
            "Steps of play that are remembered. A screen needs 7 kB a step, planes much less.";
        learning_starts: u64 = 1_000, integer(0, 1_000_000), ADVANCED, "First update after", "steps",
            "Steps of random play before learning begins.";
        train_freq: usize = 4, integer(1, 1_000), ADVANCED, "Steps between updates", "steps",
            "How many steps are played before weights are updated.";
        gradient_steps: usize = 1, integer(1, 1_000), ADVANCED, "Updates at a time", "",
            "How many updates are made then.";
        target_update_interval: u64 = 1_000, integer(1, 1_000_000), ADVANCED, "Target network every", "steps",
            "How often the network that gives the targets becomes equal to the one that learns.";
        exploration_fraction: f64 = 0.1, number(0.0, 1.0), ADVANCED, "Exploration", "",
            "The share of the budget during which random actions become rarer.";
        exploration_final: f64 = 0.05, number(0.0, 1.0), ADVANCED, "Random actions at last", "",
            "The share of actions that stays random after that.";
        is_double: bool = false, KnobKind::Bool, ADVANCED, "Double", "",
            "Lets one network choose the best next action and the other value it, which overestimates less (van Hasselt and others, 2016).";
        is_duelling: bool = false, KnobKind::Bool, ADVANCED, "Duelling", "",
            "Values states and the advantages of actions apart (Wang and others, 2016).";
        return_steps: usize = 1, integer(1, 32), ADVANCED, "Steps of returns", "steps",
            "How many rewards a target adds up before it trusts the network's own value (Sutton, 1988).";
    }
    "Network" {
        network: NetworkKind = "auto", choice(&["auto", "nature", "small", "mlp"]), ADVANCED, "Network", "",
            "Nature is the network of Mnih and others for screens, with 1.7 million parameters. Small is one convolution and a hidden layer, for planes. MLP is two hidden layers, for numbers. Auto takes what fits.";
        hidden: usize = 0, integer(0, 2_048), ADVANCED, "Hidden units", "",
            "Units of the hidden layer; 0 takes what suits the network: 512 for Nature, 128 for Small, 64 for MLP.";
    }
    "Evaluation" {
        n_eval_episodes: usize = 10, integer(1, 100), ADVANCED, "Episodes of a measurement", "",
            "Episodes that are played to measure the score. More take longer and say it more exactly.";
        is_eval_greedy: bool = false, KnobKind::Bool, ADVANCED, "Best actions only", "",
            "Measures with the most probable action instead of drawing one. A policy of PPO is trained to be drawn from.";
    }
}

fn game_choice() -> KnobKind {
    let keys: Vec<&str> = games::GAMES.iter().map(|it| it.info.key).collect();
    choice(&keys)
}

/// How an agent learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Proximal policy optimisation.
    Ppo,
    /// Deep Q-network.
    Dqn,
}

/// What an agent sees of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// What the game has: numbers, planes, or its screen.
    Auto,
    /// Small pictures of features.
    Planes,
    /// Four frames of 84 by 84 grey pixels.
    Screen,
    /// Its state as numbers.
    Numbers,
}

/// How strong a scripted opponent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opponent {
    /// Beaten by a beginner.
    Easy,
    /// Beaten with practice.
    Medium,
    /// Hardly beaten.
    Hard,
}

/// The layers of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkKind {
    /// What fits the observation.
    Auto,
    /// Three convolutions and a hidden layer.
    Nature,
    /// One convolution and a hidden layer.
    Small,
    /// Two hidden layers.
    Mlp,
}

impl Config {
    /// What it learns to play.
    #[must_use]
    pub fn info(&self) -> &'static games::Info {
        games::info(&self.game).expect("the game is one of the list")
    }

    /// What it sees, never [`Observation::Auto`].
    #[must_use]
    pub fn seen(&self) -> Observation {
        let info = self.info();
        match self.observation {
            Observation::Auto if info.numbers.is_some() => Observation::Numbers,
            Observation::Auto if info.planes.is_some() => Observation::Planes,
            Observation::Auto => Observation::Screen,
            chosen => chosen,
        }
    }

    /// Its layers, never [`NetworkKind::Auto`].
    #[must_use]
    pub fn layers(&self) -> NetworkKind {
        match (self.network, self.seen()) {
            (NetworkKind::Auto, Observation::Numbers) => NetworkKind::Mlp,
            (NetworkKind::Auto, Observation::Planes) => NetworkKind::Small,
            (NetworkKind::Auto, _) => NetworkKind::Nature,
            (chosen, _) => chosen,
        }
    }

    /// Frames for which an action is held.
    #[must_use]
    pub fn frames_per_action(&self) -> u32 {
        if self.frame_skip == 0 { self.info().frame_skip } else { self.frame_skip }
    }

    fn contradictions(&self) -> Vec<FieldProblem> {
        let info = self.info();
        let mut problems = Vec::new();
        let seen = self.seen();
        let lacks = |what: &str| {
            problem_with("observation", format!("{} has no {what}", info.title), "auto")
        };
        if seen == Observation::Planes && info.planes.is_none() {
            problems.push(lacks("planes"));
        }
        if seen == Observation::Numbers && info.numbers.is_none() {
            problems.push(lacks("numbers to see"));
        }
        let (layers, is_screen) = (self.layers(), seen == Observation::Screen);
        if layers == NetworkKind::Nature && !is_screen {
            problems.push(problem_with("network", "Nature is for the screen", "auto"));
        }
        if layers == NetworkKind::Small && seen == Observation::Numbers {
            problems.push(problem_with("network", "numbers have no place to convolve over", "mlp"));
        }
        let n_rollout = self.n_envs * self.n_steps;
        if self.algorithm == Algorithm::Ppo && self.batch_size > n_rollout {
            let message = format!("there are only {n_rollout} steps to an update");
            problems.push(problem_with("batch_size", message, n_rollout));
        }
        if self.algorithm == Algorithm::Dqn && self.learning_starts >= self.buffer_size as u64 * 4 {
            let message = "most of what is played before the first update would be forgotten";
            problems.push(problem_with("learning_starts", message, self.buffer_size));
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

/// Agents as forms and the command line show them.
pub(super) fn family() -> api::Family {
    api::Family {
        name: super::family::NAME.into(),
        title: "Game agent".into(),
        summary: "Learns to play a game by playing it, from nothing but its score.".into(),
        learns_from: api::LearnsFrom::Game,
        presets: configurations::presets(),
        switches: vec![],
        knobs: knobs(),
    }
}
