# SPDX-License-Identifier: PostgreSQL
"""What each kind of role may do with every table and view: decided once, probed in every cell.

A new table or view is entered here, or the probes fail. What is decided is compared with what the probes can do:
neither more nor less.
"""
from kinds import STANDINGS

# r reads, i adds, u changes, d deletes rows of a person, by what one is to that person (the columns are STANDINGS).
# Who is nothing to the person may do none of it, whatever the table; an analyst reads only.
OF_PERSONS = {
    #                                     view record manage owner  steward reads, steward  keeper
    "its owner decides":                  ("r", "r", "r", "riud", "r", "r", ""),
    "the person itself":                  ("r", "r", "r", "riud", "r", "r", "i"),
    "recorded":                           ("r", "ri", "riud", "riud", "r", "r", ""),
    "said, each for himself":             ("r", "ri", "ri", "riud", "r", "r", ""),
    "decided by who manages":             ("r", "r", "riud", "riud", "r", "r", ""),
    "decided by who manages or steward":  ("r", "r", "riud", "riud", "r", "riud", ""),
    "written by functions":               ("r", "r", "r", "r", "r", "r", ""),
    "of who asked":                       ("", "", "", "r", "r", "r", ""),
    "names of roles":                     ("", "", "", "", "", "", "riud"),
    "nobody's to see":                    ("", "", "", "", "", "", ""),
}
# The same of rows that are of no person, by grants: an application or analyst, a steward that reads, a steward, the keeper.
GRANTS = ("application", "steward reads", "steward", "keeper")
OF_NOBODY = {
    "set by stewards":         ("r", "r", "riud", "riud"),
    "alerts of the service":   ("", "r", "riud", "riud"),
    "samples of the service":  ("", "", "riud", "riud"),
    "of populations":          ("r", "r", "r", "r"),
    "weights of populations":  ("", "", "r", "r"),
    "the version":             ("r", "r", "r", "riud"),
    "of ten persons or more":  ("", "", "", ""),  # here are two: nobody is told anything
    "sealed":                  ("", "", "", ""),
}
TABLES = {
    "the person itself": "person",
    "its owner decides": "person_access person_time_zone",
    "recorded": "meal glucose_reading daily_metric",
    "said, each for himself": "prediction_feedback",
    "decided by who manages": "source_preference",
    "decided by who manages or steward": "retraining_override",
    "written by functions": "batch_answer deployment experiment_model model_check model_metric model_update model_version "
                            "performance_log person_alert prediction recorded_outcome retraining_log serving_mark training_job "
                            "active_alerts model_live_accuracy prediction_horizon prediction_outcome training_progress",
    "of who asked": "batch_job",
    "names of roles": "role_identity",
    "nobody's to see": "population_member counted_call",
    "set by stewards": "event experiment metric retraining_policy",
    "alerts of the service": "system_alert",
    "samples of the service": "health_sample",
    "of populations": "population_deployment population_metric",
    "of ten persons or more": "telemetry",
    "weights of populations": "population_model",
    "the version": "schema_version",
    "sealed": "audit_seal",
}
CLASS_OF_TABLE = {name: kind for kind, names in TABLES.items() for name in names.split()}
# Where any row at all is too many.
NEVER_SEEN = {name for kind in ("nobody's to see", "sealed") for name in TABLES[kind].split()}
# What the server itself writes when these are written.
FOLLOWS = {"meal": {"serving_mark"}, "glucose_reading": {"serving_mark"}}


def complain_of_objects(wrong, what, decided_of, names):
    """An object that nobody has decided about, or a decision about one that is not there."""
    for name in sorted(set(names) - set(decided_of)):
        wrong[f"{what} {name} is not entered in regress/roles/decided.py: what may each kind of role do with it?"] = ["everybody"]
    for name in sorted(set(decided_of) - set(names)):
        wrong[f"{what} {name} is entered in regress/roles/decided.py and not there"] = ["everybody"]


def rights(table, kind, subject):
    """The letters of what this kind may do with this person's rows of the table."""
    decision = CLASS_OF_TABLE[table]
    if kind.grants == "none":
        return ""
    if decision in OF_NOBODY:
        return OF_NOBODY[decision][GRANTS.index(kind.standing(subject))
                                   if kind.standing(subject) in GRANTS else 0]
    if kind.standing(subject) == "none":
        return ""
    letters = OF_PERSONS[decision][STANDINGS.index(kind.standing(subject))]
    return "".join(letter for letter in letters if kind.grants != "read" or letter == "r")


def changes(fixture, table, kind, subject):
    """The tables of the person that a statement on this one may change."""
    letters = rights(table, kind, subject)
    if table == "person" and "d" in letters:
        return frozenset(fixture.tables)
    return frozenset({table} | FOLLOWS.get(table, set())) if set(letters) - {"r"} else frozenset()


def rows_seen(prober, table, kind, subject):
    """How many rows of the person who may read sees: all, but of person_access a caregiver its own one."""
    if prober.fixture.whose(table) is None:
        return None
    if table == "person_access" and kind.standing(subject.name) in STANDINGS[:3]:
        return 1
    return prober.rows[subject.name, table]
