# SPDX-License-Identifier: PostgreSQL
"""For gdb (./dev walk): which of our files a call enters, in the order of the first time, with the functions it enters there.

Reads WALK_SOURCES (the folder whose files count), WALK_BUILD and WALK_READY (a file to make when all is set) from the environment, as WALK_OUT
and WALK_SCRIPT are read by walk.sql; writes to standard output when the process has ended."""
import os
import re

import gdb  # pylint: disable=import-error

SOURCES, BUILD = os.environ["WALK_SOURCES"], os.environ["WALK_BUILD"]
entered = {}


class Entry(gdb.Breakpoint):
    """A function that has not been entered yet."""
    def __init__(self, path, line, name):
        super().__init__(f"{path}:{line}", internal=True)
        self.silent, self.what = True, (path, name)

    def stop(self):
        path, name = self.what
        entered.setdefault(os.path.relpath(ours(path), SOURCES), []).append(name)
        self.enabled = False
        return False


def ours(path):
    """A file as the debugging symbols name it (from the build folder, when the compiler was called so), from the root."""
    return os.path.normpath(os.path.join(BUILD, path))


def functions():
    """(file, line, name) of every function of ours that the library has debugging symbols of."""
    path = None
    for line in gdb.execute("info functions -n", to_string=True).splitlines():
        if match := re.match(r"File (.*):$", line):
            path = match[1]
        elif path and ours(path).startswith(SOURCES):
            while re.search("<[^<>]*>", line):  # arguments of templates name functions, too
                line = re.sub("<[^<>]*>", "", line)
            if (match := re.match(r"(\d+):.*?([\w~]+)\(", line)) and not match[2].startswith(("~", "pg_finfo", "operator")):
                yield path, int(match[1]), match[2]


gdb.execute("set pagination off")
gdb.execute("set breakpoint pending off")
gdb.execute("handle SIGUSR1 SIGUSR2 SIGURG nostop noprint pass")
for where in set(functions()):
    try:
        Entry(*where)
    except gdb.error:
        pass  # a template that was never made
with open(os.environ["WALK_READY"], "w", encoding="utf-8"):
    pass
gdb.execute("continue")
for file, names in entered.items():
    print(f"{file}: {', '.join(dict.fromkeys(names))}")
