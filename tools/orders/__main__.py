"""`python -m tools.orders`: what an operator does with orders."""

import argparse
import sys
from argparse import Namespace as Options
from collections.abc import Callable, Iterator
from typing import Any

from orders.order import ESCALATED, STATUSES
from stacks.names import ORDERS
from tools import command, deployment
from tools.api import Api
from tools.command import Parser, limit
from tools.deployment import Deployment
from tools.orders import calls, dead_letters, executions, files, parked, shown, table
from tools.show import Output

DEFAULT_LIMIT = 100

DESCRIPTION = """\
For operators: sends and corrects orders, looks them up, and handles those that are stuck.

The stage's stack tells where everything is. AWS is found by the usual settings: AWS_PROFILE, AWS_REGION,
AWS_ENDPOINT_URL and so on. Stage `local` is this checkout's laptop cloud, or that of --home, unless
AWS_ENDPOINT_URL is another address.

submit, show, resubmit and close sign in: see `python -m tools.sign_in --help`. On the laptop they sign in as its demo
operator."""

EPILOG = """\
Orders are read from a file or from standard input (-), never from the command line: a card number there would stay
in the shell's history. Use test cards only.

exit status: 0 done; 1 refused, failed or not found; 2 wrong usage; 130 interrupted"""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status, as the help tells."""
    return command.exit_status(lambda: _parse_and_run(arguments))


def _parse_and_run(arguments: list[str] | None) -> int:
    options = argument_parser().parse_args(arguments, command.defaults())
    status: int = options.run(options, Output(as_json=options.json))
    return status


def _submit(options: Options, output: Output) -> int:
    # A file that cannot be read is refused before anybody has to sign in.
    orders = files.read(options.file)
    return shown.sent(calls.submit(_api(options), orders), output)


def _resubmit(options: Options, output: Output) -> int:
    orders = files.read(options.file)
    return shown.sent(calls.resubmit(_api(options), orders), output)


def _show(options: Options, output: Output) -> int:
    return shown.order(calls.show(_api(options), options.order_id), output)


def _close(options: Options, output: Output) -> int:
    return shown.order(calls.close(_api(options), options.order_id, options.note), output)


def _list(options: Options, output: Output) -> int:
    rows = table.with_status(_deployment(options), options.status)
    return shown.orders(rows, status=options.status, limit=options.limit, output=output)


def _redrive(options: Options, output: Output) -> int:
    return shown.redriven(_redriving(_deployment(options), options.queue, options.executions), output)


def _redriving(found: Deployment, queues: list[str] | None, executions_alone: bool) -> Iterator[dict[str, Any]]:
    if queues or not executions_alone:
        yield from dead_letters.move(found, queues or [])
    if executions_alone or not queues:
        yield executions.continued(found, required=executions_alone)


def _parked(options: Options, output: Output) -> int:
    found = _deployment(options)
    if options.done is None:
        return shown.parked(parked.listed(found), output)
    return shown.removed(parked.done(found, options.done), output)


def _api(options: Options) -> Api:
    # Corrections are an operator's, and so is looking at anybody's order.
    return _deployment(options).api(ORDERS, options.user, demo="operator")


def _deployment(options: Options) -> Deployment:
    return deployment.find(options.stage, home=options.home)


def argument_parser() -> argparse.ArgumentParser:
    common = command.common_options()
    parser = Parser(
        prog="python -m tools.orders",
        description=DESCRIPTION,
        epilog=EPILOG,
        parents=[common],
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[Options, Output], int], help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[common], help=help, description=f"{help}.")
        added.set_defaults(run=run)
        return added

    orders = "a JSON file of one order or a list of orders, or - for standard input"
    submit = add("submit", _submit, "send new orders to the API; the answer to each")
    submit.add_argument("file", metavar="FILE", help=orders)
    show = add("show", _show, "one order as the API shows it")
    show.add_argument("order_id", metavar="ORDER_ID", type=_id)
    listing = add("list", _list, "the orders of one status, last changed first")
    listing.add_argument("--status", required=True, choices=STATUSES, type=str.upper)
    escalations = add("escalations", _list, "the orders that need a person, and why")
    escalations.set_defaults(status=ESCALATED)
    for lister in (listing, escalations):
        lister.add_argument("--limit", type=limit, default=DEFAULT_LIMIT, help=f"default: {DEFAULT_LIMIT}")
    resubmit = add("resubmit", _resubmit, "send corrected orders again: whole, since card numbers are not stored")
    resubmit.add_argument("file", metavar="FILE", help=orders)
    close = add("close", _close, "close an escalated or parked order that will not be corrected")
    close.add_argument("order_id", metavar="ORDER_ID", type=_id)
    close.add_argument("--note", required=True, help="why; who placed the order is shown it")
    redrive = add("redrive", _redrive, "move dead letters back into their queues, and continue failed executions")
    redrive.add_argument("--queue", metavar="NAME", action="append", help="of this queue alone; may be repeated")
    redrive.add_argument("--executions", action="store_true", help="executions alone, of a Standard workflow")
    waiting = add("parked", _parked, "orders that could neither be fulfilled nor escalated; looking deletes nothing")
    waiting.add_argument(
        "--done", metavar="ID", type=_id, help="delete the messages of this order or execution: it has been dealt with"
    )
    return parser


def _id(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("an empty id")
    return text


if __name__ == "__main__":
    sys.exit(main())
