"""Notes and time against other programs: mido reads what Maquette writes, and Bach's chorales are the material.

Needs `pip install mido music21 lxml` and a built program:

    python benches/listen/notes.py target/release/maquette [Project.xsd]

The chorales are those of music21's corpus. `Project.xsd` is the schema in https://github.com/bitwig/dawproject.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import mido
from music21 import corpus

PROGRAM = sys.argv[1]
SCHEMA = sys.argv[2] if len(sys.argv) > 2 else None
N_CHORALES = 200
TICKS = 480


def run(*args):
    done = subprocess.run([PROGRAM, *map(str, args), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{args}: {done.stderr}")
    return json.loads(done.stdout)


def write(path, parts, bpm=100, jitter=0.0, seed=0):
    """Parts are lists of (start, length, key) in quarter notes; jitter is in quarter notes."""
    rng = random.Random(seed)
    file = mido.MidiFile(ticks_per_beat=TICKS)
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    file.tracks.append(head)
    for name, notes in parts:
        events = []
        for start, length, key in notes:
            at = max(0, round((start + rng.gauss(0, jitter)) * TICKS))
            events.append((at, 1, mido.Message("note_on", note=key, velocity=80)))
            events.append((at + max(1, round(length * TICKS) - 1), 0, mido.Message("note_off", note=key)))
        track, last = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
        for at, _, message in sorted(events, key=lambda it: it[:2]):
            track.append(message.copy(time=at - last))
            last = at
        file.tracks.append(track)
    file.save(path)


def starts(path):
    found = []
    for track in mido.MidiFile(path).tracks:
        at = 0
        for message in track:
            at += message.time
            if message.type == "note_on" and message.velocity > 0:
                found.append((message.note, at))
    return sorted(found)


def chorales():
    for i, score in enumerate(corpus.chorales.Iterator()):
        if i >= N_CHORALES:
            return
        if len(score.parts) != 4:
            continue
        parts = []
        for part in score.parts:
            notes = [
                (float(note.offset), float(note.quarterLength), note.pitch.midi)
                for note in part.flatten().notes
                if note.isNote and note.quarterLength > 0
            ]
            parts.append((part.partName or "", notes))
        bass = parts[-1][1][-1][2] % 12
        # Without durations of 0, every tie is two notes; that is as good here.
        yield score, parts, bass


def main():
    folder = Path(tempfile.mkdtemp())
    n = n_tonic = n_agree = n_parallels = n_notes = n_inside = n_octaved = 0
    n_back = {10: 0, 20: 0}
    n_quantised = {10: 0, 20: 0}
    secs = 0.0
    for score, parts, bass in chorales():
        n += 1
        path, out = folder / "a.mid", folder / "b.mid"
        write(path, parts)
        report = run("midi", "check", path)
        assert report["is_valid"], report["problems"]
        assert report["notes"] == sum(len(it[1]) for it in parts)
        names = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
        n_tonic += names.index(report["key"].split()[0]) == bass
        theirs = score.analyze("key")
        n_agree += theirs.tonic.pitchClass == bass
        write(path, [("Melody", parts[0][1])])
        began = time.monotonic()
        done = run("midi", "harmonise", path, "-o", out, "--force")
        secs += time.monotonic() - began
        n_parallels += done["parallels"]
        n_octaved += done["octaved"]
        chords = {
            "maj": [0, 4, 7], "min": [0, 3, 7], "7": [0, 4, 7, 10], "dim": [0, 3, 6],
        }
        for start, _, key in parts[0][1]:
            at = start * 60 / 100 + 1e-3
            label = next(it["label"] for it in done["chords"] if it["start_s"] <= at < it["end_s"] + 1e-6)
            root, quality = label.split(":")
            n_notes += 1
            n_inside += (key - names.index(root)) % 12 in chords[quality]
        starts(out)
        for ms in n_back:
            write(path, parts, jitter=ms / 600, seed=n)
            run("midi", "quantise", path, "-o", out, "--force", "--grid", "1/16", "--tuplets", "auto")
            write(path, parts)
            wanted, found = starts(path), starts(out)
            n_quantised[ms] += len(wanted)
            n_back[ms] += sum(a == b for a, b in zip(wanted, found))
    print(f"{n} chorales; tonic as the last bass note: ours {n_tonic / n:.3f}, music21 {n_agree / n:.3f}")
    print(f"harmonised: {n_parallels} parallels, {n_octaved} notes moved by octaves, melody in its chord {n_inside / n_notes:.3f}, {secs / n * 1e3:.0f} ms a melody with the start of the program")
    for ms, back in n_back.items():
        print(f"played {ms} ms off and quantised with tuplets auto: {back / n_quantised[ms]:.4f} of the notes back")
    large(folder)
    if SCHEMA:
        schema(folder)


def large(folder):
    """Half a million notes: how long reading takes, with the start of the program."""
    path = folder / "large.mid"
    rng = random.Random(1)
    write(path, [("Many", [(i / 8, 0.1, rng.randrange(30, 90)) for i in range(500_000)])])
    ours, theirs = [], []
    for _ in range(3):
        began = time.monotonic()
        run("midi", "check", path)
        ours.append(time.monotonic() - began)
        began = time.monotonic()
        mido.MidiFile(path)
        theirs.append(time.monotonic() - began)
    print(f"a million events: ours {sorted(ours)[1]:.2f} s with all features, mido {sorted(theirs)[1]:.2f} s for reading alone")


def schema(folder):
    from lxml import etree

    path, out = folder / "a.mid", folder / "a.dawproject"
    write(path, [("A & B", [(i / 2, 0.4, 60 + i % 12) for i in range(64)])])
    run("midi", "arrange", path, "-o", folder / "band.mid")
    run("daw", "convert", folder / "band.mid", "-o", out)
    project = etree.fromstring(zipfile.ZipFile(out).read("project.xml"))
    validator = etree.XMLSchema(etree.parse(SCHEMA))
    print("DAWproject follows the schema:", validator.validate(project), validator.error_log)


main()
