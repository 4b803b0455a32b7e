#!/usr/bin/env python3
"""Writes the reference vectors beside this file, by running the original RAVE program.

Usage: python generate.py [--out FOLDER] [NAME ...]      (no name: all of them)

Nothing of the original program is copied here: its installed classes are built through its own
configuration files and called. See README.md for the versions and for how to read the files.

No weights are stored. Weights, inputs and random numbers follow formulas that any language can
repeat exactly:

* u(name, i): FNV-1a (64 bits) of the UTF-8 name seeds a splitmix64 stream; its value number i
  (counted from 0) divided into [0, 1) by its 24 highest bits.
* inputs: x[b, c, t] = 0.25 (2 u("x", flat index) - 1) + 0.5 tri(t (b+1) (c+1)), where tri is a
  triangle of period 97 that starts at -1: with p = n mod 97, tri(n) = (97 - |4 p - 194|) / 97.
  Computed in double precision, then rounded to single.
* parameters: by the rules in `formula` below, with u(the parameter's name in the state dict, i).
* random numbers: inside section S, the call number k (from 0) for random numbers is answered with
  u("draw S k", i) if it asks for uniform ones and sqrt(3) (2 u - 1) if for normal ones, floor(n u)
  for integers below n, and the order of ascending u for a permutation.
* a fingerprint of an array is its mean, its mean magnitude, and its dot product with
  2 u("probe NAME", i) - 1, in double precision over all values in row-major order.
"""

import json
import math
import os
import subprocess
import sys
import traceback

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
N_SAMPLES = 32768
SMALL = ["CAPACITY=4", "LATENT_SIZE=16"]
# What BRAVE (Caspe et al., 2025) changes in the first version, besides its capacity.
BRAVE = ["RATIOS=[2, 2, 2, 1]", "blocks.Generator.use_noise=False",
         "blocks.ResidualStack.dilations_list=[[3, 1], [9, 1], [27, 1], [36, 1]]",
         "pqmf.CachedPQMF.attenuation=40"]


def case(files, overrides=SMALL, channels=1, blocks=(2048,), samples=N_SAMPLES, crop=False,
         quantise=False):
    return dict(files=files, overrides=list(overrides), channels=channels, blocks=blocks,
                samples=samples, crop=crop, quantise=quantise)


CASES = {
    "v1": case(["v1"]),
    "v2": case(["v2"]),
    "v2_small": case(["v2_small"], blocks=(2048, 4096)),
    "v3": case(["v3"]),
    "discrete": case(["discrete"]),
    "discrete_rvq": case(["discrete"], quantise=True),
    "v1_causal": case(["v1", "causal"]),
    "brave": case(["v1", "causal"], SMALL + BRAVE),
    "v2_small_causal": case(["v2_small", "causal"]),
    "v2_small_crop": case(["v2_small"], samples=65536, crop=True, blocks=()),
    "v2_small_stereo": case(["v2_small"], channels=2),
    "v2_nopqmf": case(["v2_nopqmf"]),
    "discrete_v3": case(["discrete_v3"]),
    "onnx": case(["onnx"]),
    "raspberry": case(["raspberry"]),
    "v2_causal": case(["v2", "causal"]),
    "v2_noise": case(["v2", "noise"]),
    "v2_wasserstein": case(["v2", "wasserstein"]),
    "v2_spherical": case(["v2", "spherical"]),
    "v2_adain": case(["v2", "adain"]),
    "v2_snake": case(["v2", "snake"]),
    "v2_descript_discriminator": case(["v2", "descript_discriminator"]),
    "v2_spectral_discriminator": case(["v2", "spectral_discriminator"]),
    "hybrid": case(["hybrid"]),
}

# ---------------------------------------------------------------- the formulas

MASK = (1 << 64) - 1


def fnv1a(name):
    value = 0xCBF29CE484222325
    for byte in name.encode("utf-8"):
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def u(name, count):
    """The first `count` values of u(name, .), as float64."""
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64(fnv1a(name))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) / float(1 << 24)


