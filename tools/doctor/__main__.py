"""`python -m tools.doctor`: finds problems of a planned or a deployed stage."""

import os
import sys

from stacks.names import DEFAULT_STAGE, STAGES_IN_WORDS
from tools import command
from tools.command import Parser
from tools.show import Output

DESCRIPTION = """\
Finds problems in an account and region before you deploy a stage, and in the stage afterwards. It checks the
credentials, CDK's bootstrap, the stage's settings, SES, SMS, quotas, operators and the stacks. It changes nothing.

It finds AWS by the usual settings, such as AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL. Stage `local` is the
laptop cloud in --home. Without --home it is this checkout's laptop cloud, unless AWS_ENDPOINT_URL is another address.

`make deploy` first runs it with --deploying, and stops if there is a problem."""

EPILOG = """\
states: ok; limited (it works, within limits); problem (repair it); unknown (AWS does not answer, or refuses to)

exit status: 0 no problem; 1 a problem, or AWS could not be asked; 2 wrong usage"""


def main(arguments: list[str] | None = None) -> int:
    """Examines one stage and returns the exit status that the help explains."""
    return command.exit_status(lambda: _parse_and_examine(arguments))


def _parse_and_examine(arguments: list[str] | None) -> int:
    parser = argument_parser()
    options = parser.parse_args(arguments)
    command.find_node()
    # Import CDK only here, because its import starts Node, and `--help` needs neither.
    from stacks.config import InvalidStageError
    from tools.doctor import report

    try:
        return report.examine_stage(options, Output(as_json=options.json))
    except InvalidStageError as error:
        parser.error(str(error))


def argument_parser() -> Parser:
    parser = Parser(
        prog="python -m tools.doctor",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument(
        "--stage",
        default=os.environ.get("STAGE") or DEFAULT_STAGE,
        help=f"the stage: {STAGES_IN_WORDS} (default: the setting STAGE, or {DEFAULT_STAGE})",
    )
    parser.add_argument(
        "--sender",
        metavar="ADDRESS",
        help="the sender, as in `make deploy SENDER=`; without --deploying, a deployed sender is checked instead",
    )
    parser.add_argument(
        "--identity",
        choices=("new", "existing"),
        help="whether the sender is new to SES or already registered, as in `make deploy IDENTITY=`",
    )
    parser.add_argument("--cache", choices=("on", "off"), help="with or without a cache, as in `make deploy CACHE=`")
    parser.add_argument(
        "--consumer",
        choices=("on", "off"),
        help="with or without the example consumer, as in `make deploy CONSUMER=`",
    )
    parser.add_argument(
        "--deploying", action="store_true", help="report only problems that would make a deployment fail or do harm"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--home", metavar="FOLDER", help="folder of the laptop cloud (default: .local)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
