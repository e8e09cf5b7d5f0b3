"""`python -m tools.doctor`: finds problems of a planned or a deployed stage."""

import argparse
import os
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from local import settings
from local.errors import LocalError
from stacks.config import STAGES, stage_from_context
from tools import deployment
from tools.doctor.checks import examine
from tools.doctor.target import Target
from tools.errors import CommandError, sentence
from tools.show import Output, complain

DESCRIPTION = """\
Looks at an account and region before a stage is deployed there, and at the stage afterwards: credentials, CDK's
bootstrap, the stage's settings, SES, SMS, quotas, operators and the stacks. It changes nothing.

AWS is found by the usual settings: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and so on. Stage `local` without
AWS_ENDPOINT_URL is this checkout's laptop cloud.

`make deploy` runs it first, with --deploying, and stops if there is a problem."""

EPILOG = """\
ok; limited: works, within limits; problem: needs a repair; unknown: AWS, or these credentials, do not tell

exit status: 0 no problem; 1 a problem, or AWS could not be asked; 2 wrong usage"""

SETTINGS = ("sender", "identity", "cache", "consumer")

COLUMNS = {"check": "check", "state": "", "found": "found", "advice": "what to do"}


def main(arguments: list[str] | None = None) -> int:
    """Examines one stage and returns the exit status, as the help tells."""
    options = _parser().parse_args(arguments)
    try:
        return _examine(options, Output(as_json=options.json))
    except (CommandError, LocalError) as error:
        complain(str(error))
    except (BotoCoreError, ClientError) as error:
        complain(sentence(error))
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    return 1


def _examine(options: argparse.Namespace, output: Output) -> int:
    said = {name: getattr(options, name) for name in SETTINGS if getattr(options, name)}
    stage = stage_from_context({"stage": options.stage, **said}.get)
    if options.deploying and stage.outbox and not os.environ.get("AWS_ENDPOINT_URL"):
        raise CommandError(f"stage {stage.name} is not for AWS: `python -m local up` deploys it on this machine")
    session, endpoint, _ = deployment.reach(stage.name, home=options.home)
    if session.region_name is None:
        raise NoRegionError
    target = Target(stage, session, endpoint, said={name.upper() for name in said}, deploying=options.deploying)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.doctor",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--stage", choices=STAGES, default=os.environ.get("STAGE") or "dev", help="default: $STAGE, or dev"
    )
    parser.add_argument("--sender", help="the sender that you will deploy with; a deployed one is examined first")
    parser.add_argument("--identity", choices=("new", "existing"), help="likewise: whether SES knows the sender")
    parser.add_argument("--cache", choices=("on", "off"), help="likewise: whether there is a cache")
    parser.add_argument("--consumer", choices=("on", "off"), help="likewise: whether there is the example consumer")
    parser.add_argument(
        "--deploying", action="store_true", help="report only what would make a deployment fail or do harm"
    )
    parser.add_argument("--json", action="store_true", help="a list of findings, for programs")
    parser.add_argument(
        "--home", type=Path, default=settings.PROJECT / ".local", help="folder of the laptop cloud (default: .local)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
