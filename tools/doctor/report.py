"""What the doctor prints of one stage."""

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
    """Examines the stage that `options` name, and returns the exit status. Raises InvalidStageError."""
    said = {name: getattr(options, name) for name in SETTINGS if getattr(options, name)}
    stage = stage_from_context({"stage": options.stage, **said}.get)
    if options.deploying and stage.outbox and not os.environ.get("AWS_ENDPOINT_URL"):
        raise CommandError(f"stage {stage.name} is not for AWS: `python -m local up` deploys it on this machine")
    aws = reach(stage.name, home=options.home)
    target = Target(stage, aws, said={name.upper() for name in said}, deploying=options.deploying)
    findings = list(examine(target))
    problems = [finding for finding in findings if finding.state == "problem"]
    if options.deploying and not output.as_json:
        for finding in findings:
            if finding.state != "ok":
                # In sentences: a table would break a command into lines, and you could not copy it.
                output.say("\n  ".join(filter(None, (f"{finding.state}: {finding.found}", finding.advice))))
        if not problems:
            output.say(f"found no problem that would stop a deployment of {stage.name} in {target.region}")
    else:
        output.rows([finding._asdict() for finding in findings], COLUMNS, nothing="nothing was examined")
    return 1 if problems else 0
