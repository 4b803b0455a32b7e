"""Writes torch.npz, what PyTorch computes for small odd cases of every operation of this crate.

    python3 -m venv venv && venv/bin/pip install torch==2.5.0 'numpy<2'
    venv/bin/python make_torch_vectors.py

Arrays are named case/part; `parameters` of a case are whole numbers in the order said below.
"""
import numpy as np
import torch
import torch.nn.functional as F

torch.manual_seed(7)
torch.set_num_threads(1)
out = {}


def put(case, **parts):
    for part, value in parts.items():
        value = value.detach().numpy() if torch.is_tensor(value) else np.asarray(value)
        out[f"{case}/{part}"] = np.ascontiguousarray(value)


def leaf(*shape):
    return torch.randn(*shape, requires_grad=True)


# batch, channels in, channels out, length, kernel, stride, pad left, pad right, dilation, groups
CONVOLUTIONS = [
    (1, 1, 1, 5, 1, 1, 0, 0, 1, 1),
    (2, 3, 5, 17, 1, 1, 0, 0, 1, 1),
    (1, 4, 7, 23, 1, 3, 2, 1, 1, 1),
    (2, 3, 4, 31, 3, 1, 1, 1, 1, 1),
    (1, 5, 3, 40, 3, 1, 9, 9, 9, 1),
    (1, 2, 3, 40, 3, 1, 18, 0, 9, 1),
    (2, 4, 6, 33, 5, 2, 1, 4, 1, 2),
    (1, 6, 4, 29, 4, 3, 5, 0, 2, 2),
    (1, 3, 9, 50, 8, 4, 3, 4, 1, 3),
    (2, 4, 4, 21, 7, 1, 6, 0, 1, 4),
    (1, 6, 12, 19, 3, 2, 0, 3, 3, 6),
    (1, 1, 8, 64, 15, 1, 7, 7, 1, 1),
    (1, 4, 8, 45, 41, 4, 20, 20, 1, 4),
    (1, 2, 2, 6, 3, 5, 0, 0, 1, 1),
    (1, 2, 3, 4, 4, 2, 7, 9, 1, 1),
    (1, 17, 11, 35, 3, 1, 3, 3, 3, 1),
    (3, 8, 10, 37, 5, 3, 2, 2, 1, 1),
    (1, 3, 2, 1, 1, 1, 0, 0, 1, 1),
    (1, 2, 2, 100, 2, 7, 1, 0, 11, 2),
]
for i, (b, ci, co, t, k, s, left, right, d, g) in enumerate(CONVOLUTIONS):
    x, w, bias = leaf(b, ci, t), leaf(co, ci // g, k), leaf(co)
    y = F.conv1d(F.pad(x, (left, right)), w, bias, s, 0, d, g)
    gy = torch.randn_like(y)
    y.backward(gy)
    put(f"conv{i}", parameters=[s, left, right, d, g], x=x, w=w, b=bias, gy=gy, y=y, gx=x.grad, gw=w.grad, gb=bias.grad)

# batch, channels in, channels out, length, kernel, stride, padding, output padding, dilation, groups
TRANSPOSED = [
    (1, 1, 1, 5, 1, 1, 0, 0, 1, 1),
    (2, 3, 5, 11, 4, 2, 1, 0, 1, 1),
    (1, 4, 2, 9, 8, 4, 2, 0, 1, 1),
    (1, 4, 6, 7, 3, 5, 0, 0, 1, 2),
    (1, 4, 6, 8, 5, 3, 2, 2, 2, 2),
    (2, 6, 6, 13, 3, 1, 1, 0, 1, 6),
    (1, 2, 3, 10, 3, 1, 4, 0, 4, 1),
    (1, 5, 3, 1, 7, 4, 1, 3, 1, 1),
    (1, 16, 9, 19, 4, 2, 1, 1, 1, 1),
    (1, 3, 2, 6, 3, 2, 3, 1, 3, 1),
]
for i, (b, ci, co, t, k, s, p, op, d, g) in enumerate(TRANSPOSED):
    x, w, bias = leaf(b, ci, t), leaf(ci, co // g, k), leaf(co)
    y = F.conv_transpose1d(x, w, bias, s, p, op, g, d)
    gy = torch.randn_like(y)
    y.backward(gy)
    put(f"transposed{i}", parameters=[s, p, op, d, g], x=x, w=w, b=bias, gy=gy, y=y, gx=x.grad, gw=w.grad, gb=bias.grad)

points = torch.cat([torch.tensor([-50.0, -20.0, -1.0, -1e-6, 0.0, 1e-6, 1.0, 19.9, 20.1, 50.0]), torch.randn(60)])
for name, f in {
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
}.items():
    x = points.clone().requires_grad_()
    y = f(x)
    gy = torch.randn_like(y)
    y.backward(gy)
    put(name, x=x, gy=gy, y=y, gx=x.grad)

v, g = leaf(5, 3, 7), leaf(5, 1, 1)
w = torch._weight_norm(v, g, 0)
gw = torch.randn_like(w)
w.backward(gw)
put("weight_norm", v=v, g=g, w=w, gw=gw, gv=v.grad, gg=g.grad)

# n_fft, hop, centred, batch, samples; the last has a stretch of silence, where magnitudes are 0.
for i, (n, hop, centred, b, samples) in enumerate([(16, 4, 1, 2, 50), (64, 16, 1, 1, 100), (20, 7, 0, 2, 61), (32, 8, 1, 1, 160), (16, 5, 1, 2, 50)]):
    x = torch.randn(b, samples)
    if i == 3:
        x[:, 40:120] = 0
    x.requires_grad_()
    y = torch.stft(x, n, hop, n, torch.hann_window(n), bool(centred), "reflect", return_complex=True).abs()
    gy = torch.randn_like(y)
    y.backward(gy)
    put(f"stft{i}", parameters=[n, hop, centred], x=x, gy=gy, y=y, gx=x.grad)


def distance(target, predicted, scales, epsilon):
    total = 0
    for n in scales:
        t, p = (torch.stft(x, n, n // 4, n, torch.hann_window(n), True, "reflect", return_complex=True).abs() for x in (target, predicted))
        total = total + ((t - p) ** 2).mean() / (t**2).mean() + (torch.log(t + epsilon) - torch.log(p + epsilon)).abs().mean()
    return total


for i, (scales, epsilon) in enumerate([([64, 32, 16], 1e-7), ([128, 64], 1.0), ([48], 1e-3)]):
    target = torch.randn(2, 150)
    predicted = (0.5 * target + 0.3 * torch.randn(2, 150)).requires_grad_()
    y = distance(target, predicted, scales, epsilon)
    y.backward()
    put(f"distance{i}", parameters=scales, epsilon=np.float32(epsilon), target=target, predicted=predicted, y=y, gx=predicted.grad)

for i, (beta1, beta2, lr) in enumerate([(0.5, 0.9, 1e-3), (0.9, 0.999, 1e-1), (0.3, 0.99, 1e-4)]):
    w = torch.nn.Parameter(torch.randn(67))
    start = w.detach().clone()
    optimiser = torch.optim.Adam([w], lr, (beta1, beta2), foreach=False)
    gradients, after = [], []
    for step in range(5):
        w.grad = torch.randn(67) * 10.0 ** (-2 * step)
        gradients.append(w.grad.clone())
        optimiser.step()
        after.append(w.detach().clone())
    state = optimiser.state[w]
    put(f"adam{i}", settings=np.array([beta1, beta2, lr]), start=start, gradients=torch.stack(gradients), after=torch.stack(after), first=state["exp_avg"], second=state["exp_avg_sq"])

np.savez_compressed("torch.npz", **out)
