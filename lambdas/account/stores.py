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
    ORDERS: "orders: the name, the item, the price, the last digits of the card, and whose order it is",
    REMINDERS: "reminders",
    EXECUTIONS: "waiting executions of reminders, with the texts and addresses",
    PARKED: "messages about orders that the workflow could not finish",
    ESCALATED_DEAD: "messages about escalated orders that an application could not process",
    REMINDERS_DEAD: "messages about reminders that could not be sent",
    USERS: "the account, with its addresses, its password and its authenticator app",
}
"""What a deletion removes, by store."""

WAITS = {
    ORDERS: "orders in progress. They have an outcome within ten minutes",
    REMINDERS: "reminders that are being started. This can take five minutes",
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
            "the rows of OrderTable and ReminderTable as they were",
            "AWS keeps them so that operators can restore the tables. Nobody can change a backup",
            "35 days",
        ),
        _stays(
            "OrderFulfillmentQueue and its dead letters",
            "id, name, item and price of good orders that the application behind the queue has not taken yet",
            "these orders are accepted and will be fulfilled. Reading them here would take them from the application",
            "14 days at most",
        ),
        _stays(
            "EscalationQueue",
            "id, name, item and price of escalated orders that the application behind the queue has not taken yet",
            "reading them here would take them from the application. It ignores them, because the orders are closed",
            "14 days at most",
        ),
        _stays(
            "EmailQueue, SMSQueue and TopicQueue",
            "texts and addresses of reminders that were due when they were deleted",
            "SendReminder finds no row for them, and deletes them without sending",
            "7 days at most, usually some seconds",
        ),
        _stays(
            "ended executions of reminders",
            "texts and addresses of reminders that were sent or cancelled",
            "Step Functions keeps the history of an execution, and cannot delete it",
            "90 days after each execution",
        ),
        _stays(
            "OrdersToCheck and its dead letters",
            "ids of orders",
            "the functions that look for lost orders read them",
            "14 days at most, usually ten minutes",
        ),
        *([_HISTORIES] if settings.has_histories else []),
        _stays(
            "the changes of OrderTable",
            "the rows before and after their last changes",
            "DynamoDB keeps them for the functions that watch the table",
            "24 hours",
        ),
        *([_COPIES] if settings.has_cache else []),
        _stays(
            "logs",
            "ids of orders and reminders, and why something failed. No log has a name, a full address or a text",
            "operators need them to find faults",
            f"{settings.log_days} days",
        ),
        _stays(
            "other applications",
            "what they have taken from the queues of orders",
            "each has its own records. The example application keeps id, item and time of a shipment, and no name",
            "as long as the application says",
        ),
        _stays(
            "sent reminders",
            "e-mails, text messages and messages to the topic",
            "their recipients have them. If an address refused mail or a number opted out, SES or SNS remembers it",
            "as long as the recipients keep them",
        ),
    ]


def after_deletion(settings: Settings, *, is_operator: bool) -> list[dict[str, str]]:
    """What a deletion leaves in addition."""
    until = f"{settings.order_days} days after each order" if settings.order_days else "for ever"
    left = [
        _stays(
            ORDERS,
            "id, status, reasons and times of each order, without an owner",
            "applications take two orders with one id for copies, so nobody else may get the id",
            until,
        ),
        _stays(
            "signed-in devices",
            "a device that was signed in can place orders and set reminders with its last token",
            "no service can withdraw an ID token. Operators can remove what came later, by the id of this account",
            "an hour",
        ),
    ]
    return [*left, _decisions()] if is_operator else left


def _decisions() -> dict[str, str]:
    return _stays(
        ORDERS,
        "the id of this account, on orders of other people that you corrected or closed",
        "it shows that the same operator decided about them",
        "as long as these orders",
    )


def unsearched(store: str) -> dict[str, str]:
    """What may be left in a queue that was too long to search, or that somebody was reading."""
    return _stays(store, REMOVED[store], "the queue was too long to search it, or in use", "14 days at most")


def _stays(store: str, what: str, why: str, until: str) -> dict[str, str]:
    return {"store": store, "what": what, "why": why, "until": until}


_HISTORIES = _stays(
    "executions of orders",
    "the whole order, card number included, encrypted with a key of its own",
    "Step Functions keeps the history of an execution, and cannot delete it",
    "90 days after each execution",
)
_COPIES = _stays("Redis", "copies of orders", "each copy expires by itself", "5 minutes")
