//! PPO on screens as rl-baselines3-zoo trains it on Atari games.

use api::{Limit, Preset};
use serde_json::json;

use crate::knobs::settings;

pub(super) fn preset() -> Preset {
    Preset {
        name: "atari_ppo".into(),
        title: "PPO on the screen".into(),
        group: "As in the literature".into(),
        summary: "The network and settings that Atari games are learnt with, for ten million \
                  steps. It sees nothing but the screen; plan for a night."
            .into(),
        settings: settings(json!({
            "observation": "screen",
            "n_envs": 8,
            "n_steps": 128,
            "n_epochs": 4,
            "batch_size": 256,
            "learning_rate": 2.5e-4,
            "clip_range": 0.1,
            "is_clip_annealed": true,
            "vf_coef": 0.5,
            "ent_coef": 0.01,
            "noop_max": 30,
            "is_episodic_life": true,
            "clips_rewards": true,
        })),
        limit: Limit::Steps { steps: 10_000_000 },
    }
}
