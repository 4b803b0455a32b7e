#!/usr/bin/env python3
"""Makes tiny AudioLDM and CLAP models with diffusers and transformers: folders as a model hub has them, and what each
computes.

Usage: python reference_ldm.py [--vectors FOLDER] [--folders FOLDER]

--vectors writes crates/models/vectors/audio_ldm and crates/models/vectors/clap: the settings of each part as they are
in a folder (NAME.json, NAME.tokenizer.json) and NAME.safetensors (outputs; names and shapes of the state as metadata).
--folders writes whole folders in the layout of a hub (audioldm_tiny, clap_htsat_unfused_tiny), with what they compute
beside (*.npy, reference.json), to try the commands on.

No weights are stored with the vectors: they follow from their names, by `value_of`, over the numbers u(name, i) of
crates/models/vectors/README.md.

Made with diffusers 0.42.1, transformers 5.24.0 and torch 2.15.0 on a CPU; they are called, nothing of them is copied.
"""

import argparse
import json
import math
import os
import shutil

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from diffusers import AudioLDMPipeline, AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from tokenizers import ByteLevelBPETokenizer
from tokenizers.processors import RobertaProcessing
from transformers import (ClapConfig, ClapFeatureExtractor, ClapModel, ClapTextConfig, ClapTextModelWithProjection,
                          PreTrainedTokenizerFast, SpeechT5HifiGan, SpeechT5HifiGanConfig)

WORDS = ("the sound of rain on a tin roof . a dog barks in a street ; a deep slow drum , a bright bell . music with "
         "guitar and piano . wind , birds , water . a person speaks far away . techno beat with heavy bass . low "
         "quality noise . it's a cat's purring at 120 bpm . café , naïve , 音 , 🎵 ! ") * 3
PROMPTS = ["A dog barks in the rain.", "heavy bass, café 🎵 techno at 120 bpm", ""]
NEGATIVE = "low quality noise"
STEPS, GUIDANCE = 5, 2.5

TEXT = dict(vocab_size=400, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
            max_position_embeddings=66, projection_dim=24)
