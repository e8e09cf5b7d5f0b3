"""The steps of callers of both APIs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias

from botocore.exceptions import ClientError

from reminders import idempotency
from tests.proof.sequences import order_model, reminder_model
from tests.proof.sequences.base import Base
from tests.proof.sequences.order_model import ABSENT, CONTENTS, Request
from tests.proof.sequences.reminder_model import Kind, Reminder
from tests.proof.sequences.seen import key_of, looked_up, sub_of, words_of
from tests.support.cloud.reminders import row_of
from tests.support.waiting import eventually

Asked: TypeAlias = tuple[Request, Callable[[], int]]
"""What a request may be answered, and the call that sends it and returns the status of the answer."""


class Callers(Base):
    """Orders and reminders, as their owners and operators send them."""

    def new_order(self) -> str:
        order_id = f"{self.name}-{len(self.model.orders) + 1}"
        while order_id in self.model.orders:
            order_id += "x"
        self.model.orders[order_id] = order_model.UNKNOWN
        return order_id

    def place(self, order_id: str, content: int) -> Asked:
        body = {"OrderId": order_id, **CONTENTS[content]}
        request = self._under_fault("PlaceOrder", order_model.place(content, held=self.would_hold))
        return request, lambda: self.apps.post_order(body)[0]

    def correct(self, order_id: str, content: int) -> Asked:
        body = {"OrderId": order_id, **CONTENTS[content]}
        request = self._under_fault("CorrectOrder", order_model.correct(content, held=self.would_hold))
        return request, lambda: self.apps.put_order(body)[0]

    def close(self, order_id: str) -> Asked:
        call = lambda: self.apps.call("POST", f"/orders/{order_id}/close", {"note": "No longer wanted."})[0]  # noqa: E731
        return self._under_fault("CloseOrder", order_model.close), call

    def at_once(self, order_id: str, *requests: Asked) -> None:
        """Sends requests about an order at the same time. Their answers must fit to some order of the requests."""
        with ThreadPoolExecutor(len(requests)) as pool:
            answers = list(pool.map(lambda one: one[1](), requests))
        before = self.model.orders[order_id]
        found = order_model.after(before, [(one[0], answer) for one, answer in zip(requests, answers, strict=True)])
        assert found, f"{order_id} was {words_of(before)}, so the answers {answers} are wrong"
        self.model.orders[order_id] = found

    def look_up(self, order_id: str) -> None:
        """Looks an order up. If it is certain what it is, the lookup must show it, at once or from the table."""
        states = order_model.at_rest(self.model.orders[order_id])
        if self.fault or len(states) > 1 or self.holds_orders or states != self.model.orders[order_id]:
            status = self.apps.get_order(order_id)[0]
            assert status in {200, 404} | self.failures_of("GetOrder"), f"looking up {order_id} gives {status}"
            return
        (at,) = states
        wanted = (404, None) if at.status == ABSENT else (200, at.status)
        eventually(lambda: looked_up(self.apps, order_id), until=lambda found: found == wanted)

    def _under_fault(self, function: str, request: Request) -> Request:
        failures = self.failures_of(function)
        return order_model.failing(request, failures) if failures else request

    def new_reminder(self, kind: Kind) -> str:
        words = f"Feed the cat, {self.name} {len(self.model.reminders) + 1}"
        while words in self.model.reminders:
            words += "x"
        self.model.reminders[words] = Reminder(kind)
        return words

    def remind(self, words: str) -> None:
        kind = self.model.reminders[words].kind
        body, key = {"message": words, **kind.body}, {idempotency.HEADER: key_of(words)}
        status = self.apps.call_reminders("POST", "/reminders", body, **key)[0]
        self._answered(words, "CreateReminder", reminder_model.set_up(kind, skipping=self.is_skipping), status)

    def change(self, words: str, *, later: bool) -> None:
        body = {"waitSeconds": reminder_model.LATER_SECONDS} if later else {"sendNow": True}
        status = self.apps.call_reminders("PATCH", f"/reminders/{self.id_of(words)}", body)[0]
        outcomes = reminder_model.change(later=later, skipping=self.is_skipping)
        self._answered(words, "UpdateReminder", outcomes, status)

    def cancel(self, words: str) -> None:
        status = self.apps.call_reminders("DELETE", f"/reminders/{self.id_of(words)}")[0]
        self._answered(words, "CancelReminder", reminder_model.cancel, status)

    def stop_execution(self, words: str) -> None:
        """Stops the execution of a reminder from outside, as somebody in the console may do."""
        row, reminder = row_of(self.apps, self.id_of(words)), self.model.reminders[words]
        if "ExecutionId" in row:
            with suppress(ClientError):
                self.cloud.engine.client("stepfunctions").stop_execution(executionArn=row["ExecutionId"])
        stopped = replace(reminder, states=reminder_model.without_execution(reminder.states))
        self.model.reminders[words] = reminder.inexact() if reminder.may_be_due else stopped

    def id_of(self, words: str) -> str:
        return idempotency.reminder_id(sub_of(self.apps.token), key_of(words))

    def _answered(
        self, words: str, function: str, outcomes: Callable[..., list[reminder_model.Outcome]], status: int
    ) -> None:
        before = self.model.reminders[words]
        if self.failures_of(function):
            before = before.inexact()
            allowed = {200, 202, 404, 409} | self.failures_of(function)
            assert status in allowed, f"{words!r}: under a fault of {function} the answer is {status}"
            self.model.reminders[words] = before
            return
        found = self.model.reminders[words] = reminder_model.after(before, outcomes, status)
        assert found.states, f"{words!r} was {words_of(before.states)}, so the answer {status} is wrong"
