#!/usr/bin/env python3
"""What PyTorch computes of adapters (LoRA) of Stable Audio 3: loss, velocity and gradients of a tiny model, and a step's time.

Usage: python adapter.py --vectors FOLDER
       python adapter.py --speed BENCH [--crop SECS] [--rounds N] [--threads N] [--rank R]

--vectors writes adapter.safetensors of crates/models/vectors/stable_audio: the loss of rectified flow of the tiny model of
stable_audio.py with an adapter of peft, how it changes with every number of the adapter, and these numbers after two
steps of Adam. Weights, noise and adapters follow formulas of a name, as there; nothing else is stored.

--speed times a step of the size of Stable Audio 3 Small in turns with the bench `adapter_step` (cargo bench -p models --bench
adapter_step --no-run): the network of diffusers with adapters of peft on all layers of its blocks, forward and back.

Made with diffusers 0.42.1, peft 0.21.2, torch 2.15.0 on a CPU.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
from peft import LoraConfig, inject_adapter_in_model

sys.path.insert(0, os.path.dirname(__file__))
import stable_audio as tiny

LAYERS = ["self_attn.to_qkv", "self_attn.to_out", "cross_attn.to_q", "cross_attn.to_kv", "cross_attn.to_out",
          "ff.proj_in", "ff.proj_out"]
RANK, ALPHA, LEVEL, RATE, CLIP = 3, 6.0, 0.6, 1e-2, 0.05


def with_adapter(transformer, rank, alpha):
    """Adds an adapter to all layers of the blocks; its parameters by the names of the file."""
    transformer.requires_grad_(False)
    names = [name for name, _ in transformer.named_modules() if any(name.endswith(layer) for layer in LAYERS)]
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=alpha, target_modules=names), transformer)
    return {f"transformer.{name.replace('.default', '')}": it for name, it in transformer.named_parameters()
            if it.requires_grad}


def vectors(folder):
    torch.set_num_threads(1)
    pipe, _ = tiny.folders()
    transformer = pipe.transformer
    adapter = with_adapter(transformer, RANK, ALPHA)
    n_frames = 21
    x0, noise = (torch.tensor(tiny.normal(f"adapter {name}", (1, 16, n_frames))) for name in ("latents", "noise"))
    with torch.no_grad():
        for name, parameter in adapter.items():
            parameter.copy_(torch.tensor(0.1 * tiny.normal(name, tuple(parameter.shape))))
        hidden, mask = pipe.encode_prompt(tiny.PROMPTS["short"], "cpu", 1)
        secs = n_frames * pipe.vae.downsampling_ratio / tiny.RATE
        length = pipe.duration_embedder(torch.tensor([secs]))
    if length.ndim == 2:
        length = length[:, None]
    said = torch.cat([hidden, length], 1)
    mask = torch.cat([mask, torch.ones(1, 1, dtype=mask.dtype)], 1)
    mixed = (1 - LEVEL) * x0 + LEVEL * noise

    def loss():
        velocity = transformer(mixed, torch.tensor([LEVEL]), encoder_hidden_states=said,
                               global_hidden_states=length[:, 0], encoder_attention_mask=mask).sample
        return velocity, ((velocity - (noise - x0)) ** 2).mean()

    arrays = {}
    adam = torch.optim.Adam(adapter.values(), lr=RATE)
    for step in range(2):
        velocity, value = loss()
        adam.zero_grad()
        value.backward()
        if step == 0:
            arrays["velocity"], arrays["loss"] = velocity[0].detach().contiguous(), value.detach().reshape(1)
            arrays.update({f"gradient {name}": it.grad.clone() for name, it in adapter.items()})
            norm = math.sqrt(sum(float((it.grad.double() ** 2).sum()) for it in adapter.values()))
            print("loss", float(value.detach()), "norm of the gradient", norm)
        torch.nn.utils.clip_grad_norm_(list(adapter.values()), CLIP)
        adam.step()
    arrays.update({f"after {name}": it.detach().clone() for name, it in adapter.items()})
    arrays["last loss"] = loss()[1].detach().reshape(1)
    print("loss after two steps", float(arrays["last loss"]))
    meta = dict(rank=RANK, alpha=ALPHA, level=LEVEL, rate=RATE, clip=CLIP, n_frames=n_frames, prompt="short")
    os.makedirs(folder, exist_ok=True)
    tiny.save_file(arrays, os.path.join(folder, "adapter.safetensors"), metadata={"meta": json.dumps(meta)})


def speed(args):
    from diffusers import StableAudio3DiTModel
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    transformer = StableAudio3DiTModel(embed_dim=1024, depth=20, num_heads=16, use_differential_attention=False)
    adapter = list(with_adapter(transformer, args.rank, args.rank).values())
    n_frames = int(args.crop * 44_100 / 4_096)
    x, words, length = torch.randn(1, 256, n_frames), torch.randn(1, 257, 768), torch.randn(1, 768)
    target = torch.randn_like(x)
    adam = torch.optim.Adam(adapter, lr=1e-4)

    def theirs():
        started = time.perf_counter()
        velocity = transformer(x, torch.tensor([0.5]), encoder_hidden_states=words, global_hidden_states=length).sample
        loss = ((velocity - target) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        return time.perf_counter() - started

    command = [args.speed, "--crop", str(args.crop), "--threads", str(args.threads), "--rank", str(args.rank)]
    ours = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask():
        ours.stdin.write("step\n")
        ours.stdin.flush()
        return float(json.loads(ours.stdout.readline())["secs"])

    theirs(), ask()
    pairs = [(ask(), theirs()) for _ in range(args.rounds)]
    mine, other = (statistics.median(it) for it in zip(*pairs))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"crop {args.crop} s, {args.threads} threads: ours {mine:.2f} s, PyTorch {other:.2f} s, ratio {ratio:.2f}")
    ours.stdin.close()
    ours.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors")
    parser.add_argument("--speed")
    parser.add_argument("--crop", type=float, default=12.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rank", type=int, default=16)
    args = parser.parse_args()
    if args.vectors:
        vectors(args.vectors)
    if args.speed:
        speed(args)


if __name__ == "__main__":
    main()
