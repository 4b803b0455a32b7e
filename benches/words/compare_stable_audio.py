#!/usr/bin/env python3
"""Compares `maquette generate-text` with what diffusers and the original program compute, on the folders of
`stable_audio.py --folders`.

Usage: python compare_stable_audio.py MAQUETTE FOLDER ...

For each case of a folder, the same noise is given to both; prints how far the sounds are apart at most. Fails where one
is more than 5e-3 apart, or the folder is not whole.
"""

import json
import os
import tempfile

import numpy as np

from compare import asked, run, write_wav

RATE_HZ = 16_000


def compared(maquette, folder):
    checked = asked(maquette, "weights", "check", folder)
    assert checked["family"] == "stable_audio_3", checked["family"]
    is_good = not checked["missing"] and not checked["unexpected"]
    print(f"{os.path.basename(folder)}: missing {len(checked['missing'])}, unexpected {len(checked['unexpected'])}")
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    for case in cases:
        stem = os.path.join(folder, case["name"].replace(" ", "_"))
        expected = np.load(f"{stem}.sound.npy")
        with tempfile.TemporaryDirectory() as place:
            wav, out = (os.path.join(place, it) for it in ["in.wav", "out.npy"])
            command = [maquette, "generate-text", folder, "--prompt", case["prompt"], "--seconds", str(case["seconds"]),
                       "--steps", str(case["steps"]), "--noise", f"{stem}.noise.npy", "-o", out]
            if case["negative"] is not None:
                command += ["--negative", case["negative"]]
            if "guidance" in case:
                command += ["--guidance", str(case["guidance"])]
            if "strength" in case or "gap" in case:
                write_wav(wav, np.load(f"{stem}.given.npy"), RATE_HZ)
                command += ["--from", wav]
            if "strength" in case:
                command += ["--how", "vary", "--strength", str(case["strength"])]
            if "gap" in case:
                command += ["--how", "fill", "--gap", *map(str, case["gap"])]
            asked(*command)
            heard = np.load(out)
        assert heard.shape == expected.shape, (case["name"], heard.shape, expected.shape)
        apart = float(np.abs(heard - expected).max())
        print(f"  {case['name']}: the sound is {apart:.1e} apart, of {float(np.abs(expected).max()):.2f}")
        is_good = is_good and apart <= 5e-3
    return is_good


if __name__ == "__main__":
    run(compared)
