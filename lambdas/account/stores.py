"""The stores that hold data of a person and that the functions read. Pure."""

from collections.abc import Mapping
from typing import Any

FORMAT = 1
"""The version of both documents. A later version may have more fields; another number means other fields."""

ORDERS, REMINDERS, EXECUTIONS = "OrderTable", "ReminderTable", "ReminderStateMachine"
PARKED, ESCALATED_DEAD, REMINDERS_DEAD = "ParkedQueue", "EscalationQueueDeadLetters", "ReminderQueuesDeadLetters"
FULFILLMENT_DEAD = "OrderFulfillmentQueueDeadLetters"
USERS = "Users"

REMOVED = {
    ORDERS: "orders: names, items, prices, last digits of cards, and whose orders they are",
    REMINDERS: "reminders",
    EXECUTIONS: "reminders that waited, with texts and addresses",
    PARKED: "messages about orders that could not be processed",
    ESCALATED_DEAD: "messages about orders with a problem that another application could not process",
    REMINDERS_DEAD: "messages about reminders that could not be sent",
    USERS: "the account, with addresses, password and authenticator app",
}
"""What a deletion removes, by store."""

WAITS = {
    ORDERS: "orders in progress, for ten minutes at most",
    REMINDERS: "reminders that are being started, for five minutes at most",
}
"""What a deletion has to wait for, by store."""

SEARCHED = REMOVED | {FULFILLMENT_DEAD: "messages about good orders that could not be fulfilled yet"}
"""What the copy and the deletion search for, by store. A deletion leaves the last one."""


def counted(words: Mapping[str, str], counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The stores of `words` that have a count."""
    return [{"store": store, "what": words[store], "count": counts[store]} for store in words if counts.get(store)]


def unsearched(store: str) -> dict[str, str]:
    """What may be left in a queue that was too long to search, or that somebody was reading."""
    return place(store, SEARCHED[store], "the queue was too long to search it, or in use", "14 days at most")


def place(store: str, what: str, why: str, until: str) -> dict[str, str]:
    """A place that a copy does not read, or that a deletion leaves."""
    return {"store": store, "what": what, "why": why, "until": until}