def signed(name, count):
    return 2 * u(name, count) - 1


def sound(channels, samples):
    shape = (2, channels, samples)
    noise = signed("x", int(np.prod(shape))).reshape(shape)
    b = np.arange(1, 3).reshape(2, 1, 1)
    c = np.arange(1, channels + 1).reshape(1, channels, 1)
    p = (np.arange(samples).reshape(1, 1, samples) * b * c) % 97
    tri = (97 - np.abs(4 * p - 194)) / 97
    return (0.25 * noise + 0.5 * tri).astype(np.float32)


def formula(name, shape, fixed):
    """The rule for an entry of the state dict, and its values as float64 (None: the program's)."""
    count = int(np.prod(shape)) if len(shape) else 1
    last = name.split(".")[-1]
    gru = last.startswith(("weight_ih_l", "weight_hh_l"))
    if fixed or name.startswith(("pqmf.", "spectrogram.")):
        return "kept", None
    if last == "weight_v" or gru or (last == "weight" and len(shape) >= 2):
        fan_in = int(np.prod(shape[1:]))
        return "weight", signed(name, count) * math.sqrt(3 / fan_in)
    if last == "weight_g":
        return "norm", None
    if last == "bias" or last.startswith("bias_"):
        return "bias", 0.2 * u(name, count) - 0.1
    if last in ("weight", "running_var"):
        return "scale", 0.8 + 0.4 * u(name, count)
    if last == "running_mean":
        return "bias", 0.2 * u(name, count) - 0.1
    if last == "alpha":
        return "alpha", 0.5 + u(name, count)
    if last in ("embed", "embed_avg"):
        return "signed", signed(name, count)
    if last == "cluster_size":
        return "size", 1 + u(name, count)
    if last == "inited":
        return "one", np.ones(count)
    return "signed", signed(name, count)


# ---------------------------------------------------------------- random numbers of known value

class Draws:
    """Stands in for the random functions of the tensor library, and remembers each call."""

    def __init__(self, torch):
        self.torch = torch
        self.section = None
        self.record = {}
        self.kept = {name: getattr(torch, name)
                     for name in ("randn_like", "rand_like", "randn", "rand", "randint", "randperm")}
        torch.randn_like = lambda x, **_: self.normal("randn_like", x.shape).to(x)
        torch.rand_like = lambda x, **_: self.uniform("rand_like", x.shape).to(x)
        torch.randn = lambda *shape, **_: self.normal("randn", flat(shape))
        torch.rand = lambda *shape, **_: self.uniform("rand", flat(shape))
        torch.randint = self.integers
        torch.randperm = self.permutation

    def restore(self):
        for name, function in self.kept.items():
            setattr(self.torch, name, function)

    def within(self, section):
        self.section = section
        self.record.setdefault(section, [])

    def next(self, function, shape):
        calls = self.record[self.section]
        shape = [int(n) for n in shape]
        values = u(f"draw {self.section} {len(calls)}", int(np.prod(shape)))
        calls.append([function, shape])
        return values.reshape(shape)

    def uniform(self, function, shape):
        return self.torch.from_numpy(self.next(function, shape).astype(np.float32))

    def normal(self, function, shape):
        values = math.sqrt(3) * (2 * self.next(function, shape) - 1)
        return self.torch.from_numpy(values.astype(np.float32))

    def integers(self, low, high, shape, **_):
        values = low + np.floor(self.next("randint", shape) * (high - low))
        return self.torch.from_numpy(values.astype(np.int64))

    def permutation(self, n, **_):
        order = np.argsort(self.next("randperm", [n]), kind="stable")
        return self.torch.from_numpy(order.astype(np.int64))


def flat(shape):
    return shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape


# ---------------------------------------------------------------- what is written