UNET = dict(sample_size=32, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=(16, 24, 32),
            norm_num_groups=8, attention_head_dim=4, cross_attention_dim=(16, 24, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            class_embed_type="simple_projection", projection_class_embeddings_input_dim=24,
            class_embeddings_concat=True)
VAE = dict(block_out_channels=(8, 16, 16), in_channels=1, out_channels=1, latent_channels=4, layers_per_block=1,
           norm_num_groups=8, down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
           scaling_factor=0.92)
VOCODER = dict(model_in_dim=16, sampling_rate=16_000, upsample_initial_channel=32, upsample_rates=[5, 4, 2],
               upsample_kernel_sizes=[16, 8, 4], resblock_kernel_sizes=[3, 7],
               resblock_dilation_sizes=[[1, 3, 5], [1, 3, 5]], normalize_before=False)
SCHEDULER = dict(beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False,
                 set_alpha_to_one=False, steps_offset=1)
AUDIO = dict(patch_embeds_hidden_size=16, depths=(2, 2, 2), num_attention_heads=(2, 4, 4), hidden_size=64,
             projection_dim=24)
# A model whose sounds have a second, and one that hears as many seconds as those of the hub.
AUDIO_SMALL = dict(AUDIO, spec_size=64, num_mel_bins=16, window_size=4)
AUDIO_WHOLE = dict(AUDIO, spec_size=256, num_mel_bins=64, window_size=8)
MASK = (1 << 64) - 1


def u(name, n):
    """The sequence of numbers in [0, 1) of a name."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((z ^ (z >> np.uint64(31))) >> np.uint64(40)).astype(np.float64) / (1 << 24)


def value_of(name, shape):
    """The values of a tensor, by its name and shape."""
    draws = u(name, int(np.prod(shape))).reshape(shape)
    if name.endswith("batch_norm.running_mean"):
        return 10 * draws - 20
    if name.endswith("batch_norm.running_var"):
        return 100 + 100 * draws
    if name.endswith(("weight_g", "original0")):
        return 1 + draws
    if name.endswith("relative_position_bias_table"):
        return 2 * draws - 1
    if len(shape) >= 2:
        return (2 * draws - 1) * math.sqrt(3 / np.prod(shape[1:]))
    if name.endswith(("weight", "scale")):
        return 0.8 + 0.4 * draws
    return 0.2 * draws - 0.1


# Tensors that are no weights: positions, counters and indices.
KEPT = ("position_ids", "token_type_ids", "relative_position_index", "num_batches_tracked", "logit_scale_a",
        "logit_scale_t")


def with_values(model, prefix=""):
    """Gives a model its weights, named under a prefix."""
    state = model.state_dict()
    for name, tensor in state.items():
        if not name.endswith(KEPT):
            values = value_of(prefix + name, tuple(tensor.shape))
            state[name] = torch.tensor(values, dtype=torch.float32).reshape(tensor.shape)
    model.load_state_dict(state)
    return model.eval()


def tokenizer():
    trained = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator([WORDS], vocab_size=TEXT["vocab_size"], min_frequency=1, special_tokens=special)
    core = trained._tokenizer
    core.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", pad_token="<pad>", eos_token="</s>",
                                   unk_token="<unk>", mask_token="<mask>", sep_token="</s>", cls_token="<s>",
                                   model_max_length=TEXT["max_position_embeddings"] - 2)


def sound(n):
    """Noise and a triangle."""
    p = np.arange(n) % 97
    return (0.25 * (2 * u("x", n) - 1) + 0.5 * (97 - np.abs(4 * p - 194)) / 97).astype(np.float32)


def noise(name, shape):
    """Numbers that are nearly normal: sums of twelve uniform ones."""
    n = int(np.prod(shape))
    return (u(name, 12 * n).reshape(n, 12).sum(1) - 6).reshape(shape).astype(np.float32)


def pipeline(words):
    text = with_values(ClapTextModelWithProjection(ClapTextConfig(**TEXT)), "text_encoder.")
    vocoder = SpeechT5HifiGan(SpeechT5HifiGanConfig(**VOCODER))
    return AudioLDMPipeline(vae=with_values(AutoencoderKL(**VAE), "vae."), text_encoder=text, tokenizer=words,
                            unet=with_values(UNet2DConditionModel(**UNET), "unet."),
                            scheduler=DDIMScheduler(**SCHEDULER), vocoder=with_values(vocoder, "vocoder."))


def generated(pipe, prompt, negative, secs, guidance, steps=STEPS):
    """Initial noise, what is left after each step, the spectrogram and the sound."""
    hop = int(np.prod(VOCODER["upsample_rates"]))
    scale = 2 ** (len(VAE["block_out_channels"]) - 1)
    height = math.ceil(int(secs * VOCODER["sampling_rate"] / hop) / scale)
    start = noise("noise", (1, VAE["latent_channels"], height, VOCODER["model_in_dim"] // scale))
    kept, mels = [], []
    handle = pipe.vae.decoder.register_forward_hook(lambda _module, _inputs, out: mels.append(out[0, 0].numpy().copy()))
    sound = pipe(prompt, audio_length_in_s=secs, num_inference_steps=steps, guidance_scale=guidance,
                 negative_prompt=negative, latents=torch.tensor(start),
                 callback=lambda _i, _t, latents: kept.append(latents[0].numpy().copy())).audios
    handle.remove()
    return start[0], np.stack(kept), mels[0], sound


def text_embedding(pipe, prompt):
    ids = pipe.tokenizer(prompt, truncation=True, return_tensors="pt")
    with torch.no_grad():
        out = pipe.text_encoder(ids.input_ids, attention_mask=ids.attention_mask)
    return ids.input_ids[0].numpy().astype(np.int32), out.text_embeds[0].numpy()


def listed(model, prefix=""):
    return [[prefix + name, list(tensor.shape)] for name, tensor in model.state_dict().items()
            if not name.endswith(KEPT)]


def saved(path, arrays, meta):
    tensors = {name: torch.tensor(np.ascontiguousarray(array)) for name, array in arrays.items()}
    save_file(tensors, path, metadata={"meta": json.dumps(meta)})


def ldm_vectors(folder, pipe):
    os.makedirs(folder, exist_ok=True)
    arrays, cases = {}, []
    for i, prompt in enumerate(PROMPTS):
        arrays[f"ids {i}"], arrays[f"text {i}"] = text_embedding(pipe, prompt)
    # Of whole and of odd numbers of rows at every depth; with guidance and without.
    for i, (secs, guidance) in enumerate([(0.16, GUIDANCE), (0.131, GUIDANCE), (0.07, 1.0)]):
        start, kept, mel, out = generated(pipe, PROMPTS[0], NEGATIVE, secs, guidance)
        cases.append([secs, guidance])
        arrays |= {f"noise {i}": start, f"steps {i}": kept, f"mel {i}": mel, f"sound {i}": out}
        print("audio_ldm", secs, kept.shape, mel.shape, out.shape, [float(np.abs(it).max()) for it in (kept, mel, out)])
    with torch.no_grad():
        mel = torch.tensor(arrays["mel 0"])[None, None]
        arrays["encoded"] = pipe.vae.encode(mel).latent_dist.mean[0].numpy()
    parts = {"text_encoder": pipe.text_encoder, "unet": pipe.unet, "vae": pipe.vae, "vocoder": pipe.vocoder}
    state = {name: listed(part) for name, part in parts.items()}
    meta = dict(state=state, cases=cases, prompts=PROMPTS, negative=NEGATIVE, steps=STEPS)
    saved(os.path.join(folder, "tiny.safetensors"), arrays, meta)
    with open(os.path.join(folder, "tiny.json"), "w") as file:
        json.dump({"model_index": {"_class_name": "AudioLDMPipeline"}, "scheduler": dict(pipe.scheduler.config),
                   "unet": dict(pipe.unet.config), "vae": dict(pipe.vae.config),
                   "vocoder": pipe.vocoder.config.to_diff_dict(),
                   "text_encoder": pipe.text_encoder.config.to_diff_dict()}, file, indent=1, default=str)


def clap(audio, secs, rate_hz):
    config = ClapConfig(text_config=TEXT, audio_config=audio, projection_dim=TEXT["projection_dim"])
    extractor = ClapFeatureExtractor(feature_size=audio["num_mel_bins"], max_length_s=secs, truncation="rand_trunc",
                                     padding="repeatpad", sampling_rate=rate_hz, frequency_min=50,
                                     frequency_max=min(14_000, rate_hz // 2), hop_length=480 * rate_hz // 48_000)
    return with_values(ClapModel(config)), extractor


def heard(model, extractor, x):
    """Features [frames, bins], hidden states of each stage [rows, columns, channels], embedding."""
    features = extractor(x, sampling_rate=extractor.sampling_rate, return_tensors="pt").input_features.float()
    with torch.no_grad():
        out = model.audio_model(features, output_hidden_states=True)
        embedding = model.audio_projection(out.pooler_output)
    hidden = [it[0].permute(1, 2, 0).numpy().copy() for it in out.hidden_states]
    return features[0, 0].numpy(), hidden, embedding[0].numpy()


def read(model, words, prompt):
    ids = words(prompt, truncation=True, return_tensors="pt")
    with torch.no_grad():
        out = model.text_model(ids.input_ids, attention_mask=ids.attention_mask, output_hidden_states=True)
        embedding = model.text_projection(out.pooler_output)
    return ids.input_ids[0].numpy().astype(np.int32), [it[0].numpy() for it in out.hidden_states], embedding[0].numpy()


def clap_vectors(folder, words):
    os.makedirs(folder, exist_ok=True)
    rate_hz = 16_000
    model, extractor = clap(AUDIO_SMALL, 1, rate_hz)
    arrays = {}
    for i, prompt in enumerate(PROMPTS):
        arrays[f"ids {i}"], hidden, arrays[f"text {i}"] = read(model, words, prompt)
        arrays[f"text {i} last"] = hidden[-1]
    lengths = [rate_hz, 3_000, rate_hz // 2 + 1]
    for n in lengths:
        arrays[f"features {n}"], hidden, arrays[f"sound {n}"] = heard(model, extractor, sound(n))
        arrays[f"sound {n} last"] = hidden[-1]
        print("clap", n, arrays[f"features {n}"].shape, [it.shape for it in hidden], arrays[f"sound {n}"][:4])
    saved(os.path.join(folder, "tiny.safetensors"), arrays, dict(state=listed(model), prompts=PROMPTS, lengths=lengths))
    with open(os.path.join(folder, "tiny.json"), "w") as file:
        json.dump({"config": model.config.to_diff_dict(), "preprocessor": extractor.to_dict()}, file, indent=1,
                  default=str)


def write_arrays(folder, **arrays):
    for name, array in arrays.items():
        np.save(os.path.join(folder, f"{name}.npy"), array)


def write_about(folder, **about):
    with open(os.path.join(folder, "reference.json"), "w") as file:
        json.dump(about, file, indent=1)
    with open(os.path.join(folder, "README.md"), "w") as file:
        file.write("---\nlicense: cc-by-nc-sa-4.0\n---\n# A tiny model of random weights\n")


def ldm_folder(folder, pipe):
    place = os.path.join(folder, "audioldm_tiny")
    shutil.rmtree(place, ignore_errors=True)
    pipe.save_pretrained(place)
    secs = 1.0
    start, kept, mel, out = generated(pipe, PROMPTS[0], NEGATIVE, secs, GUIDANCE)
    write_arrays(place, noise=start[None], steps=kept, mel=mel, sound=out, text=text_embedding(pipe, PROMPTS[0])[1])
    write_about(place, prompt=PROMPTS[0], negative=NEGATIVE, seconds=secs, steps=STEPS, guidance=GUIDANCE)
    # As older programs wrote it: archives of PyTorch, weights under normalisation, older names inside.
    older = place + "_older"
    shutil.rmtree(older, ignore_errors=True)
    shutil.copytree(place, older)
    names = [("to_q.", "query."), ("to_k.", "key."), ("to_v.", "value."), ("to_out.0.", "proj_attn.")]
    for part in ["unet", "vae", "vocoder", "text_encoder"]:
        file = next(it for it in os.listdir(os.path.join(older, part)) if it.endswith(".safetensors"))
        state = load_file(os.path.join(older, part, file))
        if part == "vae":
            for new, old in names:
                state = {key.replace(f"attentions.0.{new}", f"attentions.0.{old}"): it for key, it in state.items()}
        os.remove(os.path.join(older, part, file))
        torch.save(state, os.path.join(older, part, file.replace("model.safetensors", "pytorch_model.bin")
                                       if part in ("vocoder", "text_encoder") else file.replace("safetensors", "bin")))


def clap_folder(folder, words):
    place = os.path.join(folder, "clap_htsat_unfused_tiny")
    shutil.rmtree(place, ignore_errors=True)
    model, extractor = clap(AUDIO_WHOLE, 10, 48_000)
    model.save_pretrained(place)
    extractor.save_pretrained(place)
    words.save_pretrained(place)
    arrays = {}
    for i, prompt in enumerate(PROMPTS):
        _, hidden, arrays[f"text_{i}"] = read(model, words, prompt)
        arrays[f"text_{i}_hidden"] = np.stack(hidden)
    for secs in (10, 3):
        x = sound(secs * 48_000)
        features, hidden, arrays[f"embedding_{secs}"] = heard(model, extractor, x)
        arrays |= {f"sound_{secs}": x[None], f"features_{secs}": features}
        arrays |= {f"stage_{secs}_{i}": it for i, it in enumerate(hidden)}
    write_arrays(place, **arrays)
    write_about(place, prompts=PROMPTS)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors")
    parser.add_argument("--folders")
    args = parser.parse_args()
    torch.set_num_threads(1)
    words = tokenizer()
    pipe = pipeline(words)
    pipe.set_progress_bar_config(disable=True)
    if args.vectors:
        os.makedirs(os.path.join(args.vectors, "clap"), exist_ok=True)
        words.backend_tokenizer.save(os.path.join(args.vectors, "clap", "tokenizer.json"), False)
        ldm_vectors(os.path.join(args.vectors, "audio_ldm"), pipe)
        clap_vectors(os.path.join(args.vectors, "clap"), words)
    if args.folders:
        ldm_folder(args.folders, pipe)
        clap_folder(args.folders, words)


if __name__ == "__main__":
    main()
