#!/usr/bin/env python3
"""Writes prior.safetensors: what the original program's prior computes.

Usage: python generate_prior.py [REPOSITORY]

REPOSITORY is a checkout of the original program; without one, the installed program is used. Of a checkout
only the folder rave/prior is run, and what it needs for training alone (gin, pytorch_lightning, tqdm) or
for caches (cached_conv) is replaced by stand-ins, so that torch and numpy are enough.

Formulas are those of generate.py: weights by their names, and latents
z[b, d, t] = 2.5 (2 u("latents", flat index) - 1) of two stretches, 4 latents, 24 frames.
"""

import importlib
import os
import sys
import types

import numpy as np

from generate import HERE, Vectors, formula, signed

SETTINGS = dict(resolution=8, res_size=16, skp_size=8, kernel_size=3, cycle_size=2, n_layers=3,
                latent_size=4)


def stand_ins(torch):
    """Modules that the prior imports and that a forward pass does not need."""
    gin = types.ModuleType("gin")
    gin.configurable = lambda it: it
    lightning = types.ModuleType("pytorch_lightning")
    lightning.LightningModule = torch.nn.Module
    progress = types.ModuleType("tqdm")
    progress.tqdm = lambda it: it

    class Conv1d(torch.nn.Conv1d):
        def __init__(self, *args, padding=(0, 0), **kwargs):
            super().__init__(*args, **kwargs)
            self.sides = padding if isinstance(padding, tuple) else (padding, padding)

        def forward(self, x):
            return super().forward(torch.nn.functional.pad(x, self.sides))

    cached = types.ModuleType("cached_conv")
    cached.Conv1d = Conv1d
    cached.get_padding = lambda kernel, mode: (kernel // 2 * 2, 0)
    cached.USE_BUFFER_CONV = False
    for module in (gin, lightning, progress, cached):
        sys.modules[module.__name__] = module


def original(torch):
    if len(sys.argv) < 2:
        return importlib.import_module("rave.prior.model"), importlib.import_module("rave.prior.core")
    stand_ins(torch)
    package = types.ModuleType("original_prior")
    package.__path__ = [os.path.join(sys.argv[1], "rave", "prior")]
    sys.modules["original_prior"] = package
    return (importlib.import_module("original_prior.model"),
            importlib.import_module("original_prior.core"))


def main():
    import torch
    torch.set_num_threads(1)
    model, core = original(torch)
    vectors = Vectors()

    def keep(name, value, note):
        value = value.detach().numpy() if hasattr(value, "detach") else np.asarray(value)
        vectors.array(name, value.astype(np.float32))
        vectors.meta["notes"].append(f"{name}: {note}")

    prior = model.VariationalPrior(**SETTINGS)
    with torch.no_grad():
        for name, parameter in prior.named_parameters():
            _, values = formula(name, parameter.shape, False)
            values = np.asarray(values, dtype=np.float32).reshape(parameter.shape)
            parameter.copy_(torch.from_numpy(values))
    names = [(name, list(p.shape)) for name, p in prior.named_parameters()]
    vectors.meta["state"] = [[name, shape, formula(name, shape, False)[0]] for name, shape in names]

    resolution = SETTINGS["resolution"]
    grid = torch.linspace(-4.5, 4.5, 181).reshape(1, 1, -1)
    scale = core.QuantizedNormal(resolution, dither=False)
    one_hot = scale.encode(grid)
    keep("bins/grid", one_hot[0].argmax(0), "bins of 181 values from -4.5 to 4.5")
    keep("bins/edges", scale.decode(torch.eye(resolution).unsqueeze(0))[0, 0],
         "the value of each bin, without dither")

    z = torch.from_numpy((2.5 * signed("latents", 2 * 4 * 24)).astype(np.float32)).reshape(2, 4, 24)
    moved = prior.diagonal_shift(z)
    keep("shifted", moved, "the latents, every direction moved to its turn")
    keep("unshifted", prior.diagonal_shift.inverse(moved), "the same moved back")

    x = prior.quantized_normal.encode(moved)
    logits = prior.forward(x)
    keep("logits", logits, "what the network makes of the turns")
    target = torch.argmax(prior.split_classes(x[..., 1:]), -1)
    predicted = prior.split_classes(logits[..., :-1])
    loss = torch.nn.functional.cross_entropy(predicted.reshape(-1, resolution), target.reshape(-1))
    vectors.value("loss", loss)
    loss.backward()
    for name, parameter in prior.named_parameters():
        if parameter.grad is not None:
            keep(f"gradient/{name}", parameter.grad, "of the loss")

    with torch.no_grad():
        turns = scale.encode(torch.zeros(1, 4, 1))
        for _ in range(30):
            made = prior.post_process_prediction(prior.forward(turns)[..., -1:], argmax=True)
            turns = torch.cat([turns, made], -1)
        drawn = torch.argmax(prior.split_classes(turns), -1)[0].T
        keep("turns", drawn, "the most likely bins of 30 turns after zeros, [turn][direction]")
        frames = prior.diagonal_shift.inverse(drawn.T.unsqueeze(0).float())
        keep("frames", frames[0].T, "the same as frames, [frame][direction]")
    vectors.write(os.path.join(HERE, "prior.safetensors"))


if __name__ == "__main__":
    main()
