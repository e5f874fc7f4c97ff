# SPDX-License-Identifier: PostgreSQL
"""Trains what the contenders in Python serve, on meals of the same persons before those asked about, and stores the models in
bench.model. At most ROWS meals: enough to be no stub, and it is the serving that is measured."""
import io
import json

import numpy as np
import torch
import xgboost

import network

ROWS, EPOCHS, BATCH, ROUNDS, DEPTH, PENALTY = 12000, 6, 64, 100, 4, 100.0
EARLIER = """
SELECT m.meal_type, m.calories, m.carbs_g, m.protein_g, m.fat_g, m.fiber_g, a.mean, a.sd,
       extract(epoch FROM m.eaten_at)::float8 AS eaten_at, w.at_60, w.at_120,
       (SELECT array_agg(r.mg_dl ORDER BY r.measured_at) FROM glucose.glucose_reading r WHERE r.person_id = w.person_id
        AND r.measured_at > w.window_start AND r.measured_at <= w.eaten_at) AS readings
FROM bench.window w JOIN glucose.meal m ON m.person_id = w.person_id AND m.eaten_at = w.eaten_at
JOIN (SELECT person_id, min(eaten_at) AS first_at, max(mean) AS mean, max(sd) AS sd FROM bench.asked WHERE is_asked GROUP BY 1) a
  ON a.person_id = w.person_id AND w.eaten_at < a.first_at - interval '2 h'
WHERE w.part IN ('own', 'population') AND w.readings = 37 AND w.at_60 IS NOT NULL AND w.at_120 IS NOT NULL
ORDER BY md5(m.meal_id::text) LIMIT %s"""


def trained_network(x, y):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    net = network.torch_network()
    adam = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            adam.zero_grad(set_to_none=True)
            torch.nn.functional.mse_loss(net(x[rows]), y[rows]).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            adam.step()
    return {name: value.detach() for name, value in net.state_dict().items()}


def ridge(x, y):
    mean, sd = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / sd
    weights = np.linalg.solve(z.T @ z + PENALTY * np.eye(z.shape[1]), z.T @ (y - y.mean(0))) / sd[:, None]
    return [(w.tolist(), float(b)) for w, b in zip(weights.T, y.mean(0) - mean @ weights)]


def train(cursor):
    cursor.execute(EARLIER, [ROWS])
    names = [column.name for column in cursor.description]
    rows = [dict(zip(names, row)) for row in cursor.fetchall()]
    y = np.array([(row["at_60"], row["at_120"]) for row in rows])
    flat = np.array([network.columns(row) for row in rows])
    sequences = torch.from_numpy(np.concatenate([network.steps(row) for row in rows]))
    saved = {}
    state = trained_network(sequences, torch.from_numpy(((y - network.LEVEL) / network.SPREAD).astype(np.float32)))
    saved["torch"], saved["numpy"] = io.BytesIO(), io.BytesIO()
    torch.save(state, saved["torch"])
    np.savez(saved["numpy"], **{name: value.numpy() for name, value in state.items()})
    trees = xgboost.train({"nthread": 1, "max_depth": DEPTH, "eta": 0.1, "objective": "reg:squarederror"},
                          xgboost.DMatrix(flat, label=y), ROUNDS)
    saved = {name: value.getvalue() for name, value in saved.items()}
    saved |= {"xgboost": bytes(trees.save_raw("ubj")), "ridge": json.dumps(ridge(flat, y)).encode()}
    for name, content in saved.items():
        cursor.execute("INSERT INTO bench.model VALUES (%s, %s)", [name, content])
    return len(rows)
