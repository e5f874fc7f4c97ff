# SPDX-License-Identifier: PostgreSQL
"""What the contenders in Python compute with, on the server (plpython.sql) and beside it (app.py): one meal, a stored
baseline and 37 readings in, mg/dL after 60 and 120 minutes out. Libraries are imported by what needs them.

The network is pg_glucose's own by shape: an LSTM 64-64 over 12 steps of a quarter of an hour, here of three readings each
(the newest 36), with 13 inputs about the meal at every step. Trees and ridge take 50 columns."""
import io
import json
import math
from operator import mul

STEPS, PER_STEP, STATICS, HIDDEN = 12, 3, 13, 64
LEVEL, SPREAD = 140.0, 50.0  # mg/dL: readings go in, and forecasts come out, as (x - LEVEL) / SPREAD
KINDS = {"breakfast": (1, 0, 0, 0), "lunch": (0, 1, 0, 0), "dinner": (0, 0, 1, 0), "snack": (0, 0, 0, 1)}
COLUMNS = """a.i, m.meal_type, m.calories, m.carbs_g, m.protein_g, m.fat_g, m.fiber_g, a.mean, a.sd,
       extract(epoch FROM m.eaten_at)::float8 AS eaten_at,
       (SELECT array_agg(r.mg_dl ORDER BY r.measured_at) FROM glucose.glucose_reading r WHERE r.person_id = a.person_id
        AND r.measured_at > a.window_start AND r.measured_at <= a.eaten_at) AS readings
FROM bench.asked a JOIN glucose.meal m ON m.person_id = a.person_id AND m.meal_id = a.meal_id"""
STATEMENT = f"SELECT {COLUMNS} WHERE a.i = $1"
SET_STATEMENT = f"SELECT {COLUMNS} WHERE a.i = ANY ($1)"


def statics(row):
    """13 inputs of about unit size: nutrients, kind of meal, hour of day, level and spread of the person."""
    hour = row["eaten_at"] % 86400 * (2 * math.pi / 86400)
    return ((row["calories"] or 0) / 500, (row["carbs_g"] or 0) / 50, (row["protein_g"] or 0) / 25, (row["fat_g"] or 0) / 25,
            (row["fiber_g"] or 0) / 10, *KINDS[row["meal_type"]], math.sin(hour), math.cos(hour),
            (row["mean"] - LEVEL) / SPREAD, row["sd"] / SPREAD)


def columns(row):
    """50 columns for trees and ridge: the 37 newest readings, oldest first, and the statics."""
    return [*row["readings"][-37:], *statics(row)]


def steps(row):
    """(1, 12, 16), float32: three readings and the statics at every step."""
    import numpy as np
    x = np.empty((1, STEPS, PER_STEP + STATICS), np.float32)
    readings = np.array(row["readings"][-STEPS * PER_STEP:], np.float32).reshape(STEPS, PER_STEP)
    np.multiply(readings - LEVEL, 1 / SPREAD, out=x[0, :, :PER_STEP])
    x[0, :, PER_STEP:] = statics(row)
    return x


def torch_network():
    """The network, before it has learnt."""
    import torch

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(PER_STEP + STATICS, HIDDEN, num_layers=2, batch_first=True)
            self.dense = torch.nn.Linear(HIDDEN, 2)

        def forward(self, x):
            return self.dense(self.lstm(x)[0][:, -1])

    return Net()


def torch_loaded(content):
    import torch
    torch.set_num_threads(1)
    net = torch_network()
    net.load_state_dict(torch.load(io.BytesIO(content)))
    return net.eval()


def load_torch(content):
    """Eager: for one meal it was as fast as the same frozen by TorchScript."""
    import torch
    net = torch_loaded(content)

    @torch.inference_mode()
    def forecast(x):
        return net(torch.from_numpy(x)).mul_(SPREAD).add_(LEVEL)[0].tolist()

    return forecast


def load_torch_set(content):
    """Batches of 1,024: what they pass through stays in the cache."""
    import numpy as np
    import torch
    net = torch_loaded(content)

    @torch.inference_mode()
    def forecast(rows):
        x = np.empty((len(rows), STEPS, PER_STEP + STATICS), np.float32)
        readings = np.array([row["readings"][-STEPS * PER_STEP:] for row in rows], np.float32)
        np.multiply(readings.reshape(len(rows), STEPS, PER_STEP) - LEVEL, 1 / SPREAD, out=x[:, :, :PER_STEP])
        x[:, :, PER_STEP:] = np.array([statics(row) for row in rows], np.float32)[:, None, :]
        out = torch.cat([net(part) for part in torch.from_numpy(x).split(1024)]).mul_(SPREAD).add_(LEVEL).tolist()
        return [(row["i"], *mg_dl) for row, mg_dl in zip(rows, out)]

    return forecast


def load_numpy(content):
    """The same network without PyTorch. Gates in PyTorch's order: input, forget, cell, output."""
    import numpy as np
    saved = np.load(io.BytesIO(content))
    # sigmoid(x) = (1 + tanh(x / 2)) / 2, so that one tanh serves all four gates.
    half = np.repeat(np.array([0.5, 0.5, 1, 0.5], np.float32), HIDDEN)
    layers = [((saved[f"lstm.weight_ih_l{k}"].T * half).copy(), (saved[f"lstm.weight_hh_l{k}"].T * half).copy(),
               (saved[f"lstm.bias_ih_l{k}"] + saved[f"lstm.bias_hh_l{k}"]) * half) for k in range(2)]
    scale = np.repeat(np.array([0.5, 0.5, 1, 0.5], np.float32), HIDDEN)
    shift = np.repeat(np.array([0.5, 0.5, 0, 0.5], np.float32), HIDDEN)
    dense, bias = (saved["dense.weight"].T * SPREAD).copy(), saved["dense.bias"] * SPREAD + LEVEL
    tanh, h1, h2, h3 = np.tanh, HIDDEN, 2 * HIDDEN, 3 * HIDDEN

    def forecast(x):
        sequence = x[0]
        for inputs, recurrent, offset in layers:
            sums = sequence @ inputs + offset  # all steps' inputs by one product
            out = np.empty((STEPS, HIDDEN), np.float32)
            h = c = None
            for t in range(STEPS):
                gates = sums[t]
                if h is not None:
                    gates += h @ recurrent
                tanh(gates, out=gates)
                gates *= scale
                gates += shift
                c = gates[:h1] * gates[h2:h3] if c is None else gates[h1:h2] * c + gates[:h1] * gates[h2:h3]
                h = np.multiply(gates[h3:], tanh(c), out=out[t])
            sequence = out
        return (h @ dense + bias).tolist()

    return forecast


def load_xgboost(content):
    import numpy as np
    import xgboost
    trees = xgboost.Booster({"nthread": 1})
    trees.load_model(bytearray(content))

    def forecast(row):
        return trees.inplace_predict(np.array([row], np.float32), validate_features=False)[0].tolist()

    return forecast


def load_ridge(content):
    """Two sums of products: without numpy, which would cost more to call than it saves."""
    weights = json.loads(content)

    def forecast(row):
        return [sum(map(mul, row, w), b) for w, b in weights]

    return forecast
