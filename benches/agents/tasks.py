"""What is learnt in the comparison of game agents: ours and Stable-Baselines3's with the same settings.

Each task is our words for the example `learn`, and a function that makes Stable-Baselines3's model from the
settings that `learn` prints, so that no number stands in two places.
"""

import numpy as np
import torch
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.env_util import make_atari_env, make_vec_env
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecFrameStack
from torch import nn

from maquette_env import MaquetteGames


class Small(BaseFeaturesExtractor):
    """Our network `small` for planes, `[row][column][plane]`: a convolution and a hidden layer."""

    def __init__(self, space, hidden=128):
        super().__init__(space, hidden)
        rows, columns, planes = space.shape
        self.cnn = nn.Sequential(nn.Conv2d(planes, 16, 3), nn.ReLU(), nn.Flatten())
        self.linear = nn.Sequential(nn.Linear(16 * (rows - 2) * (columns - 2), hidden), nn.ReLU())

    def forward(self, seen):
        return self.linear(self.cnn(seen.permute(0, 3, 1, 2)))


# `steps` is the budget, `every` the steps between two lines.
TASKS = {
    "cartpole_ppo": {"preset": "cartpole", "words": [], "steps": 100_000, "every": 1_024},
    "cartpole_dqn": {
        "preset": "cartpole",
        # As rl-baselines3-zoo has it for CartPole.
        "words": [
            "algorithm=dqn", "hidden=256", "learning_rate=2.3e-3", "is_annealed=false", "batch_size=64",
            "buffer_size=100000", "learning_starts=1000", "gamma=0.99", "target_update_interval=10",
            "train_freq=256", "gradient_steps=128", "exploration_fraction=0.16", "exploration_final=0.04",
            "max_grad_norm=10",
        ],
        "steps": 50_000,
        "every": 512,
    },
    "brick_ppo": {"preset": "quick", "words": [], "steps": 300_000, "every": 4_096},
    "brick_dqn": {
        "preset": "quick",
        "words": [
            "algorithm=dqn", "learning_rate=3e-4", "is_annealed=false", "batch_size=32", "buffer_size=50000",
            "learning_starts=1000", "target_update_interval=1000", "train_freq=4", "gradient_steps=1",
            "exploration_fraction=0.1", "exploration_final=0.05", "max_grad_norm=10",
        ],
        "steps": 100_000,
        "every": 1_024,
    },
}

# What an agent sees, in the words of the settings, of the games' example.
SEEN = {"auto": "planes", "planes": "planes", "screen": "grey84"}


def games(settings, seed, own_cartpole=False):
    """The game of the settings: CartPole is Gymnasium's own, everything else ours."""
    n = settings["n_envs"] if settings["algorithm"] == "ppo" else 1
    if settings["game"] == "cartpole" and not own_cartpole:
        return make_vec_env("CartPole-v1", n, seed=seed)
    numbers = settings["game"] == "cartpole"
    return MaquetteGames(
        settings["game"],
        n,
        seed,
        observation="numbers" if numbers else SEEN[settings["observation"]],
        noop_max=settings["noop_max"],
        is_episodic_life=str(settings["is_episodic_life"]).lower(),
        clips_rewards=str(settings["clips_rewards"]).lower(),
    )


def breakout(settings, seed):
    """Breakout as rl-baselines3-zoo learns it."""
    import ale_py  # Gymnasium knows Atari's games once this is imported.

    assert ale_py
    n = settings["n_envs"] if settings["algorithm"] == "ppo" else 1
    return VecFrameStack(make_atari_env("BreakoutNoFrameskip-v4", n, seed=seed), 4)


def model(settings, env, seed):
    """Stable-Baselines3's agent of these settings."""
    rate, clip = settings["learning_rate"], settings["clip_range"]
    falling = lambda value: lambda left: left * value
    of_both = {
        "learning_rate": falling(rate) if settings["is_annealed"] else rate,
        "batch_size": settings["batch_size"],
        "gamma": settings["gamma"],
        "max_grad_norm": settings["max_grad_norm"],
        "seed": seed,
        "device": "cpu",
    }
    shape = env.observation_space.shape
    is_ppo = settings["algorithm"] == "ppo"
    if len(shape) == 1:
        policy, about_policy = "MlpPolicy", {"net_arch": 2 * [settings["hidden"] or 64]}
        if is_ppo:
            about_policy = {"net_arch": {"pi": about_policy["net_arch"], "vf": about_policy["net_arch"]}}
    elif env.observation_space.dtype == np.uint8:
        policy, about_policy = "CnnPolicy", {}
    else:
        about_policy = {
            "features_extractor_class": Small,
            "features_extractor_kwargs": {"hidden": settings["hidden"] or 128},
            "net_arch": [],
        }
        policy = "MlpPolicy"
    if is_ppo:
        return PPO(
            policy,
            env,
            n_steps=settings["n_steps"],
            n_epochs=settings["n_epochs"],
            gae_lambda=settings["gae_lambda"],
            clip_range=falling(clip) if settings["is_clip_annealed"] else clip,
            ent_coef=settings["ent_coef"],
            vf_coef=settings["vf_coef"],
            policy_kwargs=about_policy,
            **of_both,
        )
    return DQN(
        policy,
        env,
        buffer_size=settings["buffer_size"],
        learning_starts=settings["learning_starts"],
        train_freq=settings["train_freq"],
        gradient_steps=settings["gradient_steps"],
        target_update_interval=settings["target_update_interval"],
        exploration_fraction=settings["exploration_fraction"],
        exploration_final_eps=settings["exploration_final"],
        policy_kwargs=about_policy,
        **of_both,
    )


def one_thread():
    torch.set_num_threads(1)
