"""`GET /dead-letters`."""

from common import http
from common.caller import operator_of
from orders import operator_queues


@http.api
def handler(event: http.Event) -> http.Reply:
    """Answers operators with the approximate number of dead letters of each queue."""
    operator_of(event)
    numbers = operator_queues.dead_letters()
    return http.reply(200, {"queues": [{"Queue": name, "Messages": number} for name, number in numbers.items()]})
