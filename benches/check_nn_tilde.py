"""Plays a module with nn~'s own backend, and compares it with what Maquette plays.

check_nn_tilde.py PROGRAM FOLDER BLOCK: PROGRAM is check_nn_tilde.cpp, built with nn_tilde's `src/backend` and
libtorch:

    g++ -std=c++20 -O2 -include cstring -D_GLIBCXX_USE_CXX11_ABI=0 -I nn_tilde/src -I TORCH/include \\
        -I TORCH/include/torch/csrc/api/include benches/check_nn_tilde.cpp nn_tilde/src/backend/backend.cpp \\
        nn_tilde/src/backend/parsing_utils.cpp -L TORCH/lib -Wl,--no-as-needed -ltorch_cpu -lc10 -ltorch \\
        -Wl,-rpath,TORCH/lib -o check_nn_tilde

Prints one JSON line as check_exports.py does.
"""

import json
import subprocess
import sys

import numpy as np

RATE = 44100


def main():
    program, folder, block = sys.argv[1:4]
    sound, made = (np.load(f"{folder}/{name}.npy") for name in ("sound", "made"))
    sound.astype(np.float32).tofile(folder + "/sound.raw")
    files = [folder + "/live.ts", folder + "/sound.raw", str(len(sound)), block, folder + "/out.raw"]
    done = subprocess.run([program, *files], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["methods"] == 3 and len(found["attributes"]) == 6, found
    assert found["latents_peak"] > 0 and not done.stderr, (found, done.stderr)
    out = np.fromfile(folder + "/out.raw", np.float32).reshape(made.shape)
    difference = float(np.abs(out - made).max() / np.abs(made).max())
    realtime = sound.shape[1] / RATE / found["secs"]
    print(json.dumps({"program": "nn~", "version": "backend", "again": difference, "realtime": realtime}))


main()
