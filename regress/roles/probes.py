# SPDX-License-Identifier: PostgreSQL
"""probes.py MODE [--whole]: isolation by construction, in one mode of identity.

Every table and view x every verb, and every function, x every kind of role (kinds.py), about Alice and about Bob. All of
it is made from the catalog; what each kind may do is decided in decided.py and decided_functions.py, and an object that
nobody has decided about fails. In every cell:
- a role that may not see a person sees none of her rows and ids, changes none, and is told the same about her as about a
  person who is not there (SQLSTATE, message, hint, result);
- a role that may see her sees all of them, and can do what is decided, neither more nor less;
- no probe ends in an internal error.
Then what one identity leaves to the next one of a session (crossings.py), and openings that must be found (controls.py).
Each probe is a transaction that is undone; what it has changed is asked before that. Functions are called by those who see
a person in mode role alone, unless --whole: what they compute is the same in all modes.
"""
import sys

import controls
import crossings
import probed_functions
import probed_tables
from fixture import Fixture
from kinds import KEY_FILE, kinds
from prober import Prober
from trial import Trial, connect


def main(mode, whole):
    with Trial(f"probes, mode {mode}") as trial, connect("postgres", prepare_threshold=None) as session:
        prober = Prober(session, Fixture(session))
        session.execute(f"SET glucose.identity = '{mode}'; SET glucose.token_key_file = '{KEY_FILE}'")
        asking = list(kinds(mode))
        n_tables = probed_tables.probe(prober, asking)
        in_tables = prober.n
        n_functions, n_answered = probed_functions.probe(prober, asking, mode, whole)
        in_functions = prober.n - in_tables
        cursors = crossings.probe(prober, mode, asking)
        trial.check("who fetches first from another's cursor sees its own rows", cursors["opened"] == 0, cursors)
        trial.done += prober.n
        trial.wrong += [f"{what} (as {', '.join(names)})" for what, names in list(prober.wrong.items())[:60]]
        print(f"{prober.n} probes as {len(asking)} kinds of role: {in_tables} of {n_tables} tables and views, {in_functions} of "
              f"{n_functions} functions ({n_answered} answered somebody), {prober.n - in_tables - in_functions} from one identity "
              f"to another; {prober.foreign_rows} foreign rows seen, {prober.foreign_changes} changed, {prober.told_apart} told "
              f"apart, {len(prober.wrong)} not as decided")
        print("by SQLSTATE: " + ", ".join(f"{state} {n}" for state, n in sorted(prober.states.items())))
        print("tables in which another's cursor shows its rows: " + ", ".join(f"{what} {n}" for what, n in cursors.items()))
        print(f"{controls.probe(trial, prober, mode, asking)} planted cells let something through")


if __name__ == "__main__":
    main(sys.argv[1], "--whole" in sys.argv)
