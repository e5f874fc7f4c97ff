#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Reference numbers for the LSTM and for Adam, independent of the C++ code: plain loops in double precision over the
textbook equations (Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000), no backward pass; the
gradients are central differences of the loss. Standard library only. Run in this directory:

    python3 make_lstm_reference.py      # writes lstm_forward.txt and adam.txt

Matrices are row-major here, element k of the whole net (blocks in the order of Net.blocks) is
float32(0.35 sin(0.71 k + 0.2)); sequence, statics and targets are float32(0.8 sin(0.9 k + 1)), ... cos(1.3 k) and
... sin(0.5 k + 2), k counted row by row. The C++ test builds the same numbers from the same formulas.
"""
import math
import struct

CASES = [  # steps, statics, outputs, hidden sizes, batch
    (5, 2, 1, (3,), 3),
    (4, 3, 2, (5, 4), 3),
    (3, 0, 2, (4, 2, 3), 2),
    (3, 1, 1, (17,), 2),
    (1, 2, 2, (3, 2), 2),
]


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


class Net:
    def __init__(self, steps, statics, outputs, hidden):
        self.steps, self.statics, self.outputs, self.hidden = steps, statics, outputs, hidden
        self.blocks = []  # (name, rows, columns)
        inputs = 1 + statics
        for l, h in enumerate(hidden):
            self.blocks += [(f"input{l}", 4 * h, inputs), (f"recurrent{l}", 4 * h, h), (f"bias{l}", 4 * h, 1)]
            inputs = h
        self.blocks += [("dense", outputs, inputs), ("dense_bias", outputs, 1)]
        count = sum(rows * columns for _, rows, columns in self.blocks)
        self.values = [f32(0.35 * math.sin(0.71 * k + 0.2)) for k in range(count)]

    def matrices(self):
        result, at = {}, 0
        for name, rows, columns in self.blocks:
            result[name] = [self.values[at + r * columns: at + (r + 1) * columns] for r in range(rows)]
            at += rows * columns
        return result

    def forward(self, glucose, static):
        m = self.matrices()
        inputs = [[x] + list(static) for x in glucose]
        for l, h in enumerate(self.hidden):
            w, u, b = m[f"input{l}"], m[f"recurrent{l}"], m[f"bias{l}"]
            state, cell, outputs = [0.0] * h, [0.0] * h, []
            for x in inputs:
                z = [b[r][0] + sum(w[r][k] * x[k] for k in range(len(x))) + sum(u[r][k] * state[k] for k in range(h))
                     for r in range(4 * h)]
                new_state = []
                for j in range(h):
                    i, f = sigmoid(z[j]), sigmoid(z[h + j])
                    g, o = math.tanh(z[2 * h + j]), sigmoid(z[3 * h + j])
                    cell[j] = f * cell[j] + i * g
                    new_state.append(o * math.tanh(cell[j]))
                state = new_state
                outputs.append(state)
            inputs = outputs
        last = inputs[-1]
        return [m["dense_bias"][k][0] + sum(m["dense"][k][j] * last[j] for j in range(len(last)))
                for k in range(self.outputs)]


def rows(n, columns, formula):
    return [[f32(formula(r * columns + c)) for c in range(columns)] for r in range(n)]


def write_case(out, case):
    steps, statics, outputs, hidden, batch = case
    net = Net(steps, statics, outputs, hidden)
    sequence = rows(batch, steps, lambda k: 0.8 * math.sin(0.9 * k + 1))
    static = rows(batch, statics, lambda k: 0.8 * math.cos(1.3 * k))
    targets = rows(batch, outputs, lambda k: 0.8 * math.sin(0.5 * k + 2))

    def loss():
        total = 0.0
        for b in range(batch):
            y = net.forward(sequence[b], static[b])
            total += sum((y[k] - targets[b][k]) ** 2 for k in range(outputs))
        return total / (batch * outputs)

    out.write(f"case {steps} {statics} {outputs} {len(hidden)} {' '.join(map(str, hidden))} {batch}\n")
    for b in range(batch):
        out.write("output " + " ".join(f"{v:.12g}" for v in net.forward(sequence[b], static[b])) + "\n")
    out.write(f"loss {loss():.12g}\n")
    eps, at = 1e-5, 0
    for name, height, width in net.blocks:
        gradient = []
        for k in range(at, at + height * width):
            kept = net.values[k]
            net.values[k] = kept + eps
            above = loss()
            net.values[k] = kept - eps
            gradient.append((above - loss()) / (2 * eps))
            net.values[k] = kept
        at += height * width
        out.write(f"gradient {name} {height} {width} " + " ".join(f"{v:.8g}" for v in gradient) + "\n")


def write_adam(out):
    """Kingma and Ba 2015, algorithm 1, as printed, after clipping to norm 1; gradient of step n, element k:
    0.1 sin(n + 0.7 k) + 0.1 (k = 0: 20 times that in step 3, which is clipped). Ten elements, seven steps."""
    n_parameters = 10
    p = [0.1 * k - 0.3 for k in range(n_parameters)]
    m, v = [0.0] * n_parameters, [0.0] * n_parameters
    for n in range(1, 8):
        g = [(20 if n == 3 and k == 0 else 1) * (0.1 * math.sin(n + 0.7 * k) + 0.1) for k in range(n_parameters)]
        norm = math.sqrt(sum(x * x for x in g))
        if norm > 1:
            g = [x / norm for x in g]
        for k in range(n_parameters):
            m[k] = 0.9 * m[k] + 0.1 * g[k]
            v[k] = 0.999 * v[k] + 0.001 * g[k] * g[k]
            p[k] -= 0.001 * (m[k] / (1 - 0.9 ** n)) / (math.sqrt(v[k] / (1 - 0.999 ** n)) + 1e-8)
        out.write(f"{norm:.12g} " + " ".join(f"{x:.12g}" for x in p) + "\n")


if __name__ == "__main__":
    with open("lstm_forward.txt", "w") as file:
        for case_ in CASES:
            write_case(file, case_)
    with open("adam.txt", "w") as file:
        write_adam(file)
