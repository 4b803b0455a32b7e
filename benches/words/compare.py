#!/usr/bin/env python3
"""Compares `maquette codec` with what transformers computes, on the folders of `reference.py --folders`.

Usage: python compare.py MAQUETTE FOLDER ...

For each folder: what `maquette weights check` says, the codes that are equal, and how far the sound of the
reference's codes and of ours are apart at most. Fails where fewer than 99.5 % of the codes are equal or the sound is
more than 5e-3 apart.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np


def write_wav(path, sound, rate_hz):
    """A WAV file of 32-bit floats."""
    channels = sound.shape[0]
    data = np.ascontiguousarray(sound.T.astype("<f4")).tobytes()
    form = struct.pack("<HHIIHH", 3, channels, rate_hz, rate_hz * channels * 4, channels * 4, 32)
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + form)
        file.write(b"data" + struct.pack("<I", len(data)) + data)


def asked(*command):
    done = subprocess.run([*command, "--json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout} {done.stderr}")
    return json.loads(done.stdout)


def compared(maquette, folder):
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    sound, codes, expected = (np.load(os.path.join(folder, f"{it}.npy")) for it in ["sound", "codes", "sound_out"])
    checked = asked(maquette, "weights", "check", folder)
    with tempfile.TemporaryDirectory() as place:
        wav, ours, out = (os.path.join(place, it) for it in ["in.wav", "codes.npy", "out.npy"])
        write_wav(wav, sound, config["sampling_rate"])
        bandwidth = str(config["target_bandwidths"][-1])
        asked(maquette, "codec", folder, "encode", wav, "-o", ours, "--bandwidth", bandwidth)
        asked(maquette, "codec", folder, "decode", ours, "-o", out)
        found, heard = np.load(ours), np.load(out)
    assert found.shape == codes.shape and heard.shape == expected.shape, (found.shape, heard.shape)
    equal = float((found == codes).mean())
    apart = float(np.abs(heard - expected).max())
    print(f"{os.path.basename(folder)}: missing {len(checked['missing'])}, unexpected {len(checked['unexpected'])}, "
          f"{checked['memory_bytes']} bytes; {100 * equal:.2f} % of {codes.size} codes equal, sound {apart:.1e} apart")
    return equal >= 0.995 and apart <= 5e-3


def run(compared):
    """Compares every folder of the command line, and fails where one is not as the reference computes it."""
    maquette, *folders = sys.argv[1:]
    if not all([compared(maquette, folder.rstrip("/")) for folder in folders]):
        sys.exit("a folder is not as the reference computes it")


if __name__ == "__main__":
    run(compared)
