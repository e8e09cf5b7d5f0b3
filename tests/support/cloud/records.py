"""Records of orders and reminders, and the balance that they must keep. These functions make no calls.

Each accepted order or reminder is in exactly one term on the right. A waiting reminder must not be overdue.

    accepted orders = fulfilled + escalated + parked + closed
    accepted reminders = sent + partly sent + failed + cancelled + waiting
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

from reminders import recurrence
from reminders.reminder import channels_on, first_due

T = TypeVar("T")
Row: TypeAlias = dict[str, Any]
Terms: TypeAlias = Counter[str]
FULFILLMENT, ESCALATION, PARKED = "OrderFulfillmentQueue", "EscalationQueue", "ParkedQueue"
QUEUE_OF = {"FULFILLMENT_QUEUED": FULFILLMENT, "ESCALATED": ESCALATION, "PARKED": PARKED}
TERM_OF = {"FULFILLMENT_QUEUED": "fulfilled", "ESCALATED": "escalated", "PARKED": "parked", "CLOSED": "closed"}
COMES_AS = {"email": "mail", "sms": "text", "topic": "topic"}
"""The kind of delivery for each channel of a reminder."""
ROW_BEHIND = "Record the outcome"
"""The state in a parked message whose order is in its queue already: only the row is out of date."""
PERHAPS_QUEUED = "Put message in order "
"""How the state in a parked message begins whose order may be in its queue already, because SQS's answers were lost.
docs/operations.md tells operators to look for it."""

GOES_NO_FURTHER = "the next occurrence was not scheduled|will not repeat any more"
"""Matches the Reason of a FAILED reminder that does not repeat any more."""

MAY_HAVE_COME = "the next occurrence was not scheduled|may have arrived"
"""Matches the Reason of a FAILED reminder that was sent, or perhaps sent."""


class Answer(NamedTuple):
    """An answer of one of the APIs."""

    method: str
    url: str
    body: Any
    status: int
    answer: Any


class Message(NamedTuple):
    """A message of one of the queues of the orders app."""

    queue: str
    id: str
    body: Mapping[str, Any]


class Delivery(NamedTuple):
    """A mail, a text or a topic's message, with the reminder's words. Only a mail has the reminder's id."""

    channel: str
    text: str
    reminder_id: str | None


