#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Runs every ```sql block of the pages, in order, as it is printed: snippets.py PSQL [--show] [PAGE…]; see ./dev snippets.

Each page has a fresh database, named glucose, and one psql that runs all its blocks. That is a copy of one made by
scripts/snippets.sql or, where the page says database=empty, has nothing in it. Markers: see pages.py."""
import os
import re
import subprocess
import sys
import tempfile
import time

import pages

PREPARE = os.path.join(pages.ROOT, "scripts", "snippets.sql")
WAIT = ("DO $$ BEGIN FOR i IN 1 .. 1200 LOOP COMMIT; "
        "EXIT WHEN NOT EXISTS (SELECT FROM glucose.training_job WHERE state IN ('queued', 'running')); "
        "PERFORM pg_sleep(0.1); END LOOP; END $$;")
BEGIN, END = "@@begin", "@@end"


class Server:
    def __init__(self, psql):
        self.psql = psql

    def sql(self, statement, database="postgres"):
        done = subprocess.run([self.psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout.split()

    def roles(self):
        return set(self.sql("SELECT rolname FROM pg_roles"))

    def make(self, name, template="template1"):
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")

    def drop(self, name):
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def statement_ends(lines):
    """Whether the last line of a block ends its statement: what is left open would run into the next block."""
    code = [re.sub(r"\s*--.*$", "", line).rstrip() for line in lines]
    code = [line for line in code if line]
    return bool(code) and (code[-1].endswith(";") or re.search(r"\\[a-z]", code[-1]) is not None)


def script(path, settings, blocks):
    """The page as psql sees it: a block's lines where they stand, all else blank, so that psql's line numbers are the
    page's; what the runner has to say stands in the places of the fences."""
    lines, role = [""] * (len(pages.read(path)) + 1), None
    for block in blocks:
        if block.language != "sql":
            continue
        if not statement_ends(block.text):
            raise SystemExit(f"{path}:{block.end}: the block's last statement does not end")
        before = []
        if "wait" in block.marks:
            before.append(f"\\connect glucose postgres \\\\ {WAIT}")
            role = "postgres"
        if block.role != role:
            before.append(f"\\connect glucose {block.role}")
            role = block.role
        stop = "off" if "error" in block.marks else "on"
        before.append(f"\\set ON_ERROR_STOP {stop} \\echo {BEGIN} {block.line} \\warn {BEGIN} {block.line}")
        lines[block.line - 1] = " ".join(before)
        lines[block.line:block.end - 1] = block.text
        lines[block.end - 1] = f"\\echo {END} {block.line} :SQLSTATE"
    return "\n".join(lines) + "\n"


def said(text):
    """What was printed for each block, by its line."""
    parts = re.split(rf"^{BEGIN} (\d+)\n", text, flags=re.M)
    return {int(line): body for line, body in zip(parts[1::2], parts[2::2])}


def shows(shown, printed):
    """Whether a block shows what was printed: widths of columns do not count, … stands for anything."""
    def tidy(lines):
        return "\n".join(re.sub(r"-{2,}", "--", re.sub(r" +", " ", line)).strip() for line in lines).strip("\n")
    pattern = ".*?".join(re.escape(part) for part in tidy(shown).split("…"))
    return re.fullmatch(pattern, tidy(printed.splitlines()), flags=re.S) is not None


def compare(path, blocks, out, err):
    """What is wrong with what the blocks led to."""
    printed, warned, last = said(out), said(err), None
    for block in blocks:
        if block.language == "sql":
            last = block
            body = printed.get(block.line, "")
            state = re.search(rf"^{END} {block.line} (\w+)$", body, flags=re.M)
            wanted = block.marks.get("error")
            if wanted and state and state[1] != wanted:
                yield f"{path}:{block.line}: should fail with {wanted}, gave {state[1]}"
        elif "output" in block.marks and last is not None and last.line in printed:
            body = re.sub(rf"^{END} .*\n?", "", printed[last.line], flags=re.M)
            errors = re.sub(rf"^psql:{re.escape(path)}:\d+: ", "", warned.get(last.line, ""), flags=re.M)
            if not shows(block.text, body + errors):
                yield f"{path}:{block.line}: shows something else than was printed:\n{body}{errors}"


def run(server, path, show):
    """Runs a page; returns the number of its sql blocks and what is wrong. With show it prints what they print."""
    settings, blocks = pages.blocks(path)
    count = sum(block.language == "sql" for block in blocks)
    if count == 0:
        return 0, []
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, path)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        with open(copy, "w", encoding="utf-8") as file:
            file.write(script(path, settings, blocks))
        done = subprocess.run([server.psql, "-Xq", "-P", "pager=off", "-d", "glucose", "-U", "postgres", "-f", path],
                              cwd=folder, capture_output=True, text=True, check=False)
    if show:
        print(re.sub(rf"^{END} .*\n", "", re.sub(rf"^{BEGIN} (\d+)$", rf"{path}:\1", done.stdout, flags=re.M), flags=re.M))
    wrong = list(compare(path, blocks, done.stdout, done.stderr))
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if not line.startswith(BEGIN)]
        wrong.append("\n".join(errors[-12:]))
    return count, wrong


def main(psql, *chosen):
    server, failed, total = Server(psql), 0, 0
    show, chosen = "--show" in chosen, [word for word in chosen if word != "--show"]
    paths = [os.path.relpath(path, pages.ROOT) for path in chosen] or pages.pages()
    kinds = {path: pages.blocks(path)[0]["database"] for path in paths}
    before, ready = server.roles(), False
    # Pages that begin with nothing come first: the roles that they make are then theirs alone.
    for path in sorted(paths, key=lambda path: (kinds[path] != "empty", path)):
        if kinds[path] != "empty" and not ready:
            server.make("snippets")
            subprocess.run([psql, "-Xq", "-v", "ON_ERROR_STOP=1", "-d", "snippets", "-f", PREPARE], check=True)
            ready, before = True, server.roles()
        started = time.monotonic()
        server.make("glucose", "snippets" if kinds[path] != "empty" else "template1")
        count, wrong = run(server, path, show)
        server.drop("glucose")
        for role in server.roles() - before:
            server.sql(f'DROP ROLE "{role}"')
        if count:
            print(f"{'FAILED' if wrong else 'ok':7} {path}: {count} blocks, {time.monotonic() - started:.1f} s", flush=True)
        print("\n".join(wrong), end="\n" if wrong else "")
        failed, total = failed + bool(wrong), total + count
    print(f"{total} blocks of SQL in {len(paths)} pages, {failed} pages failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
