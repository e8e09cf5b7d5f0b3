"""A sequence of steps on a laptop cloud, with everything that a step may do."""

from tests.proof.sequences import faults
from tests.proof.sequences.base import Model
from tests.proof.sequences.callers import Callers
from tests.proof.sequences.faults import Proxied
from tests.proof.sequences.held import Held
from tests.proof.sequences.operators import Operators
from tests.proof.sequences.stops import Stops
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps, dead_letters_of
from tests.support.cloud.records import PARKED


class World(Callers, Operators, Stops):
    """One sequence. On a cloud of its own, it begins with a stop, so that a kill goes back to the beginning at most."""

    def __init__(self, apps: Apps, *, proxied: Proxied | None = None, held: Held | None = None) -> None:
        super().__init__(apps, proxied=proxied, held=held)
        if held:
            held.hold(False)
            self._empty_queues()
            self.saved, self.rest = Model(), self.look()
            self.stop("down")
            self.mark = balance.mark(self.cloud, self.places)

    def finish(self) -> None:
        """Switches everything off, and checks the sequence as a whole."""
        self.set_fault(None)
        if self.held:
            self.set_hold(False)
        if self.is_skipping:
            self.cloud.engine.skip_waits(False)
        if self.holds_orders:
            self.end_waits()
        self.check()
        self.is_skipping = False

    def statuses(self) -> list[str]:
        """The status of each order and reminder, after `finish`."""
        orders = [f"orders {at.status}" for states in self.model.orders.values() for at in states]
        reminders = [f"reminders {on.status}" for one in self.model.reminders.values() for on in one.states]
        return [*orders, *reminders]

    def recover(self) -> None:
        """Prepares the cloud for another sequence after a failure."""
        if self.held:
            self.cloud.up(print)
            self.held.hold(False)
        if self.proxied:
            self.proxied.set(None)
        faults.deny(self.apps, None)
        self.cloud.engine.skip_waits(False)

    def leave(self) -> None:
        """Cancels the reminders that wait, so that they are not in the way of later sequences."""
        for words in self.model.reminders:
            self.apps.call_reminders("DELETE", f"/reminders/{self.id_of(words)}")

    def _empty_queues(self) -> None:
        """Empties the queues of the orders app, so that messages of earlier sequences are not in the way."""
        sqs = self.cloud.engine.client("sqs")
        dead = [dead_letters_of(self.apps, queue) for queue in self.places.queues if queue != PARKED]
        for url in [*self.places.queues.values(), *dead]:
            sqs.purge_queue(QueueUrl=url)
