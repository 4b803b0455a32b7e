#!/usr/bin/env python3
"""Compares `maquette generate-text` and `maquette embed` with what diffusers and transformers compute, on the folders of
`reference_ldm.py --folders` and `reference_voice.py --folders`.

Usage: python compare_ldm.py MAQUETTE FOLDER

Fails where a sound is more than 5e-3 apart, an embedding's cosine is 0.99999 or less, or a hidden state is more than
1e-3 of its largest number apart.
"""

import json
import os
import sys
import tempfile

import numpy as np

from compare import asked as run, write_wav


def about(folder):
    with open(os.path.join(folder, "reference.json")) as file:
        return json.load(file)


def stored(folder, name):
    return np.load(os.path.join(folder, f"{name}.npy"))


def sound_of_words(maquette, folder, place):
    asked, out = about(folder), os.path.join(place, "out.npy")
    run(maquette, "generate-text", folder, "--prompt", asked["prompt"], "--negative", asked["negative"], "--seconds",
        str(asked["seconds"]), "--steps", str(asked["steps"]), "--guidance", str(asked["guidance"]), "--noise",
        os.path.join(folder, "noise.npy"), "-o", out, "--force")
    apart = float(np.abs(np.load(out) - stored(folder, "sound")).max())
    print(f"{os.path.basename(folder)}: the sound is {apart:.1e} apart")
    return apart <= 5e-3


def embedded(maquette, folder, place, *asked):
    out = os.path.join(place, "e.npy")
    run(maquette, "embed", folder, *asked, "-o", out, "--force")
    return np.load(out)


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def near(name, found, expected):
    apart = float(np.abs(found - expected).max() / np.abs(expected).max())
    print(f"{name}: {apart:.1e} of the largest apart")
    return apart <= 1e-3


def clap(maquette, folder, place):
    fine = []
    for i, prompt in enumerate(about(folder)["prompts"]):
        fine.append(cosine(embedded(maquette, folder, place, "--text", prompt), stored(folder, f"text_{i}")))
    for secs in (10, 3):
        wav = os.path.join(place, "in.wav")
        write_wav(wav, stored(folder, f"sound_{secs}"), 48_000)
        fine.append(cosine(embedded(maquette, folder, place, "--sound", wav), stored(folder, f"embedding_{secs}")))
        stages = [stored(folder, f"stage_{secs}_{i}") for i in range(4)]
        for i, stage in enumerate(stages):
            found = embedded(maquette, folder, place, "--sound", wav, "--layer", str(i))
            if not near(f"{os.path.basename(folder)}, {secs} s, stage {i}", found, stage.reshape(found.shape)):
                fine.append(0)
    print(f"{os.path.basename(folder)}: cosines at least {min(fine):.7f}")
    return min(fine) > 0.99999


def voice(maquette, folder, place):
    wav = os.path.join(place, "in.wav")
    write_wav(wav, stored(folder, "sound"), 16_000)
    fine = []
    for layer in range(about(folder)["layers"] + 1):
        found = embedded(maquette, folder, place, "--sound", wav, "--layer", str(layer))
        fine.append(near(f"{os.path.basename(folder)}, layer {layer}", found, stored(folder, f"hidden_{layer}")))
    found = embedded(maquette, folder, place, "--sound", wav)
    fine.append(near(f"{os.path.basename(folder)}", found, stored(folder, "embedding")))
    return all(fine)


def main():
    maquette, root = sys.argv[1:]
    fine = []
    with tempfile.TemporaryDirectory() as place:
        for name in sorted(os.listdir(root)):
            folder = os.path.join(root, name)
            compare = {"audioldm": sound_of_words, "clap": clap}.get(name.split("_")[0], voice)
            checked = run(maquette, "weights", "check", folder)
            fine.append(not checked["missing"] and not checked["unexpected"])
            fine.append(compare(maquette, folder, place))
    if not all(fine):
        sys.exit("a folder is not as the reference computes it")


if __name__ == "__main__":
    main()
