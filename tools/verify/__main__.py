"""`python -m tools.verify`: verifies a deployed stage from outside. `make verify` runs it."""

import re
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from terminal import app
from terminal.app import UsageError
from terminal.errors import CommandError
from tools import command
from tools.command import Home, Json, Stage, whole_number
from tools.show import Output

NAME = "python -m tools.verify"

DESCRIPTION = """\
Verifies both apps of a deployed stage from outside: orders, reminders, sign-in, refusals, the cache, the page, alarms
and logs. It uses only public interfaces: HTTP, the outputs of the stacks, the queues, logs and alarms.

First it says what it costs and how long it takes. It asks nothing. It creates users of its own, uses test cards, and
removes what it made, also after Ctrl-C.

It needs AWS credentials that may create users in the user pool, read the queues, the alarms and the logs, invoke two
functions and start the order workflow."""

EPILOG = """\
results: ok; failed; differs (the laptop cloud differs from AWS, as docs/local.md says); left out

exit status: 0 nothing failed; 1 a check failed, or something of this run is left; 2 wrong usage; 130 interrupted"""

MOST_DAYS = 60
COLUMNS = {"what": "estimate of", "estimate": "estimate", "measured": "measured", "times": "times", "of": "calls"}
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def _phone(text: str | None) -> str | None:
    if text and not PHONE.fullmatch(text):
        raise typer.BadParameter("not a phone number: write it like +15555550199")
    return text or None


def run(
    stage: Stage = command.DEFAULT_STAGE,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="write the report into this file (default: build/verify/STAGE.md)"),
    ] = None,
    phone: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", callback=_phone, help="send texts to this number; without it, send none"),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="CHECK", help="run only this check; you can repeat the option")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="do not open the page in a browser")] = False,
    leave_queues: Annotated[
        bool, typer.Option("--leave-queues", help="do not read the queues, because other applications do")
    ] = False,
    estimates: Annotated[
        bool, typer.Option("--estimates", help="only compare the estimates of `make cost` with CloudWatch")
    ] = False,
    days: Annotated[
        int, typer.Option(metavar="N", callback=whole_number(1, MOST_DAYS), help="how many days --estimates looks at")
    ] = 7,
    json: Json = False,
    home: Home = None,
) -> int:
    from tools import deployment

    deployment.require_credentials(stage, home=home)
    found = deployment.find(stage, home=home)
    output = Output(as_json=json)
    if estimates:
        return _estimates(found, stage, days, output)
    from tools.verify import browser, cleaning, suite
    from tools.verify import report as reports
    from tools.verify.run import LAPTOP_PHONE, Run
    from tools.verify.table import BY_NAME, CHECKS

    if unknown := sorted(set(only or ()) - BY_NAME.keys()):
        raise UsageError(f"unknown check {unknown[0]!r}; the checks are {', '.join(BY_NAME)}")
    checks = [check for check in CHECKS if not only or check.name in only]
    outcomes = []

    def say(sentence: str) -> None:
        for line in textwrap.wrap(sentence, reports.WIDTH, break_long_words=False, break_on_hyphens=False):
            output.say(line)

    verification = Run(
        found,
        phone=phone or (LAPTOP_PHONE if found.is_laptop else None),
        reads_queues=not leave_queues,
        browser=None if no_browser else browser.chromium,
        say=say,
    )
    for sentence in suite.announcement(verification, checks, stage=stage):
        say(sentence)
    with cleaning.cleaned(verification):
        for check in checks:
            outcomes.append(suite.outcome(verification, check))
            reports.show(outcomes[-1], output)
    return _told(verification, outcomes, stage, report, output)


def _told(run: Any, outcomes: list[Any], stage: str, file: Path | None, output: Output) -> int:
    """Prints the summary, writes the report, and returns the exit status."""
    from datetime import date

    from tools.verify import report as reports

    where = file or Path("build", "verify", f"{stage}.md")
    try:
        reports.write(where, reports.page(run, outcomes, stage=stage, today=date.today()))
    except OSError as error:
        raise CommandError(f"the report {where} cannot be written ({error.strerror}): name another --report") from None
    if output.as_json:
        output.rows([_row(outcome) for outcome in outcomes], {}, nothing="")
    output.say(f"{reports.summary(outcomes)}; the report is in {where}")
    return 1 if run.left or any(outcome.verdict == "failed" for outcome in outcomes) else 0


def _row(outcome: Any) -> dict[str, Any]:
    return {
        "check": outcome.check.name,
        "verdict": outcome.verdict,
        "found": outcome.found,
        "seconds": round(outcome.seconds, 1),
    }


def _estimates(deployment: Any, stage: str, days: int, output: Output) -> int:
    from tools.verify.readings import STACKS, readings

    if not any(deployment.has(stack) for stack in STACKS):
        raise CommandError(f"the stage {stage} is not deployed in {deployment.region}, so AWS has measured nothing")
    found = [one.row() for one in readings(deployment, days=days)]
    output.rows(found, COLUMNS, nothing="nothing to compare")
    return 0


APP = app.of_one_command(run, help=DESCRIPTION, epilog=EPILOG)


if __name__ == "__main__":
    sys.exit(main())
