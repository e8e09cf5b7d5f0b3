"""The result of a rehearsal as a table on the screen, and as the page docs/rehearsal.md."""

from collections import Counter
from datetime import date

from rich.console import Console

from terminal import tables
from terminal.text import counted
from tests.rehearsal.checks import Check
from tests.rehearsal.everything import MOST_SERVER_ERRORS, Rehearsal

HEAD = """\
# Rehearsal of an upgrade

`make rehearse FROM={name}` wrote this page on {today}. It deployed the old version on a laptop cloud of its own and
filled it. Then it upgraded to the new version, and went back, each time while both apps were used.
[deploying.md](deploying.md#upgrades) says what it checks and what to do about a problem.

| | |
| --- | --- |
| old version | {old} |
| new version | {new} |
| result | {result} |
| share of 5xx that a deployment may have | {share:.1%} |

| move | check | result | what was looked at |
| --- | --- | --- | --- |
"""
OK, FAILED = "ok", "FAILED"


def rows(seen: Rehearsal, documents: Check) -> list[tuple[str, str, str, str]]:
    found = [("documents", documents), *((move, one) for move, checks in seen.checks.items() for one in checks)]
    return [(move, one.name, FAILED if one.problems else OK, one.counted) for move, one in found]


def problems(seen: Rehearsal, documents: Check) -> list[str]:
    return [*(f"documents: {problem}" for problem in documents.problems), *seen.problems]


def show(seen: Rehearsal, documents: Check, console: Console) -> None:
    titles, found = ("move", "check", "result", "looked at"), rows(seen, documents)
    if table := tables.fitted(titles, found, width=console.width):
        console.print(table)
    else:
        for row in found:
            console.print("  ".join(row), markup=False)
    for problem in problems(seen, documents):
        console.print(f"FAILED  {problem}", markup=False)


def page(seen: Rehearsal, documents: Check, *, name: str, old: str, new: str, today: date) -> str:
    faults = problems(seen, documents)
    result = f"refused: {counted(len(faults), 'problem')}" if faults else "nothing broke"
    head = HEAD.format(name=name, today=f"{today:%Y-%m-%d}", old=old, new=new, result=result, share=MOST_SERVER_ERRORS)
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows(seen, documents))
    text = head + table + _listed("What breaks", faults)
    for move, moved in seen.moved.items():
        stacks = [f"{stack}: {_counted(changes)}" for stack, changes in sorted(moved.changes.items())]
        text += _listed(f"Changed resources: {move}", stacks)
        text += _listed(f"Only mentioned: {move}", [f"{one.stack}: {one.sentence}" for one in moved.mentioned])
    return text


def _counted(changes: Counter[str]) -> str:
    return ", ".join(f"{kind} {number}" for kind, number in sorted(changes.items()))


def _listed(title: str, lines: list[str]) -> str:
    return f"\n## {title}\n\n" + "".join(f"- {line}\n" for line in lines) if lines else ""
