//! `CartPole` as rl-baselines3-zoo trains it with PPO.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "cartpole".into(),
        title: "CartPole".into(),
        group: "As in the literature".into(),
        summary: "The first exercise of the field, solved in seconds: PPO with the settings of \
                  rl-baselines3-zoo."
            .into(),
        settings: settings(json!({
            "game": "cartpole",
            "n_envs": 8,
            "n_steps": 32,
            "gae_lambda": 0.8,
            "gamma": 0.98,
            "n_epochs": 20,
            "ent_coef": 0.0,
            "learning_rate": 1e-3,
            "clip_range": 0.2,
            "is_clip_annealed": true,
        })),
        limit: Limit::Steps { steps: 100_000 },
    }
}
