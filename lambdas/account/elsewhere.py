"""The places that hold data of a person, and that a copy or a deletion does not reach, in words. Pure.

The receipt of a deletion and the copy of one's data name the same places. See decisions D185 and D193.
"""

from dataclasses import dataclass

from account.stores import FULFILLMENT_DEAD, ORDERS, REMINDERS, SEARCHED, place

ATTEMPT = "Reading a message here would count as a failed attempt to process it"
SAME_ORDERS, SAME_REMINDERS = "`orders` in this file has the same data", "`reminders` in this file has the same data"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The stage's settings that say how long data stays."""

    log_days: int
    order_days: int | None
    """None if the stage keeps orders for ever."""

    has_cache: bool
    has_histories: bool
    """Whether Step Functions keeps the histories of orders: in a stage with a Standard order workflow."""

    has_traces: bool
    """Whether X-Ray traces some requests."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place outside of the stores that a copy reads and a deletion empties."""

    store: str
    what: str
    """What is there about a person who has an account."""

    left: str | None = None
    """What is there after the deletion, if it differs."""

    why_left: str | None
    """Why a deletion leaves it. None if it does not."""

    why_unread: str | None
    """Why a copy has no data from here. None if it has."""

    until: str


def of_copy(settings: Settings) -> list[dict[str, str]]:
    """The places that a copy does not read, and why, and how long something is there."""
    return [place(one.store, one.what, one.why_unread, one.until) for one in _places(settings) if one.why_unread]


def of_receipt(settings: Settings) -> list[dict[str, str]]:
    """What stays after a deletion, and why, and until when."""
    days = settings.order_days
    return [
        place(
            ORDERS,
            "id, status and times of each order, without a name or an owner",
            "applications take two orders with one id for the same order, so nobody else may get the id",
            f"{days} days after the order was placed, corrected or closed" if days else "for ever",
        ),
        place(
            ORDERS,
            "if the account was an operator's: its id, on orders of other people that it corrected or closed",
            "it shows which operator decided about them",
            "as long as these orders",
        ),
        place(
            "signed-in devices",
            "the last token of a device that was signed in. It can still place orders and set reminders",
            "nobody can withdraw a token. Operators can remove what came later, by the id of the account",
            "an hour",
        ),
        *(place(one.store, one.left or one.what, one.why_left, one.until) for one in _places(settings) if one.why_left),
    ]


def _places(settings: Settings) -> list[Place]:
    return [
        Place(
            store=REMINDERS,
            what="how many reminders you set today, how many wait, and how many text messages were sent to you today",
            why_left=None,
            why_unread="these are only numbers. They make sure that nobody exceeds the limits of a person",
            until="2 days after the last change",
        ),
        Place(
            store="backups",
            what="orders and reminders in backups",
            why_left="nobody can change a backup. Operators use it only to restore lost data",
            why_unread="nobody can read a backup. Operators can only restore it as a whole",
            until="35 days",
        ),
        Place(
            store="OrderFulfillmentQueue",
            what="id, name, item and price of good orders that wait to be fulfilled",
            why_left="they are accepted, and the application that fulfils them needs them",
            why_unread=f"{SAME_ORDERS}. {ATTEMPT}",
            until="7 days at most",
        ),
        Place(
            store=FULFILLMENT_DEAD,
            what=SEARCHED[FULFILLMENT_DEAD],
            left="id, name, item and price of good orders that could not be fulfilled yet",
            why_left="they are accepted. Operators send them back to be fulfilled, after they have mended the fault",
            why_unread=None,
            until="14 days at most",
        ),
        Place(
            store="EscalationQueue",
            what="id, name, item and price of orders with a problem",
            why_left="they wait for another application, which ignores them because the orders are closed",
            why_unread=f"{SAME_ORDERS}. {ATTEMPT}",
            until="7 days at most, or 14 if that application fails",
        ),
        Place(
            store="EmailQueue, SMSQueue and TopicQueue",
            what="texts and addresses of reminders that are due at this moment",
            why_left="they are dropped without being sent as soon as it is their turn",
            why_unread=f"{SAME_REMINDERS}. {ATTEMPT}",
            until="7 days at most, usually some seconds",
        ),
        Place(
            store="ended executions of reminders",
            what="texts and addresses of reminders that were sent, changed or cancelled",
            why_left="the service that waits until a reminder is due keeps its history, and cannot delete it",
            why_unread=f"{SAME_REMINDERS}, but earlier texts, and addresses in full, are only here. The service cannot "
            "search by person",
            until="90 days after each reminder",
        ),
        Place(
            store="OrdersToCheck and its dead letters",
            what="ids of orders",
            why_left="they make sure that no order gets lost",
            why_unread=f"{SAME_ORDERS}. {ATTEMPT}",
            until="14 days at most, usually ten minutes",
        ),
        *([_HISTORIES] if settings.has_histories else []),
        Place(
            store="the changes of OrderTable",
            what="the last changes of orders",
            why_left="other parts of the system may still have to read them",
            why_unread=f"{SAME_ORDERS}, as they are now",
            until="24 hours",
        ),
        *([_CACHE] if settings.has_cache else []),
        Place(
            store="logs",
            what="ids of the account, of orders and of reminders. No log has a name, a full address or a text",
            why_left="operators need them to find faults",
            why_unread="they say when the functions worked on an order or a reminder, and nothing else about you",
            until=f"{settings.log_days} days",
        ),
        *([_TRACES] if settings.has_traces else []),
        Place(
            store="other applications",
            what="what other applications have taken over, such as shipments",
            why_left="each has its own records. The example application keeps id, item and time, and no name",
            why_unread="each has its own records. The example application keeps id, item and time, and no name",
            until="as long as the application says",
        ),
        Place(
            store="sent reminders",
            what="e-mails and text messages that were sent",
            why_left="their recipients have them. The mail service also remembers addresses that refused mail",
            why_unread="their recipients have them. The mail service also remembers addresses that refused mail",
            until="as long as the recipients keep them",
        ),
    ]


_HISTORIES = Place(
    store="executions of orders",
    what="the whole order, card number included, encrypted",
    why_left="the service that checks orders keeps its history, and cannot delete it",
    why_unread=f"{SAME_ORDERS}, except for the card number, which nobody can look up",
    until="90 days after each order",
)
_TRACES = Place(
    store="X-Ray",
    what="ids of some orders and reminders, with the times of each step. No trace has a name, an address or a text",
    why_left="operators need them to find what is slow, and nobody can delete a trace",
    why_unread="`orders` and `reminders` in this file have the ids",
    until="30 days",
)
_CACHE = Place(
    store="Redis",
    what="copies of orders that were looked up or changed lately, so that lookups are quick",
    left="id, status and times of orders that were looked up lately. The rest is overwritten within seconds",
    why_left="the overwritten copy makes sure that a late lookup does not bring the old one back",
    why_unread=SAME_ORDERS,
    until="300 seconds, or 600 if Redis did not answer in the meantime",
)
