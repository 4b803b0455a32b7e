//! `MountainCar` as rl-baselines3-zoo trains it with DQN. PPO with few steps to an update never sees the goal.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "mountaincar".into(),
        title: "MountainCar".into(),
        group: "As in the literature".into(),
        summary: "A car that has to go back before it can go up, learnt in a minute or two: DQN \
                  with the settings of rl-baselines3-zoo."
            .into(),
        settings: settings(json!({
            "game": "mountaincar",
            "algorithm": "dqn",
            "learning_rate": 4e-3,
            "is_annealed": false,
            "gamma": 0.98,
            "batch_size": 128,
            "max_grad_norm": 10.0,
            "buffer_size": 10_000,
            "learning_starts": 1_000,
            "train_freq": 16,
            "gradient_steps": 8,
            "target_update_interval": 600,
            "exploration_fraction": 0.2,
            "exploration_final": 0.07,
            "hidden": 256,
        })),
        limit: Limit::Steps { steps: 120_000 },
    }
}
