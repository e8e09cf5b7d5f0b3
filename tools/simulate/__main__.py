"""`python -m tools.simulate`: simulates a flash sale and writes docs/load.md. `make simulate` runs it."""

import sys
from typing import Annotated, Any

import typer

from terminal import app
from terminal.errors import CommandError
from tools import command
from tools.command import Json
from tools.show import Output

NAME = "python -m tools.simulate"

DESCRIPTION = """\
Simulates a day with a flash sale, second by second, against AWS's token buckets and partitions (costs/quotas.json):
today's design, the same with a new table, and the earlier design. It also simulates 10,000 reminders that are due in
one second. It needs no AWS account and takes about a minute. The same seed always gives the same numbers.

It writes the tables and pictures of docs/load.md. With --dry-run it writes nothing."""


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print the tables, and write nothing")] = False,
    json: Json = False,
) -> int:
    command.find_node()
    # Import CDK only here, because its import starts Node, and `--help` needs neither.
    from stacks.config import PROD
    from stacks.layer import LayerNotBuiltError
    from tools.cost import model, page, report, templates
    from tools.simulate import page as load
    from tools.simulate import pictures, runs
    from tools.simulate.day import Sale

    try:
        costs = report.costs_of(PROD.name, templates.synthesise(PROD), page.TRAFFIC)
    except LayerNotBuiltError as error:
        raise CommandError(str(error)) from None
    simpy = runs.package()
    designs = runs.designs(PROD, model.per_million(costs.chosen.order))
    days = [runs.day_of(simpy, design, sale=Sale(orders=PROD.load.orders_per_second)) for design in designs]
    sent = runs.reminders(simpy, rate=PROD.mails_per_second)
    shows = runs.shown(simpy, days, sent)
    if not dry_run:
        pictures.draw_sale(days, shows=shows)
        pictures.draw_reminders(sent, shows=shows)
        load.PAGE.write_text(load.rewritten(load.PAGE.read_text(), load.parts(shows)))
    _print(Output(as_json=json), shows)
    return 0


def _print(output: Output, shows: dict[str, Any]) -> None:
    from tools.simulate.page import COLUMNS

    if output.as_json:
        output.fields(shows)
        return
    output.rows(shows["sale"], COLUMNS, nothing="nothing")
    for step in shows["steps"]:
        output.say(f"{step['rate']:>5,} orders a second: " + "; ".join(f"{n}: {v}" for n, v in step["designs"].items()))
    for one in shows["reminders"]:
        output.say(f"reminders, {one['name']}: {one['sent']:,} sent, {one['failed']:,} failed, in {one['last']:,.0f} s")


APP = app.of_one_command(run, help=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
