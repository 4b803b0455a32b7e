#!/usr/bin/env python3
"""Vectors of the recordings in a folder, for measuring what ratings teach a memory.

    python3 benches/memory/vectors.py target/debug/maquette ../shared/audio vectors.txt
    cargo bench -p memory --bench learning -- --measure vectors.txt

Every recording of three quarters of a second and more is cut into pieces of 16 frames (0.37 s) that do not overlap; silent
ones are left out. A
piece's numbers come from `maquette features`: means, deviations and mean changes of 20 cepstral coefficients, the mean
of 12 pitch classes, and mean, deviation and maximum of onset strength and flatness, each as the distance from its mean over
recordings in deviations. Its kind is the first that fits: `percussive` where onsets are strong (the strongest is above 6), `noisy`
where flatness is above 0.02, else `tonal`. Each line of the output is a source, a kind and the numbers. Needs NumPy.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np

RATE, HOP = 22050, 512
PIECE = 16  # frames: 0.37 s
FEATURES = ["mfcc", "chroma_stft", "onset_strength", "spectral_flatness"]
STRONG_ONSET, NOISY = 6.0, 0.02


def features(maquette, path, folder):
    found = []
    for name in FEATURES:
        output = os.path.join(folder, f"{name}.npy")
        subprocess.run(
            [maquette, "features", path, "--feature", name, "-o", output, "--force"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        found.append(np.load(output))
    return found


def pieces(mfcc, chroma, onset, flatness):
    loudest = mfcc[0].max()
    for first in range(0, mfcc.shape[1] - PIECE + 1, PIECE):
        part = slice(first, first + PIECE)
        cepstral, strength, flat = mfcc[:, part], onset[0, part], flatness[0, part]
        # The first coefficient is loudness: 20 * sqrt(128) of it are some 100 dB.
        if cepstral[0].max() < loudest - 400:
            continue
        kind = "percussive" if strength.max() > STRONG_ONSET else "noisy" if flat.mean() > NOISY else "tonal"
        numbers = [
            cepstral[1:].mean(axis=1),
            cepstral[1:].std(axis=1),
            np.abs(np.diff(cepstral[1:], axis=1)).mean(axis=1),
            chroma[:, part].mean(axis=1),
        ]
        for x in (strength, np.log10(flat + 1e-6)):
            numbers.append([x.mean(), x.std(), x.max()])
        yield kind, np.concatenate(numbers)


def main(maquette, folder, output):
    rows = []
    paths = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    with tempfile.TemporaryDirectory() as made:
        for path in paths:
            if not path.endswith((".flac", ".ogg", ".wav")):
                continue
            try:
                found = features(maquette, path, made)
            except subprocess.CalledProcessError:
                continue
            if found[0].shape[1] < 2 * PIECE:
                continue
            source = os.path.relpath(path, folder).replace(" ", "-")
            rows += [(source, kind, numbers) for kind, numbers in pieces(*found)]
    # Each recording counts alike for the scale.
    sources = sorted({source for source, _, _ in rows})
    of = lambda source: np.array([numbers for it, _, numbers in rows if it == source])
    mean = np.mean([of(source).mean(axis=0) for source in sources], axis=0)
    square = np.mean([((of(source) - mean) ** 2).mean(axis=0) for source in sources], axis=0)
    with open(output, "w", encoding="utf-8") as file:
        for source, kind, numbers in rows:
            scaled = np.clip((numbers - mean) / np.sqrt(square + 1e-9), -3, 3)
            file.write(f"{source} {kind} " + " ".join(f"{x:.4f}" for x in scaled) + "\n")
    kinds = {kind: sum(it == kind for _, it, _ in rows) for kind in ("percussive", "noisy", "tonal")}
    print(f"{len(rows)} pieces of {len(sources)} recordings, {kinds}")


if __name__ == "__main__":
    main(*sys.argv[1:])
