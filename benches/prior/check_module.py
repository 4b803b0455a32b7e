#!/usr/bin/env python3
"""Plays a module with a prior in PyTorch, as nn~ does, and says what comes out.

Usage: python check_module.py MODULE.ts [FRAMES]

nn~ asks a module for its methods and for `prior_params`, and sends a signal of temperatures.
"""

import sys
import time

import torch


def main():
    module = torch.jit.load(sys.argv[1]).eval()
    n_frames = int(sys.argv[2]) if len(sys.argv) > 2 else 256
    torch.manual_seed(0)
    n_in, ratio_in, n_out, ratio_out = module.prior_params.tolist()
    print("methods", module.get_methods(), "prior_params", [n_in, ratio_in, n_out, ratio_out])
    assert "prior" in module.get_methods() and n_in == 1 and ratio_in == ratio_out
    assert (module.encode_params[2], module.encode_params[3]) == (n_out, ratio_out)
    with torch.no_grad():
        for temperature in (0.0, -5.0):
            module.reset()
            started = time.time()
            z = torch.cat([module.prior(torch.full((1, 1, 8), temperature)) for _ in range(n_frames // 8)], 2)
            took = time.time() - started
            assert z.shape == (1, n_out, n_frames // 8 * 8) and torch.isfinite(z).all()
            each = 1000 * took / z.shape[2]
            print(f"x = {temperature}: {each:.2f} ms a frame; deviations of the first latents",
                  [round(float(s), 3) for s in z[0].std(1)[:6]])
        y = module.decode(z)
        print("decoded", tuple(y.shape), "peak", round(float(y.abs().max()), 3))
        assert y.shape[2] == z.shape[2] * ratio_out and torch.isfinite(y).all()
        # What was drawn goes on after a reset from the beginning, and differs by its seed.
        module.reset()
        torch.manual_seed(1)
        a = module.prior(torch.zeros(1, 1, 64))
        module.reset()
        torch.manual_seed(1)
        b = module.prior(torch.zeros(1, 1, 64))
        module.reset()
        c = module.prior(torch.zeros(1, 1, 64))
        assert torch.equal(a, b) and not torch.equal(a, c)


if __name__ == "__main__":
    main()
