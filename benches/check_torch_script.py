"""Plays an exported module in PyTorch, block by block, and compares it with what Maquette plays.

check_torch_script.py MODULE SOUND LATENTS MADE BLOCK: NumPy files of `[channels, samples]`,
`[latents, frames]`, `[channels, samples]`. Asks first all that nn~'s loader asks. Prints one JSON line:
{"torch", "latents", "sound", "again", "realtime"}: the largest differences relative to the largest number,
the same for the sound after a reset, and how many times faster than real time it plays on one thread.
"""

import json
import sys
import time

import numpy as np
import torch


def ask(module):
    """What nn~ asks when it loads a module."""
    methods = module.get_methods()
    assert set(methods) >= {"encode", "decode", "forward"}, methods
    for name in methods:
        params = getattr(module, name + "_params")
        assert params.dtype == torch.int64 and params.shape == (4,), params
        n_in, in_ratio, n_out, out_ratio = params.tolist()
        assert len(getattr(module, name + "_input_labels")) == n_in
        assert len(getattr(module, name + "_output_labels")) == n_out
    for name in module.get_attributes():
        value = getattr(module, "get_" + name)()
        assert getattr(module, "set_" + name)(value) == 0
        assert getattr(module, name + "_params").tolist() == [0]
    assert module.get_buffer_attributes() == []
    assert module.get_sample_rate() == module.sr


def blocks(x, n):
    return [x[..., i : i + n] for i in range(0, x.shape[-1], n)]


def apart(found, expected):
    assert found.shape == expected.shape, (found.shape, expected.shape)
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-9))


def main():
    path, sound, latents, made = sys.argv[1:5]
    block = int(sys.argv[5])
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    module = torch.jit.load(path)
    ask(module)
    module.set_deterministic(True)
    module.set_noise(False)
    sound, latents, made = (np.load(path) for path in (sound, latents, made))
    x = torch.from_numpy(sound)[None]
    ratio = module.encode_params.tolist()[3]
    zs = [module.encode(part) for part in blocks(x, block)]
    z = torch.cat(zs, -1)
    y = torch.cat([module.decode(part) for part in blocks(torch.from_numpy(latents)[None], block // ratio)], -1)
    module.reset()
    started = time.perf_counter()
    again = torch.cat([module.forward(part) for part in blocks(x, block)], -1)
    secs = time.perf_counter() - started
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "latents": apart(z[0].numpy(), latents),
                "sound": apart(y[0].numpy(), made),
                "again": apart(again[0].numpy(), made),
                "realtime": x.shape[-1] / module.sr / secs,
            }
        )
    )


main()
