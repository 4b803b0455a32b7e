"""How far notes are from the grid before and after `maquette to-grid`, by onsets that librosa finds.

    python grid.py MAQUETTE DRUMS

DRUMS is a folder of single drum hits. Takes are made of them: 16 beats at 96 to 140 beats a minute that drift by 6 %, with
hits on eighths that are off by 20 ms (standard deviation). Beats are given to the program; what is measured is how far
every onset, found within 40 ms of a hit, is from its sixteenth, in ms: the median over hits and the 95th percentile. Needs
librosa and soundfile.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import librosa
import numpy as np
import soundfile as sf

RATE = 44100


def take(hits, rng):
    interval = 60 / rng.uniform(96, 140)
    beats = [0.5]
    for i in range(16):
        beats.append(beats[-1] + interval * (1 + 0.06 * np.sin(i / 3)))
    beats = np.array(beats)
    times = np.interp(np.arange(0, 16, 0.5), np.arange(17), beats) + rng.normal(0, 0.02, 32)
    y = np.zeros(int((beats[-1] + 1) * RATE), dtype=np.float32)
    for time in times:
        hit = hits[rng.integers(len(hits))]
        start = int(time * RATE)
        n = min(len(hit), len(y) - start)
        y[start : start + n] += 0.4 * hit[:n]
    return y, beats, times


def onsets(y):
    return librosa.onset.onset_detect(y=y, sr=RATE, hop_length=64, units="time", backtrack=False)


def near(found, times):
    kept = []
    for time in times:
        apart = np.abs(found - time)
        if len(found) and apart.min() < 0.04:
            kept.append((time, found[apart.argmin()]))
    return kept


def main():
    program, folder = sys.argv[1:3]
    rng = np.random.default_rng(1)
    hits = []
    for path in sorted(pathlib.Path(folder).glob("*.flac")):
        y, rate = sf.read(path, always_2d=True, dtype="float32")
        y = y.mean(axis=1)[: RATE // 2]
        # Only hits that begin at once.
        if rate == RATE and np.argmax(np.abs(y) > 0.3 * np.abs(y).max()) < 0.005 * RATE:
            hits.append(y / max(np.abs(y).max(), 1e-6))
    offs = {"before": [], "after": []}
    planned = 0
    with tempfile.TemporaryDirectory() as temporary:
        path = lambda name: f"{temporary}/{name}"
        for _ in range(12):
            y, beats, times = take(hits, rng)
            sf.write(path("in.wav"), y, RATE, subtype="FLOAT")
            pathlib.Path(path("beats.json")).write_text(json.dumps(list(beats)))
            command = [program, "to-grid", path("in.wav"), "-o", path("out.wav"), "--beats", path("beats.json")]
            done = subprocess.run([*command, "--bpm", "120", "--force", "--json"], check=True, capture_output=True)
            told = json.loads(done.stdout)
            planned += len(told["notes"])
            step = 60 / 120 / 4
            grid = lambda found: (found - told["first_beat_s"] + step / 2) % step - step / 2
            # Before, in beats of the take and at the new tempo; the constant delay of the detector is taken out of both.
            place = np.interp([f for _, f in near(onsets(y), times)], beats, np.arange(17)) * 60 / 120
            before = (place + step / 2) % step - step / 2
            warp = np.array(told["warp"])
            moved = np.interp(times, warp[:, 0], warp[:, 1])
            out, _ = sf.read(path("out.wav"), dtype="float32")
            after = grid(np.array([f for _, f in near(onsets(out), moved)]))
            offs["before"].append(before - np.median(before))
            offs["after"].append(after - np.median(after))
    print(f"12 takes, {planned} notes moved")
    for name, values in offs.items():
        values = 1000 * np.abs(np.concatenate(values))
        print(f"{name}: {len(values)} onsets, median {np.median(values):.1f} ms, 95 % within {np.percentile(values, 95):.1f} ms")


main()
