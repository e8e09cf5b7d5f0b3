"""The messages in the parked queue: orders that the workflow could not bring to an outcome."""

from common import queues
from orders.parked import with_copies
from stacks.names import ORDERS
from terminal import ids
from terminal.errors import CommandError
from terminal.text import printable
from tools.deployment import Deployment
from tools.orders import table
from tools.orders.shown import HIDDEN

FIELDS = ("OrderId", "State", "Error", "ExecutionId", "Queue")


def listed(deployment: Deployment) -> tuple[list[dict[str, str | int | None]], bool]:
    """The parked messages, each once: OrderId, State, Error, ExecutionId and Queue (None if the field is missing), the
    number of `Copies`, and the order's current `Status`. Also returns whether these are all messages."""
    messages, is_everything = queues.peek(deployment.client("sqs"), deployment.output(ORDERS, "ParkedQueueUrl"))
    found: list[dict[str, str | int | None]] = []
    for group in with_copies(messages):
        body = _body(group[0])
        order_id = body["OrderId"]
        status = table.status_of(deployment, order_id) if order_id else None
        found.append({**body, "Copies": len(group), "Status": status})
    return found, is_everything


def done(deployment: Deployment, text: str) -> tuple[int, bool]:
    """Deletes the messages of one order or one execution, copies included.

    Returns their number, and whether the queue had no further messages.

    `text` is its id, or the beginning of its id. Raises CommandError if it fits no message or several orders, or if a
    message could not be deleted.
    """

    def chosen(messages: list[queues.Message]) -> list[queues.Message]:
        groups = with_copies(messages)
        about = {id: body["Error"] or "" for group in groups for body in map(_body, group) for id in _ids(body)}
        id = ids.one_of(text, about, what="parked orders or executions", shown=printable)
        return [message for group in groups if id and _is_about(group, id) for message in group]

    gone, kept, is_everything = queues.remove(
        deployment.client("sqs"), deployment.output(ORDERS, "ParkedQueueUrl"), chosen
    )
    if kept:
        raise CommandError(f"{kept} of {kept + gone} messages could not be deleted: run the command again")
    if not gone:
        more = "" if is_everything else f"; {HIDDEN}"
        raise CommandError(f"no parked message has this id: `parked` lists the messages{more}")
    return gone, is_everything


def _is_about(group: list[queues.Message], id: str) -> bool:
    return any(id in _ids(body) for body in map(_body, group))


def _ids(body: dict[str, str | None]) -> list[str]:
    return [id for id in (body["OrderId"], body["ExecutionId"]) if id]


def _body(message: queues.Message) -> dict[str, str | None]:
    body = queues.object_in(message)
    return {name: body[name] if isinstance(body.get(name), str) else None for name in FIELDS}
