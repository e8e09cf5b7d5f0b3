"""Shows what a deployment would change, and says what to type so that it may do what was refused."""

from collections.abc import Iterable, Sequence
from typing import Any

from tools.guards.change_sets import LOG
from tools.guards.changes import Finding
from tools.guards.plan import Plan
from tools.show import Output

MOST_NAMES = 5
"""How many replaced or removed resources of a stack are named. `make diff` names all."""

COLUMNS = {
    "stack": "stack",
    "new": "new",
    "changed": "changed",
    "replaced": "replaced",
    "removed": "removed",
    "which": "replaced or removed",
}


def show(plans: Sequence[Plan], output: Output) -> None:
    """Prints how many resources of each stack change, and the names of those that are replaced or removed."""
    output.rows([_row(plan) for plan in plans if plan.counts], COLUMNS, nothing="no resource changes")
    if unprepared := [plan.stack.name for plan in plans if plan.unprepared]:
        names = " and ".join(unprepared)
        output.say(f"CloudFormation prepared no change set for {names}, so its templates were compared: see {LOG}")


def _row(plan: Plan) -> dict[str, Any]:
    more = len(plan.gone) - MOST_NAMES
    which = [*plan.gone[:MOST_NAMES], *([f"and {more} more"] if more > 0 else [])]
    return {"stack": plan.stack.name, **plan.counts, "which": which}


def refuse(found: Iterable[Finding], allowed: Sequence[str], output: Output) -> bool:
    """Prints what would be lost. Returns whether the deployment must stop, because somebody has to allow it first."""
    found = [*found]
    refused = [one.path for one in found if one.blocks and one.path not in allowed]
    for one in found:
        told = "refused" if one.path in refused else "allowed" if one.blocks else "note"
        output.say(f"{told}: {one.sentence}")
    if refused:
        # The names that the user has typed stay, so that the command can be repeated as a whole.
        output.say(f"\nTo deploy all the same, add to the command: ALLOW={','.join([*allowed, *refused])}")
    return bool(refused)
