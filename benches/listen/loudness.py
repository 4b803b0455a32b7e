"""Compares loudness, loudness range and true peak with ffmpeg's `ebur128` filter.

    cargo build --release -p audio --example quality
    python benches/listen/loudness.py SOUND...

Prints a table: ours and ffmpeg's for each sound; ffmpeg prints one decimal.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]


def theirs(sound):
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", sound, "-filter_complex", "ebur128=peak=true", "-f", "null", "-"]
    text = subprocess.run(command, capture_output=True, text=True).stderr
    summary = text[text.rfind("Summary:") :]
    number = lambda label: re.search(rf"\b{label}:\s+(\S+)", summary)
    return [match[1] if match else "-" for match in map(number, ["I", "LRA", "Peak"])]


def main():
    print("| sound | LUFS, ours | ffmpeg | LRA, ours | ffmpeg | true peak, ours | ffmpeg |")
    print("|---|---|---|---|---|---|---|")
    for sound in sys.argv[1:]:
        program = ROOT / "target/release/examples/quality"
        ours = subprocess.run([program, sound], capture_output=True, text=True, check=True).stdout
        lufs, lra, peak, _ = ours.splitlines()[0].split("\t")
        their_lufs, their_lra, their_peak = theirs(sound)
        print(f"| {pathlib.Path(sound).stem[:24]} | {lufs} | {their_lufs} | {lra} | {their_lra} | {peak} | {their_peak} |")


main()
