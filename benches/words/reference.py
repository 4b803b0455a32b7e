#!/usr/bin/env python3
"""Makes tiny EnCodec models with transformers: folders as a model hub has them, and what each computes.

Usage: python reference.py [--vectors FOLDER] [--folders FOLDER]

--vectors writes the files of crates/models/vectors/encodec: for each model NAME.json (its config.json) and
NAME.safetensors (codes and outputs; names and shapes of its state as metadata). --folders writes each model as
a whole folder (config.json, model.safetensors, preprocessor_config.json), in several spellings and types of
number, with sound.npy, codes.npy and sound_out.npy beside, to try the commands on.

No weights are stored with the vectors. They follow the formulas of crates/models/vectors/README.md: u(name, i) is
a splitmix64 stream seeded by the FNV-1a hash of the name, 24 bits a value; rules by name in `value_of`.

Made with transformers 5.24.0 and torch 2.15.0 on a CPU; both are called, nothing of them is copied.
"""

import argparse
import json
import math
import os
import shutil

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import EncodecConfig, EncodecFeatureExtractor, EncodecModel

SMALL = dict(num_filters=4, hidden_size=8, upsampling_ratios=[5, 4, 2], codebook_size=1024)

# Frames are ceil(rate / 40) a second, so that a book of ten bits is ten times as many bits.
MODELS = {
    "mono_24khz": dict(SMALL, sampling_rate=24_000, target_bandwidths=[6.0, 18.0]),
    "stereo_48khz": dict(SMALL, sampling_rate=48_000, audio_channels=2, target_bandwidths=[12.0, 36.0],
                         normalize=True, chunk_length_s=0.02, overlap=0.01, norm_type="time_group_norm",
                         use_causal_conv=False),
    "music_32khz": dict(SMALL, sampling_rate=32_000, target_bandwidths=[24.0], use_causal_conv=False,
                        use_conv_shortcut=False, num_residual_layers=2, codebook_dim=8),
}
# Lengths in samples, the short ones below the padding of a layer.
LENGTHS = [1, 3, 39, 1000, 2500]
MASK = (1 << 64) - 1


