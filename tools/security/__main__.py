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
    print("Synthesising the templates, and running cdk-nag", flush=True)
    folders = templates.synthesise()
    of_each: list[tuple[scanners.Scanner | services.Service, set[Finding] | None, str | None]] = []
    for scanner in scanners.SCANNERS:
        print(f"Running {scanner.name}", flush=True)
        of_each.append((scanner, set(scanner.find(folders)), None))
    for service in services.SERVICES:
        print(f"Running {service.name}", flush=True)
        answers, refusal = services.ask(service)
        of_each.append((service, set(answers) if answers or not refusal else None, refusal))
    judged = judge((one for _, some, _ in of_each for one in some or ()), known)
    rows = [_row(one, some, set(judged.open), whole=not refusal) for one, some, refusal in of_each]
    REPORT.write_text(report(rows, known, judged, today=date.today()))
    Output(as_json=False).rows([dict(row) for row in as_table(rows)], COLUMNS, nothing="no scanner")
    not_asked = [f"not asked: {one.name}: {refusal}" for one, _, refusal in of_each if refusal]
    problems = [f"problem: {one.rule} at {one.place}: {one.message}" for one in judged.open]
    for line in [*problems, *judged.unused, *not_asked]:
        print(line)
    return int(bool(problems or judged.unused or (not_asked and needed == "needed")))


def _row(
    one: scanners.Scanner | services.Service, found: set[Finding] | None, still_open: set[Finding], *, whole: bool
) -> Row:
    version = one.version() if isinstance(one, scanners.Scanner) else ""
    number = None if found is None else len(found)
    return Row(one.name, version, one.reads, number, len(still_open & (found or set())), whole)


APP = app.of_one_command(run, help=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
