"""Compares melodies of mixes with the truth of rendered songs, beside essentia's PredominantPitchMelodia.

    cargo build --release -p audio --examples
    target/release/examples/songs /tmp/songs --count 24 --seed 0
    python -m venv /tmp/listen && /tmp/listen/bin/pip install mir_eval==0.8.2 essentia
    /tmp/listen/bin/python benches/listen/melody.py /tmp/songs [--program target/release/examples/melody] [--each] [--only ours]

Measures are those of mir_eval.melody, for a reference every 10 ms: overall accuracy (OA), raw pitch and raw chroma
accuracy (RPA, RCA), recall and false alarms of voicing; and F of notes by mir_eval.transcription (onsets within 50 ms,
pitches within a quarter tone; ends do not count). Both programs hear one channel, on one thread.
"""

import argparse
import json
import os
import pathlib
import subprocess
import time

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = "1"

import mir_eval
import numpy as np

try:
    import essentia
    import essentia.standard as es

    essentia.log.infoActive = False
except ImportError:
    es = None

COLUMNS = ["OA", "RPA", "RCA", "recall", "false alarms", "notes F", "times real time"]


def hz(truth, midi):
    return 440 * 2 ** ((np.asarray(midi) + truth["tuning_cents"] / 100 - 69) / 12)


def reference(truth, end):
    times = np.arange(0, end, 0.01)
    f0 = np.zeros(len(times))
    for note in truth["melody"]:
        f0[(times >= note["start_s"]) & (times < note["end_s"])] = hz(truth, note["midi"])
    return times, f0


def notes_f(truth, notes):
    if not notes:
        return 0.0
    ref = np.array([[it["start_s"], it["end_s"]] for it in truth["melody"]])
    est = np.array([[it["start_s"], it["end_s"]] for it in notes])
    ref_hz = hz(truth, [it["midi"] for it in truth["melody"]])
    est_hz = 440 * 2 ** ((np.array([it["midi"] for it in notes]) - 69) / 12)
    return mir_eval.transcription.precision_recall_f1_overlap(ref, ref_hz, est, est_hz, offset_ratio=None)[2]


def ours(program, path):
    out = subprocess.run([program, str(path)], capture_output=True, text=True, check=True).stdout
    found = json.loads(out)
    times = np.arange(len(found["f0_hz"])) * found["hop_s"]
    return times, np.array(found["f0_hz"]), found["notes"], found["took_s"], found["seconds"]


def theirs(path):
    audio = es.MonoLoader(filename=str(path), sampleRate=44100)()
    started = time.perf_counter()
    pitch, _ = es.PredominantPitchMelodia(frameSize=2048, hopSize=128)(es.EqualLoudness()(audio))
    took = time.perf_counter() - started
    return np.arange(len(pitch)) * 128 / 44100, pitch, None, took, len(audio) / 44100


def row(truth, found):
    times, f0, notes, took, seconds = found
    ref_times, ref_f0 = reference(truth, times[-1])
    scores = mir_eval.melody.evaluate(ref_times, ref_f0, times, f0)
    names = ["Overall Accuracy", "Raw Pitch Accuracy", "Raw Chroma Accuracy", "Voicing Recall", "Voicing False Alarm"]
    f = np.nan if notes is None else notes_f(truth, notes)
    return [scores[name] for name in names] + [f, seconds / took]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("songs", type=pathlib.Path)
    parser.add_argument("--program", default="target/release/examples/melody")
    parser.add_argument("--each", action="store_true", help="print each song")
    parser.add_argument("--only", choices=["ours", "essentia"])
    args = parser.parse_args()
    systems = {"ours": lambda path: ours(args.program, path), "essentia": theirs}
    if args.only:
        systems = {args.only: systems[args.only]}
    if es is None:
        systems.pop("essentia", None)
    files = sorted(args.songs.glob("*.wav"))
    rows = {name: [] for name in systems}
    for path in files:
        truth = json.loads(path.with_suffix(".json").read_text())
        for name, find in systems.items():
            rows[name].append(row(truth, find(path)))
            if args.each:
                print(path.stem, name, np.round(rows[name][-1], 3), flush=True)
    print("| system | " + " | ".join(COLUMNS) + " |\n|---|" + "---|" * len(COLUMNS))
    for name, list_ in rows.items():
        means = np.mean(list_, 0)
        cells = ["–" if np.isnan(x) else f"{x:.3f}" for x in means[:-1]] + [f"{np.median([it[-1] for it in list_]):.0f}"]
        print(f"| {name} | " + " | ".join(cells) + " |")


main()
