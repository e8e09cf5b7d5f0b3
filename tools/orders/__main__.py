"""`orders`: commands for one's own orders, and for operators."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orders.order import ESCALATED, LISTED, STATUSES
from stacks.names import LAPTOP_STAGE, ORDERS
from terminal import app
from tools import command, completion
from tools.command import Limit, Shared, Whole, shared

if TYPE_CHECKING:
    from tools.api import Api
    from tools.deployment import Deployment

NAME = "orders"
DEFAULT_LIMIT = 100

DESCRIPTION = """\
Sends and corrects orders, looks them up, and handles stuck orders. Some commands are only for operators.

It finds AWS by the usual settings, such as AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL. Stage `local` is the
laptop cloud in --home. Without --home it is this checkout's laptop cloud, unless AWS_ENDPOINT_URL is another address.
The stage's stack says where the queues, the table and the API are.

The commands that call the API sign in (see `sign-in --help`). On the laptop cloud the commands for your own orders sign
in as its demo person, and the others as its demo operator.
An ORDER_ID may be shortened to its first four or more characters."""

EPILOG = """\
Orders are read from a file or from standard input (-), never from the command line, because a card number would stay
in the shell's history. Use only test cards.

exit status: 0 done; 1 refused, failed or not found; 2 wrong usage; 130 interrupted"""

WAITING_HINT = "For the orders that wait for an operator: `orders escalations`, `orders list --status parked`"


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns the exit status that the help explains."""
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def _own_ids(api: "Api") -> Iterator[tuple[str, str]]:
    from tools.orders import calls

    return calls.about(calls.own(api))


def _waiting_ids(api: "Api") -> Iterator[tuple[str, str]]:
    from tools.orders import calls

    return calls.about(calls.waiting(api))


WAITING_IDS = ("operator", _waiting_ids)
ANY_ID, WAITING_ID = (
    completion.of_ids(ORDERS, ("person", _own_ids), WAITING_IDS),
    completion.of_ids(ORDERS, WAITING_IDS),
)
"""What Tab offers: the ids of one's own orders and of those that wait for an operator, or only the latter."""


def _id(text: str | None) -> str | None:
    if text == "":
        raise typer.BadParameter("the id is empty")
    return text


File = Annotated[
    str,
    typer.Argument(metavar="FILE", help="a JSON file with one order or a list of orders, or - for standard input"),
]
OrderId = Annotated[
    str,
    typer.Argument(metavar="ORDER_ID", callback=_id, autocompletion=WAITING_ID, help="the id, or its beginning"),
]
Status = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        callback=app.one_of(*STATUSES, upper=True),
        autocompletion=lambda: list(STATUSES),
        help=f"only with this status: {', '.join(STATUSES[:-1])} or {STATUSES[-1]}",
    ),
]


@shared
def submit(options: Shared, file: File) -> int:
    from tools.orders import calls, files, shown

    # Read before signing in, so that nobody types a password for a file that cannot be read.
    orders = files.read(file)
    return shown.sent(calls.submit(_own_api(options), orders), options.output())


@shared
def correct(options: Shared, file: File) -> int:
    from tools.orders import calls, files, shown

    orders = files.read(file)
    return shown.sent(calls.correct(_own_api(options), orders), options.output())


@shared
def resubmit(options: Shared, file: File) -> int:
    from tools.orders import calls, files, shown

    orders = files.read(file)
    return shown.sent(calls.correct(_api(options), orders), options.output())


@shared
def show(
    options: Shared,
    order_id: Annotated[
        str | None,
        typer.Argument(
            metavar="ORDER_ID",
            callback=_id,
            autocompletion=ANY_ID,
            help="the id, or its beginning; without it, your own orders",
        ),
    ] = None,
) -> int:
    from tools.orders import calls, shown

    if order_id is None:
        return _own(options, DEFAULT_LIMIT)
    owner = _own_api(options) if _is_of_a_demo_user(options) else None
    return shown.order(calls.show(_api(options), order_id, owner=owner), options.output())


@shared
def story(options: Shared, order_id: OrderId, whole: Whole = False) -> int:
    from tools.orders import calls
    from tools.story import order
    from tools.story.story import show

    found = options.deployment()
    # An exact id needs no sign-in.
    row = order.find(found, order_id)
    if row is None:
        owner = _own_api(options) if _is_of_a_demo_user(options) else None
        row = order.find(found, calls.show(_api(options), order_id, owner=owner)["OrderId"])
    assert row is not None
    return show(order.of(found, row, whole=whole), options.output(), is_free=found.is_laptop)


@shared
def mine(
    options: Shared,
    status: Status = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="only with this text in id, customer or item")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="received on this day (UTC) or later: 2026-11-27")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="received on this day (UTC) or earlier")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> int:
    given = {"status": status, "text": text, "from": since, "to": until}
    return _own(options, limit, **{name: value for name, value in given.items() if value is not None})


