#!/usr/bin/env python3
"""Writes transforms.safetensors: what the original program does to examples before training.

Usage: python generate_transforms.py       (needs libsox.so where the loader finds it)

Formulas and fingerprints are those of generate.py. The sound is its input for two channels, first
example, 49152 samples, with steps of loudness: times 2^-k, k = 0, 3, 8, 1, 10, 0, 5, 13 for the
eight stretches of 6144 samples. Random numbers of the transforms are replaced by the values that
are named in the notes.
"""

import os
from unittest import mock

import numpy as np

from generate import HERE, Vectors, sound, u

STEPS = (0, 3, 8, 1, 10, 0, 5, 13)
RATE = 44100


def stepped_sound():
    x = sound(2, 49152)[0]
    steps = np.array([2.0 ** -k for k in STEPS], dtype=np.float32)
    return x * np.repeat(steps, 6144)


def main():
    import torch
    from rave import dataset, transforms

    torch.set_num_threads(1)
    vectors = Vectors()
    x = stepped_sound()

    def keep(name, value, note):
        vectors.array(name, np.asarray(value, dtype=np.float32))
        vectors.meta["notes"].append(f"{name}: {note}")

    keep("input", x, "the sound itself")
    for k, position in enumerate((0.0, 0.5, 0.99)):
        with mock.patch.object(dataset, "random", lambda: position):
            keep(f"mangle{k}", dataset.random_phase_mangle(x.astype(np.float32), 20, 2000, .99, RATE),
                 f"all-pass, random number {position}, 20 to 2000 Hz, radius 0.99, at 44100 Hz")
    with mock.patch("numpy.random.rand",
                    lambda *shape: u("dequantize", int(np.prod(shape))).reshape(shape)):
        keep("dequantize", transforms.Dequantize(16)(x.copy()), "16 bits, u('dequantize', i)")
    keep("normalize", dataset.normalize_signal(x * 0.25), "peak normalisation of 0.25 x")
    keep("normalize_quiet", dataset.normalize_signal(x * 2.0 ** -10), "of x 2^-10")
    derive, integrate = dataset.get_derivator_integrator(RATE)
    keep("derivative", derive(x), "derivative at 44100 Hz")
    keep("integral", integrate(derive(x)), "its inverse applied to it")
    for amplitude in (-60, -30, -10, 0):
        with mock.patch("torch.rand", lambda *_: torch.tensor([(amplitude + 60) / 60])), \
                mock.patch("torch.bernoulli", lambda t: torch.ones_like(t)):
            keep(f"compress{amplitude}", transforms.RandomCompress()(x),
                 f"RandomCompress as by default, amplitude {amplitude} dB, both channels together")
    with mock.patch("torch.rand", lambda *_: torch.tensor([0.5])), \
            mock.patch("torch.bernoulli", lambda t: torch.ones_like(t)):
        keep("compress_mono", transforms.RandomCompress()(x[:1]), "amplitude -30 dB, first channel")
    keep("compress_default", transforms.Compress()(x), "Compress as by default")
    keep("compress_ambient", transforms.Compress(time="0.01,0.01", lookup="6:-30,-15,-10,-8,0,-5",
                                                 sr=RATE)(x), "Compress of normalize_ambient")
    with mock.patch("torch.bernoulli", lambda t: torch.ones_like(t)), \
            mock.patch("numpy.random.rand", lambda *_: np.array([0.25])):
        keep("gain", transforms.RandomGain()(x), "RandomGain, performed, random number 0.25")
    for start, target in ((48000, 44100), (44100, 48000)):
        keep(f"resample_{start}_{target}", transforms.Resample(start, target)(x),
             f"from {start} to {target} Hz")
    pitch = transforms.RandomPitch(16384, [0.7, 1.3])
    vectors.array("pitch_ratios", np.array(pitch.ratio_list, dtype=np.int32), limit=10000)
    vectors.meta["notes"].append("pitch_ratios: up, down of each possible change from 0.7 to 1.3")
    for k, position in enumerate((0.1, 0.45, 0.95)):
        with mock.patch.object(transforms, "random", lambda: position), \
                mock.patch("torch.bernoulli", lambda t: torch.ones_like(t)):
            keep(f"pitch{k}", pitch(x), f"RandomPitch 0.7 to 1.3, random number {position}, "
                                        "for examples of 16384 samples")
    vectors.write(os.path.join(HERE, "transforms.safetensors"))


if __name__ == "__main__":
    main()
