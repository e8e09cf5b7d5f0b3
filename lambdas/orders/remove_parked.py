"""`DELETE /parked/{MessageId}`."""

from common import http
from common.caller import operator_of
from common.logs import event as log_event
from orders import operator_queues, parked


@http.api
def handler(event: http.Event) -> http.Reply:
    """Removes a message and its copies from the parked queue, for operators.

    Answers 404 if the message is not in the queue, or is hidden because somebody else is reading the queue.
    """
    operator_of(event)
    message_id = event["pathParameters"]["MessageId"]
    with operator_queues.parked() as hold:
        groups = parked.with_copies(message for batch in hold.batches() for message in batch)
        ids = [[message["MessageId"] for message in group] for group in groups]
        found = next((group for group, its in zip(groups, ids, strict=True) if message_id in its), [])
        refused = hold.delete_all(found)
    if not found:
        raise http.RequestError(
            404,
            "NotFound",
            "The message was not found. If somebody else is reading the queue, it is hidden for a moment. Try again.",
        )
    if refused:
        raise http.RequestError(503, "Unavailable", "The message could not be removed. Try again.")
    log_event("parked message removed", OrderId=parked.order_id_in(found[0]), RequestId=http.request_id(event))
    return http.reply(200, {"removed": len(found)})