@dataclass(frozen=True, kw_only=True)
class Orders:
    """The records of some orders: their rows, all messages about them, and the answers to callers."""

    rows: Mapping[str, Row]
    messages: Collection[Message]
    answers: Collection[Answer] = ()
    by_hand: Collection[str] = ()
    """The executions that tests started without the API. They may end without a row."""
    copies: Collection[str] = ()
    """The OrderIds whose message may exist twice, because a test withheld an answer from the sender, or ended it."""

    def balance(self) -> tuple[Terms, list[str]]:
        """The terms, and a sentence for each order that is out of balance."""
        terms, faults = Terms(), list[str]()
        messages = _grouped(self.messages, lambda one: one.body.get("OrderId"))
        answers = _grouped(self.answers, order_of)
        for order_id in sorted({*self.rows, *self._accepted(), *(id for id in messages if id)}):
            term, problems = self._end_of(order_id, messages[order_id], answers[order_id])
            terms.update({"accepted": 1, term: 1})
            faults += [f"{order_id}: {problem}" for problem in problems]
        for message in _without_copies(self.messages):
            if not message.body.get("OrderId"):
                terms.update({"accepted": 1, "parked": 1})
                if message.queue != PARKED or message.body.get("ExecutionId") not in self.by_hand:
                    faults.append(f"a message in {message.queue} names no order")
        if terms["accepted"] != sum(terms[term] for term in TERM_OF.values()):
            faults.append(f"the terms do not add up to accepted: {dict(terms)}")
        return terms, faults

    def _accepted(self) -> set[str]:
        return {id for one in self.answers if one.status in (200, 202) and (id := order_of(one))}

    def _end_of(self, order_id: str, about: list[Message], answers: list[Answer]) -> tuple[str, list[str]]:
        """The term that an order counts for, and its problems. `about` are the messages that name it."""
        row = self.rows.get(order_id)
        messages = _without_notes(_without_copies(about), uncertain=order_id in self.copies)
        ends = {(one.queue, _execution(one.body)) for one in messages}
        problems = self._doubled(order_id, messages)
        if row is None:
            return "parked" if messages else "lost", problems + self._without_a_row(messages, answers)
        status = row["Status"]
        if answers and all(400 <= one.status < 500 for one in answers):
            problems.append("was refused, but has a row")
        if any(one.method == "POST" for one in answers) and "Owner" not in row:
            problems.append("was placed through the API, but has no owner")
        if status == "RECEIVED":
            return "lost", [*problems, "has no outcome"]
        fulfilled = [end for end in ends if end[0] == FULFILLMENT]
        if status == "PARKED":
            # If the order is in its queue, the parked message only says that the row is out of date.
            status = next((status for status, queue in QUEUE_OF.items() if (queue, _execution(row)) in ends), status)
        own = (QUEUE_OF.get(status), _execution(row))
        if status == "CLOSED":
            if not ends or fulfilled:
                problems.append(f"is closed, but its messages are in {sorted(queue for queue, _ in ends)}")
        elif own not in ends:
            problems.append(f"is {status}, but its execution has no message in {own[0]}")
        others = [end for end in ends if end != own]
        if len(fulfilled) > (status == "FULFILLMENT_QUEUED"):
            problems.append(f"is {status}, but {len(fulfilled)} executions put it into {FULFILLMENT}")
        corrections = sum(one.method == "PUT" and one.status not in range(400, 500) for one in answers)
        if status != "CLOSED" and len(others) > corrections:
            problems.append(f"has {len(others)} further messages, but only {corrections} corrections")
        return TERM_OF.get(status, "lost"), problems

    def _doubled(self, order_id: str, messages: list[Message]) -> list[str]:
        """The problems with the number of messages of one execution."""
        problems = []
        by_end: dict[tuple[str, str], list[Message]] = {}
        for one in messages:
            by_end.setdefault((one.queue, _execution(one.body)), []).append(one)
        for (queue, _), copies in by_end.items():
            if len(copies) > 1 and order_id not in self.copies:
                problems.append(f"{len(copies)} messages of one execution are in {queue}")
            if any(one.body != copies[0].body for one in copies):
                problems.append(f"the messages of one execution in {queue} differ")
        if len({execution for _, execution in by_end}) < len(by_end):
            problems.append("one execution has messages in two queues")
        return problems

    def _without_a_row(self, messages: list[Message], answers: list[Answer]) -> list[str]:
        if not messages:
            return ["was accepted, but has neither a row nor a message"]
        if any(one.queue != PARKED or one.body.get("ExecutionId") not in self.by_hand for one in messages):
            return [f"has no row, but a message in {', '.join(sorted({one.queue for one in messages}))}"]
        return ["was accepted, but has no row"] if any(one.status < 300 for one in answers) else []


def _grouped(records: Collection[T], key: Callable[[T], Any]) -> defaultdict[Any, list[T]]:
    """The records by key. Looking through all of them for each order would take minutes for thousands."""
    found = defaultdict[Any, list[T]](list)
    for one in records:
        found[key(one)].append(one)
    return found


def _without_copies(messages: Collection[Message]) -> list[Message]:
    """Leaves only one parked message for each ParkingId. A message that names a State is preferred."""
    kept: dict[Any, Message] = {}
    for place, one in enumerate(sorted(messages, key=lambda one: one.body.get("State") is None)):
        kept.setdefault(one.body.get("ParkingId", place) if one.queue == PARKED else place, one)
    return list(kept.values())


