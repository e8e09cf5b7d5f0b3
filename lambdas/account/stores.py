"""The places that hold data of a person, in words. Pure.

The receipt of a deletion and the copy of one's data name the same places. See decision D185.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1
"""The version of both documents. A later version may have more fields; another number means other fields."""

ORDERS, REMINDERS, EXECUTIONS = "OrderTable", "ReminderTable", "ReminderStateMachine"
PARKED, ESCALATED_DEAD, REMINDERS_DEAD = "ParkedQueue", "EscalationQueueDeadLetters", "ReminderQueuesDeadLetters"
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


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The stage's settings that say how long data stays."""

    log_days: int
    order_days: int | None
    """None if the stage keeps orders for ever."""

    has_cache: bool
    has_histories: bool
    """Whether Step Functions keeps the histories of orders: in a stage with a Standard order workflow."""


def counted(words: Mapping[str, str], counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The stores of `words` that have a count."""
    return [{"store": store, "what": words[store], "count": counts[store]} for store in words if counts.get(store)]


def elsewhere(settings: Settings) -> list[dict[str, str]]:
    """What neither a copy nor a deletion reaches, and why, and until when it is there."""
    return [
        _stays(
            "backups",
            "orders and reminders in backups",
            "nobody can change a backup. Operators use it only to restore lost data",
            "35 days",
        ),
        _stays(
            "OrderFulfillmentQueue and its dead letters",
            "name, item and price of good orders that wait to be fulfilled",
            "they are accepted, and the application that fulfils them needs them",
            "14 days at most",
        ),
        _stays(
            "EscalationQueue",
            "name, item and price of orders with a problem",
            "they wait for another application, which ignores them because the orders are closed",
            "14 days at most",
        ),
        _stays(
            "EmailQueue, SMSQueue and TopicQueue",
            "texts and addresses of reminders that were due at that moment",
            "they are dropped without being sent as soon as it is their turn",
            "7 days at most, usually some seconds",
        ),
        _stays(
            "ended executions of reminders",
            "texts and addresses of reminders that were sent, changed or cancelled",
            "the service that waits until a reminder is due keeps its history, and cannot delete it",
            "90 days after each reminder",
        ),
        _stays(
            "OrdersToCheck and its dead letters",
            "ids of orders",
            "they make sure that no order gets lost",
            "14 days at most, usually ten minutes",
        ),
        *([_HISTORIES] if settings.has_histories else []),
        _stays(
            "the changes of OrderTable",
            "the last changes of orders",
            "other parts of the system may still have to read them",
            "24 hours",
        ),
        *([_COPIES] if settings.has_cache else []),
        _stays(
            "logs",
            "ids of orders and reminders. No log has a name, a full address or a text",
            "operators need them to find faults",
            f"{settings.log_days} days",
        ),
        _stays(
            "other applications",
            "what other applications have taken over, such as shipments",
            "each has its own records. The example application keeps id, item and time, and no name",
            "as long as the application says",
        ),
        _stays(
            "sent reminders",
            "e-mails and text messages that were sent",
            "their recipients have them. The mail service also remembers addresses that refused mail",
            "as long as the recipients keep them",
        ),
    ]


def after_deletion(settings: Settings, *, is_operator: bool) -> list[dict[str, str]]:
    """What a deletion leaves in addition."""
    days = settings.order_days
    left = [
        _stays(
            ORDERS,
            "id, status and times of each order, without a name or an owner",
            "applications take two orders with one id for the same order, so nobody else may get the id",
            f"{days} days after the order was placed, corrected or closed" if days else "for ever",
        ),
        _stays(
            "signed-in devices",
            "the last token of a device that was signed in. It can still place orders and set reminders",
            "nobody can withdraw a token. Operators can remove what came later, by the id of the account",
            "an hour",
        ),
    ]
    return [*left, _decisions()] if is_operator else left


def _decisions() -> dict[str, str]:
    return _stays(
        ORDERS,
        "the id of the account, on orders of other people that were corrected or closed with it",
        "it shows which operator decided about them",
        "as long as these orders",
    )


def unsearched(store: str) -> dict[str, str]:
    """What may be left in a queue that was too long to search, or that somebody was reading."""
    return _stays(store, REMOVED[store], "the queue was too long to search it, or in use", "14 days at most")


def _stays(store: str, what: str, why: str, until: str) -> dict[str, str]:
    return {"store": store, "what": what, "why": why, "until": until}


_HISTORIES = _stays(
    "executions of orders",
    "the whole order, card number included, encrypted",
    "the service that checks orders keeps its history, and cannot delete it",
    "90 days after each order",
)
_COPIES = _stays("Redis", "copies of orders for quick lookups", "they expire by themselves", "5 minutes")
