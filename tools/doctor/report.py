"""Prints the doctor's findings about one stage."""

import os
from collections.abc import Mapping, Sequence

from rich.text import Text

from stacks.stage import Stage
from terminal import statuses
from terminal.errors import CommandError
from tools.allowed import name_of_check
from tools.aws import reach
from tools.doctor.checks import ALLOWABLE, Finding, examine
from tools.doctor.target import Target
from tools.show import Output

STATE_WIDTH = len("problem") + 2


def examine_stage(
    stage: Stage,
    *,
    said: Mapping[str, str],
    home: str | None,
    deploying: bool,
    output: Output,
    allowed: Sequence[str] = (),
) -> int:
    """Examines `stage`, for which the user gave the settings `said`, and returns the exit status.

    `allowed` are the names with which the user deploys in spite of a problem. Raises CommandError if the stage is not
    for AWS.
    """
    if deploying and stage.outbox and not os.environ.get("AWS_ENDPOINT_URL"):
        raise CommandError(f"stage {stage.name} is only for this machine: deploy it with `laptop up`")
    aws = reach(stage.name, home=home)
    target = Target(stage, aws, said={name.upper() for name in said}, deploying=deploying)
    findings = list(examine(target))
    found = [finding for finding in findings if finding.state == "problem"]
    permitted = ALLOWABLE.intersection(allowed)
    problems = [finding for finding in found if name_of_check(finding.check) not in permitted]
    if output.as_json:
        output.rows([finding._asdict() for finding in findings], {}, nothing="")
        return 1 if problems else 0
    # While deploying, only what is not in order.
    told = [finding for finding in findings if not deploying or finding.state != "ok"]
    width = max((len(finding.check) for finding in told), default=0)
    for finding in told:
        # Not in a table, which would break a command into several lines that nobody can copy.
        output.say(_line(finding, width))
    refused = [name for finding in problems if (name := name_of_check(finding.check)) in ALLOWABLE]
    if deploying and refused and len(refused) == len(problems):
        output.say(f"\nTo deploy all the same, add to the command: ALLOW={','.join([*allowed, *refused])}")
    if deploying and not found:
        output.say(f"no problem found that would stop a deployment of {stage.name} in {target.region}")
    return 1 if problems else 0


def _line(finding: Finding, width: int) -> Text:
    line = Text(f"{finding.check:{width}}  ")
    line.append_text(statuses.coloured(finding.state)).append(" " * (STATE_WIDTH - len(finding.state)) + finding.found)
    return line.append(f"\n{'':{width}}  {'':{STATE_WIDTH}}-> {finding.advice}") if finding.advice else line
