#!/usr/bin/env python3
"""Times a step of MusicGen beside PyTorch's, in turns, on one thread each.

Usage: python speed.py BENCH [--rounds N] [--steps N] [--folder FOLDER] [--precision int8]

BENCH is the bench `words` of the crate `models`. A model of the size of MusicGen-small with random weights is written
to FOLDER first, unless it is there. A step writes one frame of codes: a batch of two, with and without the prompt, 24
layers of 1024 numbers with 500 keys each. Times are those of the processor, so that what else runs counts little. Prints
both medians, their ratio, and what a whole sound took, beside its forecast.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from transformers import (EncodecConfig, MusicgenConfig, MusicgenDecoderConfig, MusicgenForConditionalGeneration,
                          T5Config)

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENIZER = os.path.join(HERE, "../../crates/models/vectors/tokenizers/unigram/tokenizer.json")
KEYS = 500


def built():
    text = T5Config(vocab_size=32_128, d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12)
    codec = EncodecConfig(num_filters=64, hidden_size=128, upsampling_ratios=[8, 5, 4, 4], codebook_size=2048,
                          sampling_rate=32_000, target_bandwidths=[2.2], use_causal_conv=False,
                          use_conv_shortcut=False)
    config = MusicgenConfig(text_encoder=text.to_dict(), audio_encoder=codec.to_dict(),
                            decoder=MusicgenDecoderConfig().to_dict())
    torch.manual_seed(0)
    return MusicgenForConditionalGeneration(config).eval()


def step_of(model):
    """Computes one step with KEYS keys that are there."""
    decoder = model.decoder
    with torch.no_grad():
        prompt = torch.randn(2, 10, decoder.config.hidden_size)
        before = torch.randint(0, 2048, (2 * 4, KEYS))
        first = decoder(input_ids=before, encoder_hidden_states=prompt, use_cache=True)
        cache = getattr(first, "cache", None) or first.past_key_values
        code = torch.randint(0, 2048, (2 * 4, 1))

    def step():
        with torch.no_grad():
            start = time.process_time()
            decoder(input_ids=code, encoder_hidden_states=prompt, cache=cache, use_cache=True)
            took = time.process_time() - start
            cache.self_attention_cache.crop(-1)
        return took

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--folder", default="musicgen_small_of_random_weights")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = built()
    if not os.path.exists(os.path.join(args.folder, "config.json")):
        model.half().save_pretrained(args.folder)
        model.float()
        shutil.copy(TOKENIZER, args.folder)
    command = [args.bench, "--folder", args.folder, "--precision", args.precision, "--given", str(KEYS)]
    ours = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    model.text_encoder = model.audio_encoder = None
    step = step_of(model)
    step()
    theirs_secs, ours_secs = [], []
    for _ in range(args.rounds):
        ours.stdin.write(f"{args.steps}\n")
        ours.stdin.flush()
        report = json.loads(ours.stdout.readline())
        ours_secs.append(report["median_secs"])
        theirs_secs.append(statistics.median(step() for _ in range(args.steps)))
        print(f"ours {ours_secs[-1]:.4f} s, PyTorch {theirs_secs[-1]:.4f} s", flush=True)
    ours.stdin.write(f"whole {args.seconds}\n")
    ours.stdin.flush()
    whole = ours.stdout.readline().strip()
    ours.stdin.close()
    ours.wait()
    mine, other = statistics.median(ours_secs), statistics.median(theirs_secs)
    print(f"medians: ours {mine:.4f} s, PyTorch {other:.4f} s, ratio {mine / other:.3f}")
    print(f"a whole sound of {args.seconds:g} s: {whole}")


if __name__ == "__main__":
    main()
