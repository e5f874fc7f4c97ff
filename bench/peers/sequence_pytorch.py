#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""PyTorch on one thread, the shapes and the work of bench/core/sequence_bench.cpp (sequence_training):
48 sequences of 30 days x 51 features, 50 epochs of batches of 32, LSTM 2 x 128, 64 -> 32 -> 1 with batch normalisation,
ReLU and dropout 0.2, Adam 0.001, norm clipped at 1. Arguments: lstm, bidirectional, attention, multitask (default all).
Prints the seconds of each of three runs and the microseconds of one prediction; says so and stops without PyTorch.

The first line tells PyTorch's matrix speed, by processor time: with the reference BLAS (about 6 GF/s), or an OpenBLAS that
does not know the CPU and takes its code for the oldest (OPENBLAS_VERBOSE=2 says which; OPENBLAS_CORETYPE=SKYLAKEX is the
one for AVX-512), such a run is no comparison."""
import statistics
import sys
import time

try:
    import torch
    from torch import nn
except ImportError:
    print("skipped: PyTorch is not installed")
    raise SystemExit(0)

N, T, F, H, EPOCHS, BATCH = 48, 30, 51, 128, 50, 32


class Net(nn.Module):
    def __init__(self, kind):
        super().__init__()
        width = 2 * H if kind == "bidirectional" else H
        self.lstm = nn.LSTM(F, H, num_layers=2, batch_first=True, dropout=0.2, bidirectional=kind == "bidirectional")
        self.score = None
        if kind == "attention":
            self.score = nn.Sequential(nn.Linear(width, 64), nn.Tanh(), nn.Linear(64, 1, bias=False))
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2),
                          nn.Linear(64, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2),
                          nn.Linear(32, 1)) for _ in range(5 if kind == "multitask" else 1))

    def forward(self, x):
        states = self.lstm(x)[0]
        if self.score is None:
            vector = states[:, -1]
        else:
            vector = (torch.softmax(self.score(states), dim=1) * states).sum(dim=1)
        return torch.cat([head(vector) for head in self.heads], dim=1)


def train(kind, x, y):
    net = Net(kind)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(EPOCHS):
        order = torch.randperm(N)
        for start in range(0, N, BATCH):
            rows = order[start:start + BATCH]
            adam.zero_grad(set_to_none=True)
            nn.functional.mse_loss(net(x[rows]), y[rows]).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            adam.step()
    return net


def matrix_speed():
    """The best of ten: the first products find no memory yet, and others may be at work."""
    a = torch.randn(512, 512)
    times = []
    for _ in range(10):
        start = time.process_time()
        for _ in range(20):
            a @ a
        times.append(time.process_time() - start)
    return 20 * 2 * 512 ** 3 / min(times) / 1e9


def measure(kind):
    torch.manual_seed(1)
    x, y = torch.randn(N, T, F), torch.randn(N, 5 if kind == "multitask" else 1)
    for _ in range(3):
        start, used = time.perf_counter(), time.process_time()
        net = train(kind, x, y)
        took, of_processor = time.perf_counter() - start, time.process_time() - used
        print(f"{kind}: training {took:.3f} s, of the processor {of_processor:.3f} s")
    net.eval()
    times = []
    with torch.inference_mode():
        for _ in range(500):
            start = time.perf_counter()
            net(x[:1])
            times.append(time.perf_counter() - start)
    print(f"{kind}: prediction {statistics.median(times) * 1e6:.0f} us")


def main():
    torch.set_num_threads(1)
    print(f"PyTorch {torch.__version__}, {matrix_speed():.0f} GF/s on one thread")
    for kind in sys.argv[1:] or ["lstm", "bidirectional", "attention", "multitask"]:
        measure(kind)


if __name__ == "__main__":
    main()
