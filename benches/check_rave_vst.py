"""Plays a module with the RAVE VST's own class of a model, and compares it with what Maquette plays.

check_rave_vst.py PROGRAM FOLDER BLOCK: PROGRAM is check_rave_vst.cpp, built with `source/Rave.h` of rave_vst
and the libtorch that the plugin comes with, 1.11.0 (the wheel of PyTorch for Python 3.10 holds it):

    g++ -std=c++17 -O2 -D_GLIBCXX_USE_CXX11_ABI=0 -I benches/rave_vst -I rave_vst/source \\
        -I TORCH/include -I TORCH/include/torch/csrc/api/include benches/check_rave_vst.cpp -L TORCH/lib \\
        -Wl,--no-as-needed -ltorch_cpu -lc10 -ltorch -Wl,-rpath,TORCH/lib -o check_rave_vst

The plugin sends one channel, and takes one or two. A module with two hears the one on both, which PyTorch, in
whose environment this runs, then plays for comparison. To a module with fewer latents (`few.ts`) it sends others
for each side, at random: that one must play, and differ from side to side. Prints one JSON line as
check_exports.py does.
"""

import json
import os
import subprocess
import sys

import numpy as np


def played_by_torch(folder, sound, block):
    """What a module plays of one channel that is sent on both sides."""
    import torch

    torch.set_grad_enabled(False)
    module = torch.jit.load(folder + "/live.ts")
    module.set_deterministic(True)
    module.set_noise(False)
    x = torch.from_numpy(np.stack([sound, sound]))[None]
    made = [module.forward(x[..., i : i + block]) for i in range(0, x.shape[-1], block)]
    return torch.cat(made, -1)[0].numpy()


def main():
    program, folder, block = sys.argv[1:4]
    sound, made = (np.load(f"{folder}/{name}.npy") for name in ("sound", "made"))
    if len(sound) == 2:
        made = played_by_torch(folder, sound[0], int(block))
    sound[0].astype(np.float32).tofile(folder + "/sound.raw")

    def played(module):
        files = [f"{folder}/{module}.ts", folder + "/sound.raw", block, folder + "/out.raw"]
        done = subprocess.run([program, *files], capture_output=True, text=True, check=True)
        return json.loads(done.stdout), np.fromfile(folder + "/out.raw", np.float32).reshape(2, -1)

    found, out = played("live")
    assert found["latents"] > 0 and found["stereo"] == (len(made) == 1), found
    if len(made) == 1 and os.path.exists(folder + "/few.ts"):
        few, (left, right) = played("few")
        assert few["latents"] == found["latents"] and np.isfinite(left).all() and np.isfinite(right).all(), few
        assert np.abs(left - right).max() > 1e-3 * np.abs(left).max() > 0, "both sides are alike"
    # A mono model is heard alike on both sides.
    difference = float(np.abs(out - made).max() / np.abs(made).max())
    realtime = sound.shape[1] / found["rate"] / found["secs"]
    print(json.dumps({"program": "RAVE VST", "version": "class", "again": difference, "realtime": realtime}))


main()
