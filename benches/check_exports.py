"""Plays exported files in the programs they are for, and compares them with what Maquette plays.

check_exports.py FOLDER BLOCK: a folder as `models/examples/export_case.rs` leaves it. Modules are played if
PyTorch is here, graphs if onnxruntime is, and weights are read if safetensors is. Prints one JSON line for each
program: {"program", "version", "latents", "sound", "again", "whole", "realtime"}: the largest differences relative
to the largest number, of latents, of the sound of equal latents, of sound after a reset, of a file that takes
sounds as a whole (one play against encoder and decoder), and how many times faster than real time it plays
blocks on one thread. Of weights there are none of these.
"""

import json
import sys
import time

import numpy as np


def blocks(x, n):
    return [x[..., i : i + n] for i in range(0, x.shape[-1], n)]


def apart(found, expected):
    assert found.shape == expected.shape, (found.shape, expected.shape)
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-9))


def ask(module):
    """What nn~ asks when it loads a module."""
    import torch

    methods = module.get_methods()
    assert set(methods) >= {"encode", "decode", "forward"}, methods
    for name in methods:
        params = getattr(module, name + "_params")
        assert params.dtype == torch.int64 and params.shape == (4,), params
        n_in, in_ratio, n_out, out_ratio = params.tolist()
        assert len(getattr(module, name + "_input_labels")) == n_in
        assert len(getattr(module, name + "_output_labels")) == n_out
    for name in module.get_attributes():
        (value,) = getattr(module, "get_" + name)()
        assert getattr(module, "set_" + name)(value) == 0
        assert getattr(module, name + "_params").tolist() == [0]
    assert module.get_buffer_attributes() == []
    assert module.get_sample_rate() == module.sr


def in_torch(folder, block, sound, latents, made):
    import torch

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    module = torch.jit.load(folder + "/live.ts")
    ask(module)
    module.set_deterministic(True)
    module.set_noise(False)
    x = torch.from_numpy(sound)[None]
    ratio = module.encode_params.tolist()[3]
    zs = [module.encode(part) for part in blocks(x, block)]
    z = torch.cat(zs, -1)
    frames = blocks(torch.from_numpy(latents)[None], block // ratio)
    y = torch.cat([module.decode(part) for part in frames], -1)
    for part in blocks(x, block)[:4]:  # the executor looks at first calls, and compiles
        module.forward(part)
    module.reset()
    started = time.perf_counter()
    again = torch.cat([module.forward(part) for part in blocks(x, block)], -1)
    secs = time.perf_counter() - started
    whole = torch.jit.load(folder + "/whole.ts")
    whole.set_deterministic(True)
    whole.set_noise(False)
    both = apart(whole.forward(x).numpy(), whole.decode(whole.encode(x)).numpy())
    return {
        "program": "PyTorch",
        "version": torch.__version__.split("+")[0],
        "latents": apart(z[0].numpy(), latents),
        "sound": apart(y[0].numpy(), made),
        "again": apart(again[0].numpy(), made),
        "whole": both,
        "realtime": x.shape[-1] / module.sr / secs,
    }


class Graph:
    """A graph with what it remembers."""

    def __init__(self, path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.facts = self.session.get_modelmeta().custom_metadata_map
        self.reset()

    def reset(self):
        inputs = self.session.get_inputs()
        self.name = next(it.name for it in inputs if not it.name.startswith("state_"))
        states = [it for it in inputs if it.name.startswith("state_")]
        self.states = {it.name: np.zeros(it.shape, np.float32) for it in states}
        self.names = [it.name for it in self.session.get_outputs()]

    def __call__(self, x):
        made = self.session.run(None, {self.name: np.ascontiguousarray(x), **self.states})
        out = None
        for name, value in zip(self.names, made):
            if name.startswith("next_"):
                self.states[name[len("next_") :]] = value
            else:
                out = value
        return out


def in_onnxruntime(folder, block, sound, latents, made):
    import onnxruntime

    encoder, decoder, live = (Graph(folder + "/live" + part + ".onnx") for part in (".encoder", ".decoder", ""))
    x, ratio = sound[None], int(live.facts["ratio"])
    z = np.concatenate([encoder(part) for part in blocks(x, block)], -1)
    y = np.concatenate([decoder(part) for part in blocks(latents[None], block // ratio)], -1)
    np.concatenate([live(part) for part in blocks(x, block)], -1)
    live.reset()
    started = time.perf_counter()
    again = np.concatenate([live(part) for part in blocks(x, block)], -1)
    secs = time.perf_counter() - started
    encoder, decoder, whole = (Graph(folder + "/whole" + part + ".onnx") for part in (".encoder", ".decoder", ""))
    return {
        "program": "onnxruntime",
        "version": onnxruntime.__version__,
        "latents": apart(z[0], latents),
        "sound": apart(y[0], made),
        "again": apart(again[0], made),
        "whole": apart(whole(x), decoder(encoder(x))),
        "realtime": x.shape[-1] / int(live.facts["sampling_rate"]) / secs,
    }


def in_safetensors(folder, block, sound, latents, made):
    import safetensors
    import safetensors.numpy

    path = folder + "/model.safetensors"
    arrays = safetensors.numpy.load_file(path)
    assert arrays and all(np.isfinite(array).all() for array in arrays.values()), "numbers"
    with safetensors.safe_open(path, "numpy") as file:
        said = file.metadata()
    settings = json.loads(said["settings"])
    assert int(said["channels"]) == len(sound) == settings["channels"], said
    assert said["family"] == "rave" and int(said["latent_size"]) == settings["latent_size"], said
    return {"program": "safetensors", "version": safetensors.__version__}


def main():
    folder, block = sys.argv[1], int(sys.argv[2])
    arrays = [np.load(f"{folder}/{name}.npy") for name in ("sound", "latents", "made")]
    for check in (in_torch, in_onnxruntime, in_safetensors):
        try:
            print(json.dumps(check(folder, block, *arrays)))
        except ImportError:
            pass


main()
