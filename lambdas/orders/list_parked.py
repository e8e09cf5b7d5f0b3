"""`GET /parked`."""

from itertools import chain, islice

from common import http
from common.caller import operator_of
from orders import operator_queues, parked, table

MOST = table.BATCH


@http.api
def handler(event: http.Event) -> http.Reply:
    """Answers operators with the messages of the parked queue, and the current status of each order.

    A message with copies is listed once. All messages stay in the queue. Reads at most 100 messages, copies included;
    `left` is the approximate number of the others.
    """
    operator_of(event)
    with operator_queues.parked() as hold:
        messages = list(islice(chain.from_iterable(hold.batches()), MOST))
    left = 0 if hold.is_everything else max(operator_queues.parked_count() - len(messages), 0)
    groups = parked.with_copies(messages)
    ids = [parked.order_id_in(message) for message, *_ in groups]
    rows = table.find_all(id for id in ids if id)
    statuses = [rows[id]["Status"] if id in rows else None for id in ids]
    items = [
        parked.shown(group[0], status=status, copies=len(group)) for group, status in zip(groups, statuses, strict=True)
    ]
    return http.reply(200, {"items": items, "left": left})
