"""Compares onsets, tempo, beats, bars and sections with the truth of rendered songs, and with librosa and essentia.

    cargo build --release -p audio --examples
    target/release/examples/songs /tmp/songs --count 24 --seed 0
    python -m venv /tmp/listen && /tmp/listen/bin/pip install mir_eval==0.8.2 librosa==0.11.0 essentia
    /tmp/listen/bin/python benches/listen/rhythm.py /tmp/songs… [--loops FOLDER] [--rounds 3] [--program target/release/examples/rhythm]

Measures are those of mir_eval. `--loops` is a folder with the loops of sonic-pi (etc/samples in its repository, CC0): how
many beats each has is written below, and with its length that is its tempo. librosa and essentia hear them repeated to
16 seconds. Sections of librosa are those of its segment.agglomerative on chroma and MFCC of its own beats, and it is told how
many there are. Speed: librosa's onset_detect and beat_track against all of ours, one thread each, the same samples, in turns.
"""

import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import time
import warnings

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"]:
    os.environ[name] = "1"

import librosa
import mir_eval
import numpy as np

try:
    import essentia.standard as essentia
except ImportError:
    essentia = None

warnings.filterwarnings("ignore")
RATE = 22050

# Beats in each loop. The drummer of loop_compus and the player of loop_tabla may as well count half or double; the noise
# of loop_3d_printer has no beat.
BEATS = {
    "arovane_beat_a": 32, "arovane_beat_b": 32, "arovane_beat_c": 16, "arovane_beat_d": 24, "arovane_beat_e": 24,
    "loop_amen": 4, "loop_amen_full": 16, "loop_breakbeat": 4, "loop_compus": 8, "loop_drone_g_97": 8,
    "loop_electric": 4, "loop_garzul": 16, "loop_industrial": 2, "loop_mehackit1": 4, "loop_mehackit2": 4,
    "loop_mika": 16, "loop_perc1": 4, "loop_perc2": 4, "loop_safari": 16, "loop_tabla": 16, "loop_weirdo": 8,
}


def heard(program, files):
    out = subprocess.run([program, *map(str, files)], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def beats_of(truth, found):
    trim = mir_eval.beat.trim_beats
    truth, found = trim(np.array(truth)), trim(np.array(found, dtype=float))
    if not len(found):
        return [0.0, 0.0, 0.0]
    scores = mir_eval.beat.evaluate(truth, found)
    return [scores["F-measure"], scores["Correct Metric Level Total"], scores["Any Metric Level Total"]]


def spans(list_, end):
    times = np.array([[it["start_s"], it["end_s"]] for it in list_])
    times[0, 0], times[-1, 1] = 0.0, end
    return times, [it["label"] for it in list_]


def sections_of(truth, found, end):
    (ref, ref_labels), (est, est_labels) = spans(truth, end), spans(found, end)
    half = mir_eval.segment.detection(ref, est, window=0.5, trim=True)[2]
    three = mir_eval.segment.detection(ref, est, window=3.0, trim=True)[2]
    return [half, three, mir_eval.segment.pairwise(ref, ref_labels, est, est_labels)[2]]


def librosa_bounds(y, beats, n_sections, end):
    """How well librosa finds bounds of sections, of which it is told the number: F at 0.5 s and at 3 s."""
    chroma = librosa.feature.chroma_cqt(y=y, sr=RATE)
    mfcc = librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=13)
    frames = librosa.util.fix_frames(librosa.time_to_frames(beats, sr=RATE), x_min=0)
    both = np.vstack([librosa.util.normalize(it, axis=1) for it in (chroma, mfcc)])
    both = librosa.util.sync(both, frames)
    bounds = librosa.segment.agglomerative(both, min(n_sections, both.shape[1]))
    times = np.append(librosa.frames_to_time(frames[bounds], sr=RATE), end)
    times[0] = 0.0
    return np.column_stack([times[:-1], times[1:]])


def librosa_beats(y):
    tempo, beats = librosa.beat.beat_track(y=y, sr=RATE, units="time")
    return float(np.atleast_1d(tempo)[0]), beats


def essentia_beats(path):
    y = essentia.MonoLoader(filename=str(path), sampleRate=44100)()
    tempo, beats, *_ = essentia.RhythmExtractor2013(method="multifeature")(y)
    return float(tempo), beats


def is_tempo(found, truth, tolerance=0.04):
    return bool(found) and abs(found / truth - 1) < tolerance


def is_octave(found, truth, tolerance=0.04):
    return any(is_tempo(found, truth * factor, tolerance) for factor in (1, 2, 0.5))