def u(name, n):
    """The sequence of numbers in [0, 1) of a name."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    # Numbers of 64 bits wrap around by themselves.
    z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, n + 1, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(40)) / (1 << 24)


def spelt(name):
    """The older of both spellings of weight normalisation, after which numbers are named."""
    return (name.replace("parametrizations.weight.original0", "weight_g")
                .replace("parametrizations.weight.original1", "weight_v"))


def value_of(name, shape):
    """The values of a tensor: by the end of its name, as in README.md."""
    name = spelt(name)
    draws = u(name, int(np.prod(shape))).reshape(shape)
    if name.endswith("weight_g"):
        return 0.8 + 0.8 * draws
    if name.endswith("weight_v") or ".lstm.weight_" in name or name.endswith("conv.weight"):
        return (2 * draws - 1) * math.sqrt(3 / np.prod(shape[1:]))
    if name.endswith("norm.weight"):
        return 0.8 + 0.4 * draws
    if ".bias" in name:
        return 0.2 * draws - 0.1
    if name.endswith(("embed", "embed_avg")):
        book = int(name.split("layers.")[1].split(".")[0])
        return (2 * draws - 1) * 0.6 * 0.5**book
    return np.ones(shape)


def sound(channels, n):
    """Noise and a triangle whose period grows with the channel."""
    noise = 2 * u("x", channels * n).reshape(channels, n) - 1
    p = (np.arange(n)[None] * np.arange(1, channels + 1)[:, None]) % 97
    return (0.25 * noise + 0.5 * (97 - np.abs(4 * p - 194)) / 97).astype(np.float32)


def compute(model, config, x, bandwidth):
    """Codes [books, frames], scales of the chunks, and the sound that comes out."""
    with torch.no_grad():
        encoded = model.encode(torch.tensor(x)[None], bandwidth=bandwidth)
        padded = encoded.last_frame_pad_length
        out = model.decode(encoded.audio_codes, encoded.audio_scales, last_frame_pad_length=padded)[0]
    codes = torch.cat([chunk[0] for chunk in encoded.audio_codes], dim=-1)
    codes = codes[:, :codes.shape[-1] - padded]
    scales = [float(scale.reshape(-1)[0]) for scale in encoded.audio_scales if scale is not None]
    return codes.numpy().astype(np.int64), np.array(scales, np.float32), out[0].numpy()


def extractor_of(config):
    return EncodecFeatureExtractor(feature_size=config.audio_channels, sampling_rate=config.sampling_rate,
                                   chunk_length_s=config.chunk_length_s, overlap=config.overlap)


def built(settings):
    config = EncodecConfig(**settings)
    model = EncodecModel(config).eval()
    state = model.state_dict()
    for name, tensor in state.items():
        state[name] = torch.tensor(value_of(name, tuple(tensor.shape)), dtype=torch.float32).reshape(tensor.shape)
    model.load_state_dict(state)
    return config, model


def write_vectors(folder, name, config, model):
    os.makedirs(folder, exist_ok=True)
    arrays, cases = {}, []
    for bandwidth in config.target_bandwidths:
        for n in LENGTHS:
            codes, scales, out = compute(model, config, sound(config.audio_channels, n), bandwidth)
            case = f"{bandwidth:g} {n}"
            cases.append([bandwidth, n])
            arrays[f"codes {case}"] = torch.tensor(codes.astype(np.int32))
            arrays[f"sound {case}"] = torch.tensor(out.copy())
            if len(scales):
                arrays[f"scales {case}"] = torch.tensor(scales)
            print(name, case, "codes", codes.shape, "different", len(np.unique(codes)),
                  "sound", out.shape, "peak", float(np.abs(out).max()))
    state = [[spelt(key), list(tensor.shape)] for key, tensor in model.state_dict().items()]
    meta = json.dumps(dict(state=state, cases=cases))
    save_file(arrays, os.path.join(folder, f"{name}.safetensors"), metadata={"meta": meta})
    with open(os.path.join(folder, f"{name}.json"), "w") as file:
        file.write(config.to_json_string())


def write_folders(folder, name, config, model):
    place = os.path.join(folder, name)
    shutil.rmtree(place, ignore_errors=True)
    model.save_pretrained(place)
    extractor_of(config).save_pretrained(place)
    with open(os.path.join(place, "README.md"), "w") as file:
        file.write("---\nlicense: cc-by-nc-4.0\n---\n# A tiny model of random weights\n")
    x = sound(config.audio_channels, 2 * config.sampling_rate)

    def write_computed(where):
        codes, _, out = compute(model, config, x, config.target_bandwidths[-1])
        for file, array in [("sound", x), ("codes", codes), ("sound_out", out)]:
            np.save(os.path.join(where, f"{file}.npy"), array)

    write_computed(place)
    state = load_file(os.path.join(place, "model.safetensors"))
    files = [it for it in os.listdir(place) if it.endswith((".json", ".npy", ".md"))]

    def variant(ending, write):
        other = place + ending
        shutil.rmtree(other, ignore_errors=True)
        os.makedirs(other)
        for file in files:
            shutil.copy(os.path.join(place, file), other)
        write(other)

    old = {spelt(key): tensor for key, tensor in state.items()}
    variant("_old_names", lambda it: save_file(old, os.path.join(it, "model.safetensors")))
    variant("_bin", lambda it: torch.save(old, os.path.join(it, "pytorch_model.bin")))
    for kind in ["float16", "bfloat16"]:
        cast = {key: tensor.to(getattr(torch, kind)) for key, tensor in state.items()}
        variant(f"_{kind}", lambda it: save_file(cast, os.path.join(it, "model.safetensors")))
        # What the model computes in single precision with the weights that were rounded.
        model.load_state_dict({key: tensor.float() for key, tensor in cast.items()})
        write_computed(f"{place}_{kind}")
    model.load_state_dict(state)
    other = place + "_sharded"
    shutil.rmtree(other, ignore_errors=True)
    model.save_pretrained(other, max_shard_size="50KB")
    write_computed(other)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors")
    parser.add_argument("--folders")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name, settings in MODELS.items():
        config, model = built(settings)
        if args.vectors:
            write_vectors(args.vectors, name, config, model)
        if args.folders:
            write_folders(args.folders, name, config, model)


if __name__ == "__main__":
    main()
