#!/usr/bin/env python3
"""Makes tiny wav2vec 2.0 and HuBERT models with transformers, and what each of their layers computes.

Usage: python reference_voice.py [--vectors FOLDER] [--folders FOLDER]

As reference_ldm.py, for crates/models/vectors/wav2vec2: NAME.json (settings) and NAME.safetensors (every hidden state).
Made with transformers 5.24.0 and torch 2.15.0 on a CPU; they are called, nothing of them is copied.
"""

import argparse
import json
import os
import shutil

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import (HubertConfig, HubertModel, Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC,
                          Wav2Vec2Model)

import reference_ldm as ldm

SMALL = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40, conv_dim=(8, 12, 16),
             conv_stride=(5, 2, 2), conv_kernel=(10, 3, 2), num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4,
             vocab_size=32)
LARGE = dict(SMALL, feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True, num_conv_pos_embeddings=7)
MODELS = {
    "wav2vec2_base": (Wav2Vec2Config, Wav2Vec2Model, SMALL, False),
    "wav2vec2_large_lv60": (Wav2Vec2Config, Wav2Vec2Model, LARGE, True),
    "hubert_base": (HubertConfig, HubertModel, SMALL, False),
    "hubert_large": (HubertConfig, HubertModel, LARGE, True),
}
LENGTHS = [45, 800]


def hidden_states(model, extractor, x):
    inputs = extractor(x, sampling_rate=16_000, return_tensors="pt").input_values
    with torch.no_grad():
        out = model(inputs, output_hidden_states=True)
    # That of the last layer is not normalised; what follows it, is.
    return [it[0].numpy().copy() for it in (*out.hidden_states, out.last_hidden_state)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors")
    parser.add_argument("--folders")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name, (config, model, settings, normalises) in MODELS.items():
        config = config(**settings)
        made = ldm.with_values(model(config))
        extractor = Wav2Vec2FeatureExtractor(do_normalize=normalises)
        arrays = {}
        for n in LENGTHS:
            states = hidden_states(made, extractor, ldm.sound(n))
            arrays |= {f"hidden {n} {i}": it for i, it in enumerate(states[:-1])}
            arrays[f"last {n}"] = states[-1]
            print(name, n, [it.shape for it in states], [float(np.abs(it).max()) for it in states])
        if args.vectors:
            folder = os.path.join(args.vectors, "wav2vec2")
            os.makedirs(folder, exist_ok=True)
            meta = dict(state=ldm.listed(made), lengths=LENGTHS)
            ldm.saved(os.path.join(folder, f"{name}.safetensors"), arrays, meta)
            with open(os.path.join(folder, f"{name}.json"), "w") as file:
                json.dump({"config": made.config.to_diff_dict(), "preprocessor": extractor.to_dict()}, file, indent=1)
        if args.folders:
            place = os.path.join(args.folders, f"{name}_tiny")
            shutil.rmtree(place, ignore_errors=True)
            made.save_pretrained(place)
            extractor.save_pretrained(place)
            x = ldm.sound(16_000)
            states = hidden_states(made, extractor, x)
            ldm.write_arrays(place, sound=x[None], embedding=states[-1].mean(0),
                             **{f"hidden_{i}": it for i, it in enumerate(states[:-1])})
            ldm.write_about(place, layers=len(states) - 2)
            if name == "wav2vec2_base":
                # Inside a larger model, with the older spelling of weight normalisation.
                whole = Wav2Vec2ForCTC(config)
                state = {key.replace("parametrizations.weight.original0", "weight_g")
                            .replace("parametrizations.weight.original1", "weight_v"): it.clone()
                         for key, it in whole.state_dict().items()}
                inner = {key.replace("parametrizations.weight.original0", "weight_g")
                            .replace("parametrizations.weight.original1", "weight_v"): it
                         for key, it in made.state_dict().items()}
                state |= {f"wav2vec2.{key}": it.clone() for key, it in inner.items()}
                save_file(state, os.path.join(place, "model.safetensors"))


if __name__ == "__main__":
    main()
