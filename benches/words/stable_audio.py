#!/usr/bin/env python3
"""Makes tiny Stable Audio 3 models: folders as a model hub has them, and what each computes.

Usage: python stable_audio.py [--vectors FOLDER] [--folders FOLDER] [--original FOLDER]

--vectors writes the files of crates/models/vectors/stable_audio: for each model NAME.json (its configurations) and
NAME.safetensors (what it computes; names and shapes of its state as metadata). --folders writes each model as a whole
folder, with cases.json and CASE.noise.npy, CASE.given.npy, CASE.sound.npy beside, for `compare_stable_audio.py`.

Two layouts: `folders` is that of diffusers (a folder a component), `single` that of the original program (one file of
weights and model_config.json; T5Gemma in a folder of its own). `single` needs the original program: --original is the
folder that holds its package `stable_audio_3`; it and einops must be importable, torchaudio need not be there.

No weights are stored with the vectors. They follow the formulas of crates/models/vectors/README.md: u(name, i) is a
splitmix64 stream seeded by the FNV-1a hash of the name, 24 bits a value; rules by name in `value_of`. Noise is such a
stream too. Both programs are called, nothing of them is copied.

Made with diffusers 0.42.1, transformers 5.24.0, torch 2.15.0 on a CPU, and the original program of May 2026.
"""

import argparse
import json
import math
import os
import shutil
import sys
import types

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import processors
from transformers import GemmaTokenizerFast, T5GemmaConfig, T5GemmaEncoderModel

MASK = (1 << 64) - 1
RATE = 16_000
TEXT_DIM = 32
PROMPTS = {
    "short": "a warm piano, 120 BPM",
    "long": "slow strings & a deep bass drum under rain ‒ très calme, 深い, 🎹 " + "with echo " * 60,
    "negative": "noise, low quality",
    "empty": "",
}
# Pieces that the tiny vocabulary has besides single letters and bytes, in the order they are merged.
MERGES = ["t h", "▁ a", "i n", "o n", "▁ p", "e c", "h o", "ec ho", "▁ w", "i t", "it h", "▁w ith", "▁ echo", "a r",
          "p i", "▁a ▁", "d r", "u m", "dr um", "▁ b", "B P", "BP M", "a n", "n o"]

TEXT = dict(vocab_size=0, hidden_size=TEXT_DIM, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=16, query_pre_attn_scalar=12, sliding_window=8, attn_logit_softcapping=4.0,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0})


