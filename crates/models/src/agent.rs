//! Agents that learn to play games: PPO and DQN, as in Stable-Baselines3, on the games of this program.
//!
//! A step of a training is a decision in one game; an update of weights comes after many of them. What is
//! measured has Stable-Baselines3's names.

pub mod config;
mod configurations;
mod dqn;
mod expected;
mod family;
mod infer;
mod network;
mod play;
mod policy;
mod ppo;
mod replay;
mod state;
mod train;
mod values;
mod watcher;

use games::Finished;

pub(crate) use family::GameAgents;
pub use infer::Player;
pub use watcher::{Look, Watcher};

/// What a stretch of play and learning gave.
pub(crate) struct Learnt {
    /// Decisions that were made.
    pub(crate) n_steps: u64,
    /// Episodes that ended.
    pub(crate) finished: Vec<Finished>,
    /// What was measured.
    pub(crate) values: values::Values,
    /// Whether every loss and gradient was a number.
    pub(crate) is_finite: bool,
}
