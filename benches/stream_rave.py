"""Times the original RAVE program while it streams, as `cargo xtask bench stream` needs it.

Builds a configuration of the installed program with its cached convolutions and random weights, plays
blocks through encoder and decoder, and prints one JSON line: {"wall_secs", "cpu_secs", "worst_secs"}, mean
times of 2048 samples and the longest that a block took.
"""

import argparse
import contextlib
import json
import os
import sys
import time
import warnings

parser = argparse.ArgumentParser()
parser.add_argument("--config", default="v2")
parser.add_argument("--block", type=int, default=2048)
parser.add_argument("--seconds", type=float, default=4.0)
args = parser.parse_args()

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

# What the program prints while it starts is not the answer.
with contextlib.redirect_stdout(sys.stderr):
    import cached_conv as cc
    import gin
    import rave
    import torch

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    folder = os.path.join(os.path.dirname(rave.__file__), "configs")
    for path in (os.path.dirname(rave.__file__), folder, os.path.join(folder, "augmentations")):
        gin.add_config_file_search_path(path)
    cc.use_cached_conv(True)
    gin.parse_config_file(args.config + ".gin")
    model = rave.RAVE(n_channels=1).eval()
    for module in model.modules():
        if hasattr(module, "weight_g"):
            torch.nn.utils.remove_weight_norm(module)

RATE, GROUP = 44100, 2048
# The original plays whole latent frames only.
ratio = 2**14 // model.encode(torch.zeros(1, 1, 2**14)).shape[-1]
block = max(args.block, ratio)
x = 0.1 * torch.randn(1, 1, block)


def play():
    z = model.encode(x)
    return model.decode(model.encoder.reparametrize(z)[0])


with torch.inference_mode():
    for _ in range(4):
        play()
    n = max(1, int(args.seconds * RATE / block))
    worst, wall, cpu = 0.0, time.perf_counter(), time.process_time()
    for _ in range(n):
        start = time.perf_counter()
        play()
        worst = max(worst, time.perf_counter() - start)
    scale = GROUP / block / n
    wall, cpu = (time.perf_counter() - wall) * scale, (time.process_time() - cpu) * scale
print(json.dumps({"wall_secs": wall, "cpu_secs": cpu, "worst_secs": worst}))