def u(name, n):
    """The sequence of numbers in [0, 1) of a name."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, n + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / (1 << 24)


def value_of(name, shape):
    """The values of a tensor, by the end of its name; nothing for those that are kept as they are made."""
    if name.endswith(("inv_freq", "freqs", "noise_scaling_factor")):
        return None
    draws = u(name, int(np.prod(shape))).reshape(shape)
    # Attention that picks out frames, so that what goes in is heard in what comes out.
    if name.endswith(("q_norm.gamma", "k_norm.gamma")):
        return 2 + draws
    if name.endswith("new_tokens"):
        return 0.1 * draws
    if name.endswith("layers.3.mapping.weight_g"):
        return 0.1 + 0.2 * draws
    if name.endswith(("transformer.proj_out.weight", "project_out.weight")):
        return (2 * draws - 1) * math.sqrt(0.1 / np.prod(shape[1:]))
    if name.endswith("to_out.weight"):
        return (2 * draws - 1) * math.sqrt(27 / np.prod(shape[1:]))
    if name.endswith(("weight_g", "original0", "gamma", "scale", "scaling_factor", "running_std")):
        return 0.8 + 0.4 * draws
    if name.endswith("alpha"):
        return 0.5 + draws
    if name.endswith(("bias", "beta")):
        return 0.2 * draws - 0.1
    if name.endswith(("norm.weight", "layernorm.weight")):
        return 0.4 * draws - 0.2
    if name.endswith(("memory_tokens", "padding_embedding", "to_scale_shift_gate")):
        return draws - 0.5
    return (2 * draws - 1) * math.sqrt(3 / np.prod(shape[1:]))


def fill(model, prefix):
    """Gives a model the values of the formulas, and says names and shapes."""
    state = model.state_dict()
    for name, tensor in state.items():
        value = value_of(prefix + name, tuple(tensor.shape))
        if value is not None:
            state[name] = torch.tensor(value, dtype=torch.float32).reshape(tensor.shape)
    model.load_state_dict(state)
    return [[prefix + name, list(tensor.shape)] for name, tensor in state.items()
            if value_of(prefix + name, tuple(tensor.shape)) is not None]


def normal(name, shape):
    """What stands for normal noise."""
    return ((2 * u(name, int(np.prod(shape))) - 1) * math.sqrt(3)).reshape(shape).astype(np.float32)


def sound(n):
    """Two channels of noise and a triangle whose period grows with the channel."""
    noise = 2 * u("x", 2 * n).reshape(2, n) - 1
    p = (np.arange(n)[None] * np.arange(1, 3)[:, None]) % 97
    return (0.25 * noise + 0.5 * (97 - np.abs(4 * p - 194)) / 97).astype(np.float32)


def tokenizer():
    """A tokenizer as Gemma has it, with few pieces."""
    pieces = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"] + [f"<0x{i:02X}>" for i in range(256)]
    pieces += ["▁"] + [chr(i) for i in range(33, 127)] + ["è"]
    merged = [tuple(it.split(" ")) for it in MERGES]
    pieces += [a + b for a, b in merged]
    vocab = {piece: i for i, piece in enumerate(pieces)}
    made = GemmaTokenizerFast(vocab=vocab, merges=merged, model_max_length=256)
    made._tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return made, len(vocab)


def text_encoder(n_pieces, prefix):
    settings = dict(TEXT, vocab_size=n_pieces)
    config = T5GemmaConfig(encoder=settings, decoder=settings, vocab_size=n_pieces, is_encoder_decoder=False,
                           attn_implementation="eager")
    model = T5GemmaEncoderModel(config).eval()
    return model, fill(model, prefix)


def hidden_of(tokens, model, text, most=256):
    """Pieces of a prompt, and its hidden states, without the padding."""
    ids = tokens(text, truncation=True, max_length=most, padding="max_length", return_tensors="pt")
    with torch.no_grad():
        hidden = model(ids.input_ids, attention_mask=ids.attention_mask)[0]
    valid = ids.attention_mask[0].bool()
    return ids.input_ids[0][valid], hidden[0][valid]


class Noises:
    """Hands out noise in order, and keeps it."""

    def __init__(self, case):
        self.case, self.given = case, []

    def next(self, shape, *_, **__):
        made = normal(f"noise {self.case} {len(self.given)}", tuple(shape))
        self.given.append(made[0])
        return torch.tensor(made)


# Few steps: with sharp attention, rounding grows about tenfold a step, in the reference as here.
CASES = [
    dict(name="words", prompt="short", seconds=0.12, steps=4),
    dict(name="long", prompt="long", seconds=0.05, steps=3),
    dict(name="few", prompt="empty", seconds=0.1, steps=2),
    dict(name="from sound", prompt="short", seconds=0.11, steps=4, strength=0.6),
    dict(name="gap", prompt="short", seconds=0.13, steps=4, gap=[0.03, 0.07]),
    dict(name="guided", prompt="short", negative="negative", guidance=3.0, seconds=0.1, steps=3),
    dict(name="straight", prompt="short", seconds=0.1, steps=4, straight=True),
]


# The layout of diffusers.

def folders():
    from diffusers import (AutoencoderSAME, FlowMatchEulerDiscreteScheduler, StableAudio3DiTModel,
                           StableAudio3Pipeline)
    from diffusers.pipelines.stable_audio_3.modeling_stable_audio_3 import StableAudio3DurationEmbedder
    tokens, n_pieces = tokenizer()
    text, state = text_encoder(n_pieces, "text_encoder.")
    vae = AutoencoderSAME(patch_size=8, encoder_channels=16, encoder_c_mults=[2, 4], encoder_strides=[2, 6],
                          encoder_transformer_depths=[1, 3], latent_dim=16, dim_heads=32, sliding_window=1,
                          decoder_sinusoidal_blocks=[0, 2], sampling_rate=RATE).eval()
    duration = StableAudio3DurationEmbedder(output_dim=TEXT_DIM, fourier_dim=16, max_val=10.0).eval()
    transformer = StableAudio3DiTModel(io_channels=16, embed_dim=48, depth=2, num_heads=2, cond_token_dim=TEXT_DIM,
                                       global_cond_dim=TEXT_DIM, local_add_cond_dim=17, timestep_features_dim=16,
                                       ff_mult=2.0, num_memory_tokens=4).eval()
    for name, model in [("vae", vae), ("duration_embedder", duration), ("transformer", transformer)]:
        state += fill(model, name + ".")
    scheduler = FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, stochastic_sampling=True)
    pipe = StableAudio3Pipeline(vae, text, tokens, duration, transformer, scheduler)
    pipe.set_progress_bar_config(disable=True)
    return pipe, state


def run_folders(pipe, case):
    """What a case gives: noises, latents after each step, and sound."""
    import diffusers
    from diffusers.schedulers import scheduling_flow_match_euler_discrete as stepping
    steps, noises = [], Noises(case["name"])
    parts = dict(pipe.components)
    if case.get("straight"):
        parts["scheduler"] = diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1)
    n_frames = math.ceil(case["seconds"] * RATE / pipe.vae.downsampling_ratio)
    stepping.randn_tensor = noises.next
    kind, more = "StableAudio3Pipeline", {}
    if "strength" in case:
        kind, more = "StableAudio3AudioToAudioPipeline", dict(init_noise_level=case["strength"])
    if "gap" in case:
        kind, more = "StableAudio3InpaintPipeline", dict(mask_start_seconds=case["gap"][0],
                                                         mask_end_seconds=case["gap"][1])
    if more:
        more["audio"] = torch.tensor(sound(int(case["seconds"] * RATE)))[None]
    if "guidance" in case:
        more = dict(guidance_scale=case["guidance"], negative_prompt=PROMPTS[case["negative"]])
    pipe = getattr(diffusers, kind)(**parts)
    pipe.set_progress_bar_config(disable=True)

    def step(_pipe, _i, _t, kept):
        steps.append(kept["latents"][0].numpy().copy())
        return kept

    out = pipe(PROMPTS[case["prompt"]], duration=case["seconds"], num_inference_steps=case.get("steps"),
               latents=noises.next((1, 16, n_frames)), callback_on_step_end=step, **more).audios
    return noises.given, np.stack(steps), out[0].numpy()


# The layout of the original program.

SINGLE = dict(
    model_type="diffusion_cond", sample_size=1 << 20, sample_rate=RATE, audio_channels=2,
    model=dict(
        io_channels=16,
        pretransform=dict(type="autoencoder", iterate_batch=True, config=dict(
            encoder=dict(type="same", config=dict(in_channels=16, channels=16, c_mults=[3], strides=[4],
                                                  latent_dim=16, transformer_depths=[3], dim_heads=24, chunk_size=8,
                                                  chunk_midpoint_shift=True, differential=True, variable_stride=True,
                                                  dyt=True)),
            decoder=dict(type="same", config=dict(out_channels=16, channels=16, c_mults=[3], strides=[4],
                                                  latent_dim=16, transformer_depths=[3], dim_heads=24, chunk_size=8,
                                                  chunk_midpoint_shift=True, differential=True, variable_stride=True,
                                                  dyt=True, conv_mapping=True, sinusoidal_blocks=[2])),
            bottleneck=dict(type="softnorm", config=dict(dim=16, auto_scale=True)),
            pretransform=dict(type="patched", config=dict(channels=2, patch_size=8)),
            latent_dim=16, downsampling_ratio=32, io_channels=2)),
        conditioning=dict(cond_dim=TEXT_DIM, configs=[
            dict(id="prompt", type="t5gemma", config=dict(model_name="google/t5gemma-b-b-ul2", max_length=64,
                                                          padding_mode="learned", subfolder="t5gemma-b-b-ul2")),
            dict(id="seconds_total", type="number", config=dict(min_val=0, max_val=10,
                                                                fourier_features_type="expo"))]),
        diffusion=dict(
            type="dit", diffusion_objective="rf_denoiser", cross_attention_cond_ids=["prompt", "seconds_total"],
            global_cond_ids=["seconds_total"], local_add_cond_ids=["inpaint_mask", "inpaint_masked_input"],
            config=dict(io_channels=16, embed_dim=64, depth=2, num_heads=1, cond_token_dim=TEXT_DIM,
                        global_cond_dim=TEXT_DIM, local_add_cond_dim=17, project_cond_tokens=True,
                        transformer_type="continuous_transformer", global_cond_type="adaLN",
                        timestep_features_type="expo", timestep_features_dim=16, num_memory_tokens=3,
                        attn_kwargs=dict(qk_norm="rms", differential=False), norm_type="rms_norm",
                        ff_kwargs=dict(mult=2)))))


def single(original, place):
    sys.path.insert(0, original)
    for name in ["torchaudio", "torchaudio.transforms"]:
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["torchaudio.transforms"].Resample = object
    sys.modules["torchaudio"].transforms = sys.modules["torchaudio.transforms"]
    from stable_audio_3.factory import create_diffusion_cond_from_config
    from stable_audio_3.model import StableAudioModel
    from stable_audio_3.models.conditioners import T5GemmaConditioner
    T5GemmaConditioner.T5GEMMA_MODEL_DIMS = {"google/t5gemma-b-b-ul2": TEXT_DIM}
    tokens, n_pieces = tokenizer()
    text, of_text = text_encoder(n_pieces, "text.")
    where = os.path.join(place, "t5gemma-b-b-ul2")
    text.save_pretrained(where)
    tokens.save_pretrained(where)
    config = json.loads(json.dumps(SINGLE))
    config["model"]["conditioning"]["configs"][0]["config"].update(model_path=place)
    model = create_diffusion_cond_from_config(config).eval()
    state = fill(model, "")
    with open(os.path.join(place, "model_config.json"), "w") as file:
        json.dump(SINGLE, file)
    save_file({key: tensor.contiguous().clone() for key, tensor in model.state_dict().items()},
              os.path.join(place, "model.safetensors"))
    whole = StableAudioModel(model, config, "cpu", False)
    whole.model.use_lora = False
    return whole, state + of_text, tokens, text


def run_single(whole, case):
    steps, noises = [], Noises(case["name"])
    more = dict(sampler_type="euler") if case.get("straight") else {}
    audio = (RATE, torch.tensor(sound(int(case["seconds"] * RATE))))
    if "strength" in case:
        more.update(init_audio=audio, init_noise_level=case["strength"])
    if "gap" in case:
        more.update(inpaint_audio=audio, inpaint_mask_start_seconds=case["gap"][0],
                    inpaint_mask_end_seconds=case["gap"][1])
    if "guidance" in case:
        more.update(cfg_scale=case["guidance"], negative_prompt=PROMPTS[case["negative"]])

    kept, kept_like = torch.randn, torch.randn_like
    torch.randn = lambda shape, **_: noises.next(shape)
    torch.randn_like = lambda x: noises.next(x.shape)
    settings = dict(prompt=PROMPTS[case["prompt"]], duration=case["seconds"], steps=case.get("steps", 8),
                    seed=1, duration_padding_sec=case.get("headroom", 0.02), **more)
    out = whole.generate(callback=lambda it: steps.append(it["denoised"][0].numpy().copy()), **settings)
    torch.randn, torch.randn_like = kept, kept_like
    return noises.given, np.stack(steps), out[0].numpy()


def collect(cases, run, hidden, codec):
    arrays, said = {}, []
    for text in PROMPTS:
        ids, states = hidden(text)
        arrays[f"ids {text}"], arrays[f"hidden {text}"] = ids.int(), states.contiguous()
    for n in [1, 700, 1500]:
        latents, out = codec(sound(n))
        arrays[f"latents {n}"], arrays[f"decoded {n}"] = (torch.tensor(it).contiguous() for it in (latents, out))
    for case in cases:
        noises, steps, out = run(case)
        name = case["name"]
        arrays[f"steps {name}"], arrays[f"sound {name}"] = (torch.tensor(it).contiguous() for it in (steps, out))
        said.append(dict(case, n_noises=len(noises)))
        print(name, "noises", len(noises), "steps", steps.shape, "peak", float(np.abs(steps).max()),
              "sound", out.shape, "peak", float(np.abs(out).max()))
    return arrays, said


def write(args, name, config, state, arrays, cases):
    if args.vectors:
        os.makedirs(args.vectors, exist_ok=True)
        meta = json.dumps(dict(state=state, cases=cases, prompts=PROMPTS))
        save_file(arrays, os.path.join(args.vectors, f"{name}.safetensors"), metadata={"meta": meta})
        with open(os.path.join(args.vectors, f"{name}.json"), "w") as file:
            json.dump(config, file)


def write_cases(place, cases, run):
    # That nothing is put anew between steps is not asked for by command, but a setting of the folder.
    cases = [case for case in cases if not case.get("straight")]
    for case in cases:
        noises, _, out = run(case)
        stem = os.path.join(place, case["name"].replace(" ", "_"))
        np.save(stem + ".noise.npy", np.stack(noises))
        np.save(stem + ".sound.npy", out)
        if "strength" in case or "gap" in case:
            np.save(stem + ".given.npy", sound(int(case["seconds"] * RATE)))
    with open(os.path.join(place, "cases.json"), "w") as file:
        json.dump([dict(case, prompt=PROMPTS[case["prompt"]],
                        negative=PROMPTS[case["negative"]] if "negative" in case else None) for case in cases], file)


def read_json(*parts):
    with open(os.path.join(*parts)) as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors")
    parser.add_argument("--folders", required=True)
    parser.add_argument("--original")
    args = parser.parse_args()
    torch.set_num_threads(1)

    pipe, state = folders()
    place = os.path.join(args.folders, "stable_audio_folders")
    shutil.rmtree(place, ignore_errors=True)
    pipe.save_pretrained(place)
    # Only this kind of folder can be told from others by what is in it.
    parts = ["transformer", "vae", "duration_embedder", "text_encoder"]
    config = {part: read_json(place, part, "config.json") for part in parts}
    config["scheduler"] = read_json(place, "scheduler", "scheduler_config.json")
    config["model_index"] = read_json(place, "model_index.json")

    def codec(x):
        with torch.no_grad():
            latents = pipe.vae.encode(torch.tensor(x)[None]).latents
            return latents[0].numpy(), pipe.vae.decode(latents).sample[0].numpy()

    hidden = lambda text: hidden_of(pipe.tokenizer, pipe.text_encoder, PROMPTS[text])
    arrays, said = collect(CASES, lambda case: run_folders(pipe, case), hidden, codec)
    write(args, "folders", config, state, arrays, said)
    write_cases(place, CASES, lambda case: run_folders(pipe, case))

    if args.original:
        place = os.path.join(args.folders, "stable_audio_single")
        shutil.rmtree(place, ignore_errors=True)
        os.makedirs(place)
        whole, state, tokens, text = single(args.original, place)
        cases = [dict(case, headroom=0.02) for case in CASES]

        def codec(x):
            same = whole.model.pretransform
            pad = -x.shape[1] % 32
            with torch.no_grad():
                latents = same.encode(torch.tensor(np.pad(x, ((0, 0), (0, pad))))[None])
                return latents[0].numpy(), same.decode(latents)[0].numpy()

        hidden = lambda prompt: hidden_of(tokens, text, PROMPTS[prompt], 64)
        arrays, said = collect(cases, lambda case: run_single(whole, case), hidden, codec)
        config = dict(model_config=SINGLE, text_encoder=read_json(place, "t5gemma-b-b-ul2", "config.json"))
        write(args, "single", config, state, arrays, said)
        # By command, as much is made and cut off as the original program does by default.
        cases = [dict(case, headroom=6.0) for case in CASES]
        write_cases(place, cases, lambda case: run_single(whole, case))


if __name__ == "__main__":
    main()
