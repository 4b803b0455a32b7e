#!/usr/bin/env python3
"""Accuracy of chords and keys, judged by mir_eval, beside librosa and essentia.

    cargo run --release -p audio --example songs -- songs
    pip install mir_eval librosa && pip install --pre essentia
    python benches/listen/harmony.py target/release/maquette songs

Songs are rendered by our own synthesis.
"""

import glob
import json
import subprocess
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import mir_eval
import numpy as np

CLASSES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]


def ours(maquette, path):
    out = subprocess.run([maquette, "analyse", path, "--json"], capture_output=True, text=True)
    found = json.loads(out.stdout)
    found = found[0] if isinstance(found, list) else found
    spans = [(it["start_s"], it["end_s"], it["label"]) for it in found["chords"]]
    return spans, found["key"]


def templates(path):
    """Binary triads on librosa's chroma_cqt, smoothed over its own beats."""
    import librosa

    y, rate = librosa.load(path)
    chroma = librosa.feature.chroma_cqt(y=y, sr=rate)
    _, beats = librosa.beat.beat_track(y=y, sr=rate)
    edges = np.unique(np.concatenate([[0], beats, [chroma.shape[1]]]))
    times = librosa.frames_to_time(edges, sr=rate)
    names, shapes = [], []
    for third, name in ((4, "maj"), (3, "min")):
        for root in range(12):
            shape = np.zeros(12)
            shape[[root, (root + third) % 12, (root + 7) % 12]] = 1
            names.append(f"{CLASSES[root]}:{name}")
            shapes.append(shape / np.linalg.norm(shape))
    spans = []
    for i in range(len(edges) - 1):
        mean = chroma[:, edges[i] : edges[i + 1]].mean(1)
        spans.append((times[i], times[i + 1], names[int(np.argmax(shapes @ mean))]))
    return spans, None


def essentia_of(path):
    import essentia
    import essentia.standard as es

    essentia.log.infoActive = False
    audio = es.MonoLoader(filename=path, sampleRate=44100)()
    key, scale, _ = es.KeyExtractor()(audio)
    frames = es.FrameGenerator(audio, frameSize=8192, hopSize=2048)
    window, spectrum, peaks = es.Windowing(type="blackmanharris62"), es.Spectrum(), es.SpectralPeaks()
    hpcp = es.HPCP(size=36)
    profile = essentia.array([hpcp(*peaks(spectrum(window(frame)))) for frame in frames])
    chords, _ = es.ChordsDetection(hopSize=2048)(profile)
    spans = []
    for i, chord in enumerate(chords):
        root, name = (chord[:-1], "min") if chord.endswith("m") else (chord, "maj")
        spans.append((i * 2048 / 44100, (i + 1) * 2048 / 44100, f"{root}:{name}"))
    return spans, f"{key} {scale}"


def chord_scores(reference, spans):
    """Weighted recall of chord symbols in steps of 20 ms."""
    end = reference[-1]["end_s"]
    at = (np.arange(int(end / 0.02)) + 0.5) * 0.02

    def sampled(starts, ends, labels):
        i = np.searchsorted(starts, at, side="right") - 1
        inside = (i >= 0) & (at < np.asarray(ends)[np.maximum(i, 0)])
        return [labels[k] if is_in else "N" for k, is_in in zip(i, inside)]

    true = sampled([c["start_s"] for c in reference], [c["end_s"] for c in reference], [c["label"] for c in reference])
    found = sampled(*(list(it) for it in zip(*spans)))
    pairs, counts = np.unique(list(zip(true, found)), axis=0, return_counts=True)
    scores = {}
    for name in ("majmin", "sevenths", "root"):
        hits = getattr(mir_eval.chord, name)(list(pairs[:, 0]), list(pairs[:, 1]))
        scores[name] = mir_eval.chord.weighted_accuracy(hits, counts.astype(float))
    return scores


def songs(maquette, folder):
    systems = [("ours", lambda path: ours(maquette, path)), ("librosa, templates", templates), ("essentia", essentia_of)]
    print("| system | maj/min | sevenths | root | key | s a song |\n|---|---|---|---|---|---|")
    for name, find in systems:
        rows, keys, times = [], [], []
        for path in sorted(glob.glob(f"{folder}/*.json")):
            truth = json.load(open(path))
            started = time.perf_counter()
            try:
                spans, key = find(path[:-5] + ".wav")
            except ImportError as error:
                print(f"| {name} | not installed: {error} |")
                break
            times.append(time.perf_counter() - started)
            rows.append(chord_scores(truth["chords"], spans))
            if key:
                keys.append(mir_eval.key.weighted_score(truth["key"], key))
            elif name == "ours":
                keys.append(0.0)
        if rows:
            means = [f"{np.mean([row[it] for row in rows]):.3f}" for it in ("majmin", "sevenths", "root")]
            key = f"{np.mean(keys):.3f}" if keys else "-"
            print(f"| {name} | {' | '.join(means)} | {key} | {np.median(times):.2f} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    songs(sys.argv[1], sys.argv[2])
