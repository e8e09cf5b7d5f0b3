"""The section of the page."""

from collections import Counter
from collections.abc import Iterable

from tests.proof.paths.cases import MACHINES, STATES, Case
from tests.proof.paths.running import Result
from tests.proof.section import Figure, Section
from tests.support.workflows.edges import edges, named_errors


def section(result: Result) -> Section:
    all_edges = {name: edges(machine) for name, machine in MACHINES.items()}
    number = sum(len(one) for one in all_edges.values())
    named = {error for machine in MACHINES.values() for error in named_errors(machine)}
    faults = [one for one in result.cases if one.state]
    figures = [
        Figure("edges taken", number - sum(len(result.missing(name)) for name in MACHINES), number),
        Figure("errors that a Retry or a Catch names, and took", len(named & result.errors), len(named)),
        Figure("faults", len(faults)),
        Figure("executions", result.executions),
    ]
    text = "\n\n".join(
        [
            _table(
                ("state machine", "edges taken", "missing"),
                [
                    (
                        f"`{name}`",
                        f"{len(all_edges[name]) - len(result.missing(name))} of {len(all_edges[name])}",
                        ", ".join(result.missing(name)) or "none",
                    )
                    for name in MACHINES
                ],
            ),
            "A fault happens once, until the last attempt, or for ever. If AWS may have made the call all the same, it"
            " also happens after the call. `dies` is one more case for each state: the execution ends there, like one"
            " that times out. The last column shows the rows of the cases afterwards.",
            _table(
                ("state", "errors", "cases", "rows afterwards"),
                [_row(state, [one for one in faults if one.state == state], result) for state in STATES],
            ),
        ]
    )
    never = [f"{name}: no execution took {one}" for name in MACHINES for one in result.missing(name)]
    unmatched = [f"never happened: {one}" for one in sorted(named - result.errors)]
    return Section(figures, text, [*result.failures, *never, *unmatched])


def _row(state: str, cases: list[Case], result: Result) -> tuple[str, ...]:
    ends = Counter(result.ends.get(one.marker, "no row") for one in cases)
    errors = {one.error for one in cases if not one.dies}
    return (
        state,
        str(len(errors)) if errors else "dies",
        str(len(cases)),
        ", ".join(f"{count} {end}" for end, count in sorted(ends.items())),
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))
