# SPDX-License-Identifier: PostgreSQL
"""FastAPI beside the database: GET /forecast/NUMBER. One process, PyTorch on one thread, a pool of persistent connections
whose statements stay prepared; nothing is reset between requests, and no model of an answer is checked."""
import asyncpg
from fastapi import FastAPI
from fastapi.responses import JSONResponse

import network

app = FastAPI()


class Connection(asyncpg.Connection):
    def get_reset_query(self):
        return ""


@app.on_event("startup")
async def start():
    app.state.pool = await asyncpg.create_pool(connection_class=Connection, min_size=8, max_size=8)
    content = await app.state.pool.fetchval("SELECT bytes FROM bench.model WHERE name = 'torch'")
    app.state.forecast = network.load_torch(content)


@app.get("/forecast/{number}")
async def forecast(number: int):
    row = await app.state.pool.fetchrow(network.STATEMENT, number)
    at_60, at_120 = app.state.forecast(network.steps(row))
    return JSONResponse([{"minutes": 60, "mg_dl": at_60}, {"minutes": 120, "mg_dl": at_120}])
