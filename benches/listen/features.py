"""Compares the features of `audio` with librosa's: the same samples, one thread, in turns.

    cargo build --release -p audio --example features
    python -m venv /tmp/librosa && /tmp/librosa/bin/pip install librosa==0.11.0
    /tmp/librosa/bin/python benches/listen/features.py SOUND... [--rounds 7] [--only NAME,NAME]
    /tmp/librosa/bin/python benches/listen/features.py --golden

For each feature: the largest difference over the range of librosa's numbers, the share of numbers within 1e-4 of
that range, and librosa's time over ours, the median of the rounds. One round before them warms both up.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
import warnings

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"]:
    os.environ[name] = "1"

import librosa
import numpy as np

warnings.filterwarnings("ignore")
RATE = 22050
ROOT = pathlib.Path(__file__).parents[2]
F = librosa.feature


def pyin(y):
    f0, voiced, probability = librosa.pyin(y, fmin=librosa.note_to_hz("C2"), fmax=librosa.note_to_hz("C7"), sr=RATE)
    return np.stack([np.nan_to_num(f0), voiced.astype(np.float32), probability])


def morlet(y):
    """By the formula, as there is none in librosa: every tenth frequency, with windows of 5.7 scales."""
    n_frames = len(y) // 512 + 1
    out = []
    for hz in librosa.cqt_frequencies(84, fmin=librosa.note_to_hz("C1"))[::10]:
        scale = 6 / (2 * np.pi * hz) * RATE
        reach = int(np.ceil(5.7 * scale))
        t = np.arange(-reach, reach + 1) / scale
        psi = np.pi**-0.25 * np.exp(6j * t - t**2 / 2) / np.sqrt(scale)
        padded = np.pad(y.astype(float), reach)
        rows = [abs(np.vdot(psi, padded[i * 512 : i * 512 + 2 * reach + 1])) if i * 512 < len(y) else 0 for i in range(n_frames)]
        out.append(rows)
    return np.array(out)


THEIRS = {
    "melspectrogram": lambda y: F.melspectrogram(y=y, sr=RATE),
    "mfcc": lambda y: F.mfcc(y=y, sr=RATE),
    "chroma_stft": lambda y: F.chroma_stft(y=y, sr=RATE),
    "chroma_cqt": lambda y: F.chroma_cqt(y=y, sr=RATE),
    "cqt": lambda y: np.abs(librosa.cqt(y, sr=RATE)),
    "spectral_centroid": lambda y: F.spectral_centroid(y=y, sr=RATE),
    "spectral_rolloff": lambda y: F.spectral_rolloff(y=y, sr=RATE),
    "spectral_flatness": lambda y: F.spectral_flatness(y=y),
    "spectral_contrast": lambda y: F.spectral_contrast(y=y, sr=RATE),
    "tonnetz": lambda y: F.tonnetz(y=y, sr=RATE),
    "zero_crossing_rate": lambda y: F.zero_crossing_rate(y),
    "rms": lambda y: F.rms(y=y),
    "onset_strength": lambda y: librosa.onset.onset_strength(y=y, sr=RATE)[None],
    "hpss": lambda y: np.concatenate(librosa.effects.hpss(y))[None],
    "morlet": morlet,
    "pyin": pyin,
}


class Ours:
    """Our program, kept running so that its start is not measured."""

    def __init__(self, samples):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name, "samples.f32")
        samples.astype("<f4").tofile(path)
        program = ROOT / "target/release/examples/features"
        self.process = subprocess.Popen([program, path, str(RATE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, name, to):
        self.process.stdin.write(f"{name} {to}\n")
        self.process.stdin.flush()
        n_bins, n_frames, secs = self.process.stdout.readline().split()
        return int(n_bins), int(n_frames), float(secs)

    def numbers(self, name):
        path = pathlib.Path(self.folder.name, "numbers.f32")
        n_bins, n_frames, _ = self.ask(name, path)
        return np.fromfile(path, "<f4").reshape(n_bins, n_frames)


def compare_pitch(ours, theirs):
    """The share of frames that are both unvoiced, or both voiced within 10 cents."""
    voiced = theirs[1] > 0
    same = (ours[1] > 0) == voiced
    cents = 1200 * np.abs(np.log2(np.maximum(ours[0], 1) / np.maximum(theirs[0], 1)))
    return np.mean(same & (~voiced | (cents < 10)))


def sound():
    """The sound of the tests in crates/audio/src/features/tests.rs."""
    secs = np.arange(44100) / RATE
    tones = 0
    for hz, start in [(220, 0), (277.18, 0.5), (329.63, 1), (1760, 1.5)]:
        since = secs - start
        tones = tones + np.where(since < 0, 0, np.exp(-3 * since) * np.sin(2 * np.pi * hz * since))
    state, noise = 1, []
    for _ in secs:
        state = (state * 1664525 + 1013904223) % 2**32
        noise.append(state / 2**32 - 0.5)
    return (0.25 * tones + 0.02 * secs * np.array(noise)).astype("f4")


def golden():
    """Prints the numbers that those tests expect: name, bin, frame, number, range."""
    y = sound()
    for name, feature in THEIRS.items():
        if name not in ["hpss", "morlet", "pyin"]:
            numbers = np.asarray(feature(y))
            for i in sorted({0, len(numbers) // 3, len(numbers) - 1}):
                for frame in [0, 30, 80]:
                    print(f'    ("{name}", {i}, {frame}, {numbers[i, frame]:.7g}, {np.ptp(numbers):.4g}),')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sounds", nargs="*")
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default=",".join(THEIRS))
    parser.add_argument("--secs", type=float, default=None)
    args = parser.parse_args()
    if args.golden:
        return golden()
    names = args.only.split(",")
    print("| sound | feature | largest difference / range | within 1e-4 | librosa, s | ours, s | librosa / ours |")
    print("|---|---|---|---|---|---|---|")
    for sound in args.sounds:
        y, _ = librosa.load(sound, sr=RATE, duration=args.secs)
        ours = Ours(y)
        for name in names:
            a, b = ours.numbers(name), np.asarray(THEIRS[name](y))
            if name == "morlet":
                a = a[::10]
            assert a.shape == b.shape, f"{name}: {a.shape} is not {b.shape}"
            assert np.isfinite(a).all(), name
            difference = np.abs(a - b) / max(np.ptp(b), 1e-12)
            worst, within = difference.max(), np.mean(difference < 1e-4)
            if name == "pyin":
                within = compare_pitch(a, b)
            times = []
            for _ in range(args.rounds):
                started = time.perf_counter()
                THEIRS[name](y)
                theirs_secs = time.perf_counter() - started
                times.append((theirs_secs, ours.ask(name, "-")[2]))
            theirs_secs, ours_secs = (statistics.median(it) for it in zip(*times)) if times else (0, 0)
            ratio = statistics.median(theirs / ours for theirs, ours in times) if times else 0
            row = [pathlib.Path(sound).stem[:24], name, f"{worst:.1e}", f"{100 * within:.3f} %", f"{theirs_secs:.3f}", f"{ours_secs:.4f}", f"{ratio:.1f}"]
            print("| " + " | ".join(row) + " |", flush=True)


main()
