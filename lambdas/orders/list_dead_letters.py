"""`GET /dead-letters`."""

from common import http
from common.caller import operator_of
from orders import operator_queues


@http.api
def handler(event: http.Event) -> http.Reply:
    """About how many messages could not be processed, by the queue that they were sent to; for operators."""
    operator_of(event)
    numbers = operator_queues.dead_letters()
    return http.reply(200, {"queues": [{"Queue": name, "Messages": number} for name, number in numbers.items()]})
