"""`python -m tools.cost`: says what a month of a stage costs, with given traffic. `make cost` runs it."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from costs import prices
from terminal import app
from terminal.app import UsageError
from terminal.errors import CommandError
from terminal.program import width
from tools import command
from tools.command import Json, Stage
from tools.show import Output

if TYPE_CHECKING:
    from tools.cost.report import Costs

NAME = "python -m tools.cost"

DESCRIPTION = """\
Says what a month of a stage costs on AWS: by service, beside the original design, with other settings, and without
traffic. The quantities were counted on the laptop cloud. The prices are on demand in us-east-1. It makes no calls.

Numbers that only AWS can measure are estimates. The last table lists them, each with the place that has the real one.
docs/cost.md explains the tables."""

MOST = 1e12


def main(arguments: list[str] | None = None) -> int:
    """Prints the report and returns the exit status."""
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def _number(text: str) -> float:
    """A number of things that happen in a month. The parser of an option."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= MOST:
        raise typer.BadParameter("not a number from 0 to 1e12: write it like 1e6 or 250000")
    return number


def _monthly(help: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(parser=_number, metavar="N", help=help)
    return option


def run(
    stage: Stage = command.DEFAULT_STAGE,
    orders: Annotated[float, _monthly("orders a month")] = 1e6,
    lookups: Annotated[float, _monthly("lookups a month")] = 1e6,
    reminders: Annotated[float, _monthly("reminders by e-mail a month")] = 1e5,
    cache: Annotated[
        str | None,
        typer.Option(
            metavar="on|off",
            callback=app.one_of("on", "off"),
            autocompletion=lambda: ["on", "off"],
            help="with or without the cache (default: as the stage)",
        ),
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="also draw the designs into an SVG or PNG file")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="write the tables and the picture of docs/cost.md")] = False,
    json: Json = False,
) -> int:
    command.find_node()
    # Import CDK only here, because its import starts Node, and `--help` needs neither.
    from stacks.config import STAGES, stage_from_context
    from stacks.layer import LayerNotBuiltError
    from tools.cost import page, report, templates
    from tools.cost.model import Traffic

    # The cache can be left out of templates that have it, but not put into templates that lack it.
    chosen = stage_from_context({"stage": stage, "cache": "on"}.get)
    if cache == "on" and not chosen.cache:
        raise UsageError(f"the stage {stage} has no cache: set one in stacks/config.py")
    try:
        synthesised = templates.synthesise(chosen)
    except LayerNotBuiltError as error:
        raise CommandError(str(error)) from None
    traffic = Traffic(orders=orders, lookups=lookups, reminders=reminders)
    costs = report.costs_of(stage, synthesised, traffic, cache=cache != "off")
    if write:
        others = {name: templates.synthesise(STAGES[name]) for name in page.OTHER_STAGES}
        for file in page.write(costs, {**others, stage: synthesised}):
            print(f"wrote {file}")
        return 0
    output = Output(as_json=json)
    if json:
        output.fields(report.as_json(costs))
    else:
        _print(output, costs)
    if plot:
        from tools.cost import picture

        picture.draw(costs, Path(plot))
        output.say(f"drew {plot}")
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


APP = app.of_one_command(run, help=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
