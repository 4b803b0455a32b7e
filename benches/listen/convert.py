"""What other programs say of the files that `maquette convert-sound` writes.

    python convert.py MAQUETTE FILE…

Needs ffmpeg, flac and oggdec on the path. Of each file: whether `flac -t` and ffmpeg decode what was written, with the
same samples in every format of the same bits; how large FLAC is beside `flac -8`; and the loudness and true peak that
ffmpeg's filter ebur128 measures after each preset, the worst over all files.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile


def run(*command):
    return subprocess.run(command, check=True, capture_output=True)


def samples(path, bits):
    done = run("ffmpeg", "-v", "error", "-i", path, "-f", f"s{bits}le", "-c:a", f"pcm_s{bits}le", "-")
    return hashlib.sha256(done.stdout).hexdigest()


def loudness(path):
    done = subprocess.run(
        ["ffmpeg", "-nostats", "-i", path, "-filter_complex", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True,
        text=True,
    )
    end = done.stderr.rsplit("Summary:", 1)[1]
    lufs = float(re.search(r"I:\s+(-?[\d.]+|-inf) LUFS", end)[1])
    peak = float(re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", end)[1])
    return lufs, peak


def main():
    program, *files = sys.argv[1:]
    wrong, sizes = [], []
    presets = {"streaming": -14, "broadcast": -23, "club": -9}
    worst = {preset: [0.0, -99.0, 0] for preset in presets}
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: str(pathlib.Path(folder) / name)
        for file in files:
            for bits, forms in {16: ["wav16.wav", "aiff16.aiff", "flac16.flac"], 24: ["wav24.wav", "bwf.wav", "aiff.aiff", "flac.flac"]}.items():
                found = set()
                for form in forms:
                    run(program, "convert-sound", file, "-o", path(form), "--format", form.split(".")[0], "--force")
                    found.add(samples(path(form), bits))
                if len(found) != 1:
                    wrong.append((file, bits))
            for form in ("flac16.flac", "flac.flac"):
                run("flac", "-s", "-t", path(form))
            run("flac", "-8", "-s", "-f", "-o", path("8.flac"), path("wav16.wav"))
            sizes.append((pathlib.Path(path("flac16.flac")).stat().st_size, pathlib.Path(path("8.flac")).stat().st_size))
            run(program, "convert-sound", file, "-o", path("a.ogg"), "--force")
            run("oggdec", "-Q", "-o", path("ogg.wav"), path("a.ogg"))
            for preset, target in presets.items():
                done = run(program, "convert-sound", file, "-o", path("loud.wav"), "--loudness", preset, "--force", "--json")
                told = json.loads(done.stdout)
                if told["loudness_lufs"] is None:
                    continue
                lufs, peak = loudness(path("loud.wav"))
                if any("allow no more" in note for note in told["notes"]):
                    worst[preset][2] += 1
                else:
                    worst[preset][0] = max(worst[preset][0], abs(lufs - target))
                worst[preset][1] = max(worst[preset][1], peak)
    ours, flac = map(sum, zip(*sizes))
    print(f"{len(files)} files; other samples in another format: {len(wrong)} {wrong}")
    print(f"FLAC of 16 bits: {ours} bytes, flac -8: {flac} bytes ({ours / flac:.3f})")
    for preset, (off, peak, missed) in worst.items():
        print(f"{preset}: at most {off:.2f} LU off, true peak at most {peak:.1f} dBTP, {missed} not reached")


main()