def songs(args):
    files = sorted(path for folder in args.songs for path in folder.glob("*.wav"))
    rows, meters = {"ours": [], "librosa": [], "essentia": []}, collections.Counter()
    extra, others = [], []
    for path, found in zip(files, heard(args.program, files)):
        truth = json.loads(path.with_suffix(".json").read_text())
        bpm = statistics.median(it["bpm"] for it in truth["tempo"])
        rows["ours"].append(beats_of(truth["beats_s"], found["beats_s"]) + [is_tempo(found["tempo_bpm"], bpm)])
        meters[truth["meter"], found["meter"]] += 1
        downbeats = beats_of(truth["downbeats_s"], found["downbeats_s"])[0]
        onsets = mir_eval.onset.f_measure(np.array(truth["onsets_s"]), np.array(found["onsets_s"]))[0]
        ours = sections_of(truth["sections"], found["sections"], found["seconds"])
        extra.append([downbeats, onsets, *ours])
        if not args.alone:
            y, _ = librosa.load(path, sr=RATE)
            theirs = librosa.onset.onset_detect(y=y, sr=RATE, units="time")
            theirs = mir_eval.onset.f_measure(np.array(truth["onsets_s"]), theirs)[0]
            tempo, beats = librosa_beats(y)
            rows["librosa"].append(beats_of(truth["beats_s"], beats) + [is_tempo(tempo, bpm)])
            ref, _ = spans(truth["sections"], found["seconds"])
            bounds = librosa_bounds(y, beats, len(ref), found["seconds"])
            bounds = [mir_eval.segment.detection(ref, bounds, window=it, trim=True)[2] for it in (0.5, 3.0)]
            others.append([theirs, *bounds])
        if essentia and not args.alone:
            tempo, beats = essentia_beats(path)
            rows["essentia"].append(beats_of(truth["beats_s"], beats) + [is_tempo(tempo, bpm)])
        if args.each:
            print(path.name, truth["meter"], found["meter"], round(bpm, 1), found["tempo_bpm"], np.round(rows["ours"][-1], 3),
                  np.round(extra[-1], 3), truth["form"], "".join(it["label"] for it in found["sections"]))
    print(f"{len(files)} songs: beat F, CMLt, AMLt, tempo within 4 %")
    for name, values in rows.items():
        if values:
            print(f"  {name:9}", np.mean(np.array(values, float), 0).round(3))
    right = sum(n for (truth, found), n in meters.items() if truth == found)
    print("  ours: meter", round(right / len(files), 3), "(true, found):", dict(sorted(meters.items(), key=str)))
    print("  ours: downbeat F, onset F, section F at 0.5 s, at 3 s, pairwise F", np.mean(np.array(extra, float), 0).round(3))
    if others:
        print("  librosa: onset F, section F at 0.5 s, at 3 s", np.mean(np.array(others, float), 0).round(3))


def loops(args):
    files = [args.loops / f"{name}.flac" for name in BEATS if (args.loops / f"{name}.flac").exists()]
    rows = {"ours": [], "librosa": [], "essentia": []}
    for path, found in zip(files, heard(args.program, files)):
        bpm = 60 * BEATS[path.stem] / found["seconds"]
        score = lambda tempo: [is_tempo(tempo, bpm), is_octave(tempo, bpm), is_octave(tempo, bpm, 0.005)]
        rows["ours"].append(score(found["tempo_bpm"]))
        y, _ = librosa.load(path, sr=44100)
        y = np.tile(y, max(1, int(np.ceil(16 * 44100 / len(y)))))
        rows["librosa"].append(score(librosa_beats(librosa.resample(y, orig_sr=44100, target_sr=RATE))[0]))
        if essentia:
            tempo = essentia.RhythmExtractor2013(method="multifeature")(y.astype(np.float32))[0]
            rows["essentia"].append(score(float(tempo)))
        if args.each:
            print(path.name, round(bpm, 2), found["tempo_bpm"], found["is_loop"], rows["ours"][-1])
    print(f"{len(files)} loops: tempo within 4 %, up to octaves, up to octaves within 0.5 %")
    for name, values in rows.items():
        if values:
            print(f"  {name:9}", np.mean(np.array(values, float), 0).round(3))


def speed(args):
    path = sorted(args.songs[0].glob("*.wav"))[-1]
    y, _ = librosa.load(path, sr=RATE)
    librosa_beats(y[: 10 * RATE])
    ratios = []
    for _ in range(args.rounds):
        ours = heard(args.program, [path])[0]["took_s"]
        started = time.perf_counter()
        librosa.onset.onset_detect(y=y, sr=RATE, units="time")
        librosa_beats(y)
        ratios.append((time.perf_counter() - started) / ours)
    print(f"speed: librosa's time / ours {statistics.median(ratios):.2f}, ours {len(y) / RATE / ours:.0f} × real time")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("songs", type=pathlib.Path, nargs="+")
    parser.add_argument("--loops", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--each", action="store_true", help="a line for each sound")
    parser.add_argument("--alone", action="store_true", help="songs are heard by ours alone, which is much faster")
    parser.add_argument("--program", default=str(pathlib.Path(__file__).parents[2] / "target/release/examples/rhythm"))
    args = parser.parse_args()
    songs(args)
    if args.loops:
        loops(args)
    if args.rounds:
        speed(args)