@shared
def listed(
    options: Shared,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            callback=app.one_of(*LISTED, upper=True),
            autocompletion=lambda: list(LISTED),
            help=f"all people's orders with this status: {' or '.join(LISTED)} (for operators)",
        ),
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> int:
    return _waiting(options, status, limit) if status else _own(options, limit)


@shared
def escalations(options: Shared, limit: Limit = DEFAULT_LIMIT) -> int:
    return _waiting(options, ESCALATED, limit)


@shared
def corrected(options: Shared, limit: Limit = DEFAULT_LIMIT) -> int:
    from tools.orders import calls, shown

    return shown.corrected(calls.corrected(_api(options)), limit=limit, output=options.output())


@shared
def contact(options: Shared, order_id: OrderId) -> int:
    from tools.orders import calls

    options.output().fields(calls.contact(_api(options), order_id), {"Email": "e-mail"})
    return 0


@shared
def close(
    options: Shared,
    order_id: OrderId,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="the reason; the owner of the order can read it")],
) -> int:
    from tools.orders import calls, shown

    return shown.order(calls.close(_api(options), order_id, note), options.output())


@shared
def redrive(
    options: Shared,
    queue: Annotated[
        list[str] | None, typer.Option("--queue", metavar="NAME", help="only from this queue; may be repeated")
    ] = None,
    executions: Annotated[bool, typer.Option("--executions", help="only executions (of a Standard workflow)")] = False,
) -> int:
    from tools.orders import shown

    return shown.redriven(_redriving(options.deployment(), queue, executions), options.output())


def _redriving(found: "Deployment", queues: list[str] | None, only_executions: bool) -> Iterator[dict[str, Any]]:
    from tools.orders import dead_letters, executions

    if queues or not only_executions:
        yield from dead_letters.move(found, queues or [])
    if only_executions or not queues:
        yield executions.continued(found, required=only_executions)


@shared
def parked(
    options: Shared,
    done: Annotated[
        str | None,
        typer.Option(
            "--done",
            metavar="ID",
            callback=_id,
            help="delete the messages of this order or execution, after you handled it",
        ),
    ] = None,
) -> int:
    from tools.orders import parked, shown

    found, output = options.deployment(), options.output()
    if done is None:
        return shown.parked(*parked.listed(found), output)
    return shown.removed(*parked.done(found, done), output)


def _own(options: Shared, limit: int, **filters: str) -> int:
    from tools.orders import calls, shown

    api, hint = _own_api(options), ""
    if api.person.is_operator:
        hint = WAITING_HINT
    elif _is_of_a_demo_user(options):
        hint = f"You see the orders of {api.person.email}, the demo person. See also --user."
    return shown.own(calls.own(api, **filters), limit=limit, hint=hint, output=options.output())


def _waiting(options: Shared, status: str, limit: int) -> int:
    from tools.orders import shown, table

    found = options.deployment()
    rows = table.with_details(found, table.with_status(found, status))
    return shown.waiting(rows, status=status, limit=limit, output=options.output())


def _is_of_a_demo_user(options: Shared) -> bool:
    return options.stage == LAPTOP_STAGE and options.user is None


def _api(options: Shared, *, demo: str = "operator") -> "Api":
    """The API, on the laptop cloud called by the demo user with this role: only operators see all orders."""
    return options.deployment().api(ORDERS, options.user, demo=demo)


def _own_api(options: Shared) -> "Api":
    """The API, on the laptop cloud called by the demo person, who also places the orders on the page."""
    return _api(options, demo="person")


APP = app.with_commands(help=DESCRIPTION, epilog=EPILOG)
app.add(APP, "submit", submit, help="send new orders to the API, and show the answers")
app.add(APP, "mine", mine, help="list your own orders, last received first")
app.add(APP, "show", show, help="show one order, or list your own orders")
app.add(APP, "story", story, help="show the life of an order, from its row and the logs (with AWS credentials)")
app.add(APP, "correct", correct, help="send your corrected orders again, with their card numbers, which are not stored")
app.add(APP, "list", listed, help="list your own orders; with --status, the orders that wait for an operator")
app.add(APP, "escalations", escalations, help="list the escalated orders, with customers and reasons (for operators)")
app.add(APP, "contact", contact, help="show the e-mail address of an order's owner (for operators)")
app.add(APP, "resubmit", resubmit, help="send corrected orders of other people again (for operators)")
app.add(APP, "corrected", corrected, help="list what became of the orders that you corrected (for operators)")
app.add(APP, "close", close, help="close an escalated or parked order that will not be corrected (for operators)")
app.add(APP, "parked", parked, help="list the parked messages; with --done, remove those that you handled")
app.add(APP, "redrive", redrive, help="move dead letters back into their queues, and continue failed executions")


if __name__ == "__main__":
    sys.exit(main())
