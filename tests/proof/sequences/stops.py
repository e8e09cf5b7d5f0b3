"""Stops and kills of the engine and the cache, and what must survive them.

If the engine is killed, the changes since its last stop are lost (docs/local.md). So each stop saves what the apps
should hold, and a kill goes back to it.
"""

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from unittest import mock

import psutil
from botocore.exceptions import BotoCoreError

from local import restart
from tests.proof.sequences import order_model, reminder_model
from tests.proof.sequences.base import Base, Model
from tests.proof.sequences.order_model import CONTENTS
from tests.proof.sequences.reminder_model import Reminder
from tests.proof.sequences.seen import words_of
from tests.support.cloud import balance
from tests.support.cloud.records import Delivery, Message, Row

KILLED = "the engine was killed: all changes since it was last stopped are lost"
HELD_SECONDS = 1
"""For how long `down` waits for orders in progress if a sequence holds one of them."""
ENDS = {order_model.FULFILLED, order_model.ESCALATED, order_model.PARKED, order_model.CLOSED}


@dataclass(frozen=True)
class AtRest:
    """The rows, messages and deliveries that a stop must not change."""

    orders: Mapping[str, Row]
    reminders: Mapping[str, Row]
    messages: Mapping[str, Message]
    deliveries: Counter[Delivery]