class Vectors:
    def __init__(self):
        self.arrays = {}
        self.meta = {"arrays": {}, "layers": {}, "values": {}, "fails": {}, "notes": []}

    def array(self, name, value, limit=2048, slice_size=800):
        """Stores a whole array, or every n-th value of a long one, with its fingerprint."""
        value = value.detach().cpu().numpy() if hasattr(value, "detach") else np.asarray(value)
        if value.dtype == np.int64:
            value = value.astype(np.int32)
        rows = value.reshape(-1)
        stride = 1
        if rows.size > limit:
            stride = -(-rows.size // slice_size) | 1
        self.meta["arrays"][name] = {"shape": list(value.shape), "stride": stride,
                                     **dict(zip(("mean", "mean_abs", "dot"),
                                                fingerprint(name, rows)))}
        self.arrays[name] = np.ascontiguousarray(rows[::stride])

    def layers(self, section, outputs):
        """Fingerprints of the outputs of layers: name, shape, mean, mean magnitude, dot."""
        self.meta["layers"][section] = [
            [name, list(value.shape), *fingerprint(f"{section}/{name}", value.numpy().reshape(-1))]
            for name, value in outputs.items()]

    def value(self, name, value):
        self.meta["values"][name] = float(value)

    def write(self, path):
        header = {"__metadata__": {"meta": json.dumps(self.meta, separators=(",", ":"))}}
        kinds = {"float32": "F32", "float64": "F64", "int32": "I32"}
        at, blobs = 0, []
        for name in sorted(self.arrays, key=lambda n: (-self.arrays[n].itemsize, n)):
            blob = self.arrays[name].tobytes()
            header[name] = {"dtype": kinds[str(self.arrays[name].dtype)],
                            "shape": list(self.arrays[name].shape),
                            "data_offsets": [at, at + len(blob)]}
            at += len(blob)
            blobs.append(blob)
        text = json.dumps(header, separators=(",", ":")).encode("utf-8")
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as file:
            file.write(len(text).to_bytes(8, "little") + text + b"".join(blobs))
        print(os.path.basename(path), os.path.getsize(path), "bytes", flush=True)


def fingerprint(name, rows):
    rows = np.asarray(rows, dtype=np.float64)
    probe = signed("probe " + name, rows.size)
    return [float(rows.mean()), float(np.abs(rows).mean()), float(rows @ probe)]


# ---------------------------------------------------------------- the original program

class Original:
    """A model of the original program, with formula weights on demand."""

    def __init__(self, files, overrides, channels, cached=False, seed=0):
        import logging
        import warnings
        logging.disable(logging.ERROR)
        warnings.simplefilter("ignore", FutureWarning)
        import cached_conv as cc
        import gin
        import rave
        import torch
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.torch, self.gin, self.rave, self.cc = torch, gin, rave, cc
        if not gin.config._CONFIG:
            gin.parse_config_files_and_bindings([f + ".gin" for f in files], overrides)
        cc.use_cached_conv(cached)
        self.model = rave.RAVE(n_channels=channels)
        self.channels = channels
        self.values = None
        trained = {n for n, _ in self.model.named_parameters()}
        codes = ("embed", "embed_avg", "cluster_size", "inited", "running_mean", "running_var")
        self.rules = {}
        self.values = {}
        for name, value in self.model.state_dict().items():
            fixed = name not in trained and name.split(".")[-1] not in codes
            rule, numbers = formula(name, list(value.shape), fixed)
            self.rules[name] = rule
            if numbers is not None:
                self.values[name] = numbers.astype(np.float32).reshape(tuple(value.shape))
        for name, rule in self.rules.items():
            if rule == "norm":
                rows = self.values[name[:-1] + "v"].astype(np.float64)
                norms = np.sqrt((rows.reshape(rows.shape[0], -1) ** 2).sum(1))
                norms = norms * (0.8 + 0.4 * u(name, rows.shape[0]))
                shape = tuple(self.model.state_dict()[name].shape)
                self.values[name] = norms.astype(np.float32).reshape(shape)
        self.reset()

    def reset(self):
        with self.torch.no_grad():
            state = self.model.state_dict()
            for name, value in self.values.items():
                state[name].copy_(self.torch.from_numpy(value))
        self.model.zero_grad(set_to_none=True)
        return self.model

    def state(self):
        state = self.model.state_dict()
        return [[name, list(state[name].shape), rule] for name, rule in self.rules.items()]

    def hook(self):
        """Collects what each step of the encoder's and the decoder's chain gives, by name."""
        outputs, handles = {}, []

        def listen(name):
            def keep(_module, _inputs, output):
                if hasattr(output, "detach"):
                    outputs.setdefault(name, []).append(output.detach().clone())
            return keep

        for name, module in self.model.named_modules():
            parent = name.rsplit(".", 1)[0]
            if parent in ("encoder.encoder.net", "decoder.net", "decoder.noise_module.net"):
                handles.append(module.register_forward_hook(listen(name)))
            elif name in ("decoder.synth.branches.0", "decoder.synth.branches.1",
                          "decoder.synth.branches.2", "decoder.waveform_module",
                          "decoder.noise_module"):
                handles.append(module.register_forward_hook(listen(name)))

        def end():
            for handle in handles:
                handle.remove()
            return {name: self.torch.cat(parts, -1) for name, parts in outputs.items()}
        return end


def configuration(gin):
    """What the program read from its configuration: configurable -> parameter -> value."""
    out = {}
    for (scope, selector), parameters in sorted(gin.config._OPERATIVE_CONFIG.items()):
        if selector.startswith(("torch.nn", "gin.")) or not parameters:
            continue
        out[f"{scope}/{selector}" if scope else selector] = {
            key: str(value) for key, value in sorted(parameters.items())}
    return out


# ---------------------------------------------------------------- sections

def offline(vectors, original, draws, x):
    """The networks in evaluation mode on the first example; returns input and output for losses."""
    torch, model = original.torch, original.reset().eval()
    x = x[:1]
    draws.within("offline")
    end = original.hook()
    with torch.no_grad():
        if model.input_mode == "mel":
            vectors.array("offline/mel", model._mel_encode(x))
            bands = original.rave.model._pqmf_encode(model.pqmf, x)
            encoded = model.encode(x)
        else:
            encoded, bands = model.encode(x, return_mb=True)
        vectors.array("offline/bands", bands)
        vectors.array("offline/encoded", encoded)
        latent, reg = model.encoder.reparametrize(encoded)[:2]
        if isinstance(model.encoder, original.rave.blocks.VariationalEncoder):
            mean, scale = encoded.chunk(2, 1)
            vectors.array("offline/mean", mean)
            vectors.array("offline/std", torch.nn.functional.softplus(scale) + 1e-4)
        vectors.array("offline/latent", latent)
        vectors.value("offline/regularization", reg)
        decoded = model.decoder(latent)
        vectors.array("offline/decoded", decoded)
        y = decoded
        if model.output_mode == "pqmf":
            y = original.rave.model._pqmf_decode(
                model.pqmf, decoded, batch_size=latent.shape[:-2], n_channels=original.channels)
        vectors.array("offline/y", y)
    vectors.layers("offline", end())
    vectors.meta["compression_ratio"] = x.shape[-1] // latent.shape[-1]
    if hasattr(model.decoder, "warmed_up"):
        draws.within("offline_warm")
        with torch.no_grad():
            model.decoder.set_warmed_up(True)
            decoded = model.decoder(latent)
            vectors.array("offline_warm/decoded", decoded)
            vectors.array("offline_warm/y", original.rave.model._pqmf_decode(
                model.pqmf, decoded, batch_size=latent.shape[:-2], n_channels=original.channels))
            model.decoder.set_warmed_up(False)
    y_bands = decoded
    if model.output_mode == "raw":
        with torch.no_grad():
            y_bands = original.rave.model._pqmf_encode(model.pqmf, y)
    return x, bands, y, y_bands


def quantiser(vectors, original, draws, x):
    """Codes in evaluation, and one step of the quantiser alone in training."""
    torch, model = original.torch, original.reset().eval()
    rvq = model.encoder.rvq
    with torch.no_grad():
        encoded = model.encode(x[:1])
        codes = rvq.encode(encoded)
        vectors.array("rvq/codes", codes)
        vectors.array("rvq/decoded", rvq.decode(codes))
        residual, least = encoded.permute(0, 2, 1).reshape(-1, encoded.shape[1]).double(), math.inf
        for k, layer in enumerate(rvq.layers):
            book = layer._codebook.embed.double()
            near = torch.cdist(residual, book).pow(2).sort(1)[0]
            least = min(least, float((near[:, 1] - near[:, 0]).min()))
            residual = residual - book[codes[0, k]]
        vectors.value("rvq/least_margin", least)
        draws.within("rvq")
        rvq.train()
        losses = []
        handles = [layer.register_forward_hook(lambda _m, _i, out: losses.append(float(out[2])))
                   for layer in rvq.layers]
        quantised, loss, codes = rvq(model.encode(x))
        for handle in handles:
            handle.remove()
        vectors.array("rvq/train_quantised", quantised)
        vectors.array("rvq/train_codes", codes)
        vectors.array("rvq/train_losses", np.array(losses, dtype=np.float64))
        vectors.value("rvq/train_loss", loss)
        for k in (0, 15):
            for buffer in ("embed", "embed_avg", "cluster_size"):
                vectors.array(f"rvq/layers.{k}.{buffer}_after",
                              getattr(rvq.layers[k]._codebook, buffer), limit=1024, slice_size=512)
        draws.within("kmeans")
        from rave import quantization
        samples = torch.from_numpy(signed("kmeans samples", 64 * 4).reshape(64, 4)).float()
        means, counts = quantization.kmeans(samples, 8, 50)
        vectors.array("kmeans/means", means)
        vectors.array("kmeans/counts", counts)
    vectors.meta["notes"].append(
        "kmeans: samples[64, 4] = 2u('kmeans samples', i) - 1, 8 clusters, 50 rounds")
    original.reset()


def distances(vectors, original, x, bands, y, y_bands):
    torch, model = original.torch, original.model
    with torch.no_grad():
        y, y_bands = y[..., :x.shape[-1]], y_bands[..., :bands.shape[-1]]
        for key, value in model.audio_distance(x, y).items():
            vectors.value(f"distance/fullband_{key}", value)
        for key, value in model.multiband_audio_distance(bands, y_bands).items():
            vectors.value(f"distance/multiband_{key}", value)


def discriminators(vectors, original, x, y):
    torch, model = original.torch, original.model
    with torch.no_grad():
        features = model.discriminator(torch.cat([x, y[..., :x.shape[-1]]], 0))
        real, fake = model.split_features(features)
        table, matching, loss_dis, loss_adv = [], 0.0, 0.0, 0.0
        skip = model.num_skipped_features
        for i, (r, f) in enumerate(zip(real, fake)):
            vectors.array(f"discriminator/score{i}", features[i][-1], limit=1024, slice_size=256)
            table.append([[list(a.shape), float(a.mean()), float(a.abs().mean()),
                           float(b.mean()), float(b.abs().mean())] for a, b in zip(r, f)])
            matching += float(sum(map(model.feature_matching_fun, r[skip:], f[skip:]))
                              / len(r[skip:])) / len(real)
            dis, adv = model.gan_loss(r[-1], f[-1])
            loss_dis += float(dis)
            loss_adv += float(adv)
    vectors.meta["features"] = table
    vectors.value("discriminator/feature_matching", matching)
    vectors.value("discriminator/loss_dis", loss_dis)
    vectors.value("discriminator/loss_adv", loss_adv)


def training(vectors, original, draws, x, section, warmed_up, batch_idx, quantise, epsilon=None):
    """One step of the program's own training, from formula weights and fresh optimisers.

    It is done a second time in double precision, which shows how far single precision can be
    trusted for each figure.
    """
    order = {name: i for i, name in enumerate(original.rules)}
    losses = (original.model.audio_distance, original.model.multiband_audio_distance)
    own_epsilon = losses[0].log_epsilon
    for loss in losses:
        loss.log_epsilon = own_epsilon if epsilon is None else epsilon
    for suffix in ("_double", ""):
        model = original.reset()
        model.train()
        before = {n: b.detach().clone() for n, b in model.named_buffers() if b.is_floating_point()}
        if suffix:
            model.double()
        draws.record.pop(section, None)
        draws.within(section)
        logged, steps_dis = training_step(original, x.double() if suffix else x, warmed_up,
                                          batch_idx, quantise)
        prefix = ("discriminator.",) if steps_dis else ("encoder.", "decoder.")
        params = [(n, p) for n, p in model.named_parameters()
                  if n.startswith(prefix) and p.grad is not None]
        grads = [(n, p.grad.numpy().reshape(-1).astype(np.float64)) for n, p in params]
        vectors.arrays[f"{section}/grad_norm{suffix}"] = np.array(
            [math.sqrt(g @ g) for _, g in grads], dtype=np.float64)
        vectors.arrays[f"{section}/grad_dot{suffix}"] = np.array(
            [g @ signed("probe " + n, g.size) for n, g in grads], dtype=np.float64)
        if suffix:
            logged_double = logged
            model.zero_grad(set_to_none=True)
            model.float()
    vectors.arrays[f"{section}/after"] = np.array(
        [first_values(p) for _, p in params], dtype=np.float32).reshape(-1, 4)
    vectors.meta[section] = {
        "logged": logged, "logged_double": logged_double, "params": [order[n] for n, _ in params],
        "beta_factor": model.beta_factor, "warmed_up": warmed_up, "batch_idx": batch_idx,
        "steps": "dis" if steps_dis else "gen", "log_epsilon": losses[0].log_epsilon,
        "receptive_field": [int(v) for v in model.receptive_field],
        "buffers": [[order[n], *fingerprint(n, b.numpy().reshape(-1))]
                    for n, b in model.named_buffers()
                    if n in before and b.shape == before[n].shape
                    and not original.torch.equal(b, before[n])]}
    for loss in losses:
        loss.log_epsilon = own_epsilon


def training_step(original, x, warmed_up, batch_idx, quantise):
    model, logged = original.model, {}
    optimisers = [entry["optimizer"] for entry in model.configure_optimizers()]
    model.optimizers = lambda: optimisers
    model.log = lambda key, value, **_: logged.__setitem__(key, float(value))
    model.log_dict = lambda values, **_: [model.log(k, v) for k, v in values.items()]
    model.warmed_up = warmed_up
    model.beta_factor = float(original.rave.BetaWarmupCallback().target_value)
    if quantise:
        model.encoder.enabled.fill_(1)
    try:
        model.training_step(x.clone(), batch_idx)
    finally:
        model.warmed_up = False
        if quantise:
            model.encoder.enabled.fill_(0)
        for part in (model.encoder, model.decoder):
            part.set_warmed_up(False)
    return logged, warmed_up and batch_idx % model.update_discriminator_every == 0


def first_values(value):
    rows = value.detach().numpy().reshape(-1)[:4]
    return list(rows) + [0.0] * (4 - len(rows))


def streaming(vectors, settings, draws, x, block):
    """The model with caches, block after block from silence."""
    section = "stream" if block == 2048 else f"stream{block}"
    original = Original(settings["files"], settings["overrides"], settings["channels"], cached=True)
    torch, model = original.torch, original.model.eval()
    if settings["quantise"]:
        model.encoder.enabled.fill_(1)
    draws.within(section)
    end = original.hook()
    encoded, latents, out = [], [], []
    with torch.no_grad():
        for part in torch.split(x[:1], block, -1):
            encoded.append(model.encode(part))
            latents.append(model.encoder.reparametrize(encoded[-1])[0])
            out.append(model.decode(latents[-1]))
    if section == "stream":
        vectors.layers(section, end())
        cached = []
        for name, module in model.named_modules():
            kind = type(module).__name__
            if kind in ("CachedConv1d", "CachedConvTranspose1d", "AlignBranches", "Residual"):
                entry = {"name": name, "kind": kind, "delay": int(module.cumulative_delay)}
                if kind == "CachedConv1d":
                    entry["pad"] = module.cache.padding
                    entry["stride_delay"] = module.downsampling_delay.padding
                if kind == "AlignBranches":
                    entry["delays"] = [pad.padding for pad in module.paddings]
                cached.append(entry)
        vectors.meta["cached"] = cached
        chains = (("encoder", model.encoder.encoder), ("decoder", model.decoder))
        vectors.meta["delays"] = {
            name: {"frames" if name == "encoder" else "out_frames": int(
                getattr(part, "cumulative_delay", part.net.cumulative_delay))}
            for name, part in chains}
    vectors.array(f"{section}/encoded", torch.cat(encoded, -1))
    vectors.array(f"{section}/latent", torch.cat(latents, -1), slice_size=512)
    vectors.array(f"{section}/y", torch.cat(out, -1))


def adain(vectors, original, draws, x):
    """Style transfer: statistics of the second example as target, of the first as source."""
    torch, model = original.torch, original.reset().eval()
    layers = [m for m in model.modules() if type(m).__name__ == "AdaptiveInstanceNormalization"]
    draws.within("adain")
    with torch.no_grad():
        for target, source, part in ((1, 0, x[1:]), (0, 1, x[:1])):
            for layer in layers:
                layer.learn_y.fill_(target)
                layer.learn_x.fill_(source)
            encoded = model.encode(part)
            y = model.decode(model.encoder.reparametrize(encoded)[0])
        for layer in layers:
            layer.learn_x.fill_(0)
            layer.reset_x()
            layer.reset_y()
    vectors.array("adain/encoded", encoded)
    vectors.array("adain/y", y)
    vectors.meta["notes"].append("adain: learn_y on the second example, then learn_x on the first; "
                                 "the arrays are of the second pass")


def receptive_field(name):
    """Left and right reach in samples, as the program measures it with its own random weights."""
    settings = CASES[name]
    original = Original(settings["files"], settings["field_overrides"], settings["channels"])
    import torch
    torch.manual_seed(0)
    fresh = original.rave.RAVE(n_channels=settings["channels"])
    left, right = original.rave.core.get_rave_receptive_field(fresh, n_channels=settings["channels"])
    print("FIELD", json.dumps([int(left), int(right)]))


def measured_field(name):
    for kind in ("default", "small"):
        try:
            out = subprocess.run([sys.executable, os.path.abspath(__file__), "--field", kind, name],
                                 capture_output=True, text=True, timeout=150)
            for line in out.stdout.splitlines():
                if line.startswith("FIELD"):
                    return {"samples": json.loads(line[5:]), "capacity": kind}
            error = (out.stderr.strip().splitlines() or ["no output"])[-1]
        except subprocess.TimeoutExpired:
            error = "took longer than 150 s"
    return {"failed": error[:300]}


def generate(name, folder):
    settings = CASES[name]
    original = Original(settings["files"], settings["overrides"], settings["channels"])
    torch, vectors = original.torch, Vectors()
    draws = Draws(torch)
    meta, fails = vectors.meta, vectors.meta["fails"]
    x = torch.from_numpy(sound(settings["channels"], settings["samples"]))
    meta.update(name=name, files=settings["files"], overrides=settings["overrides"],
                channels=settings["channels"], samples=settings["samples"],
                quantise=settings["quantise"], state=original.state(),
                weights=dict(original.model.weights),
                num_skipped_features=original.model.num_skipped_features,
                update_discriminator_every=original.model.update_discriminator_every,
                parameters={part: sum(p.numel() for p in getattr(original.model, part).parameters())
                            for part in ("encoder", "decoder", "discriminator")},
                check=[float(v) for v in u("x", 4)])
    meta["receptive_field"] = measured_field(name)

    def attempt(section, function, *arguments):
        try:
            return function(*arguments)
        except Exception as error:  # What the original cannot do is part of the record.
            if os.environ.get("TRACE"):
                traceback.print_exc()
            fails[section] = f"{type(error).__name__}: {error}"[:400]

    if settings["crop"]:
        field = meta["receptive_field"]["samples"]
        original.model.receptive_field.copy_(torch.tensor(field))
    else:
        if settings["quantise"]:
            attempt("rvq", quantiser, vectors, original, draws, x)
            original.model.encoder.enabled.fill_(1)
        passed = attempt("offline", offline, vectors, original, draws, x)
        if passed:
            attempt("distances", distances, vectors, original, *passed)
            attempt("discriminators", discriminators, vectors, original, passed[0], passed[2])
        if "adain" in settings["files"] or name == "v3":
            attempt("adain", adain, vectors, original, draws, x)
    for section, warmed_up, batch_idx in (("p1", False, 1), ("p2_dis", True, 0), ("p2_gen", True, 1)):
        attempt(section, training, vectors, original, draws, x, section, warmed_up, batch_idx,
                settings["quantise"])
    if original.model.input_mode == "mel":
        # The program feeds the mel bands to the PQMF and fails; what it must have meant.
        model, encode = original.model, original.model.encode
        model.encode = lambda sound, return_mb=False: (
            (encode(sound), original.rave.model._pqmf_encode(model.pqmf, sound))
            if return_mb else encode(sound))
        for section, warmed_up, batch_idx in (("p1", False, 1), ("p2_dis", True, 0),
                                              ("p2_gen", True, 1)):
            attempt(section + "_mended", training, vectors, original, draws, x,
                    section + "_mended", warmed_up, batch_idx, False, 1.0)
    elif original.model.audio_distance.log_epsilon < 1:
        # With its tiny epsilon the distance has gradients that single precision cannot settle.
        for section, warmed_up in (("p1_smooth", False), ("p2_gen_smooth", True)):
            attempt(section, training, vectors, original, draws, x, section, warmed_up, 1,
                    settings["quantise"], 1.0)
    meta["configuration"] = configuration(original.gin)
    for block in settings["blocks"]:
        attempt(f"stream {block}", streaming, vectors, settings, draws, x, block)
    meta["draws"] = draws.record
    vectors.write(os.path.join(folder, name + ".safetensors"))
    if fails:
        print("  fails:", json.dumps(fails), flush=True)


def main(arguments):
    folder = HERE
    if arguments[:1] == ["--out"]:
        folder, arguments = arguments[1], arguments[2:]
    if arguments[:1] == ["--one"]:
        return generate(arguments[1], folder)
    if arguments[:1] == ["--field"]:
        overrides = CASES[arguments[2]]["overrides"]
        CASES[arguments[2]]["field_overrides"] = [
            it for it in overrides if arguments[1] == "small" or it not in SMALL]
        return receptive_field(arguments[2])
    failed = []
    for name in arguments or CASES:
        # The program keeps its settings in global variables: one process for each.
        command = [sys.executable, os.path.abspath(__file__), "--out", folder, "--one", name]
        if subprocess.run(command).returncode:
            failed.append(name)
    if failed:
        sys.exit("failed: " + ", ".join(failed))


if __name__ == "__main__":
    main(sys.argv[1:])
