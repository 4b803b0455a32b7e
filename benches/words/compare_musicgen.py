#!/usr/bin/env python3
"""Compares `maquette generate-text` with what transformers computes, on the folders of `musicgen.py --folders`.

Usage: python compare_musicgen.py MAQUETTE FOLDER ...

For each case of a folder: codes that are equal, and how far the sound is apart at most. Fails where fewer than 99.5 % of
the codes are equal or the sound is more than 5e-3 apart.
"""

import json
import os
import tempfile

import numpy as np

from compare import asked, run, write_wav

RATE_HZ, HOP = 32_000, 640


def compared(maquette, folder):
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    checked = asked(maquette, "weights", "check", folder)
    is_good = not checked["missing"] and not checked["unexpected"]
    print(f"{os.path.basename(folder)}: missing {len(checked['missing'])}, unexpected {len(checked['unexpected'])}")
    for case in cases:
        name = case["name"]
        codes, expected = (np.load(os.path.join(folder, f"{name}.{it}.npy")) for it in ["codes", "sound"])
        with tempfile.TemporaryDirectory() as place:
            wav, ours, out = (os.path.join(place, it) for it in ["in.wav", "codes.npy", "out.npy"])
            command = [maquette, "generate-text", folder, "--prompt", case["prompt"], "--guidance", str(case["guidance"]),
                       "--seconds", str(codes.shape[1] * HOP / RATE_HZ), "--greedy", "--codes", ours, "-o", out]
            if case["n_given"]:
                given = os.path.join(folder, f"{name}.given.npy")
                write_wav(wav, np.load(given), RATE_HZ)
                command += ["--from", wav, "--how", "melody" if "melody" in name else "continue"]
            asked(*command)
            found, heard = np.load(ours), np.load(out)
        assert found.shape == codes.shape and heard.shape == expected.shape, (found.shape, heard.shape)
        equal = float((found == codes).mean())
        apart = float(np.abs(heard - expected).max())
        print(f"{os.path.basename(folder)} {name}: {100 * equal:.2f} % of {codes.size} codes equal, sound {apart:.1e} apart")
        is_good = is_good and equal >= 0.995 and apart <= 5e-3
    return is_good


if __name__ == "__main__":
    run(compared)
