//! DQN on screens as rl-baselines3-zoo trains it on Atari games.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "atari_dqn".into(),
        title: "DQN on the screen".into(),
        group: "As in the literature".into(),
        summary: "The network and settings that DQN learns Atari games with, for ten million \
                  steps, with a replay memory of 0.7 GB."
            .into(),
        settings: settings(json!({
            "algorithm": "dqn",
            "observation": "screen",
            "buffer_size": 100_000,
            "learning_rate": 1e-4,
            "is_annealed": false,
            "batch_size": 32,
            "learning_starts": 100_000,
            "target_update_interval": 1_000,
            "train_freq": 4,
            "gradient_steps": 1,
            "exploration_fraction": 0.1,
            "exploration_final": 0.01,
            "max_grad_norm": 10.0,
            "noop_max": 30,
            "is_episodic_life": true,
            "clips_rewards": true,
        })),
        limit: Limit::Steps { steps: 10_000_000 },
    }
}
