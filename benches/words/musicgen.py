#!/usr/bin/env python3
"""Makes tiny T5 and MusicGen models with transformers: folders as a model hub has them, and what each computes.

Usage: python musicgen.py [--vectors FOLDER] [--folders FOLDER]

--vectors writes the files of crates/models/vectors/musicgen, --folders each model as a whole folder, with cases.json
and what generating gives (CASE.codes.npy, CASE.sound.npy), for `compare_musicgen.py`. Weights follow the formulas of
`reference.py` and those of `weights_of`; none are stored with the vectors. The tokenizer is that of `tokenizer.py`.

Made with transformers 5.24.0 and torch 2.15.0 on a CPU; both are called, nothing of them is copied. The extractor of
melodies needs torchaudio.
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
from tokenizers import Tokenizer
from transformers import (EncodecConfig, MusicgenConfig, MusicgenDecoderConfig, MusicgenForConditionalGeneration,
                          MusicgenMelodyConfig, MusicgenMelodyDecoderConfig, MusicgenMelodyFeatureExtractor,
                          MusicgenMelodyForConditionalGeneration, T5Config, T5EncoderModel)

from reference import sound, spelt, u, value_of

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENIZER = os.path.join(HERE, "../../crates/models/vectors/tokenizers/unigram/tokenizer.json")

T5 = dict(vocab_size=192, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, num_decoder_layers=1,
          relative_attention_max_distance=20, relative_attention_num_buckets=16)
CODEC = dict(num_filters=4, hidden_size=8, upsampling_ratios=[8, 5, 4, 4], codebook_size=1024, sampling_rate=32_000,
             target_bandwidths=[2.2], use_causal_conv=False, use_conv_shortcut=False, num_residual_layers=1)
DECODER = dict(vocab_size=1024, num_hidden_layers=3, ffn_dim=96, num_attention_heads=4, hidden_size=64,
               max_position_embeddings=64, num_codebooks=4, pad_token_id=1024, bos_token_id=1024)
MODELS = {
    "musicgen": {},
    "musicgen_stereo": dict(num_codebooks=8, audio_channels=2),
    "musicgen_melody": {},
}
CHROMA_LENGTH = 11
PROMPTS = ["a slow piano ballad with warm strings", "rain"]
# Samples of the sound that is continued: a frame has 640.
CONTINUED = 3500
NEW_TOKENS = 20


def weights_of(name, shape):
    """The values of a tensor, by its name."""
    if name.startswith("audio_encoder."):
        return value_of(name, shape)
    draws = u(name, int(np.prod(shape))).reshape(shape)
    if name.endswith("norm.weight"):
        return 0.8 + 0.4 * draws
    if name.endswith(".bias"):
        return 0.2 * draws - 0.1
    if "embed_tokens" in name or name.endswith("shared.weight"):
        return 3 * draws - 1.5
    if name.endswith("relative_attention_bias.weight"):
        return 2 * draws - 1
    scale = 0.5 if name.endswith("SelfAttention.q.weight") else 1.0
    return scale * (2 * draws - 1) * math.sqrt(3 / np.prod(shape[1:]))


def filled(model):
    state = model.state_dict()
    shared = {}
    for name, tensor in state.items():
        # Tensors that stand under two names have the values of the first.
        named = shared.setdefault(tensor.data_ptr(), spelt(name))
        values = weights_of(named, tuple(tensor.shape))
        state[name] = torch.tensor(values, dtype=torch.float32).reshape(tensor.shape)
    model.load_state_dict(state)
    return model.eval()


def stored(model):
    """Names as files have them."""
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for double in ["text_encoder.encoder.embed_tokens.weight", "encoder.embed_tokens.weight"]:
        if double in state:
            del state[double]
    return {name: tensor for name, tensor in state.items() if "embed_positions" not in name}


def built(name):
    text, codec = T5Config(**T5), EncodecConfig(**CODEC)
    codec_dict, text_dict = codec.to_dict(), text.to_dict()
    if name == "musicgen_melody":
        decoder = MusicgenMelodyDecoderConfig(**DECODER)
        config = MusicgenMelodyConfig(text_encoder=text_dict, audio_encoder=codec_dict, decoder=decoder.to_dict(),
                                      chroma_length=CHROMA_LENGTH)
        model = MusicgenMelodyForConditionalGeneration(config)
    else:
        decoder = MusicgenDecoderConfig(**{**DECODER, **MODELS[name]})
        config = MusicgenConfig(text_encoder=text_dict, audio_encoder=codec_dict, decoder=decoder.to_dict())
        model = MusicgenForConditionalGeneration(config)
    filled(model)
    model.generation_config.update(pad_token_id=1024, bos_token_id=1024, decoder_start_token_id=1024,
                                   do_sample=True, guidance_scale=3.0, max_length=1500)
    return model


def generated(model, ids, guidance, n_new, **more):
    """Codes [books, frames] and sound [channels, samples] of the likeliest tokens."""
    codes = []
    decode = model.audio_encoder.decode

    def watched(given, *rest, **named):
        codes.append(given[0, 0])
        return decode(given, *rest, **named)

    model.audio_encoder.decode = watched
    with torch.no_grad():
        ids = torch.tensor([ids])
        out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False,
                             guidance_scale=guidance, max_new_tokens=n_new, **more)
    model.audio_encoder.decode = decode
    codes = torch.stack(codes, 1).flatten(0, 1) if len(codes) == 2 else codes[0]
    return codes.numpy().astype(np.int64), out[0].numpy()


def features_of(x, **settings):
    """The melody of a sound [channels, samples], as the extractor has it."""
    extractor = MusicgenMelodyFeatureExtractor(**settings)
    return extractor(x.mean(0), sampling_rate=32_000, return_tensors="pt")["input_features"]


def melody(n):
    """A triangle whose period changes every 6000 samples."""
    t = np.arange(n)
    period = np.array([194, 154, 130, 242, 102])[t // 6000 % 5]
    return (np.abs(4 * (t % period) - 2 * period) / period - 1).astype(np.float32)[None]


def cases_of(name, model):
    """Name, number of the prompt, guidance, samples of the sound that is given, codes, sound."""
    tokenizer = Tokenizer.from_file(TOKENIZER)
    ids = [tokenizer.encode(prompt).ids for prompt in PROMPTS]
    channels = model.config.decoder.audio_channels
    yield "guided", 0, 3.0, 0, *generated(model, ids[0], 3.0, NEW_TOKENS)
    yield "short", 1, 3.0, 0, *generated(model, ids[1], 3.0, NEW_TOKENS)
    yield "unguided", 0, 1.0, 0, *generated(model, ids[0], 1.0, NEW_TOKENS)
    if name == "musicgen_melody":
        for case, n in [("melody", 20_000), ("long_melody", 60_000)]:
            given = features_of(melody(n))
            yield case, 0, 3.0, n, *generated(model, ids[0], 3.0, NEW_TOKENS, input_features=given)
    else:
        given = torch.tensor(sound(channels, CONTINUED))[None]
        yield "continued", 0, 3.0, CONTINUED, *generated(model, ids[0], 3.0, NEW_TOKENS, input_values=given)


def forced_logits(model, ids):
    """Logits of the third frame of codes by formula, books x codes."""
    books = model.config.decoder.num_codebooks
    codes = torch.tensor((u("codes", books * 3) * 1024).astype(np.int64)).reshape(books, 3)
    with torch.no_grad():
        ids = torch.tensor([ids])
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), decoder_input_ids=codes).logits
    return logits[:, -1]


def state_of(model):
    return [[spelt(name), list(tensor.shape)] for name, tensor in stored(model).items()]


def write_config(folder, name, model):
    with open(os.path.join(folder, f"{name}.json"), "w") as file:
        file.write(json.dumps(model.config.to_dict(), default=str))


def write_vectors(folder):
    os.makedirs(folder, exist_ok=True)
    for form in ["relu", "gated-gelu"]:
        name = "t5_" + form.replace("-", "_")
        model = filled(T5EncoderModel(T5Config(**T5, feed_forward_proj=form)))
        ids = (u("ids", 30) * 192).astype(np.int64)
        with torch.no_grad():
            hidden = model(input_ids=torch.tensor(ids)[None]).last_hidden_state[0]
        meta = json.dumps(dict(state=state_of(model), ids=ids.tolist()))
        save_file({"hidden": hidden.contiguous()}, os.path.join(folder, f"{name}.safetensors"), metadata={"meta": meta})
        write_config(folder, name, model)
    for name in MODELS:
        model = built(name)
        tokenizer = Tokenizer.from_file(TOKENIZER)
        ids = tokenizer.encode(PROMPTS[0]).ids
        with torch.no_grad():
            hidden = model.text_encoder(input_ids=torch.tensor([ids])).last_hidden_state[0]
        arrays = {"hidden": hidden.contiguous(), "logits": forced_logits(model, ids).contiguous()}
        cases = []
        for case, prompt, guidance, n_given, codes, out in cases_of(name, model):
            print(name, case, "codes", codes.shape, "different", len(np.unique(codes)), "sound", out.shape,
                  "peak", float(np.abs(out).max()))
            cases.append([case, PROMPTS[prompt], guidance, n_given])
            arrays[f"{case} codes"] = torch.tensor(codes.astype(np.int32))
            if case in ["continued", "melody"]:
                arrays[f"{case} sound"] = torch.tensor(out.copy())
        if name == "musicgen_melody":
            for n in [20_000, 60_000]:
                features = features_of(melody(n))[0]
                arrays[f"melody {n}"] = features.argmax(-1).to(torch.int32)
        meta = json.dumps(dict(state=state_of(model), cases=cases))
        save_file(arrays, os.path.join(folder, f"{name}.safetensors"), metadata={"meta": meta})
        write_config(folder, name, model)


def write_folders(folder):
    for name in MODELS:
        model = built(name)
        place = os.path.join(folder, name)
        shutil.rmtree(place, ignore_errors=True)

        def write(place, model):
            shutil.copy(TOKENIZER, place)
            with open(os.path.join(place, "README.md"), "w") as file:
                file.write("---\nlicense: cc-by-nc-4.0\n---\n# A tiny model of random weights\n")
            if name == "musicgen_melody":
                MusicgenMelodyFeatureExtractor().save_pretrained(place)
            cases = []
            for case, prompt, guidance, n_given, codes, out in cases_of(name, model):
                cases.append(dict(name=case, prompt=PROMPTS[prompt], guidance=guidance, n_given=n_given))
                np.save(os.path.join(place, f"{case}.codes.npy"), codes)
                np.save(os.path.join(place, f"{case}.sound.npy"), out)
                if n_given:
                    given = melody(n_given) if "melody" in case else sound(out.shape[0], n_given)
                    np.save(os.path.join(place, f"{case}.given.npy"), given)
            with open(os.path.join(place, "cases.json"), "w") as file:
                json.dump(cases, file)

        model.save_pretrained(place)
        write(place, model)
        print(place)
        if name == "musicgen_stereo":
            other = place + "_sharded_float16"
            shutil.rmtree(other, ignore_errors=True)
            whole = {key: tensor.clone() for key, tensor in model.state_dict().items()}
            model.half().save_pretrained(other, max_shard_size="400KB")
            rounded = {key: tensor.float() for key, tensor in model.state_dict().items()}
            model.float().load_state_dict(rounded)
            write(other, model)
            model.load_state_dict(whole)
        if name == "musicgen":
            other = place + "_old_names_bin"
            shutil.copytree(place, other, dirs_exist_ok=True)
            os.remove(os.path.join(other, "model.safetensors"))
            state = {spelt(key): value for key, value in load_file(os.path.join(place, "model.safetensors")).items()}
            # Files of former versions have more than is needed.
            state["decoder.model.decoder.embed_positions.weights"] = torch.zeros(64, 64)
            torch.save(state, os.path.join(other, "pytorch_model.bin"))
            os.remove(os.path.join(other, "tokenizer.json"))
            shutil.copy(os.path.join(os.path.dirname(TOKENIZER), "spiece.model"), other)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors")
    parser.add_argument("--folders")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.vectors:
        write_vectors(args.vectors)
    if args.folders:
        write_folders(args.folders)


if __name__ == "__main__":
    main()
