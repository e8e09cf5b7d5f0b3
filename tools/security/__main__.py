"""`python -m tools.security`: runs security scanners over the project. `make security` runs it."""

import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from terminal import app
from terminal.errors import CommandError
from tools import command
from tools.install import ROOT
from tools.security import scanners, services, templates
from tools.security.findings import Finding, InvalidAcknowledgementError, acknowledgements, judge
from tools.security.report import Row, as_table, report
from tools.show import Output

NAME = "python -m tools.security"
ACKNOWLEDGED = Path(__file__).with_name("acknowledged.toml")
REPORT = ROOT / "docs" / "security-report.md"
COLUMNS = {"scanner": "scanner", "version": "version", "reads": "reads", "result": "result"}

DESCRIPTION = """\
Runs security scanners over the templates, the code and the workflows, and asks the package registries about known
vulnerabilities. Writes docs/security-report.md.

The exit status is 1 if a finding is not acknowledged in tools/security/acknowledged.toml, or if an acknowledgement is
not needed any more."""


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def run(
    needed: Annotated[
        str,
        typer.Option(
            "--services",
            metavar="optional|needed",
            callback=app.one_of("optional", "needed"),
            help="`needed` also fails if a service cannot be asked, as in CI",
        ),
    ] = "optional",
) -> int:
    command.find_node()
    try:
        known = acknowledgements(tomllib.loads(ACKNOWLEDGED.read_text()))
    except (InvalidAcknowledgementError, tomllib.TOMLDecodeError) as error:
        raise CommandError(str(error)) from None
    found: dict[str, list[Finding] | None] = {}
    print("Synthesising the templates, and running cdk-nag", flush=True)
    folders = templates.synthesise()
    for scanner in scanners.SCANNERS:
        print(f"Running {scanner.name}", flush=True)
        found[scanner.name] = list(scanner.find(folders))
    not_asked = []
    for service in services.SERVICES:
        print(f"Running {service.name}", flush=True)
        try:
            found[service.name] = service.ask()
        except services.NotAskedError as error:
            found[service.name] = None
            not_asked.append(f"not asked: {service.name}: {error}")
    judged = judge((one for some in found.values() for one in some or ()), known)
    rows = [_row(one.name, one.version(), one.reads, found[one.name], judged.open) for one in scanners.SCANNERS]
    rows += [_row(one.name, "", one.reads, found[one.name], judged.open) for one in services.SERVICES]
    REPORT.write_text(report(rows, known, judged, today=date.today()))
    Output(as_json=False).rows([dict(row) for row in as_table(rows)], COLUMNS, nothing="no scanner")
    for line in [*(f"problem: {one.rule} at {one.place}: {one.message}" for one in judged.open), *judged.unused]:
        print(line)
    print("\n".join(not_asked))
    return int(bool(judged.open or judged.unused or (not_asked and needed == "needed")))


def _row(name: str, version: str, reads: str, found: list[Finding] | None, still_open: object) -> Row:
    distinct = None if found is None else set(found)
    unacknowledged = len(distinct & set(still_open)) if distinct else 0  # type: ignore[call-overload]
    return Row(name, version, reads, None if distinct is None else len(distinct), unacknowledged)


APP = app.of_one_command(run, help=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
