"""`python -m tools.verify`: compares the estimates of `make cost` with what AWS measured. `make verify` runs it."""

import argparse
import os
import sys

from stacks.names import DEFAULT_STAGE, STAGES_IN_WORDS
from terminal.errors import CommandError
from tools import command
from tools.command import Parser
from tools.show import Output

DESCRIPTION = """\
Compares the estimates in costs/estimates.json, which `make cost` uses, with what CloudWatch measured on a deployed
stage. It changes nothing. Put a number that AWS knows better into the file, then run `make cost-docs`.

CloudWatch cannot measure some of them: the calls of KMS are in CloudTrail, and the bill has the others."""

MOST_DAYS = 60
COLUMNS = {"what": "estimate of", "estimate": "estimate", "measured": "measured", "times": "times", "of": "calls"}


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: _parse_and_compare(arguments))


def argument_parser() -> Parser:
    parser = Parser(prog="python -m tools.verify", description=DESCRIPTION)
    parser.add_argument(
        "--stage",
        default=os.environ.get("STAGE") or DEFAULT_STAGE,
        help=f"the stage: {STAGES_IN_WORDS} (default: the setting STAGE, or {DEFAULT_STAGE})",
    )
    parser.add_argument("--days", type=_days, default=7, metavar="N", help="how many days to look at (default: 7)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"not a number from 1 to {MOST_DAYS}")
    return int(text)


def _parse_and_compare(arguments: list[str] | None) -> int:
    parser = argument_parser()
    options = parser.parse_args(arguments)
    command.find_node()
    # Import CDK only here, because its import starts Node, and `--help` needs neither.
    from stacks.config import InvalidStageError, stage_from_context
    from tools.aws import reach
    from tools.doctor.target import Target
    from tools.verify.readings import STACKS, readings

    try:
        stage = stage_from_context({"stage": options.stage}.get)
    except InvalidStageError as error:
        parser.error(str(error))
    target = Target(stage, reach(stage.name))
    target.read_settings()
    if not any(target.has(stack) for stack in STACKS):
        raise CommandError(f"the stage {stage.name} is not deployed in {target.region}, so AWS has measured nothing")
    found = [one.row() for one in readings(target, days=options.days)]
    Output(as_json=options.json).rows(found, COLUMNS, nothing="nothing to compare")
    return 0


if __name__ == "__main__":
    sys.exit(main())
