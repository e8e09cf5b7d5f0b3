"""Counts what AWS would bill for the calls that the engine serves.

The engine itself counts only calls of functions. Each module here wraps functions of the engine; none changes what
they do. `laptop cost` and the tests read the counts at `PATH`.

Calls with the key of the account's root user do not count: the laptop cloud's own commands and the tests use it, and
so may you. What they start does count, for example an execution.

See decision D151.
"""


def apply() -> None:
    """Starts counting, before the engine starts."""
    from local.meter import buckets, database, functions, http, messages, workflows

    for part in (database, messages, functions, workflows, buckets, http):
        part.apply()
