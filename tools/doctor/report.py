"""Prints the doctor's findings about one stage."""

import argparse
import os

from stacks.config import stage_from_context
from terminal.errors import CommandError
from tools.aws import reach
from tools.doctor.checks import examine
from tools.doctor.target import Target
from tools.show import Output

SETTINGS = ("sender", "identity", "cache", "consumer")

COLUMNS = {"check": "check", "state": "state", "found": "found", "advice": "what to do"}


def examine_stage(options: argparse.Namespace, output: Output) -> int:
    """Examines the stage that `options` name, and returns the exit status.

    Raises InvalidStageError if the stage is unknown or a setting is invalid, and CommandError if the stage is not for
    AWS.
    """
    said = {name: getattr(options, name) for name in SETTINGS if getattr(options, name)}
    stage = stage_from_context({"stage": options.stage, **said}.get)
    if options.deploying and stage.outbox and not os.environ.get("AWS_ENDPOINT_URL"):
        raise CommandError(f"stage {stage.name} is only for this machine: deploy it with `python -m local up`")
    aws = reach(stage.name, home=options.home)
    target = Target(stage, aws, said={name.upper() for name in said}, deploying=options.deploying)
    findings = list(examine(target))
    problems = [finding for finding in findings if finding.state == "problem"]
    if options.deploying and not output.as_json:
        for finding in findings:
            if finding.state != "ok":
                # Not in a table, which would break a command into several lines that nobody can copy.
                output.say("\n  ".join(filter(None, (f"{finding.state}: {finding.found}", finding.advice))))
        if not problems:
            output.say(f"no problem found that would stop a deployment of {stage.name} in {target.region}")
    else:
        output.rows([finding._asdict() for finding in findings], COLUMNS, nothing="no findings")
    return 1 if problems else 0
