"""Environment steps a CPU second of our game agents and of Stable-Baselines3's, in turns, on one thread.

    cargo build --release --examples -p games -p models
    python benches/agents/speed.py --turns 5

Both learn with PPO and DQN from stacks of four grey pictures with the network of Mnih and others, with the
settings of our presets `atari_ppo` and `atari_dqn` (after 1000 steps instead of 100 000, so that what is measured
is learning): ours on our brick breaker, Stable-Baselines3 on Breakout of ale-py and on our brick breaker through
`maquette_env.py`. CPU time is that of a whole process and its children, from the first update's end to the last's;
ours also runs on two threads, where the time on the clock counts. Prints a table of medians, and the range.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from learning import program

# What is learnt: our words, and steps to warm up and to measure.
KINDS = {
    "ppo": {"preset": "atari_ppo", "words": [], "warm": 1_024, "steps": 3_072},
    "dqn": {
        "preset": "atari_dqn",
        "words": ["learning_starts=1000", "buffer_size=10000"],
        "warm": 1_280,
        "steps": 2_560,
    },
}
CASES = ["ours, 1 thread", "SB3 on our brick", "SB3 on ALE Breakout", "ours, 2 threads"]


def ours(kind, n_threads):
    """Steps a CPU second and a second on the clock."""
    command = [program("learn"), kind["preset"], str(kind["steps"]), "1", f"threads={n_threads}", "every=256"]
    lines = subprocess.run(command + kind["words"], check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [[float(x) for x in line.split(",")[:3]] for line in lines[1:]]
    first = next(row for row in rows if row[0] >= kind["warm"])
    steps, secs, cpu_secs = (last - first for last, first in zip(rows[-1], first))
    return steps / cpu_secs, steps / secs


def theirs(kind, is_breakout):
    """The same of Stable-Baselines3, in this process."""
    from stable_baselines3.common.callbacks import BaseCallback

    from tasks import breakout, games, model, one_thread

    one_thread()
    command = [program("learn"), kind["preset"], "1", "1", "every=1", *kind["words"]]
    line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]
    settings = json.loads(line[line.index("{"):])
    env = breakout(settings, 1) if is_breakout else games(settings, 1)
    agent = model(settings, env, 1)
    child = getattr(env, "child", None) or getattr(getattr(env, "venv", None), "child", None)

    def clock():
        of_games = 0.0
        if child is not None:
            fields = Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
            of_games = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return time.process_time() + of_games, time.perf_counter()

    class Clock(BaseCallback):
        def __init__(self):
            super().__init__()
            self.first = None

        def _on_step(self):
            return True

        def _on_rollout_start(self):
            if self.first is None and self.num_timesteps >= kind["warm"]:
                self.first = self.num_timesteps, clock()

    watch = Clock()
    agent.learn(kind["steps"], watch)
    steps, (cpu, wall) = watch.first
    n, (cpu_end, wall_end) = agent.num_timesteps - steps, clock()
    env.close()
    return n / (cpu_end - cpu), n / (wall_end - wall)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--one", nargs=2, help="a kind and whether it is Breakout; used by the script itself")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(theirs(KINDS[args.one[0]], args.one[1] == "True")))
        return
    print("| algorithm | | steps a CPU second | steps a second |\n|---|---|---|---|", flush=True)
    for name in args.kinds:
        found = {case: [] for case in CASES}
        for turn in range(args.turns):
            for case in CASES:
                if case.startswith("ours"):
                    found[case].append(ours(KINDS[name], 2 if "2" in case else 1))
                    continue
                command = [sys.executable, __file__, "--one", name, str("ALE" in case)]
                environment = os.environ | {"OMP_NUM_THREADS": "1"}
                run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
                found[case].append(json.loads(run.stdout.splitlines()[-1]))
            latest = {case: [round(x) for x in it[-1]] for case, it in found.items()}
            print(f"{name}, turn {turn + 1}, load {os.getloadavg()[0]:.1f}: {latest}", file=sys.stderr, flush=True)
        for case, it in found.items():
            cells = [f"{median(x):.0f} ({min(x):.0f}–{max(x):.0f})" for x in zip(*it)]
            print(f"| {name.upper()} | {case} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
