#!/usr/bin/env python3
"""Trains priors of one model side by side in time and compares what they make with held-out sound.

Usage: python compare.py MAQUETTE WORKSPACE MODEL SOUNDS [--minutes 10] [--presets quick prior_v1] [--seconds 60]
                         [--out FOLDER]

MAQUETTE is the program, WORKSPACE has a model MODEL (identifier or name) that was trained on a dataset of it, which
was made from the folder SOUNDS.
Each preset trains for so many minutes, one after the other, on the same dataset; what is held out is the same for all.
A run that is there already under its name is not trained again.
Needs numpy alone.

What is printed for each prior:

* steps, and the nats per latent value of held-out latents (a density in the codec's latent space);
* of the sound that it makes: the Fréchet distance of 13 MFCCs and their differences over 4 frames (means and
  covariances; Heusel and others, 2017, with these features), and first Wasserstein distances of loudness (dB) and
  spectral centroid (octaves) between its frames and those of held-out sound, and the mean difference of the
  autocorrelations of loudness up to 2 s.

Frames are of 2048 samples, 1024 apart. The reference is held-out sound as the codec reconstructs it, as no prior can
be closer than its codec. For scale, the same is printed of training sound through the codec, and of white latents: noise
of the variance of each latent, without any order in time.
"""

import argparse
import json
import subprocess
import wave
from pathlib import Path

import numpy as np

N_FFT, HOP, N_MEL, N_MFCC = 2048, 1024, 40, 13


