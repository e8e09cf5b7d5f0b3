"""The messages in the parked queue: orders that the workflow could not bring to an outcome."""

from common import queues
from orders.parked import with_copies
from stacks.names import ORDERS
from terminal.errors import CommandError
from tools.deployment import Deployment
from tools.orders import table

FIELDS = ("OrderId", "State", "Error", "ExecutionId", "Queue")


def listed(deployment: Deployment) -> list[dict[str, str | int | None]]:
    """The parked messages, each once: OrderId, State, Error, ExecutionId and Queue (None if the field is missing), the
    number of `Copies`, and the order's current `Status`."""
    messages = queues.peek(deployment.client("sqs"), deployment.output(ORDERS, "ParkedQueueUrl"))
    found: list[dict[str, str | int | None]] = []
    for group in with_copies(messages):
        body = _body(group[0])
        order_id = body["OrderId"]
        status = table.status_of(deployment, order_id) if order_id else None
        found.append({**body, "Copies": len(group), "Status": status})
    return found


def done(deployment: Deployment, id: str) -> int:
    """Deletes the messages of the order or the execution `id`, copies included, and returns their number.

    Raises CommandError if there is no message with this id, or if a message could not be deleted.
    """
    gone, kept = queues.remove(
        deployment.client("sqs"),
        deployment.output(ORDERS, "ParkedQueueUrl"),
        lambda messages: [message for group in with_copies(messages) if _is_about(group, id) for message in group],
    )
    if kept:
        raise CommandError(f"{kept} of {kept + gone} messages could not be deleted: run the command again")
    if not gone:
        raise CommandError("no parked message has this id: `parked` lists the messages")
    return gone


def _is_about(group: list[queues.Message], id: str) -> bool:
    return any(id in (body["OrderId"], body["ExecutionId"]) for body in map(_body, group))


def _body(message: queues.Message) -> dict[str, str | None]:
    body = queues.object_in(message)
    return {name: body[name] if isinstance(body.get(name), str) else None for name in FIELDS}
