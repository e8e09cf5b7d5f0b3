"""`python -m tools.orders`: an operator's commands for orders."""

import argparse
import sys
from argparse import Namespace as Options
from collections.abc import Callable, Iterator
from typing import Any

from orders.order import ESCALATED, LISTED
from stacks.names import ORDERS
from tools import command, deployment
from tools.api import Api
from tools.command import Parser, limit
from tools.deployment import Deployment
from tools.orders import calls, dead_letters, executions, files, parked, shown, table
from tools.show import Output

DEFAULT_LIMIT = 100

DESCRIPTION = """\
For operators: sends and corrects orders, looks them up, and handles stuck orders.

It finds AWS by the usual settings, such as AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL. Stage `local` is the
laptop cloud in --home. Without --home it is this checkout's laptop cloud, unless AWS_ENDPOINT_URL is another address.
The stage's stack says where the queues, the table and the API are.

submit, show, resubmit and close sign in (see `python -m tools.sign_in --help`). On the laptop cloud they sign in as its
demo operator."""

EPILOG = """\
Orders are read from a file or from standard input (-), never from the command line, because a card number would stay
in the shell's history. Use only test cards.

exit status: 0 done; 1 refused, failed or not found; 2 wrong usage; 130 interrupted"""


WAITING_HINT = (
    "These are your own. For those that wait for an operator: `orders escalations`, `orders list --status parked`"
)


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns the exit status that the help explains."""
    return command.exit_status(lambda: _parse_and_run(arguments))


def _parse_and_run(arguments: list[str] | None) -> int:
    options = argument_parser().parse_args(arguments, command.defaults())
    status: int = options.run(options, Output(as_json=options.json))
    return status


def _submit(options: Options, output: Output) -> int:
    # Read before signing in, so that nobody types a password for a file that cannot be read.
    orders = files.read(options.file)
    return shown.sent(calls.submit(_api(options), orders), output)


def _resubmit(options: Options, output: Output) -> int:
    orders = files.read(options.file)
    return shown.sent(calls.resubmit(_api(options), orders), output)


def _show(options: Options, output: Output) -> int:
    if options.order_id is None:
        return _own(options, output)
    return shown.order(calls.show(_api(options), options.order_id), output)


def _close(options: Options, output: Output) -> int:
    return shown.order(calls.close(_api(options), options.order_id, options.note), output)


def _list(options: Options, output: Output) -> int:
    if options.status is None:
        return _own(options, output)
    found = _deployment(options)
    rows = table.with_details(found, table.with_status(found, options.status))
    return shown.waiting(rows, status=options.status, limit=options.limit, output=output)


def _own(options: Options, output: Output) -> int:
    api = _api(options)
    hint = WAITING_HINT if api.person.is_operator else ""
    return shown.own(calls.own(api), limit=options.limit, hint=hint, output=output)


def _redrive(options: Options, output: Output) -> int:
    return shown.redriven(_redriving(_deployment(options), options.queue, options.executions), output)


def _redriving(found: Deployment, queues: list[str] | None, only_executions: bool) -> Iterator[dict[str, Any]]:
    if queues or not only_executions:
        yield from dead_letters.move(found, queues or [])
    if only_executions or not queues:
        yield executions.continued(found, required=only_executions)


def _parked(options: Options, output: Output) -> int:
    found = _deployment(options)
    if options.done is None:
        return shown.parked(parked.listed(found), output)
    return shown.removed(parked.done(found, options.done), output)


def _api(options: Options) -> Api:
    # Only operators may correct orders and look up the orders of other people.
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
        added = commands.add_parser(name, parents=[common], help=help, description=f"{help[0].upper()}{help[1:]}.")
        added.set_defaults(run=run)
        return added

    orders = "a JSON file with one order or a list of orders, or - for standard input"
    submit = add("submit", _submit, "send new orders to the API, and show the answers")
    submit.add_argument("file", metavar="FILE", help=orders)
    show = add("show", _show, "show one order")
    show.add_argument("order_id", metavar="ORDER_ID", type=_id, nargs="?")
    listing = add("list", _list, "list the orders that wait for an operator, last changed first")
    listing.add_argument("--status", metavar="STATUS", choices=LISTED, type=str.upper, help=" or ".join(LISTED))
    escalations = add("escalations", _list, "list the escalated orders, with the reasons")
    escalations.set_defaults(status=ESCALATED)
    for lister in (listing, escalations, show):
        lister.add_argument(
            "--limit", metavar="N", type=limit, default=DEFAULT_LIMIT, help=f"list at most N (default: {DEFAULT_LIMIT})"
        )
    resubmit = add("resubmit", _resubmit, "send corrected orders again, with their card numbers, which are not stored")
    resubmit.add_argument("file", metavar="FILE", help=orders)
    close = add("close", _close, "close an escalated or parked order that will not be corrected")
    close.add_argument("order_id", metavar="ORDER_ID", type=_id)
    close.add_argument("--note", required=True, help="the reason; the owner of the order can read it")
    redrive = add("redrive", _redrive, "move dead letters back into their queues, and continue failed executions")
    redrive.add_argument("--queue", metavar="NAME", action="append", help="only from this queue; may be repeated")
    redrive.add_argument("--executions", action="store_true", help="only executions (of a Standard workflow)")
    waiting = add("parked", _parked, "list the parked messages; with --done, remove messages that you have dealt with")
    waiting.add_argument(
        "--done", metavar="ID", type=_id, help="delete the messages of this order or execution, after you handled it"
    )
    return parser


def _id(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("the id is empty")
    return text


if __name__ == "__main__":
    sys.exit(main())
