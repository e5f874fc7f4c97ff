#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""PyTorch on one thread, the shape and the work of bench/core/lstm_bench.cpp (lstm_training, dropout 0):
105 samples x 100 epochs, batches of 32, LSTM 64-64 over 12 steps of 1 + 21 inputs, 2 outputs, Adam, norm clipped at 1.
Prints the seconds of each of three runs and the microseconds of one prediction; says so and stops without PyTorch.

The first line tells PyTorch's matrix speed. A distribution's package may run on the reference BLAS (about 6 GF/s, and
five times slower here): such a run is no comparison; give it OpenBLAS (LD_LIBRARY_PATH to its libblas.so.3)."""
import statistics
import time

try:
    import torch
except ImportError:
    print("skipped: PyTorch is not installed")
    raise SystemExit(0)

N, T, S, H, K, EPOCHS, BATCH = 105, 12, 21, 64, 2, 100, 32


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(1 + S, H, num_layers=2, batch_first=True)
        self.dense = torch.nn.Linear(H, K)

    def forward(self, x):
        return self.dense(self.lstm(x)[0][:, -1])


def train(x, y):
    net = Net()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(EPOCHS):
        order = torch.randperm(N)
        for start in range(0, N, BATCH):
            rows = order[start:start + BATCH]
            adam.zero_grad(set_to_none=True)
            torch.nn.functional.mse_loss(net(x[rows]), y[rows]).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            adam.step()
    return net


def matrix_speed():
    a = torch.randn(512, 512)
    a @ a
    start = time.perf_counter()
    for _ in range(20):
        a @ a
    return 20 * 2 * 512 ** 3 / (time.perf_counter() - start) / 1e9


def main():
    torch.set_num_threads(1)
    print(f"PyTorch {torch.__version__}, {matrix_speed():.0f} GF/s on one thread")
    torch.manual_seed(1)
    sequence, statics = torch.randn(N, T, 1), torch.randn(N, 1, S)
    x, y = torch.cat([sequence, statics.expand(N, T, S)], dim=2).contiguous(), torch.randn(N, K)
    for _ in range(3):
        start, used = time.perf_counter(), time.process_time()
        net = train(x, y)
        print(f"training {time.perf_counter() - start:.3f} s, of the processor {time.process_time() - used:.3f} s")
    net.eval()
    times = []
    with torch.inference_mode():
        for _ in range(2000):
            start = time.perf_counter()
            net(x[:1])
            times.append(time.perf_counter() - start)
    print(f"prediction {statistics.median(times) * 1e6:.0f} us")


if __name__ == "__main__":
    main()
