"""What the apps on a laptop cloud should hold after the steps of a sequence, and whether they do."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.proof.sequences import faults, order_model, reminder_model
from tests.proof.sequences.faults import DENIED, UNDONE, On, Proxied
from tests.proof.sequences.held import Held
from tests.proof.sequences.order_model import ABSENT, At
from tests.proof.sequences.reminder_model import Reminder
from tests.proof.sequences.seen import order_in, reminder_in, words_of
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps, dead_letters_of
from tests.support.cloud.records import PARKED, Message, Row
from tests.support.names import unique
from tests.support.waiting import eventually


@dataclass
class Model:
    """What the apps should hold. A killed engine goes back to the model of its last stop."""

    orders: dict[str, frozenset[At]] = field(default_factory=dict)
    reminders: dict[str, Reminder] = field(default_factory=dict)
    """By its words."""
    is_holding: bool = False
    removed: dict[str, Message] = field(default_factory=dict)
    """The parked messages that operators have removed, by their ids."""
    copies: set[str] = field(default_factory=set)
    """The OrderIds whose message may be in a queue twice, because an answer to a redrive was lost. Or a stop has cut
    its execution off, and it may be in its queue and be parked. See decision D013."""
    doubtful: set[str] = field(default_factory=set)
    """The words of reminders that may be sent twice, because an answer of SES or SNS was lost."""
    answers: int = 0
    """How many answers of the APIs count."""


class Base:
    """One sequence on a laptop cloud. `proxied` and `held` are None on a cloud that others share."""

    def __init__(self, apps: Apps, *, proxied: Proxied | None = None, held: Held | None = None) -> None:
        self.apps, self.cloud, self.places = apps, apps.cloud, apps.places
        self.proxied, self.held = proxied, held
        self.model = Model()
        self.fault: On | None = None
        self.is_skipping = False
        self.are_parked_hidden = False
        """Whether a failed request may have left parked messages hidden for a while. A new engine shows them."""
        self.name = unique("S-")
        self.mark = balance.mark(self.cloud, self.places)
        self.model.answers = self.mark.answers

    @property
    def would_hold(self) -> bool:
        return self.model.is_holding and not self.is_skipping

    @property
    def holds_orders(self) -> bool:
        return any(at.status == order_model.HELD for states in self.model.orders.values() for at in states)

    @property
    def can_settle(self) -> bool:
        return self.fault is None and not self.holds_orders

    def check(self) -> None:
        """Waits until everything has settled. Then the balance must hold, and each row must be what it should be."""
        self._end_leases()
        balance.orders(self.cloud, self.places, since=self.mark, copies=self.model.copies, also=self._also)
        balance.reminders(self.cloud, self.places, since=self.mark, doubtful=self.model.doubtful)
        rows = balance.order_records(self.cloud, self.places, since=self.mark).rows
        for order_id, states in self.model.orders.items():
            at, allowed = order_in(rows.get(order_id)), order_model.at_rest(states)
            if at.status == ABSENT:
                allowed = frozenset(one._replace(content=0) if one.status == ABSENT else one for one in allowed)
            assert at in allowed, f"{order_id} is {at.status}, content {at.content}, but should be {words_of(allowed)}"
            self.model.orders[order_id] = frozenset({at})
        found = {row["Message"]: row for row in self._reminder_rows().values()}
        for words, one in self.model.reminders.items():
            on, may_be = reminder_in(found.get(words)), reminder_model.at_rest(one, skipping=self.is_skipping)
            assert not one.exact or on in may_be, f"{words!r} is {words_of([on])}, but should be {words_of(may_be)}"
            self.model.reminders[words] = Reminder(one.kind, frozenset({on}))

    def calm(self) -> None:
        """Lets everything settle if nothing prevents it. Otherwise reminders that are being sent become inexact."""
        if self.can_settle:
            self.check()
        else:
            self.blur(lambda one: one.may_be_due)

    def blur(self, which: Callable[[Reminder], bool]) -> None:
        for words, one in self.model.reminders.items():
            if which(one):
                self.model.reminders[words] = one.inexact()

    def failures_of(self, *functions: str) -> set[int]:
        return self.fault.failures if self.fault and self.fault.call.function in functions else set()

    def set_fault(self, on: On | None) -> None:
        self.note_sending()
        if self.proxied:
            self.proxied.set(on)
        if DENIED in [one.kind for one in (self.fault, on) if one]:
            faults.deny(self.apps, on.call if on and on.kind == DENIED else None)
        self.fault = on
        self.note_sending()

    def note_sending(self) -> None:
        """Notes which reminders a fault of SendReminder meets."""
        if self.failures_of("SendReminder"):
            self.blur(lambda one: one.may_be_due)
            if self.fault and self.fault.kind not in UNDONE:
                self.model.doubtful |= {words for words, one in self.model.reminders.items() if one.may_be_due}

    def set_hold(self, on: bool) -> None:
        assert self.held
        self.held.hold(on)
        self.model.is_holding = on

    def messages(self) -> list[Message]:
        return balance.messages_in(self.cloud, self.places)

    def _also(self) -> list[Message]:
        """The messages that are not in their queues: dead letters, and messages that operators have removed."""
        if not self.held:
            return list(self.model.removed.values())
        dead = [
            Message(queue, one["MessageId"], json.loads(one["Body"]))
            for queue in self.places.queues
            if queue != PARKED
            for one in self.cloud.engine.queued(dead_letters_of(self.apps, queue))
        ]
        return [*dead, *self.model.removed.values()]

    def executions(self) -> set[str]:
        workflows = (self.places.order_workflow, self.places.reminder_workflow)
        running = {arn for workflow in workflows for arn in balance.running_in(self.cloud, workflow)}
        return running - self.mark.running

    def _reminder_rows(self) -> Mapping[str, Row]:
        return balance.reminder_records(self.cloud, self.places, since=self.mark).rows

    def _end_leases(self) -> None:
        """Ends the leases of attempts that a kill or a stop has ended. Nobody waits two minutes for them."""
        if all(one.exact for one in self.model.reminders.values()):
            return

        def sending() -> list[Row]:
            rows = [row for row in self._reminder_rows().values() if row["Status"] == "SENDING"]
            for row in rows:
                balance.end_leases(self.cloud, self.places, row)
            return rows

        eventually(sending, until=lambda rows: not rows, every=0.3)
