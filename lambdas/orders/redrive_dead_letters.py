"""`POST /dead-letters/{Queue}/redrive`."""

from common import http
from common.caller import operator_of
from common.logs import event as log_event
from common.logs import logger_of
from orders import operator_queues

logger = logger_of(__name__)


@http.api
def handler(event: http.Event) -> http.Reply:
    """Moves the dead letters of a queue back into it, for operators. Answers 404 if the queue has no dead-letter queue.

    `failed` counts the dead letters that stayed. Some of them may be in both queues: sent, but then not deleted. `left`
    is the approximate number that there was no time for, or that another reader hides.
    """
    operator_of(event)
    queue = event["pathParameters"]["Queue"]
    moved, left = operator_queues.redrive(queue)
    if moved.codes:
        logger.error("some dead letters were not moved: %s", ", ".join(sorted(moved.codes)))
    answer = {"moved": moved.moved - moved.doubled, "failed": moved.failed + moved.doubled, "left": left}
    log_event(
        "dead letters redriven",
        Queue=queue,
        Moved=answer["moved"],
        Failed=answer["failed"],
        RequestId=http.request_id(event),
    )
    return http.reply(200, answer)
