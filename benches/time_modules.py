"""Times streaming modules in PyTorch, in turns: how many times faster than real time each plays blocks.

time_modules.py BLOCK MODULE…: one JSON line {"version", "realtime": […]}, medians of seven turns on one thread.
"""

import json
import statistics
import sys
import time

import torch

RATE, TURNS, SECONDS = 44100, 7, 1.5


def main():
    block, paths = int(sys.argv[1]), sys.argv[2:]
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    modules = [torch.jit.load(path) for path in paths]
    x = 0.1 * torch.randn(1, 1, block)
    for module in modules:
        for _ in range(6):  # the executor looks at first calls, and compiles
            module.forward(x)
    n, speeds = int(SECONDS * RATE / block), [[] for _ in modules]
    for _ in range(TURNS):
        for module, turns in zip(modules, speeds):
            started = time.perf_counter()
            for _ in range(n):
                module.forward(x)
            turns.append(n * block / RATE / (time.perf_counter() - started))
    version = torch.__version__.split("+")[0]
    print(json.dumps({"version": version, "realtime": [statistics.median(turns) for turns in speeds]}))


main()
