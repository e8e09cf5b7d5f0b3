"""What lies in the parked queue: orders that could neither be fulfilled nor escalated."""

from common import queues
from tools.deployment import Deployment
from tools.errors import CommandError
from tools.orders import table

FIELDS = ("OrderId", "State", "Error", "ExecutionId")


def listed(deployment: Deployment) -> list[dict[str, str | None]]:
    """Each message's OrderId, State, Error and ExecutionId, and the order's `Status` now; None for what it lacks."""
    messages = queues.peek(deployment.client("sqs"), deployment.output("ParkedQueueUrl"))
    found = []
    for body in map(_body, messages):
        order_id = body["OrderId"]
        found.append({**body, "Status": table.status_of(deployment, order_id) if order_id else None})
    return found


def done(deployment: Deployment, id: str) -> int:
    """Deletes the messages of the order or of the execution `id`; returns how many. Raises CommandError for none."""
    gone, kept = queues.remove(
        deployment.client("sqs"),
        deployment.output("ParkedQueueUrl"),
        lambda message: id in (_body(message)["OrderId"], _body(message)["ExecutionId"]),
    )
    if kept:
        raise CommandError(f"{kept} of {kept + gone} messages could not be deleted: run it again")
    if not gone:
        raise CommandError("nothing is parked under this id: `parked` lists what is")
    return gone


def _body(message: queues.Message) -> dict[str, str | None]:
    body = queues.object_in(message)
    return {name: body[name] if isinstance(body.get(name), str) else None for name in FIELDS}
