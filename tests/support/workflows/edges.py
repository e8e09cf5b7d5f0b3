"""The edges of a state machine, and the edges that AWS takes through a task that fails. Pure.

An edge is a text such as `Update the order table: Catch[0]`: the state, and the way out of it. `[0]` is the place in
the definition's list. tests/support/engine/watched.py writes the same texts for what an engine really does.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.support.workflows.asl import State, states, within

DIES = "States.Runtime"
"""The error that no Retry and no Catch takes, even by name: `runtime-errors-are-not-caught` in tests/facts."""

MOST_ATTEMPTS = 3
"""The MaxAttempts of a retrier without one.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""

RETRIES, GIVES_UP, REFUSES = "retries", "gives up", "does not retry"


def edge(state: str, way: str) -> str:
    return f"{state}: {way}"


def edges(machine: Mapping[str, Any]) -> dict[str, str]:
    """All edges of a machine, also inside its Map and Parallel states. The values are where they lead, for people."""
    found = {edge(one["StartAt"], "StartAt"): "the first state" for one in _machines(machine)}
    for name, state in states(machine):
        found |= {edge(name, way): to for way, to in _ways(state)}
    return found


def named_errors(machine: Mapping[str, Any]) -> set[str]:
    """Each error of each Retry and Catch, such as `Update the order table: Catch[0] takes States.ALL`."""
    return {
        edge(name, f"{kind}[{number}] takes {error}")
        for name, state in states(machine)
        for kind in ("Retry", "Catch")
        for number, one in enumerate(state.get(kind, []))
        for error in one["ErrorEquals"]
    }


def course(name: str, state: State, *, error: str, times: int) -> list[str]:
    """The edges that AWS takes through a task whose first `times` attempts fail with `error`, and the next succeeds."""
    taken, used = list[str](), dict[int, int]()
    for _ in range(times):
        retrier = None if error == DIES else first_match(state.get("Retry", []), error)
        if retrier is not None:
            most = state["Retry"][retrier].get("MaxAttempts", MOST_ATTEMPTS)
            used[retrier] = used.get(retrier, 0) + 1
            if used[retrier] <= most:
                taken.append(edge(name, f"Retry[{retrier}] {RETRIES}"))
                continue
            taken.append(edge(name, f"Retry[{retrier}] {GIVES_UP if most else REFUSES}"))
        catcher = None if error == DIES else first_match(state.get("Catch", []), error)
        return [*taken, edge(name, "uncaught" if catcher is None else f"Catch[{catcher}]")]
    return [*taken, edge(name, "Next" if "Next" in state else "End")]


def attempts(state: State, error: str) -> int:
    """How many attempts AWS makes if each fails with `error`."""
    retrier = None if error == DIES else first_match(state.get("Retry", []), error)
    return 1 if retrier is None else 1 + int(state["Retry"][retrier].get("MaxAttempts", MOST_ATTEMPTS))


def first_match(rules: Sequence[Mapping[str, Any]], error: str) -> int | None:
    """The number of the first retrier or catcher that takes an error.

    `States.TaskFailed` takes every error except `States.Timeout`: `task-failed-catches-no-timeout` in tests/facts.
    """
    wildcards = {"States.ALL"} | ({"States.TaskFailed"} if error != "States.Timeout" else set())
    return next((number for number, one in enumerate(rules) if {error, *wildcards} & set(one["ErrorEquals"])), None)


def _machines(machine: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The machine, and the machines inside its states."""
    return [machine, *(inner for _, state in states(machine) for inner in within(state))]


def _ways(state: State) -> Iterator[tuple[str, str]]:
    """The ways out of a state, and where they lead."""
    for kind in ("Choices", "Catch"):
        for number, one in enumerate(state.get(kind, [])):
            yield f"{kind}[{number}]", one["Next"]
    for number, one in enumerate(state.get("Retry", [])):
        if one.get("MaxAttempts", MOST_ATTEMPTS):
            yield f"Retry[{number}] {RETRIES}", "the same state"
            yield f"Retry[{number}] {GIVES_UP}", "its Catch"
        else:
            yield f"Retry[{number}] {REFUSES}", "its Catch"
    for key in ("Next", "Default"):
        if key in state:
            yield key, state[key]
    if state["Type"] in ("Task", "Map", "Parallel"):
        # No Catch takes DIES, so each of them has this way out.
        yield "uncaught", "the execution fails"
    if state["Type"] in ("Fail", "Succeed"):
        yield state["Type"], "the execution ends"
    if state.get("End"):
        yield "End", "the execution ends"
