"""Whether our agents' weights do the same in Stable-Baselines3: its networks load them by their names.

    cargo build --release --examples -p games -p models
    python benches/agents/same_actions.py

For each kind of agent: trains ours for a moment, loads the file into the policy that Stable-Baselines3 makes of the
same settings (every name and shape has to fit), plays 1000 observations of our games, and compares the logarithms
of the probabilities and the values, or for DQN the values of the actions; and the preferred actions.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

from maquette_env import program
from tasks import games, model

N = 1_000
KINDS = {
    "CartPole, PPO": ["cartpole", "20000"],
    "Brick from planes, PPO": ["quick", "20000"],
    "Brick from the screen, PPO": ["atari_ppo", "2048"],
    "CartPole, DQN": ["cartpole", "5000", "algorithm=dqn"],
    "Brick from planes, DQN": ["quick", "5000", "algorithm=dqn"],
    "Brick from the screen, DQN": ["atari_dqn", "2048", "learning_starts=500", "buffer_size=2000"],
}


def trained(words, place):
    command = [program("learn"), *words[:2], "1", "every=100000", f"save={place}", *words[2:]]
    line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]
    return json.loads(line[line.index("{"):])


def load(policy, place):
    """Puts our arrays where their names say; every parameter of the policy has to get one."""
    with safe_open(place, "pt") as file:
        ours = {name: file.get_tensor(name) for name in file.keys() if not name.startswith("training.")}
    # What Stable-Baselines3 lists twice, and the target network, are not in our file.
    twice = ("pi_features_extractor.", "vf_features_extractor.", "q_net_target.")
    theirs = {name for name in policy.state_dict() if not name.startswith(twice)}
    assert theirs == set(ours), theirs ^ set(ours)
    policy.load_state_dict(ours, strict=False)


def observations(env, policy, is_ppo):
    """What is seen while the policy plays, a tenth of its actions being random."""
    random, seen, rows = np.random.default_rng(1), env.reset(), []
    while len(rows) < N:
        rows.append(seen[0].copy())
        actions, _ = policy.predict(seen, deterministic=not is_ppo)
        if random.random() < 0.1:
            actions[:] = random.integers(env.action_space.n)
        seen, _, _, _ = env.step(actions)
    return np.stack(rows)


def main():
    print("| agent | parameters | largest difference | of numbers up to | same actions |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for title, words in KINDS.items():
            place = str(Path(folder) / "agent.safetensors")
            settings = trained(words, place)
            is_ppo = settings["algorithm"] == "ppo"
            env = games({**settings, "n_envs": 1}, 1, own_cartpole=True)
            # Nothing is learnt here: a small replay memory and batch will do.
            agent = model({**settings, "buffer_size": 100, "batch_size": 32}, env, 1)
            load(agent.policy, place)
            policy, env = agent.policy, agent.get_env()
            seen = observations(env, policy, is_ppo)
            with torch.no_grad():
                tensor, _ = policy.obs_to_tensor(seen)
                if is_ppo:
                    chances = policy.get_distribution(tensor).distribution.logits
                    theirs = torch.cat([chances, policy.predict_values(tensor)], 1).numpy()
                else:
                    theirs = policy.q_net(tensor).numpy()
            # Ours takes pictures as bytes, with their channels last.
            is_transposed = seen.ndim == 4 and seen.dtype == np.uint8
            as_ours = seen.transpose(0, 2, 3, 1) if is_transposed else seen
            as_ours = as_ours.astype(np.uint8) if seen.ndim == 4 else as_ours
            run = subprocess.run(
                [program("look"), place], input=np.ascontiguousarray(as_ours).tobytes(), check=True, capture_output=True
            )
            ours = np.frombuffer(run.stdout, "<f4").reshape(theirs.shape)
            n = env.action_space.n
            same = (ours[:, :n].argmax(1) == theirs[:, :n].argmax(1)).sum()
            n_parameters = sum(it.numel() for it in (policy.q_net if not is_ppo else policy).parameters())
            difference = np.abs(ours - theirs).max()
            row = [title, f"{n_parameters:,}".replace(",", " "), f"{difference:.1e}", f"{np.abs(theirs).max():.1f}"]
            print("|", " | ".join(row), f"| {same} of {N} |", flush=True)
            env.close()


if __name__ == "__main__":
    main()
