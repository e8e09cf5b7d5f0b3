"""`python -m tools.orders`: what an operator does with orders."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from common import queues
from orders.order import ESCALATED, STATUSES
from stacks.names import ORDERS
from terminal.errors import CommandError
from tools import command, deployment
from tools.api import Api
from tools.command import Parser, limit
from tools.deployment import Deployment
from tools.orders import dead_letters, executions, files, parked, send, table
from tools.show import Output
from tools.text import printable

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
    return run(options, Output(as_json=options.json))


def run(options: argparse.Namespace, output: Output) -> int:
    match options.command:
        case "submit" | "resubmit":
            orders = files.read(options.file)
            api = _api(deployment.find(ORDERS, options.stage, home=options.home), options)
            call = send.submit if options.command == "submit" else send.resubmit
            return _send(call(api, orders), output)
    found = deployment.find(ORDERS, options.stage, home=options.home)
    match options.command:
        case "show":
            return _show(_api(found, options), options.order_id, output)
        case "close":
            return _show_order(send.close(_api(found, options), options.order_id, options.note), output)
        case "list":
            return _list(found, options.status, options.limit, output)
        case "escalations":
            return _list(found, ESCALATED, options.limit, output)
        case "redrive":
            return _redrive(found, options, output)
        case "parked" if options.done is not None:
            number = parked.done(found, options.done)
            output.fields({"removed": number})
        case "parked":
            columns = {"OrderId": "order", "Status": "status now", "State": "state that failed", "Error": "error"}
            columns |= {"Queue": "in queue", "ExecutionId": "execution", "Copies": "copies"}
            output.rows(parked.listed(found), columns, nothing="nothing is parked")
    return 0


def _send(sending: Iterable[send.Sent], output: Output) -> int:
    done: list[send.Sent] = []
    try:
        for sent in sending:
            done.append(sent)
    finally:
        # Interrupted, it still tells what has been sent.
        columns = {"position": "#", "order_id": "order", "status": "answer", "outcome": "outcome"}
        output.rows([asdict(sent) for sent in done], columns, nothing="nothing was sent")
    return 0 if all(sent.taken for sent in done) else 1


def _api(found: Deployment, options: argparse.Namespace) -> Api:
    # Corrections are an operator's, and so is looking at anybody's order.
    return found.api(options.user, demo="operator")


def _show(api: Api, order_id: str, output: Output) -> int:
    answer = api.call("GET", send.order_path(order_id))
    if answer.status == 404:
        raise CommandError(f"there is no order {printable(order_id)}")
    if answer.status != 200:
        raise CommandError(f"the API answered {answer.status}: {answer.problem}")
    return _show_order({**answer.body, "X-Cache": answer.headers.get("X-Cache")}, output)


def _show_order(order: dict[str, Any], output: Output) -> int:
    output.fields({**order, "Why": table.in_words(order.get("Reasons", []))})
    return 0


def _list(found: Deployment, status: str, limit: int, output: Output) -> int:
    # One more than is shown tells whether there are more.
    rows = list(islice(table.with_status(found, status), limit + 1))
    shown = [{**row, "Why": table.in_words(row.get("Reasons", []))} for row in rows[:limit]]
    columns = {"OrderId": "order", "UpdatedAt": "since", "Why": "why"}
    if status != ESCALATED:
        # Nobody needs it to correct an order, and without it the table fits an ordinary terminal.
        columns["ExecutionName"] = "execution"
    output.rows(shown, columns, nothing=f"no order is {status}")
    if len(rows) > limit:
        output.say(f"the last {limit}; there are more: --limit")
    return 0


def _redrive(found: Deployment, options: argparse.Namespace, output: Output) -> int:
    everything = not options.queue and not options.executions
    rows: list[dict[str, Any]] = []
    try:
        if options.queue or everything:
            for row in _move(found, options.queue):
                rows.append(row)
        if options.executions or everything:
            rows.append(_continue(found, only=options.executions))
    finally:
        # What has been moved is told, whatever came after.
        if rows:
            columns = {"what": "what", "moved": "moved", "failed": "failed", "note": "note"}
            output.rows(rows, columns, nothing="")
    return 0 if all(row["complete"] for row in rows) else 1


def _move(found: Deployment, names: list[str] | None) -> Iterator[dict[str, Any]]:
    known = dead_letters.queues_of(found)
    if unknown := sorted(set(names or []) - known.keys()):
        there = ", ".join(sorted(known)) or "none"
        raise CommandError(f"no queue {printable(', '.join(unknown))}; those with dead letters: {there}")
    for name in dict.fromkeys(names or known):
        target, source = known[name]
        moved = queues.move(found.client("sqs"), source=source, target=target)
        doubled = f"{moved.doubled} of the moved could not be deleted and would be moved again" * bool(moved.doubled)
        yield {
            "what": name,
            "moved": moved.moved,
            "failed": moved.failed,
            "complete": moved.complete,
            "note": ", ".join(filter(None, [doubled, *sorted(moved.codes)])),
        }


def _continue(found: Deployment, *, only: bool) -> dict[str, Any]:
    try:
        redriven = executions.redrive(found)
    except executions.ExpressError as error:
        if only:
            raise
        return {"what": "executions", "moved": 0, "failed": 0, "complete": True, "note": str(error)}
    left = f"{redriven.left} left, for which no order waits" * bool(redriven.left)
    return {
        "what": "executions",
        "moved": redriven.redriven,
        "failed": redriven.failed,
        "complete": not redriven.failed,
        "note": ", ".join(filter(None, [left, *sorted(redriven.codes)])),
    }


def argument_parser() -> argparse.ArgumentParser:
    common = command.common_options()
    parser = Parser(
        prog="python -m tools.orders",
        description=DESCRIPTION,
        epilog=EPILOG,
        parents=[common],
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=help, description=f"{help}.")

    orders = "a JSON file of one order or a list of orders, or - for standard input"
    add("submit", "send new orders to the API; the answer to each").add_argument("file", metavar="FILE", help=orders)
    add("show", "one order as the API shows it").add_argument("order_id", metavar="ORDER_ID", type=_id)
    listing = add("list", "the orders of one status, last changed first")
    listing.add_argument("--status", required=True, choices=STATUSES, type=str.upper)
    escalations = add("escalations", "the orders that need a person, and why")
    for lister in (listing, escalations):
        lister.add_argument("--limit", type=limit, default=DEFAULT_LIMIT, help=f"default: {DEFAULT_LIMIT}")
    add("resubmit", "send corrected orders again: whole, since card numbers are not stored").add_argument(
        "file", metavar="FILE", help=orders
    )
    close = add("close", "close an escalated or parked order that will not be corrected")
    close.add_argument("order_id", metavar="ORDER_ID", type=_id)
    close.add_argument("--note", required=True, help="why; who placed the order is shown it")
    redrive = add("redrive", "move dead letters back into their queues, and continue failed executions")
    redrive.add_argument("--queue", metavar="NAME", action="append", help="of this queue alone; may be repeated")
    redrive.add_argument("--executions", action="store_true", help="executions alone, of a Standard workflow")
    waiting = add("parked", "orders that could neither be fulfilled nor escalated; looking deletes nothing")
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
