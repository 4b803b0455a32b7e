"""Compares stretches of `maquette stretch`, librosa and Rubber Band on sounds of one's own.

    python stretch.py MAQUETTE FOLDER

MAQUETTE is the program, FOLDER holds sounds that libsndfile reads. Needs librosa, soundfile, and `rubberband` on
the path. Two measures, both smaller is better:

- round trip: a sound is stretched by a ratio and back, and compared with itself: the root mean square difference of
  logarithmic magnitudes (floor -80 dB below the loudest), in dB, over windows of 2048, 1024 and 512 samples.
- smear: at each attack of the sound, the time around it in which the energy of the stretched sound rises from 10 to 90 %
  of what it has 30 ms later, minus the same time in the sound itself, in ms; the median over attacks.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

import librosa
import numpy as np
import soundfile as sf

RATIOS = [0.8, 1.25, 1.5, 2.0]


def maquette(program, quality):
    def run(source, target, ratio):
        command = [program, "stretch", source, "-o", target, "--ratio", str(ratio), "--quality", quality, "--force"]
        subprocess.run(command, check=True, capture_output=True)

    return run


def rubberband(engine):
    def run(source, target, ratio):
        subprocess.run(["rubberband", "-q", *engine, "-t", str(ratio), source, target], check=True, capture_output=True)

    return run


def with_librosa(source, target, ratio):
    y, rate = sf.read(source, always_2d=True, dtype="float32")
    out = librosa.effects.time_stretch(y.T, rate=1 / ratio)
    sf.write(target, out.T, rate, subtype="FLOAT")


def spectral_distance(a, b):
    n = min(len(a), len(b))
    found = []
    for window in (2048, 1024, 512):
        x, y = (np.abs(librosa.stft(z[:n], n_fft=window)) for z in (a, b))
        floor = max(x.max(), 1e-9) * 1e-4
        x, y = (20 * np.log10(np.maximum(z, floor)) for z in (x, y))
        found.append(np.sqrt(np.mean((x - y) ** 2)))
    return float(np.mean(found))


def rise_ms(y, at, rate):
    """From 10 to 90 % of the energy that is there 30 ms after an attack, counted from 60 ms before it."""
    before, after = int(0.06 * rate), int(0.03 * rate)
    part = y[max(at - before, 0) : at + after] ** 2
    if len(part) < after or part.sum() <= 0:
        return None
    grown = np.cumsum(part) / part.sum()
    return 1000 * (np.searchsorted(grown, 0.9) - np.searchsorted(grown, 0.1)) / rate


def main():
    program, folder = sys.argv[1:3]
    systems = {
        "ours, best": maquette(program, "best"),
        "ours, fast": maquette(program, "fast"),
        "Rubber Band R3": rubberband(["-3"]),
        "Rubber Band R2": rubberband(["-2"]),
        "librosa": with_librosa,
    }
    files = sorted(p for p in pathlib.Path(folder).iterdir() if p.suffix in (".wav", ".flac", ".ogg"))
    results = {name: ([], [], []) for name in systems}
    with tempfile.TemporaryDirectory() as temporary:
        path = lambda name: str(pathlib.Path(temporary) / name)
        for file in files:
            y, rate = sf.read(file, always_2d=True, dtype="float32")
            y = y[: 12 * rate]
            sf.write(path("in.wav"), y, rate, subtype="FLOAT")
            mono = y.mean(axis=1)
            onsets = librosa.onset.onset_detect(y=mono, sr=rate, units="samples", hop_length=128)
            for name, run in systems.items():
                trips, smears, took = results[name]
                for ratio in RATIOS:
                    started = time.process_time(), time.time()
                    run(path("in.wav"), path("there.wav"), ratio)
                    took.append((time.time() - started[1]) / (len(y) / rate))
                    there, _ = sf.read(path("there.wav"), always_2d=True, dtype="float32")
                    run(path("there.wav"), path("back.wav"), 1 / ratio)
                    back, _ = sf.read(path("back.wav"), always_2d=True, dtype="float32")
                    trips.append(spectral_distance(mono, back.mean(axis=1)))
                    there = there.mean(axis=1)
                    for onset in onsets:
                        own = rise_ms(mono, onset, rate)
                        other = rise_ms(there, int(onset * ratio), rate)
                        if own is not None and other is not None:
                            smears.append(other - own)
    print(f"{len(files)} files, ratios {RATIOS}")
    print("| program | round trip, dB | smear, ms (median) | smear, ms (mean) | seconds a second |")
    print("|---|---|---|---|---|")
    for name, (trips, smears, took) in results.items():
        print(
            f"| {name} | {np.mean(trips):.2f} | {np.median(smears):.2f} | {np.mean(smears):.2f} | {np.median(took):.3f} |"
        )


main()