class Program:
    def __init__(self, path, workspace):
        self.path, self.workspace = path, workspace

    def __call__(self, *args):
        command = [self.path, "--workspace", self.workspace, "--json", *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        text = done.stdout.strip()
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            # What follows something prints a line for each event first.
            return json.loads(text.splitlines()[-1])


def read_wav(path):
    with wave.open(str(path)) as file:
        width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        data = file.readframes(file.getnframes())
    if width == 3:
        raw = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
        values = (raw[:, 0] | raw[:, 1] << 8 | raw[:, 2] << 16) << 8 >> 8
        values = values / 2.0 ** 23
    else:
        values = np.frombuffer(data, {2: "<i2", 4: "<i4"}[width]) / 2.0 ** (8 * width - 1)
    return values.reshape(-1, channels).mean(1), rate


def mel_bank(rate):
    mel = lambda hz: 2595 * np.log10(1 + hz / 700)
    edges = 700 * (10 ** (np.linspace(mel(40), mel(min(16000, rate / 2)), N_MEL + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(N_FFT, 1 / rate)
    bank = np.zeros((N_MEL, len(bins)))
    for i, (low, mid, high) in enumerate(zip(edges, edges[1:], edges[2:])):
        bank[i] = np.clip(np.minimum((bins - low) / (mid - low), (high - bins) / (high - mid)), 0, None)
    return bank


class Sound:
    """Features of the frames of some sounds."""

    def __init__(self, sounds, rate):
        bank, bins = mel_bank(rate), np.fft.rfftfreq(N_FFT, 1 / rate)
        cosines = np.cos(np.pi / N_MEL * (np.arange(N_MEL) + 0.5)[None] * np.arange(N_MFCC)[:, None])
        features, loudness, centroid, correlations = [], [], [], []
        n_lags = int(2.0 * rate / HOP)
        for x in sounds:
            if len(x) < N_FFT + 8 * HOP:
                continue
            n = (len(x) - N_FFT) // HOP + 1
            frames = np.stack([x[i * HOP:i * HOP + N_FFT] for i in range(n)]) * np.hanning(N_FFT)
            power = np.abs(np.fft.rfft(frames)) ** 2
            mfcc = np.log(power @ bank.T + 1e-6) @ cosines.T / N_MEL
            features.append(np.hstack([mfcc[4:], mfcc[4:] - mfcc[:-4]]))
            level = 10 * np.log10((frames ** 2).mean(1) + 1e-8)
            loudness.append(level)
            heard = level > -60
            hz = (power @ bins) / (power.sum(1) + 1e-12)
            centroid.append(np.log2(np.clip(hz[heard], 50, None)))
            if n > 2 * n_lags:
                level = level - level.mean()
                energy = (level ** 2).mean() + 1e-9
                lags = range(1, n_lags)
                correlations.append([(level[k:] * level[:-k]).mean() / energy for k in lags])
        self.features = np.concatenate(features)
        self.loudness, self.centroid = np.concatenate(loudness), np.concatenate(centroid)
        self.correlation = np.mean(correlations, 0) if correlations else None

    def compared(self, other):
        row = {
            "frechet": frechet(self.features, other.features),
            "loudness_db": wasserstein(self.loudness, other.loudness),
            "centroid_octaves": wasserstein(self.centroid, other.centroid),
        }
        if self.correlation is not None and other.correlation is not None:
            row["autocorrelation"] = float(np.abs(self.correlation - other.correlation).mean())
        return row


def frechet(a, b):
    # In deviations of what is compared with, so that no coefficient outweighs the others.
    scale = b.std(0) + 1e-9
    a, b = a / scale, b / scale
    mean = ((a.mean(0) - b.mean(0)) ** 2).sum()
    ca, cb = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(ca)
    root = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cb @ root), 0, None)).sum()
    return float(mean + np.trace(ca) + np.trace(cb) - 2 * cross)


def wasserstein(a, b):
    at = (np.arange(1000) + 0.5) / 1000
    return float(np.abs(np.quantile(a, at) - np.quantile(b, at)).mean())


def reconstructed(program, model, files, out):
    """The sounds of files through the codec and back, and their latents."""
    sounds, latents = [], []
    for i, file in enumerate(files):
        path = out / f"{i:03}.npy"
        program("encode", model, file, "-o", path, "--force")
        wav = path.with_suffix(".wav")
        program("decode", model, path, "-o", wav, "--force")
        sounds.append(read_wav(wav)[0])
        latents.append(np.load(path)[0])
    return sounds, latents


def white(program, model, latents, seconds, rate_hz, out):
    """The sound of latents that vary as widely, and have no order in time."""
    all_of = np.concatenate(latents, 1)
    n = int(seconds * rate_hz)
    cov = np.cov(all_of)
    rng = np.random.default_rng(0)
    values, vectors = np.linalg.eigh(cov)
    drawn = (vectors * np.sqrt(np.clip(values, 0, None))) @ rng.standard_normal((len(cov), n))
    path = out / "white.npy"
    np.save(path, (all_of.mean(1, keepdims=True) + drawn)[None].astype("float32"))
    program("decode", model, path, "-o", path.with_suffix(".wav"), "--force")
    return read_wav(path.with_suffix(".wav"))[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("maquette")
    parser.add_argument("workspace")
    parser.add_argument("model")
    parser.add_argument("sounds", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--presets", nargs="+", default=["quick", "prior_v1"])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--out", type=Path, default=Path("compared"))
    args = parser.parse_args()
    program = Program(args.maquette, args.workspace)
    args.out.mkdir(parents=True, exist_ok=True)

    model = program("model", "show", args.model)
    dataset = program("dataset", "show", model["lineage"]["dataset"])
    rate = model["rate_hz"]
    files = {"training": [], "validation": []}
    for file in dataset["files"]:
        files[file["split"]].append(args.sounds / file["path"])
    (args.out / "held_out").mkdir(exist_ok=True)
    (args.out / "training").mkdir(exist_ok=True)
    held_out, latents = reconstructed(program, model["id"], files["validation"], args.out / "held_out")
    training, more = reconstructed(program, model["id"], files["training"], args.out / "training")
    reference = Sound(held_out, rate)
    seconds = sum(map(len, held_out)) / rate
    frames_per_sec = latents[0].shape[1] / (len(held_out[0]) / rate)
    rows = {"training sound": Sound(training, rate).compared(reference)}
    noise = white(program, model["id"], more, args.seconds, frames_per_sec, args.out)
    rows["white latents"] = Sound([noise], rate).compared(reference)
    print(f"{len(files['validation'])} held-out sounds, {seconds:.0f} s; "
          f"{sum(map(len, training)) / rate:.0f} s to learn from; {frames_per_sec:.1f} frames per second, "
          f"{latents[0].shape[0]} latents", flush=True)

    for preset in args.presets:
        name = f"{preset} {args.minutes:g} min"
        done = {run["name"]: run["id"] for run in program("run", "list")}
        if name not in done:
            program("prior", "train", model["id"], "--preset", preset, "--minutes", args.minutes,
                    "--name", name, "--follow")
            done = {run["name"]: run["id"] for run in program("run", "list")}
        detail = program("run", "show", done[name])
        priors = [it for it in program("prior", "list", model["id"]) if it["lineage"]["run"] == done[name]]
        prior = priors[0] if priors else program("model", "add", done[name])
        folder = args.out / preset
        program("generate", model["id"], "--prior", prior["id"], "--seconds", args.seconds / 4, "--count", 4,
                "-o", folder, "--force")
        sounds = [read_wav(path)[0] for path in sorted(folder.glob("*.wav"))]
        facts = {fact["key"]: fact.get("value") for fact in detail.get("facts", [])}
        rows[preset] = {
            "steps": detail["step"],
            "best_step": prior["lineage"]["step"],
            "parameters": facts.get("n_parameters"),
            "nats_per_latent": prior["lineage"]["validation"],
            **Sound(sounds, rate).compared(reference),
        }
        print(preset, json.dumps(rows[preset]), flush=True)
    (args.out / "results.json").write_text(json.dumps(rows, indent=1) + "\n")
    for name, row in rows.items():
        figures = ", ".join(f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}"
                            for key, value in row.items())
        print(f"{name}: {figures}")


if __name__ == "__main__":
    main()
