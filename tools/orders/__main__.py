"""`python -m tools.orders`: what an operator does with orders."""

import argparse
import io
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from common.cards import without_cards
from local import settings
from local.errors import LocalError
from orders.order import STATUSES
from tools.orders import deployment, executions, files, parked, queues, send, table
from tools.orders.deployment import Deployment
from tools.orders.errors import OperatorError, sentence
from tools.orders.show import Output, complain
from tools.orders.text import printable

DEFAULT_STAGE = "dev"
DEFAULT_LIMIT = 100

DESCRIPTION = """\
What an operator does with orders: sends and corrects them, looks them up, and sees to those that stay behind.

The stage's stack tells where everything is. AWS is found by the usual settings: AWS_PROFILE, AWS_REGION,
AWS_ENDPOINT_URL and so on. Stage `local` without AWS_ENDPOINT_URL is this checkout's laptop cloud."""

EPILOG = """\
Orders are read from a file or from standard input (-), never from the command line: a card number there would stay
in the shell's history. Use test cards only.

exit status: 0 done; 1 refused, failed or not found; 2 wrong usage; 130 interrupted"""


class Parser(argparse.ArgumentParser):
    """Complains about arguments without repeating a card number among them."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status, as the help tells."""
    # Options that may stand before or after the command keep no default of their own: the later would undo the first.
    defaults = argparse.Namespace(
        stage=os.environ.get("STAGE") or DEFAULT_STAGE, json=False, home=settings.PROJECT / ".local"
    )
    options = _parser().parse_args(arguments, defaults)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that has no such letter shows its number.
            stream.reconfigure(errors="backslashreplace")
    # Ended by `kill` or by a closed terminal, messages that are being looked at are put back as after Ctrl-C.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        return _run(options, Output(as_json=options.json))
    except (OperatorError, LocalError) as error:
        complain(str(error))
    except (BotoCoreError, ClientError) as error:
        complain(sentence(error))
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python would complain once more when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    return 1


def _run(options: argparse.Namespace, output: Output) -> int:
    match options.command:
        case "submit" | "resubmit":
            orders = files.read(options.file)
            api = deployment.find(options.stage, home=options.home).api()
            call = send.submit if options.command == "submit" else send.resubmit
            return _send(call(api, orders), output)
    found = deployment.find(options.stage, home=options.home)
    match options.command:
        case "show":
            return _show(found, options.order_id, output)
        case "list":
            return _list(found, options.status, options.limit, output)
        case "escalations":
            return _list(found, "ESCALATED", options.limit, output)
        case "redrive":
            return _redrive(found, options, output)
        case "parked" if options.done is not None:
            number = parked.done(found, options.done)
            output.fields({"removed": number})
        case "parked":
            columns = {"OrderId": "order", "Status": "status now", "State": "state that failed", "Error": "error"}
            output.rows(parked.listed(found), columns | {"ExecutionId": "execution"}, nothing="nothing is parked")
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


def _show(found: Deployment, order_id: str, output: Output) -> int:
    answer = found.api().call("GET", send.order_path(order_id))
    if answer.status == 404:
        raise OperatorError(f"there is no order {printable(order_id)}")
    if answer.status != 200:
        raise OperatorError(f"the API answered {answer.status}: {answer.problem}")
    why = table.in_words(answer.body.get("Reasons", []))
    output.fields({**answer.body, "Why": why, "X-Cache": answer.headers.get("X-Cache")})
    return 0


def _list(found: Deployment, status: str, limit: int, output: Output) -> int:
    # One more than is shown tells whether there are more.
    rows = list(islice(table.with_status(found, status), limit + 1))
    shown = [{**row, "Why": table.in_words(row.get("Reasons", []))} for row in rows[:limit]]
    columns = {"OrderId": "order", "Status": "status", "UpdatedAt": "since", "Why": "why", "ExecutionName": "execution"}
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
            columns = {"what": "", "moved": "moved", "failed": "failed", "note": "note"}
            output.rows(rows, columns, nothing="")
    return 0 if all(row["complete"] for row in rows) else 1


def _move(found: Deployment, names: list[str] | None) -> Iterator[dict[str, Any]]:
    known = queues.with_dead_letters(found)
    if unknown := sorted(set(names or []) - known.keys()):
        there = ", ".join(sorted(known)) or "none"
        raise OperatorError(f"no queue {printable(', '.join(unknown))}; those with dead letters: {there}")
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


def _parser() -> argparse.ArgumentParser:
    # Given before the command or after it.
    common = Parser(add_help=False)
    common.add_argument(
        "--stage",
        type=_stage,
        default=argparse.SUPPRESS,
        help=f"the stage, local, dev or prod (default: the setting STAGE, else {DEFAULT_STAGE})",
    )
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    common.add_argument(
        "--home", type=Path, default=argparse.SUPPRESS, help="folder of the laptop cloud (default: .local)"
    )
    parser = Parser(
        prog="python -m tools.orders",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=help, description=f"{help}.")

    orders = "a JSON file of one order or a list of orders, or - for standard input"
    command("submit", "send new orders to the API; the answer to each").add_argument(
        "file", metavar="FILE", help=orders
    )
    command("show", "one order as the API shows it").add_argument("order_id", metavar="ORDER_ID", type=_id)
    listing = command("list", "the orders of one status, last changed first")
    listing.add_argument("--status", required=True, choices=STATUSES)
    escalations = command("escalations", "the orders that need a person, and why")
    for lister in (listing, escalations):
        lister.add_argument("--limit", type=_limit, default=DEFAULT_LIMIT, help=f"default: {DEFAULT_LIMIT}")
    command("resubmit", "send corrected orders again: whole, since card numbers are not stored").add_argument(
        "file", metavar="FILE", help=orders
    )
    redrive = command("redrive", "move dead letters back into their queues, and continue failed executions")
    redrive.add_argument("--queue", metavar="NAME", action="append", help="of this queue alone; may be repeated")
    redrive.add_argument("--executions", action="store_true", help="executions alone, of a Standard workflow")
    waiting = command("parked", "what could neither be fulfilled nor escalated; looking takes nothing out")
    waiting.add_argument(
        "--done", metavar="ID", type=_id, help="delete the messages of this order or execution: it has been dealt with"
    )
    return parser


def _stage(text: str) -> str:
    if not re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,63}", text):
        raise argparse.ArgumentTypeError("not the name of a stage")
    return text


def _id(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("an empty id")
    return text


def _limit(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{without_cards(text)!r} is not a number from 1 to 999999")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
