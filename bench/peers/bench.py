# SPDX-License-Identifier: PostgreSQL
"""bench.py BIN WORK ROOT [--quick] [--publish] [PART…]: called by run.sh with a server that holds the persons. Trains what
the contenders serve, starts the service, runs the parts, writes the report."""
import datetime
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import measure  # noqa: E402
import report  # noqa: E402
import train  # noqa: E402
from parts import Parts, connect, say  # noqa: E402

PARTS = ["calls", "growth", "clients", "first", "memory", "sets", "lstm", "retraining", "inserts"]
ERRORS = """
SELECT count(*), sqrt(avg(((bench.torch(i))[1] - at_60) ^ 2)), sqrt(avg(((bench.numpy(i))[1] - at_60) ^ 2)),
       sqrt(avg(((bench.xgboost(i))[1] - at_60) ^ 2)), sqrt(avg(((bench.ridge(i))[1] - at_60) ^ 2)),
       sqrt(avg((f.mg_dl - at_60) ^ 2)), max(abs((bench.torch(i))[1] - (bench.numpy(i))[1])),
       max(abs((bench.torch(i))[1] - s.at_60_set))
FROM bench.asked a, glucose.glucose_forecast(meal_id) f, (SELECT i AS number, at_60 AS at_60_set FROM bench.torch_set(
  ARRAY(SELECT i FROM bench.asked WHERE part = 'own' AND is_asked))) s
WHERE part = 'own' AND is_asked AND at_60 IS NOT NULL AND f.minutes_ahead = 60 AND s.number = a.i"""


def errors(cursor):
    """RMSE at +60 minutes of all on the meals asked about: none is a stub, and the network is the same three times."""
    cursor.execute(ERRORS)
    n, torch, numpy, xgboost, ridge, auto, off, off_set = cursor.fetchone()
    if off > 0.01 or off_set > 0.01:
        raise SystemExit(f"one network answers differently: {off}, {off_set} mg/dL")
    return {"n": n, "auto": auto, "torch": torch, "numpy": numpy, "xgboost": xgboost, "ridge": ridge}


def service(work):
    """FastAPI on a Unix socket, as role app; ready when the socket is there."""
    server = subprocess.Popen(
        [sys.executable, "-B", "-m", "uvicorn", "app:app", "--app-dir", os.path.dirname(os.path.abspath(__file__)), "--uds",
         os.path.join(work, "http"), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"],
        env=os.environ | {"PGUSER": "app", "PGDATABASE": "bench"})
    with open(os.path.join(work, "uvicorn"), "w") as file:
        file.write(str(server.pid))
    for _ in range(300):
        if server.poll() is not None:
            raise SystemExit("the service did not start")
        if os.path.exists(os.path.join(work, "http")):
            return server
        time.sleep(0.1)
    raise SystemExit("the service is not ready after 30 s")


def machine():
    """What the figures were measured on, and with."""
    with open("/proc/cpuinfo") as file:
        lines = file.read().split("\n\n")[0].splitlines()
    info = dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)
    packages = ["postgresql-15", "postgresql-plpython3-15", "python3", "python3-numpy", "python3-xgboost", "python3-torch",
                "libopenblas0-pthread", "python3-fastapi", "python3-uvicorn", "python3-uvloop", "python3-asyncpg"]
    query = ["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *packages]
    versions = subprocess.run(query, capture_output=True, text=True).stdout.strip(", ")
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 1024 ** 2
    flags = info.get("flags", "").split()
    return {"cpu": info.get("model name", "?"), "family": f"family {info.get('cpu family')}, model {info.get('model')}",
            "simd": " ".join(flag for flag in ("avx2", "fma", "avx512f", "amx_tile") if flag in flags),
            "cores": len(os.sched_getaffinity(0)), "memory_gb": memory, "kernel": os.uname().release,
            "versions": versions, "blas": os.environ["KERNEL"], "commit": os.environ["COMMIT"],
            "date": str(datetime.date.today()), "load_before": os.getloadavg()[1]}


def main(bindir, work, root, *arguments):
    chosen = [a for a in arguments if not a.startswith("--")] or PARTS
    if set(chosen) - set(PARTS):
        raise SystemExit(f"parts: {' '.join(PARTS)}")
    setting = os.environ.get
    rounds, seconds, pinned = int(setting("ROUNDS", "7")), float(setting("SECONDS_EACH", "2")), setting("PINNED", "1") == "1"
    cursor = connect(role="postgres").cursor()
    say("what the others serve is trained")
    run = {"rounds": rounds, "seconds": seconds, "pinned": pinned, "arguments": " ".join(arguments)}
    found = {"machine": machine() | run,
             "settings": {name: int(setting(name.upper())) for name in ("persons", "days", "few", "long_days")},
             "trained_on": train.train(cursor), "errors": errors(cursor)}
    cursor.execute("SELECT part, count(*), max((SELECT count(*) FROM glucose.glucose_reading r "
                   "WHERE r.person_id = b.person_id)) FROM bench.person b GROUP BY 1")
    found["persons"] = {part: [n, most] for part, n, most in cursor.fetchall()}
    cursor.execute("VACUUM ANALYZE")
    server = service(work)
    figures = os.path.join(root, "build/bench/peers.json")
    try:
        parts = Parts(measure.Bench(bindir, work, seconds, pinned), rounds, root)
        for name in PARTS:
            if name in chosen:
                say(name)
                getattr(parts, name)()
                found |= parts.found
                found["machine"]["load_after"] = os.getloadavg()[1]
                with open(figures, "w") as file:
                    json.dump(found, file, indent=1)
    finally:
        server.terminate()
        server.wait()
    text = report.report(found)
    with open(os.path.join(root, "build/bench/peers.md"), "w") as file:
        file.write(text)
    print(text)
    if "--publish" in arguments:
        report.publish(os.path.join(root, "bench/results/peers.md"), text)


if __name__ == "__main__":
    main(*sys.argv[1:])
