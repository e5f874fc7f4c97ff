# SPDX-License-Identifier: PostgreSQL
"""Turns: a contender's short slice by pgbench or over HTTP, and what is read off it."""
import glob
import os
import socket
import statistics
import subprocess
import threading
import time


class Failed(Exception):
    pass


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class Bench:
    def __init__(self, bindir, work, seconds, pinned):
        self.pgbench, self.work, self.seconds = os.path.join(bindir, "pgbench"), work, seconds
        with open(os.path.join(work, "postmaster")) as file:
            self.postmaster = int(file.read())
        self.cores = sorted(os.sched_getaffinity(0))
        self.pinned = pinned and len(self.cores) > 1

    def pin(self, one_client):
        """One client: it has the first core, and backends that begin from now on the second. Many: all have all."""
        if self.pinned:
            os.sched_setaffinity(self.postmaster, {self.cores[1]} if one_client else self.cores)

    def turn(self, contender, meals, clients=1, lead=None, seconds=None, since=0):
        """(latencies in µs after the lead, a second, transactions in all); Failed when one transaction did. On a busy machine
        the lead may be too short for what a session loads: then again, with a longer one."""
        lead, seconds = contender.lead if lead is None else lead, seconds or self.seconds
        for _ in range(3):
            latencies, tps, count = self.slice(contender, meals, clients, lead, seconds, since)
            if len(latencies) >= 5 or contender.meals == "sensor" and latencies:  # rows are not inserted again
                return latencies, tps, count
            lead *= 3
        raise Failed(f"{contender.name}: {len(latencies)} answers within {seconds} s, after {lead} s")

    def slice(self, contender, meals, clients, lead, seconds, since):
        if contender.name == "http":
            return self.http_turn(meals, clients, lead, seconds)
        script, prefix = os.path.join(self.work, contender.name + ".sql"), os.path.join(self.work, "log")
        with open(script, "w") as file:
            file.write(contender.script())
        first, last = meals
        command = [self.pgbench, "-n", "-c", str(clients), "-j", str(min(clients, 2)), "-T", str(round(lead + seconds)),
                   "-M", "prepared", "-U", contender.role, "-D", f"first={first}", "-D", f"last={last}", "-D", "t=-1",
                   "-D", f"since={since}", "-f", script, "-l", "--log-prefix", prefix, contender.database]
        if self.pinned and clients == 1:
            command = ["taskset", "-c", str(self.cores[0]), *command]
        self.pin(clients == 1)
        done = subprocess.run(command, cwd=self.work, env=os.environ | {"PGOPTIONS": contender.options},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.pin(False)
        ends, latencies = [], []
        for path in glob.glob(prefix + ".*"):
            with open(path) as file:
                for line in file:
                    _, _, latency, _, at, micros = line.split()[:6]
                    latencies.append(float(latency))
                    ends.append(int(at) + int(micros) / 1e6)
            os.remove(path)
        if done.returncode or "number of failed transactions: 0 " not in done.stdout or not ends:
            raise Failed(f"{contender.name}: {done.stdout}")
        return self.counted(ends, latencies, min(e - l / 1e6 for e, l in zip(ends, latencies)) + lead)

    @staticmethod
    def counted(ends, latencies, since):
        """Only what began after the lead: a first call that loads for longer is not a call of a warm session."""
        kept = [latency for end, latency in zip(ends, latencies) if end - latency / 1e6 >= since]
        return kept, len(kept) / max(max(ends) - since, 1e-6), len(ends)

    def http_turn(self, meals, clients, lead, seconds):
        """Persistent connections over a Unix socket; requests are bytes made by hand, so that the client costs little."""
        ends, latencies, failures = [], [], []
        until = time.time() + lead + seconds
        threads = [threading.Thread(target=self.http_client, args=(meals, k, until, ends, latencies, failures))
                   for k in range(clients)]
        began = time.time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise Failed(f"http: {failures[0]}")
        return self.counted(ends, latencies, began + lead)

    def http_client(self, meals, number, until, ends, latencies, failures):
        first, last = meals
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(os.path.join(self.work, "http"))
            k = number * 7919
            while time.time() < until:
                i, k = first + k % (last - first + 1), k + 7919  # a prime's steps visit all
                began = time.perf_counter()
                connection.sendall(b"GET /forecast/%d HTTP/1.1\r\nHost: bench\r\n\r\n" % i)
                answer = connection.recv(65536)
                while not answer.endswith(b"]") and b"\r\n\r\n" not in answer[:-4]:
                    more = connection.recv(65536)
                    if not more:
                        break
                    answer += more
                latencies.append((time.perf_counter() - began) * 1e6)
                ends.append(time.time())
                if not answer.startswith(b"HTTP/1.1 200"):
                    failures.append(answer[:200])
                    return


def ratio(above, below):
    """The median over the rounds of the quotient of one round."""
    return statistics.median(a / b for a, b in zip(above, below))


def memory(pid):
    """MB as the kernel accounts for them; PSS divides what several processes share."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        lines = [line.split() for line in file]
    mb = {line[0].rstrip(":"): int(line[1]) / 1024 for line in lines if line[-1] == "kB"}
    return {"Rss": mb["Rss"], "Pss": mb["Pss"], "Private": mb["Private_Clean"] + mb["Private_Dirty"]}