def _without_notes(messages: list[Message], *, uncertain: bool) -> list[Message]:
    """Leaves out parked messages that only say that their order's row is out of date.

    `uncertain` says whether a test withheld the queue's answers or ended the execution. Then nobody knows whether the
    order is in its queue, and it may be there and be parked. ParkLostOrders names no state.
    """
    queued = {_execution(one.body) for one in messages if one.queue != PARKED}

    def is_note(one: Message) -> bool:
        state = one.body.get("State")
        is_known = state == ROW_BEHIND
        is_possible = state is None or str(state).startswith(PERHAPS_QUEUED)
        return one.queue == PARKED and _execution(one.body) in queued and (is_known or (uncertain and is_possible))

    return [one for one in messages if not is_note(one)]


@dataclass(frozen=True, kw_only=True)
class Reminders:
    """The records of some reminders: their rows, deliveries and executions, and the answers to callers."""

    rows: Mapping[str, Row]
    deliveries: Collection[Delivery]
    running: Collection[str] = ()
    """The ARNs of the running executions."""
    answers: Collection[Answer] = ()
    known: Collection[str] = ()
    """The words of older reminders, which may still be delivered."""
    doubtful: Collection[str] = ()
    """The words of reminders for which a test withheld a delivery's answer. They may come twice, or come and fail."""
    now: datetime

    def balance(self) -> tuple[Terms, list[str]]:
        """The terms, and a sentence for each reminder that is out of balance."""
        terms, faults = Terms(), list[str]()
        for reminder_id, row in sorted(self.rows.items()):
            term, problems = self._end_of(row)
            terms.update({"accepted": 1, term: 1})
            faults += [f"{reminder_id}: {problem}" for problem in problems]
        for one in self._reminders_answered(range(200, 300)):
            if (id := one.answer["reminderId"]) not in self.rows:
                terms.update({"accepted": 1, "lost": 1})
                faults.append(f"{id}: was accepted, but has no row")
        faults += self._deliveries_out_of_balance()
        words = {row["Message"] for row in self.rows.values()}
        taken = {one.body["message"] for one in self._reminders_answered((*range(200, 300), *range(500, 600)))}
        for one in self._reminders_answered(range(400, 500)):
            if one.body.get("message") in words - taken:
                faults.append(f"{one.body['message']!r} was refused, but has a row")
        ends = ("sent", "partly sent", "failed", "cancelled", "waiting")
        if terms["accepted"] != sum(terms[end] for end in ends):
            faults.append(f"the terms do not add up to accepted: {dict(terms)}")
        return terms, faults

    def _reminders_answered(self, statuses: Collection[int]) -> list[Answer]:
        """The answers with these statuses to requests that set a reminder."""
        return [
            one
            for one in self.answers
            if one.method == "POST" and one.status in statuses and isinstance(one.body, dict) and "message" in one.body
        ]

    def waits(self, row: Row, *, longer: timedelta = timedelta(0)) -> bool:
        """Whether a reminder is due later than `longer` from now, and its execution is running."""
        living = row.get("ExecutionId") in self.running
        return row["Status"] == "SCHEDULED" and living and datetime.fromisoformat(row["DueAt"]) > self.now + longer

    def is_lost(self, row: Row) -> bool:
        return row["Status"] in ("SCHEDULED", "SENDING") and not self.waits(row)

    def is_without_execution(self, row: Row) -> bool:
        """Whether a reminder is not due yet, and nothing runs that will send it. An earlier execution may still run."""
        missing = row.get("ExecutionId") not in self.running
        return row["Status"] == "SCHEDULED" and missing and datetime.fromisoformat(row["DueAt"]) > self.now

    def _end_of(self, row: Row) -> tuple[str, list[str]]:
        status = row["Status"]
        if self.waits(row):
            return "waiting", []
        if self.is_lost(row):
            living = "runs" if row.get("ExecutionId") in self.running else "does not run"
            return "lost", [f"is {status}, was due at {row['DueAt']}, and its execution {living}"]
        term = {"SENT": "sent", "PARTLY_SENT": "partly sent", "FAILED": "failed", "CANCELLED": "cancelled"}[status]
        problems = []
        if status == "FAILED" and not row.get("Reason"):
            problems.append("failed without a reason")
        if status != "CANCELLED" and self._goes_on(row):
            problems.append(f"is {status}, but its next occurrence is not scheduled")
        return term, problems

    def _goes_on(self, row: Row) -> bool:
        """Whether another occurrence should follow."""
        if "Repeat" not in row or row.get("Stopped") or re.search(GOES_NO_FURTHER, row.get("Reason", "")):
            return False
        following = recurrence.next_after(
            first_due(row), json.loads(row["Repeat"]), int(row["Occurrence"]), now=datetime.fromisoformat(row["DueAt"])
        )
        return following is not None

    def _deliveries_out_of_balance(self) -> list[str]:
        """A sentence for each reminder with missing, duplicate or unexpected deliveries."""
        faults = []
        rows_of = _grouped(self.rows.values(), lambda row: row["Message"])
        deliveries_of = _grouped(self.deliveries, lambda one: one.text)
        # How often each reminder was changed. Each time it may have been sent before.
        changes = Counter(
            one.answer["reminderId"] for one in self.answers if one.method == "PATCH" and one.status == 200
        )
        for text in sorted({*rows_of, *deliveries_of}):
            rows, deliveries = rows_of[text], deliveries_of[text]
            came = Counter(one.channel for one in deliveries)
            if not rows:
                if text not in self.known:
                    faults.append(f"{dict(came)} came, but no reminder has the words {text!r}")
                continue
            ids = {row["ReminderId"] for row in rows}
            for one in deliveries:
                if one.reminder_id and one.reminder_id not in ids:
                    faults.append(f"a {one.channel} names the reminder {one.reminder_id}, which has no row")
            for channel in ("mail", "text", "topic"):
                bounds = (_bounds(row, channel, changes[row["ReminderId"]]) for row in rows)
                least, most = (sum(ends) for ends in zip(*bounds, strict=True))
                if text in self.doubtful:
                    most = max(most, came[channel])
                if not least <= came[channel] <= most:
                    states = ", ".join(sorted(row["Status"] for row in rows))
                    faults.append(f"{text!r} is {states}, but {came[channel]} came by {channel}, not {least} to {most}")
            partly = [row for row in rows if row["Status"] == "PARTLY_SENT" and "Repeat" not in row]
            some = range(1, len(channels_on(rows[0]))) if rows else ()
            if partly and len(rows) == 1 and text not in self.doubtful and came.total() not in some:
                faults.append(f"{text!r} is PARTLY_SENT, but {came.total()} came")
        return faults


