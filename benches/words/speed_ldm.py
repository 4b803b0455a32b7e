#!/usr/bin/env python3
"""Times a step of AudioLDM-S against PyTorch, both on one thread, in turns, by the time of the processor, and compares
memory with its forecast.

Usage: python speed_ldm.py BENCH FOLDER [--seconds 5.12] [--rounds 9]

FOLDER is made if it is not there: a model of the size of AudioLDM-S with random weights, about 1.7 GB. BENCH is the
program that `cargo bench -p models --bench audio_ldm --no-run` names.
"""

import argparse
import os
import statistics
import subprocess
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import ClapTextConfig, ClapTextModelWithProjection, SpeechT5HifiGan, SpeechT5HifiGanConfig

import reference_ldm as tiny

UNET = dict(sample_size=128, in_channels=8, out_channels=8, layers_per_block=2,
            block_out_channels=(128, 256, 384, 640), attention_head_dim=(4, 8, 12, 20),
            cross_attention_dim=(128, 256, 384, 640),
            down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * 3,
            up_block_types=("CrossAttnUpBlock2D",) * 3 + ("UpBlock2D",), class_embed_type="simple_projection",
            projection_class_embeddings_input_dim=512, class_embeddings_concat=True)
VAE = dict(block_out_channels=(128, 256, 512), in_channels=1, out_channels=1, latent_channels=8, layers_per_block=2,
           down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
           scaling_factor=0.9228)
VOCODER = dict(model_in_dim=64, sampling_rate=16_000, upsample_initial_channel=1024, upsample_rates=[5, 4, 2, 2, 2],
               upsample_kernel_sizes=[16, 16, 8, 4, 4], resblock_kernel_sizes=[3, 7, 11],
               resblock_dilation_sizes=[[1, 3, 5]] * 3, normalize_before=False)


def made(folder):
    if os.path.exists(os.path.join(folder, "model_index.json")):
        return
    torch.manual_seed(1)
    words = tiny.tokenizer()
    parts = dict(unet=UNet2DConditionModel(**UNET), vae=AutoencoderKL(**VAE),
                 vocoder=SpeechT5HifiGan(SpeechT5HifiGanConfig(**VOCODER)), scheduler=DDIMScheduler(**tiny.SCHEDULER),
                 text_encoder=ClapTextModelWithProjection(ClapTextConfig()))
    for name, part in parts.items():
        part.save_pretrained(os.path.join(folder, name))
    words.save_pretrained(os.path.join(folder, "tokenizer"))
    with open(os.path.join(folder, "model_index.json"), "w") as file:
        file.write('{"_class_name": "AudioLDMPipeline"}')


class Ours:
    def __init__(self, bench, folder, secs, steps):
        self.process = subprocess.Popen([bench, folder, str(secs), str(steps)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        print("ours:", self.line())

    def line(self):
        return self.process.stdout.readline().strip()

    def cpu_secs(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def step(self):
        """Milliseconds of the processor, which others that run do not add to."""
        before = self.cpu_secs()
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.line()
        return 1e3 * (self.cpu_secs() - before)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bench")
    parser.add_argument("folder")
    parser.add_argument("--seconds", type=float, default=5.12)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    torch.set_num_threads(1)
    made(args.folder)
    unet = UNet2DConditionModel.from_pretrained(os.path.join(args.folder, "unet")).eval()
    scheduler = DDIMScheduler.from_pretrained(os.path.join(args.folder, "scheduler"))
    scheduler.set_timesteps(20)
    latents, told = torch.randn(1, 8, round(args.seconds * 25), 16), torch.randn(2, 512)

    def theirs():
        begun = time.process_time()
        with torch.no_grad():
            said = unet(torch.cat([latents] * 2), 500, encoder_hidden_states=None, class_labels=told).sample
            without, prompt = said.chunk(2)
            scheduler.step(without + 2.5 * (prompt - without), 501, latents)
        return 1e3 * (time.process_time() - begun)

    # The two steps behind those of the sampler are the spectrogram and the sound.
    ours = Ours(args.bench, args.folder, args.seconds, args.rounds)
    pairs = []
    for i in range(args.rounds):
        pair = [theirs(), ours.step()]
        print(f"round {i}: PyTorch {pair[0]:.0f} ms, ours {pair[1]:.0f} ms", flush=True)
        pairs.append(pair)
    medians = [statistics.median(it) for it in zip(*pairs[1:])]
    print(f"a step of {args.seconds} s: PyTorch {medians[0]:.0f} ms, ours {medians[1]:.0f} ms, "
          f"ratio {medians[1] / medians[0]:.2f}")
    print(f"spectrogram {ours.step():.0f} ms, sound {ours.step():.0f} ms")
    print("a whole sound:", ours.line())


if __name__ == "__main__":
    main()
