"""The steps of operators, consumers, clocks and sweeps."""

from dataclasses import replace
from typing import Any

from tests.proof.sequences import order_model, reminder_model
from tests.proof.sequences.base import Base
from tests.proof.sequences.seen import is_parked
from tests.support.cloud import balance
from tests.support.waiting import eventually

RECEIVES = 6
"""After five failures SQS moves a message to the dead-letter queue when somebody receives it again."""


class Operators(Base):
    """Everything that happens to orders and reminders without a request of a caller."""

    def fail_to_consume(self, queue: str) -> None:
        """Receives messages of a queue again and again without deleting them, as a broken consumer does."""
        sqs = self.cloud.engine.client("sqs")
        for _ in range(RECEIVES):
            sqs.receive_message(QueueUrl=self.places.queues[queue], MaxNumberOfMessages=10, VisibilityTimeout=0)

    def redrive(self, queue: str) -> None:
        status = self.apps.call("POST", f"/dead-letters/{queue}/redrive")[0]
        failures = self.failures_of("RedriveDeadLetters")
        if failures:
            # The function sends a message, then deletes it. A failed delete or a lost answer leaves two copies.
            self.model.copies |= self.model.orders.keys()
        assert status in {200} | failures, f"redriving gives {status}"

    def remove_parked(self, order_id: str) -> None:
        """Removes the parked messages of an order."""
        there = {one.id: one for one in self.messages() if is_parked(one, order_id)}
        message_id = next(iter(there), "no-such-message")
        status = self.apps.call("DELETE", f"/parked/{message_id}")[0]
        gone = there.keys() - {one.id for one in self.messages()}
        self.model.removed |= {id: there[id] for id in gone}
        failures = self.failures_of("RemoveParked")
        self.are_parked_hidden |= bool(failures)
        right = {200, 404} | failures if self.are_parked_hidden else {200 if there else 404}
        assert status in right, f"removing gives {status}"
        assert status != 200 or gone, "a removed message is still there"

    def sweep(self, *, waiting: bool) -> None:
        """Runs both sweeps. `waiting`: also starts reminders that wait without an execution."""
        self._invoke("ParkLostOrders", self.places.order_workflow, {})
        worked = self._invoke(
            "SettleLostReminders", self.places.reminder_workflow, {"Waiting": True} if waiting else {}
        )
        for words, one in self.model.reminders.items():
            if not waiting or not any(on.status == reminder_model.LOST for on in one.states):
                continue
            states = frozenset(
                reminder_model.begun(on, later=True, skipping=self.is_skipping)
                if on.status == reminder_model.LOST
                else on
                for on in one.states
            )
            self.model.reminders[words] = replace(one, states=states) if worked else one.inexact()

    def _invoke(self, function: str, workflow: str, event: dict[str, Any]) -> bool:
        try:
            balance.invoke(self.cloud, workflow, function, event)
        except AssertionError:
            assert self.failures_of(function), f"{function} fails, and no call of it does"
            return False
        return True

    def end_waits(self) -> None:
        """Ends all waits that have begun, as if their time had come."""
        self.calm()
        running = self.executions()

        def ended() -> bool:
            # An execution may have started a moment ago, and not wait yet.
            self.cloud.engine.end_waits()
            return not running & self.executions()

        eventually(ended)
        for order_id, states in self.model.orders.items():
            self.model.orders[order_id] = order_model.released(states)
        for words, one in self.model.reminders.items():
            moved = replace(one, states=reminder_model.moved_on(one.states))
            # The wait for the next occurrence may have begun and ended, too.
            self.model.reminders[words] = moved.inexact() if one.kind.times > 1 and moved.may_be_due else moved

    def skip_waits(self, on: bool) -> None:
        self.calm()
        self.cloud.engine.skip_waits(on)
        self.is_skipping = on