def _bounds(row: Row, channel: str, changes: int) -> tuple[int, int]:
    """The fewest and the most deliveries that one reminder may have on a channel. It was changed so many times."""
    uses = channel in {COMES_AS[one] for one in channels_on(row)}
    over = int(row["Occurrence"]) - 1 + changes
    match row["Status"]:
        case "SENT":
            least, most = 1, over + 1
        case "PARTLY_SENT":
            least, most = 0, over + 1
        case "FAILED" if re.search(MAY_HAVE_COME, row.get("Reason", "")):
            least, most = 0, over + 1
        case _:
            least, most = 0, over
    return (least, most) if uses else (0, 0)


def order_of(one: Answer) -> str | None:
    """The order that an answer of the orders API is about."""
    path = [unquote(part) for part in urlsplit(one.url).path.split("/")]
    if path[-1] == "orders" and isinstance(one.body, dict):
        return one.body.get("OrderId") if isinstance(one.body.get("OrderId"), str) else None
    return path[path.index("orders") + 1] if "orders" in path[:-1] else None


def _execution(record: Mapping[str, Any]) -> str:
    """The name of the execution in a row or a message, which has the name or the ARN. Express adds an id to the ARN."""
    found = record.get("ExecutionId") or record.get("ExecutionName") or record.get("ParkingId") or ""
    *_, name = str(found).split(":")[:8]
    return name
