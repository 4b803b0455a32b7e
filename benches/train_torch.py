"""Times one training step of RAVE's v2_small network in PyTorch, as `cargo xtask bench train` needs it.

The network has the layers, shapes and losses that the public configuration `v2_small` names, written
from its list of shapes. Weights and filters are random: only the time counts. Steps are phase 1
(reconstruction), and phase 2 of the discriminator and of the generator. On a GPU it runs eagerly, with
float32 as PyTorch comes, or with `autocast` to bfloat16.

Prints one JSON line: {"phase", "wall_secs": [...], "cpu_secs": [...], "peak_bytes"}.
"""

import argparse
import json
import math
import resource
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import weight_norm

N_BAND, LATENT, RATIOS = 16, 128, [4, 2, 2, 2]
DILATIONS = [[1, 3, 9], [1, 3, 9], [1, 3, 9], [1, 3]]
SCALES = [2048, 1024, 512, 256, 128]
PERIODS = [2, 3, 5, 7, 11]
WINDOWS = {}


def conv(n_in, n_out, k, **kwargs):
    kwargs.setdefault("padding", (k - 1) // 2)
    return weight_norm(nn.Conv1d(n_in, n_out, k, bias=False, **kwargs))


class Unit(nn.Module):
    def __init__(self, n, dilation):
        super().__init__()
        self.wide = conv(n, n, 3, dilation=dilation, padding=dilation)
        self.narrow = conv(n, n, 1)

    def forward(self, x):
        return x + self.narrow(F.leaky_relu(self.wide(F.leaky_relu(x, 0.2)), 0.2))


class Lrelu(nn.Module):
    def forward(self, x):
        return F.leaky_relu(x, 0.2)


def encoder(capacity):
    layers, n = [conv(N_BAND, capacity, 7)], capacity
    for ratio, dilations in zip(RATIOS, DILATIONS):
        layers += [Unit(n, d) for d in dilations]
        layers += [Lrelu(), conv(n, 2 * n, 2 * ratio, stride=ratio, padding=ratio // 2)]
        n *= 2
    return nn.Sequential(*layers, Lrelu(), conv(n, 2 * LATENT, 3))


def trunk(capacity):
    n = capacity * 2 ** len(RATIOS)
    layers = [conv(LATENT, n, 3)]
    for ratio, dilations in zip(RATIOS[::-1], DILATIONS[::-1]):
        up = nn.ConvTranspose1d(n, n // 2, 2 * ratio, stride=ratio, padding=ratio // 2, bias=False)
        layers += [Lrelu(), weight_norm(up)]
        n //= 2
        layers += [Unit(n, d) for d in dilations]
    return nn.Sequential(*layers, Lrelu())


class Generator(nn.Module):
    def __init__(self, capacity):
        super().__init__()
        self.encoder, self.trunk = encoder(capacity), trunk(capacity)
        self.wave = conv(capacity, 2 * N_BAND, 7)
        noise = lambda i, o: nn.Conv1d(i, o, 4, stride=2, padding=1, bias=False)
        self.noise = nn.Sequential(noise(capacity, 64), Lrelu(), noise(64, 64), Lrelu(), noise(64, N_BAND * 32))
        self.register_buffer("analysis", torch.randn(N_BAND, 1, 513) * 0.05)
        self.register_buffer("synthesis", torch.randn(N_BAND, N_BAND, 33) * 0.05)

    def bands(self, x):
        return F.conv1d(x, self.analysis, stride=N_BAND, padding=256)

    def audio(self, bands):
        y = F.conv1d(bands, self.synthesis, padding=16) * N_BAND
        return y.flip(1).permute(0, 2, 1).reshape(y.shape[0], 1, -1)

    def encode(self, bands):
        mean, scale = self.encoder(bands).chunk(2, 1)
        std = F.softplus(scale) + 1e-4
        var = std * std
        kl = (mean * mean + var - var.log() - 1).sum(1).mean()
        return mean + torch.randn_like(mean) * std, kl

    def decode(self, z):
        x = self.trunk(z)
        wave, amplitude = self.wave(x).chunk(2, 1)
        return torch.tanh(wave * torch.sigmoid(amplitude) + self.filtered_noise(x))

    def filtered_noise(self, x):
        b, _, t = x.shape
        amp = 2 * torch.sigmoid(self.noise(x).float() - 5) ** 2.3 + 1e-7
        frames = amp.shape[-1]
        amp = amp.permute(0, 2, 1).reshape(b, frames, N_BAND, 32)
        ir = torch.fft.irfft(torch.complex(amp, torch.zeros_like(amp)))
        n = ir.shape[-1]
        ir = torch.roll(ir, n // 2, -1) * torch.hann_window(n, device=x.device)
        size = t // frames
        ir = torch.roll(F.pad(ir, (0, max(0, size - n)))[..., : max(size, n)], -(n // 2), -1)
        noise = torch.rand(b, frames, N_BAND, size, device=x.device) * 2 - 1
        noise = F.pad(noise, (0, ir.shape[-1]))
        ir = F.pad(ir, (noise.shape[-1] - ir.shape[-1], 0))
        out = torch.fft.irfft(torch.fft.rfft(noise) * torch.fft.rfft(ir))
        out = out[..., out.shape[-1] // 2 :][..., :size]
        return out.permute(0, 2, 1, 3).reshape(b, N_BAND, -1)


def distance(x, y):
    """x, y: [batch, channels, samples]; relative L2 plus L1 of logarithms, over five scales."""
    x, y = x.reshape(-1, x.shape[-1]).float(), y.reshape(-1, y.shape[-1]).float()
    total = 0
    for n in SCALES:
        spec = lambda s: torch.stft(s, n, n // 4, window=WINDOWS[n], return_complex=True).abs()
        sx, sy = spec(x), spec(y)
        total = total + ((sx - sy) ** 2).mean() / (sx**2).mean()
        total = total + (torch.log(sx + 1e-7) - torch.log(sy + 1e-7)).abs().mean()
    return total


def discriminator_layers(kind, capacity):
    conv_of, k, stride, pad = {
        1: (nn.Conv1d, 15, 4, 7),
        2: (nn.Conv2d, (5, 1), (4, 1), (2, 0)),
    }[kind]
    layers, n_in, n_out = [], 1, capacity
    for _ in range(4):
        layers += [weight_norm(conv_of(n_in, n_out, k, stride=stride, padding=pad)), Lrelu()]
        n_in, n_out = n_out, n_out * 2
    return nn.ModuleList([*layers, conv_of(n_in, 1, 1)])


class Discriminator(nn.Module):
    def __init__(self, capacity):
        super().__init__()
        self.periods = nn.ModuleList([discriminator_layers(2, capacity) for _ in PERIODS])
        self.scales = nn.ModuleList([discriminator_layers(1, capacity) for _ in range(3)])

    @staticmethod
    def features(layers, x):
        found = []
        for layer in layers:
            x = layer(x)
            if not isinstance(layer, Lrelu):
                found.append(x)
        return found

    def forward(self, x):
        found = []
        for period, layers in zip(PERIODS, self.periods):
            padded = F.pad(x, (0, -x.shape[-1] % period))
            found.append(self.features(layers, padded.reshape(x.shape[0], 1, -1, period)))
        for layers in self.scales:
            found.append(self.features(layers, x))
            x = F.avg_pool1d(x, 2)
        return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--phase", choices=["reconstruction", "discriminator", "generator"], required=True)
    parser.add_argument("--capacity", type=int, default=48)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--n-signal", type=int, default=131072)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--precision", choices=["float32", "mixed"], default="float32")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device = torch.device("cuda" if args.device == "gpu" else "cpu")
    WINDOWS.update({n: torch.hann_window(n, device=device) for n in SCALES})
    generator, discriminator = Generator(args.capacity).to(device), Discriminator(args.capacity).to(device)
    adam = lambda module, lr: torch.optim.Adam(module.parameters(), lr, (0.5, 0.9))
    opt_g, opt_d = adam(generator, 1e-3), adam(discriminator, 1e-4)
    x = torch.randn(args.batch, 1, args.n_signal, device=device) * 0.1
    mixed = lambda: torch.autocast(device.type, torch.bfloat16, enabled=args.precision == "mixed")

    def step():
        with mixed():
            loss, optimiser = losses()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    def losses():
        bands = generator.bands(x)
        late = args.phase != "reconstruction"
        with torch.set_grad_enabled(not late):
            z, kl = generator.encode(bands)
        with torch.set_grad_enabled(args.phase != "discriminator"):
            y_bands = generator.decode(z)
            y = generator.audio(y_bands)
        if args.phase == "discriminator":
            found = discriminator(torch.cat([x, y.detach()]))
            loss = sum(F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in (s[-1].chunk(2) for s in found))
            return loss, opt_d
        loss = distance(bands, y_bands) + distance(x, y) + 0.01 * kl
        if late:
            found = discriminator(torch.cat([x, y]))
            for scale in found:
                for feature in scale[1:]:
                    real, fake = feature.chunk(2)
                    loss = loss + 50 * (real - fake).abs().mean() / real.abs().mean()
                loss = loss - scale[-1].chunk(2)[1].mean()
        return loss, opt_g

    wall, cpu = [], []
    for i in range(args.steps + 1):
        w, c = time.perf_counter(), time.process_time()
        step()
        if i > 0:
            wall.append(time.perf_counter() - w)
            cpu.append(time.process_time() - c)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"phase": args.phase, "wall_secs": wall, "cpu_secs": cpu, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
