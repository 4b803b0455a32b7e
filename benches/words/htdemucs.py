#!/usr/bin/env python3
"""Makes tiny models of Hybrid Transformer Demucs with demucs: folders in both of their forms, and the tensors of each.

Usage: python htdemucs.py [--vectors FOLDER] [--folders FOLDER] [--compare MAQUETTE]

--vectors writes crates/models/vectors/htdemucs/NAME.json: settings, names and shapes. --folders writes whole folders: a
bag with safetensors (NAME), and the same with files of PyTorch (NAME_older). --compare checks those by the command.
Made with demucs 4.1.0; its package alone is enough, with torch, einops and julius.
"""

import argparse
import json
import os
import shutil
import subprocess
from fractions import Fraction

import torch
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file

SMALL = dict(channels=8, t_layers=2, t_heads=4)
MODELS = {
    # As those of the hub, with a narrow transformer.
    "bottom": dict(SMALL, sources=["drums", "bass", "other", "vocals"], bottom_channels=16, dconv_mode=3,
                   segment=Fraction(39, 5)),
    # With bands apart, norms from the first layer on that is not apart, and another branch over time.
    "bands": dict(SMALL, sources=["voice", "rest"], nfft=2048, depth=5, growth=1, multi_freqs=[0.25, 0.5],
                  multi_freqs_depth=1, norm_starts=2, channels_time=4, t_emb="scaled", t_max_positions=12,
                  t_cross_first=True, t_layers=3, freq_emb=0, context=0, context_enc=1, audio_channels=1),
    "plain": dict(SMALL, sources=["a"], nfft=512, depth=2, cac=False, rewrite=False, t_layers=1, t_norm_in=False,
                  t_norm_out=False, t_layer_scale=False, dconv_depth=-1, growth=3, t_hidden_scale=1.5),
}


def as_json(value):
    if isinstance(value, Fraction):
        return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
    return value


def written(place, name, model, kwargs):
    for older in [False, True]:
        folder = os.path.join(place, name + ("_older" if older else ""))
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        with open(os.path.join(folder, "htdemucs.yaml"), "w") as file:
            file.write("models: ['955717e8']\n")
        with open(os.path.join(folder, "README.md"), "w") as file:
            file.write("---\nlicense: mit\n---\n# A tiny model of random weights\n")
        state = {key: it.contiguous().clone() for key, it in model.state_dict().items()}
        if older:
            state = {key: it.half() for key, it in state.items()}
            package = dict(klass=HTDemucs, args=(), kwargs=kwargs, state=state, training_args={"lr": 3e-4})
            torch.save(package, os.path.join(folder, "955717e8-0d1f4a3b.th"))
        else:
            meta = dict(klass="demucs.htdemucs.HTDemucs", args="[]",
                        kwargs=json.dumps({key: as_json(it) for key, it in kwargs.items()}))
            save_file(state, os.path.join(folder, "955717e8.safetensors"), metadata=meta)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors")
    parser.add_argument("--folders")
    parser.add_argument("--compare")
    args = parser.parse_args()
    for name, kwargs in MODELS.items():
        model = HTDemucs(**kwargs)
        state = [[key, list(it.shape)] for key, it in model.state_dict().items()]
        print(name, len(state), "tensors")
        if args.vectors:
            os.makedirs(args.vectors, exist_ok=True)
            with open(os.path.join(args.vectors, f"{name}.json"), "w") as file:
                kept = {key: as_json(it) for key, it in kwargs.items()}
                json.dump(dict(settings=kept, state=state), file)
        if args.folders:
            written(args.folders, name, model, kwargs)
    for name in sorted(os.listdir(args.folders)) if args.compare else []:
        done = subprocess.run([args.compare, "weights", "check", os.path.join(args.folders, name), "--json"],
                              capture_output=True, text=True)
        found = json.loads(done.stdout)
        print(name, found["family"], "usable", found["is_usable"], "missing", len(found["missing"]), "unexpected",
              len(found["unexpected"]), found["licence"]["name"], found["problems"])
        assert found["is_usable"] and not found["missing"] and not found["unexpected"]


if __name__ == "__main__":
    main()