class Stops(Base):
    """The processes of the laptop cloud."""

    saved: Model
    """The model at the last stop."""
    rest: AtRest
    """What was at rest at the last stop."""

    def stop(self, how: str, meanwhile: Sequence[tuple[str, int]] = ()) -> None:
        """Stops both processes with `down`, or like a machine that shuts down, and starts them again.

        `meanwhile` are new orders, with their contents, that callers send at the same time.
        """
        self.set_fault(None)
        self.rest = self.look()
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(self._sent, order_id, content) for order_id, content in meanwhile]
            if how == "down":
                # Held orders would make it wait for ten seconds.
                longest = HELD_SECONDS if self.holds_orders else restart.FINISH_SECONDS
                with mock.patch.object(restart, "FINISH_SECONDS", longest):
                    self.cloud.down(print)
            else:
                self._terminate()
            for (order_id, content), answer in zip(meanwhile, sent, strict=True):
                self._sent_before_a_stop(order_id, content, answer.result())
        self.blur(lambda one: one.may_be_due)
        # The stop may end an attempt after SES or SNS has accepted the reminder, or after a queue has the order.
        self.model.doubtful |= {words for words, one in self.model.reminders.items() if one.may_be_due}
        for order_id, states in self.model.orders.items():
            if any(at.status == order_model.RECEIVED for at in states):
                self.model.copies.add(order_id)
            self.model.orders[order_id] = order_model.stopped(states)
        self.model.answers = len(balance.ANSWERS)
        self.saved = copy.deepcopy(self.model)
        self._up(self.rest, killed=False)

    def kill(self, *parts: str, meanwhile: Sequence[tuple[str, int]] = ()) -> None:
        """Kills processes and runs `up`. Without the engine, nothing is lost."""
        self.set_fault(None)
        rest = self.rest if "engine" in parts else self.look()
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(self._sent, order_id, content) for order_id, content in meanwhile]
            self._kill(parts)
            answers = [one.result() for one in sent]
        if "engine" in parts:
            unknown = self.model.orders.keys() - self.saved.orders.keys()
            reminders = {words: one for words, one in self.model.reminders.items() if words not in self.saved.reminders}
            self.model = copy.deepcopy(self.saved)
            # They are still known to their callers, who may send them again.
            self.model.orders |= dict.fromkeys(unknown, order_model.UNKNOWN)
            self.model.reminders |= {words: Reminder(one.kind) for words, one in reminders.items()}
            del balance.ANSWERS[self.model.answers :]
        else:
            for (order_id, content), answer in zip(meanwhile, answers, strict=True):
                self._sent_before_a_stop(order_id, content, answer)
        self._up(rest, killed="engine" in parts)

    def _sent(self, order_id: str, content: int) -> int | None:
        """The answer to a new order while the engine stops. None if there is none."""
        try:
            return self.apps.post_order({"OrderId": order_id, **CONTENTS[content]})[0]
        except (BotoCoreError, ValueError, AssertionError):
            # No answer, or an answer of an engine that stops.
            return None

    def _sent_before_a_stop(self, order_id: str, content: int, answer: int | None) -> None:
        """An accepted order must survive the stop. Without a good answer, everything is possible."""
        request = order_model.place(content, held=self.would_hold)
        if answer in (200, 202, 409):
            found = order_model.after(self.model.orders[order_id], [(request, answer)])
            assert found, f"{order_id} was {words_of(self.model.orders[order_id])}, so the answer {answer} is wrong"
        else:
            failing = order_model.failing(request, [0])
            found = order_model.after(self.model.orders[order_id], [(failing, 0)])
        self.model.orders[order_id] = found

    def _terminate(self) -> None:
        processes = [one for part in (self.cloud.engine, self.cloud.cache) if (one := part.daemon.process())]
        for one in processes:
            one.terminate()
        psutil.wait_procs(processes)

    def _kill(self, parts: Sequence[str]) -> None:
        processes = [one for part in parts if (one := getattr(self.cloud, part).daemon.process())]
        for one in processes:
            one.kill()
        psutil.wait_procs(processes)

    def _up(self, rest: AtRest, *, killed: bool) -> None:
        engine = self.cloud.engine.daemon.process()
        said: list[str] = []
        self.cloud.up(said.append)
        assert (KILLED in said) == killed, said
        if self.cloud.engine.daemon.process() != engine:
            # A new engine skips no waits, and shows every message.
            self.is_skipping = self.are_parked_hidden = False
            self._look_for_cut_off()
        # `up` starts reminders again that wait without an execution, if the stop has cut others off.
        self.blur(lambda one: any(on.status == reminder_model.LOST for on in one.states))
        self._compare_with(rest)

    def _look_for_cut_off(self) -> None:
        """`up` has parked the orders whose execution was cut off, and has started the waiting reminders again."""
        orders = balance.order_records(self.cloud, self.places, since=self.mark).rows
        left = [id for id, row in orders.items() if row["Status"] == "RECEIVED" and "ExecutionId" in row]
        assert not left, f"`up` has not parked {left}"
        seen = balance.reminder_records(self.cloud, self.places, since=self.mark)
        waiting = {
            words
            for words, one in self.model.reminders.items()
            if one.exact and all(on.status == reminder_model.WAITING for on in one.states)
        }
        lost = [row["Message"] for row in seen.rows.values() if row["Message"] in waiting and seen.is_lost(row)]
        assert not lost, f"`up` has not started {lost} again"

    def look(self) -> AtRest:
        """The rows, messages and deliveries of this sequence that have come to an end."""
        orders = balance.order_records(self.cloud, self.places, since=self.mark)
        reminders = balance.reminder_records(self.cloud, self.places, since=self.mark)
        return AtRest(
            {id: row for id, row in orders.rows.items() if row["Status"] in ENDS},
            {
                id: row
                for id, row in reminders.rows.items()
                if row["Status"] in (*reminder_model.OVER, reminder_model.CANCELLED) and "Repeat" not in row
            },
            {one.id: one for one in self.messages() if one.body.get("OrderId") in orders.rows},
            Counter(reminders.deliveries),
        )

    def _compare_with(self, rest: AtRest) -> None:
        """Everything that was at rest is unchanged."""
        found = self.look()
        for kind in ("orders", "reminders", "messages"):
            before, now = getattr(rest, kind), getattr(found, kind)
            changed = {id: (one, now.get(id)) for id, one in before.items() if now.get(id) != one}
            assert not changed, f"the start changed or lost {kind}: {changed}"
        gone = rest.deliveries - found.deliveries
        assert not gone, f"the start lost deliveries: {gone}"
