"""Learning curves of our game agents and of Stable-Baselines3's, at equal steps and with equal settings.

    cargo build --release --examples -p games -p models
    python benches/agents/learning.py run            # all tasks of tasks.py, all seeds, both sides
    python benches/agents/learning.py table          # mean and spread at quarters of the steps
    python benches/agents/learning.py picture        # docs/images/agents-learning.svg

A score is the mean of the last 100 whole episodes that were played to learn. `run` leaves what is there
already, and appends to `results/TASK.csv`: side, seed, step, score.
"""

import argparse
import csv
import json
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from maquette_env import ROOT, program

RESULTS = Path(__file__).parent / "results"
SIDES = {"maquette": "Maquette", "sb3": "Stable-Baselines3"}
TITLES = {
    "cartpole_ppo": "CartPole, PPO",
    "cartpole_dqn": "CartPole, DQN",
    "brick_ppo": "Brick from planes, PPO",
    "brick_dqn": "Brick from planes, DQN",
}


def ours(task, seed):
    """Settings and lines of our example `learn`."""
    command = [program("learn"), task["preset"], str(task["steps"]), str(seed), "threads=1"]
    command += [f"every={task['every']}", *task["words"]]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    settings = json.loads(lines[0][lines[0].index("{"):])
    rows = [line.split(",") for line in lines[1:]]
    return settings, [(int(row[0]), float(row[4])) for row in rows if row[4] != "NaN"]


def theirs(task, seed):
    """Lines of Stable-Baselines3; in a process of its own."""
    from stable_baselines3.common.callbacks import BaseCallback

    from tasks import games, model, one_thread

    class Lines(BaseCallback):
        def __init__(self):
            super().__init__()
            self.rows, self.n = [], 1

        def _on_step(self):
            while self.num_timesteps >= self.n * task["every"]:
                scores = [episode["r"] for episode in self.model.ep_info_buffer]
                if scores:
                    self.rows.append((self.num_timesteps, float(np.mean(scores))))
                self.n += 1
            return True

    one_thread()
    settings, _ = ours({**task, "steps": 1}, 0)
    env, lines = games(settings, seed), Lines()
    model(settings, env, seed).learn(task["steps"], lines)
    env.close()
    return lines.rows


def run(names, seeds, jobs):
    from tasks import TASKS

    RESULTS.mkdir(exist_ok=True)

    def one(job):
        name, side, seed = job
        if side == "maquette":
            _, rows = ours(TASKS[name], seed)
        else:
            command = [sys.executable, __file__, "one", "--task", name, "--seeds", str(seed)]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
            rows = json.loads(run.stdout.splitlines()[-1])
        with open(RESULTS / f"{name}.csv", "a") as file:
            file.writelines(f"{side},{seed},{step},{score:.3f}\n" for step, score in rows)
        print(name, side, seed, rows[-1], flush=True)

    all_jobs = [(name, side, seed) for name in names for seed in seeds for side in SIDES]
    todo = [job for job in all_jobs if job[2] not in curves(job[0])[job[1]]]
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, todo))


def curves(name):
    """Steps and scores by side and seed."""
    found = {side: defaultdict(list) for side in SIDES}
    place = RESULTS / f"{name}.csv"
    if place.exists():
        for side, seed, step, score in csv.reader(place.open()):
            found[side][int(seed)].append((int(step), float(score)))
    return found


def at(curve, steps):
    """The scores of a curve at these steps: those of the last line before."""
    steps_of, scores = np.array(curve).T
    places = np.searchsorted(steps_of, steps, side="right") - 1
    return np.where(places >= 0, scores[np.maximum(places, 0)], np.nan)


def table():
    from tasks import TASKS

    print("| what is learnt | steps | | 25 % | 50 % | 75 % | 100 % |")
    print("|---|---|---|---|---|---|---|")
    for name, task in TASKS.items():
        found = curves(name)
        for side, title in SIDES.items():
            if not found[side]:
                continue
            quarters = [task["steps"] * i // 4 for i in (1, 2, 3)] + [2 * task["steps"]]
            scores = np.array([at(curve, quarters) for curve in found[side].values()])
            cells = [f"{s.mean():.1f} ({s.min():.1f}–{s.max():.1f})" for s in scores.T]
            steps = f"{task['steps']:,}".replace(",", " ")
            print(f"| {TITLES[name]} | {steps} | {title}, {len(scores)} seeds | {' | '.join(cells)} |")


def picture():
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams |= {"font.family": "sans-serif", "font.size": 9, "svg.hashsalt": "maquette"}
    import matplotlib.pyplot as plt

    from tasks import TASKS

    names = [name for name in TASKS if any(curves(name).values())]
    figure, axes = plt.subplots(1, len(names), figsize=(3.3 * len(names), 2.9), facecolor="white", squeeze=False)
    for axis, name in zip(axes[0], names):
        steps = np.arange(TASKS[name]["every"], TASKS[name]["steps"] + 1, TASKS[name]["every"])
        for (side, title), colour in zip(SIDES.items(), ["#0b6e69", "#c2571a"]):
            scores = np.array([at(curve, steps) for curve in curves(name)[side].values()])
            if len(scores) == 0:
                continue
            axis.fill_between(steps / 1e3, scores.min(0), scores.max(0), color=colour, alpha=0.18, lw=0)
            axis.plot(steps / 1e3, scores.mean(0), color=colour, lw=1.6, label=title)
        axis.set_title(TITLES[name], fontsize=10)
        axis.set_xlabel("thousand steps")
        axis.set_xlim(0, TASKS[name]["steps"] / 1e3)
        axis.set_ylim(bottom=0)
        axis.grid(color="#dddddd", lw=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("mean score of the last 100 episodes")
    axes[0][0].legend(frameon=False, loc="lower right")
    figure.tight_layout()
    figure.savefig(ROOT / "docs/images/agents-learning.svg", metadata={"Date": None})


def main():
    from tasks import TASKS

    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["run", "one", "table", "picture"])
    parser.add_argument("--task", nargs="*", default=list(TASKS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    match args.what:
        case "run":
            run(args.task, args.seeds, args.jobs)
        case "one":
            print(json.dumps(theirs(TASKS[args.task[0]], args.seeds[0])))
        case "table":
            table()
        case "picture":
            picture()


if __name__ == "__main__":
    main()
