"""`DELETE /parked/{MessageId}`."""

from common import http
from common.caller import operator_of
from orders import attention


@http.api
def handler(event: http.Event) -> http.Reply:
    """Takes a message out of the parked queue, for operators: it has been dealt with.

    404 where it is not there, or out of sight while somebody else looks into the queue.
    """
    operator_of(event)
    message_id = event["pathParameters"]["MessageId"]
    with attention.parked() as hold:
        met = (message for batch in hold.batches() for message in batch)
        found = next((message for message in met if message["MessageId"] == message_id), None)
        refused = hold.delete([found]) if found else {}
    if found is None:
        raise http.RequestError(404, "NotFound", "No such message is in sight; somebody may hold it. Try again.")
    if refused:
        raise http.RequestError(503, "Unavailable", "The message could not be removed. Try again.")
    return http.reply(200, {"removed": 1})
