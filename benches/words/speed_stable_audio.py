#!/usr/bin/env python3
"""Times a step of a Stable-Audio-3-Small-sized transformer in turns with PyTorch, each on one thread.

Usage: python speed_stable_audio.py BENCH FOLDER [--secs S] [--rounds N]

BENCH is the built `sampler` (cargo bench -p models --bench sampler --no-run). FOLDER is where a model of that size with
random weights is written, once, about 2.5 GB: the published width of 1024, 20 blocks, 16 plain heads, 64 memory tokens,
an autoencoder of 6 layers of 768, T5Gemma of 12 layers of 768 with few pieces. PyTorch computes what
`StableAudio3DiTModel` of diffusers does, with the 257 tokens that its pipeline gives. Times are those of the processor.
Prints medians and their ratio, for 32-bit floats and 8 bits, then a whole sound with its memory beside the forecast.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

sys.path.insert(0, os.path.dirname(__file__))
import stable_audio as tiny


def write(folder):
    """The model as diffusers has it."""
    from diffusers import (AutoencoderSAME, FlowMatchEulerDiscreteScheduler, StableAudio3DiTModel,
                           StableAudio3Pipeline)
    from diffusers.pipelines.stable_audio_3.modeling_stable_audio_3 import StableAudio3DurationEmbedder
    from transformers import T5GemmaConfig, T5GemmaEncoderModel
    torch.manual_seed(1)
    tokens, n_pieces = tiny.tokenizer()
    of = dict(vocab_size=n_pieces, hidden_size=768, intermediate_size=2048, num_hidden_layers=12,
              num_attention_heads=12, num_key_value_heads=12, head_dim=64, query_pre_attn_scalar=64)
    text = T5GemmaEncoderModel(T5GemmaConfig(encoder=of, decoder=of, vocab_size=n_pieces, is_encoder_decoder=False))
    transformer = StableAudio3DiTModel(embed_dim=1024, depth=20, num_heads=16, use_differential_attention=False)
    pipe = StableAudio3Pipeline(AutoencoderSAME(), text, tokens, StableAudio3DurationEmbedder(), transformer,
                                FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, stochastic_sampling=True))
    pipe.save_pretrained(folder)


class Ours:
    """The bench, asked line by line."""

    def __init__(self, bench, folder, secs, precision):
        command = [bench, "--folder", folder, "--secs", str(secs), "--precision", precision, "--steps", "8"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = json.loads(self.process.stdout.readline())

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bench")
    parser.add_argument("folder")
    parser.add_argument("--secs", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if not os.path.exists(os.path.join(args.folder, "model_index.json")):
        write(args.folder)

    from diffusers import StableAudio3DiTModel
    transformer = StableAudio3DiTModel.from_pretrained(os.path.join(args.folder, "transformer")).eval()
    n_frames = -(-int(args.secs * 44_100) // 4096)
    x, context = torch.randn(1, 256, n_frames), torch.randn(1, 257, 768)

    def theirs():
        started = time.process_time()
        with torch.no_grad():
            transformer(x, torch.tensor([0.7]), context, context[:, 0], torch.ones(1, 257))
        return time.process_time() - started

    ours = {it: Ours(args.bench, args.folder, args.secs, it) for it in ["float32", "int8"]}
    times = {it: [] for it in ["pytorch", *ours]}
    theirs()
    for it in ours.values():
        it.ask("step")
    for _ in range(args.rounds):
        times["pytorch"].append(theirs())
        for name, it in ours.items():
            times[name].append(it.ask("step"))
    medians = {name: statistics.median(it) for name, it in times.items()}
    print(f"a step over {n_frames} latents, {args.secs:g} s, medians of {args.rounds} in turns:")
    for name, it in medians.items():
        print(f"  {name:8} {1e3 * it:8.1f} ms   {it / medians['pytorch']:.2f}")
    for name, it in ours.items():
        whole = it.ask("whole")
        print(f"  {name}: loaded in {it.first['load_secs']:.1f} s; a sound in {whole['secs']:.1f} s; "
              f"forecast {whole['forecast_bytes'] / 1e6:.0f} MB, peak {whole['peak_bytes'] / 1e6:.0f} MB")
        it.end()


if __name__ == "__main__":
    main()
