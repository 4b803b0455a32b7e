"""Maquette's games as a `VecEnv` of Stable-Baselines3, played by the example `steps` of the crate `games`.

    env = MaquetteGames("brick", n_games=8, seed=1, observation="planes")

Words are those of the example. Scores in `info["episode"]` are those of whole episodes, whatever lives and
clipped rewards make of them, as `Monitor` under Stable-Baselines3's Atari wrappers has it. Planes come as
numbers of 32 bits, as a network takes them; grey pictures as bytes, `(84, 84, 4)`.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

ROOT = Path(__file__).resolve().parents[2]


def program(name, profile="release"):
    """The example of that name, which `cargo build --release --examples -p games -p models` builds."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str(target / profile / "examples" / name)


class MaquetteGames(VecEnv):
    def __init__(self, game, n_games=1, seed=0, **words):
        words |= {"n_games": n_games, "seed": seed}
        command = [program("steps"), game] + [f"{key}={value}" for key, value in words.items()]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        info = json.loads(self.child.stdout.readline())
        shape = tuple(info["shape"])
        self.dtype = np.uint8 if info["is_bytes"] else np.float32
        self.is_planes = words.get("observation") == "planes"
        if self.is_planes:
            seen = spaces.Box(0.0, 1.0, shape, np.float32)
        elif info["is_bytes"]:
            seen = spaces.Box(0, 255, shape, np.uint8)
        else:
            seen = spaces.Box(-np.inf, np.inf, shape, np.float32)
        self.first = None
        super().__init__(n_games, seen, spaces.Discrete(len(info["actions"])))
        self.first = self._observations(n_games)

    def _read(self, dtype, n):
        dtype = np.dtype(dtype).newbyteorder("<")
        data = self.child.stdout.read(n * dtype.itemsize)
        if len(data) < n * dtype.itemsize:
            raise EOFError("the games have ended")
        return np.frombuffer(data, dtype)

    def _observations(self, n):
        shape = (n, *self.observation_space.shape)
        seen = self._read(self.dtype, int(np.prod(shape))).reshape(shape)
        return seen.astype(np.float32) if self.is_planes else seen.copy()

    def reset(self):
        seed = self._seeds[0]
        if seed is not None:
            self.child.stdin.write(b"r" + int(seed).to_bytes(8, "little"))
            self.child.stdin.flush()
            self.first = self._observations(self.num_envs)
            self._reset_seeds()
        return self.first

    def step_async(self, actions):
        self.child.stdin.write(b"s" + np.asarray(actions, np.uint8).tobytes())
        self.child.stdin.flush()

    def step_wait(self):
        n = self.num_envs
        seen = self._observations(n)
        rewards = self._read(np.float32, n).copy()
        terminated, truncated = self._read(np.uint8, n) > 0, self._read(np.uint8, n) > 0
        scores, n_steps = self._read(np.float64, n), self._read(np.uint32, n)
        ends = terminated | truncated
        infos = [{} for _ in range(n)]
        for i in np.flatnonzero(ends):
            infos[i]["terminal_observation"] = self._observations(1)[0]
            infos[i]["TimeLimit.truncated"] = bool(truncated[i] and not terminated[i])
        for i in np.flatnonzero(~np.isnan(scores)):
            infos[i]["episode"] = {"r": float(scores[i]), "l": int(n_steps[i])}
        return seen, rewards, ends, infos

    def close(self):
        self.child.stdin.close()
        self.child.wait()

    def get_attr(self, attr_name, indices=None):
        return [getattr(self, attr_name, None)] * self.num_envs

    def set_attr(self, attr_name, value, indices=None):
        raise NotImplementedError

    def env_method(self, method_name, *args, indices=None, **kwargs):
        raise NotImplementedError

    def env_is_wrapped(self, wrapper_class, indices=None):
        # Scores come with the games, so that no `Monitor` has to be wrapped around them.
        return [True] * self.num_envs
