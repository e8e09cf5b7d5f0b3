"""`python -m tools.restore --from TABLE --to TABLE`: puts rows of a restored table back. docs/runbook.md says when."""

import sys
import time
from typing import Annotated

import typer

from terminal import app
from terminal.errors import CommandError
from tools import command
from tools.aws import reach
from tools.command import Json, Stage
from tools.restore import tables
from tools.restore.compare import KINDS, PUT_BACK, Difference, Row, differences
from tools.show import Output

NAME = "python -m tools.restore"

DESCRIPTION = f"""\
Compares a restored table with the table of a stage, and lists the rows that differ, by their ids. With --write it
puts rows back. It never deletes a row, and it leaves a row alone that somebody changes meanwhile.

\b
{chr(10).join(f"{kind:8}  {text}" for kind, text in KINDS.items())}

It puts back {" and ".join(PUT_BACK)} rows, and rows of other kinds only with --only."""

COLUMNS = {"id": "id", "kind": "kind", "restored": "restored status", "now": "status now", "written": "written"}


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def run(
    source: Annotated[str, typer.Option("--from", metavar="TABLE", help="the restored table")],
    target: Annotated[str, typer.Option("--to", metavar="TABLE", help="the table of the stage")],
    stage: Stage = command.DEFAULT_STAGE,
    only: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="only rows of this kind; may be repeated")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="do not touch this row; may be repeated")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="put the rows back")] = False,
    json: Json = False,
) -> int:
    if unknown := set(only or ()) - KINDS.keys():
        raise CommandError(f"unknown kind {sorted(unknown)[0]}: choose from {', '.join(KINDS)}")
    if source == target:
        raise CommandError("--from and --to name the same table")
    dynamodb = reach(stage).client("dynamodb")
    kinds: tuple[str, ...] = tuple(only or PUT_BACK)
    key = tables.key_of(dynamodb, target)
    if tables.key_of(dynamodb, source) != key:
        raise CommandError(f"{source} is not a copy of {target}: it has another key")
    now = {row[key]["S"]: row for row in tables.rows(dynamodb, target)}
    found = differences(tables.rows(dynamodb, source), now, key=key, time=time.time())
    chosen = [one for one in found if one.kind in kinds and one.id not in (without or ())]
    written = {one.id: tables.put_back(dynamodb, target, key, one) for one in chosen} if write else {}
    shown = [_shown(one, written.get(one.id)) for one in (chosen if only else found)]
    Output(as_json=json).rows(shown, COLUMNS, nothing="no row differs")
    return int(not all(written.values()))


def _shown(one: Difference, written: bool | None) -> dict[str, str | None]:
    said = None if written is None else "yes" if written else "no, it has changed"
    return {
        "id": one.id,
        "kind": one.kind,
        "restored": _status(one.restored),
        "now": _status(one.now),
        "written": said,
    }


def _status(row: Row | None) -> str | None:
    status: str | None = (row or {}).get("Status", {}).get("S")
    return status


APP = app.of_one_command(run, help=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
