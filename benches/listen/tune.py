"""How far `maquette tune` brings a voice to its notes, and what becomes of its colour, measured with librosa.

    python tune.py MAQUETTE FILE…

MAQUETTE is the program; each FILE holds one voice, or one instrument that plays one note at a time. Needs librosa and
soundfile. For each file:

- off, before and after: pitch by librosa.yin, inside the notes that `maquette tune` found; the median over notes of how
  far a note's median pitch is from the nearest semitone, in cents.
- envelope: the voice is moved 3 semitones up; how far the spectral envelope (LPC of order rate / 1000 + 4, from 200 to
  5000 Hz) is from that of the sound before, as a root mean square difference in dB over voiced frames, with
  `--formants keep` and `--formants move`.
"""

import json
import subprocess
import sys
import tempfile

import librosa
import numpy as np
import soundfile as sf


def maquette(program, *arguments):
    done = subprocess.run([program, "tune", *arguments, "--json"], check=True, capture_output=True)
    return json.loads(done.stdout)


def read(path):
    y, rate = sf.read(path, always_2d=True, dtype="float32")
    return y.mean(axis=1), rate


def notes_off(path, notes):
    y, rate = read(path)
    # Not pyin: its pitches are 10 cents apart.
    f0 = librosa.yin(y, fmin=65, fmax=1100, sr=rate, hop_length=256)
    times = librosa.times_like(f0, sr=rate, hop_length=256)
    found = []
    for note in notes:
        start = note["start_s"] + 0.25 * (note["end_s"] - note["start_s"])
        inside = f0[(times >= start) & (times <= note["end_s"] - 0.02)]
        if len(inside) >= 3:
            pitch = 69 + 12 * np.log2(np.median(inside) / 440)
            found.append(100 * abs(pitch - round(pitch)))
    return np.median(found), len(found)


def envelopes(y, rate, times):
    order = rate // 1000 + 4
    n = int(0.03 * rate)
    hz = np.linspace(200, 5000, 200)
    z = np.exp(-2j * np.pi * hz[:, None] / rate * np.arange(order + 1))
    found = []
    for time in times:
        frame = y[int(time * rate) : int(time * rate) + n]
        if len(frame) < n or np.max(np.abs(frame)) < 1e-3:
            found.append(None)
            continue
        frame = librosa.effects.preemphasis(frame) * np.hanning(n)
        level = -20 * np.log10(np.abs(z @ librosa.lpc(frame, order=order)))
        found.append(level - level.mean())
    return found


def main():
    program, *files = sys.argv[1:]
    print("| file | notes | off before, cents | off after, cents | envelope kept, dB | envelope moved, dB |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        tuned = f"{folder}/tuned.wav"
        for file in files:
            plan = maquette(program, file, "-o", tuned, "--force", "--speed", "5")
            before, n = notes_off(file, plan["notes"])
            after, _ = notes_off(tuned, plan["notes"])
            higher = [{**note, "target": note["pitch"] + 3} for note in plan["notes"]]
            with open(f"{folder}/notes.json", "w") as out:
                json.dump(higher, out)
            y, rate = read(file)
            times = [t for note in plan["notes"] for t in np.arange(note["start_s"] + 0.05, note["end_s"] - 0.05, 0.02)]
            own = envelopes(y, rate, times)
            distances = []
            for formants in ("keep", "move"):
                maquette(program, file, "-o", tuned, "--force", "--notes", f"{folder}/notes.json", "--formants", formants)
                other = envelopes(read(tuned)[0], rate, times)
                pairs = [(a, b) for a, b in zip(own, other) if a is not None and b is not None]
                distances.append(np.mean([np.sqrt(np.mean((a - b) ** 2)) for a, b in pairs]))
            name = file.rsplit("/", 1)[-1]
            print(f"| {name} | {n} | {before:.1f} | {after:.1f} | {distances[0]:.2f} | {distances[1]:.2f} |")


main()
