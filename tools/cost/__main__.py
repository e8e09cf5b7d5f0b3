"""`python -m tools.cost`: says what a month of a stage costs, with given traffic. `make cost` runs it."""

import argparse
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from costs import prices
from stacks.names import DEFAULT_STAGE, STAGES_IN_WORDS
from terminal.errors import CommandError
from terminal.program import width
from tools import command
from tools.command import Parser
from tools.show import Output

if TYPE_CHECKING:
    from tools.cost.report import Costs

DESCRIPTION = """\
Says what a month of a stage costs on AWS: by service, beside the original design, with other settings, and without
traffic. The quantities were counted on the laptop cloud. The prices are on demand in us-east-1. It makes no calls.

Numbers that only AWS can measure are estimates. The last table lists them, each with the place that has the real one.
docs/cost.md explains the tables."""

MOST = 1e12


def main(arguments: list[str] | None = None) -> int:
    """Prints the report and returns the exit status."""
    return command.exit_status(lambda: _parse_and_report(arguments))


def argument_parser() -> Parser:
    parser = Parser(prog="python -m tools.cost", description=DESCRIPTION)
    parser.add_argument(
        "--stage",
        default=os.environ.get("STAGE") or DEFAULT_STAGE,
        help=f"the stage: {STAGES_IN_WORDS} (default: the setting STAGE, or {DEFAULT_STAGE})",
    )
    parser.add_argument("--orders", type=_number, default=1e6, metavar="N", help="orders a month (default: 1e6)")
    parser.add_argument("--lookups", type=_number, default=1e6, metavar="N", help="lookups a month (default: 1e6)")
    parser.add_argument(
        "--reminders", type=_number, default=1e5, metavar="N", help="reminders by e-mail a month (default: 1e5)"
    )
    parser.add_argument("--cache", choices=("on", "off"), help="with or without the cache (default: as the stage)")
    parser.add_argument("--plot", metavar="FILE", help="also draw the designs into an SVG or PNG file")
    parser.add_argument("--write", action="store_true", help="write the tables and the picture of docs/cost.md")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _number(text: str) -> float:
    """A number of things that happen in a month."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError("not a number: write it like 1e6 or 250000") from None
    if not math.isfinite(number) or not 0 <= number <= MOST:
        raise argparse.ArgumentTypeError("not a number from 0 to 1e12: write it like 1e6 or 250000")
    return number


def _parse_and_report(arguments: list[str] | None) -> int:
    parser = argument_parser()
    options = parser.parse_args(arguments)
    command.find_node()
    # Import CDK only here, because its import starts Node, and `--help` needs neither.
    from stacks.config import STAGES, InvalidStageError, stage_from_context
    from stacks.layer import LayerNotBuiltError
    from tools.cost import page, report, templates
    from tools.cost.model import Traffic

    try:
        # The cache can be left out of templates that have it, but not put into templates that lack it.
        stage = stage_from_context({"stage": options.stage, "cache": "on"}.get)
    except InvalidStageError as error:
        parser.error(str(error))
    if options.cache == "on" and not stage.cache:
        parser.error(f"the stage {stage.name} has no cache: set one in stacks/config.py")
    try:
        synthesised = templates.synthesise(stage)
    except LayerNotBuiltError as error:
        raise CommandError(str(error)) from None
    traffic = Traffic(orders=options.orders, lookups=options.lookups, reminders=options.reminders)
    costs = report.costs_of(stage.name, synthesised, traffic, cache=options.cache != "off")
    if options.write:
        others = {name: templates.synthesise(STAGES[name]) for name in page.OTHER_STAGES}
        for file in page.write(costs, {**others, stage.name: synthesised}):
            print(f"wrote {file}")
        return 0
    output = Output(as_json=options.json)
    if options.json:
        output.fields(report.as_json(costs))
    else:
        _print(output, costs)
    if options.plot:
        from tools.cost import picture

        picture.draw(costs, Path(options.plot))
        output.say(f"drew {options.plot}")
    return 0


def _print(output: Output, costs: "Costs") -> None:
    from tools.cost import report

    traffic = costs.traffic
    output.say(
        f"{traffic.orders:,.0f} orders, {traffic.lookups:,.0f} lookups and {traffic.reminders:,.0f} reminders by "
        f"e-mail a month, in {prices.read()['region']}, prices of {prices.read()['dated']}"
    )
    for section in report.sections(costs):
        output.say(f"\n{section.title}")
        output.rows(section.texts(section.columns), dict(section.columns), nothing="nothing")
        if section.name == "month":
            output.say(f"\n{report.bars(costs, width=width())}")
        if section.name == "alternatives":
            for row in section.rows:
                output.say(f"{row['name']}: {row['changes']}" if row["changes"] else "")


if __name__ == "__main__":
    sys.exit(main())
