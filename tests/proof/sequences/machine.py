"""The steps that hypothesis chooses. Each choice depends only on the seed, so the same seed repeats the same steps."""

import functools
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.proof.sequences.faults import DENIED, KINDS, On
from tests.proof.sequences.order_model import CONTENTS
from tests.proof.sequences.reminder_model import KINDS as REMINDERS
from tests.proof.sequences.reminder_model import Kind
from tests.proof.sequences.world import World
from tests.support.cloud.troubles import Call

F = TypeVar("F", bound=Callable[..., Any])

contents = st.sampled_from(range(len(CONTENTS)))
some = st.lists(contents, max_size=3)
queues = st.sampled_from(("OrderFulfillmentQueue", "EscalationQueue"))
requests = st.sampled_from(("place", "correct", "close"))
own_cloud = precondition(lambda machine: machine.has_own_cloud)


def counted(step: F) -> F:
    """Counts how often the step runs. Notes afterwards what a fault may have met."""

    @functools.wraps(step)
    def run(machine: "Sequences", **arguments: Any) -> Any:
        machine.steps[step.__name__] += 1
        print(step.__name__, *(f"{name}={value}" for name, value in arguments.items()), flush=True)
        result = step(machine, **arguments)
        machine.world.note_sending()
        return result

    return run  # type: ignore[return-value]


class Sequences(RuleBasedStateMachine):
    """Callers, operators, clocks, faults, stops and kills. A subclass says on which cloud."""

    orders = Bundle("orders")
    reminders = Bundle("reminders")

    calls: ClassVar[list[Call]]
    """The calls that may fail, in a fixed order."""
    has_own_cloud: ClassVar[bool]
    """Whether the machine may also do what others on the same cloud would notice."""
    steps: ClassVar[Counter[str]]
    """How often each step was run."""
    settled: ClassVar[Counter[str]]
    """How many orders and reminders of all sequences have each status at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).new_world()
        self.is_patient = True
        self.steps["sequence"] += 1

    new_world: ClassVar[Callable[[], World]]

    @initialize(is_patient=st.booleans())
    def begin(self, is_patient: bool) -> None:
        """A patient sequence waits after each step until everything has settled, if nothing prevents it."""
        self.is_patient = is_patient

    # Orders

    @initialize(target=orders, content=contents)
    def place_first(self, content: int) -> str:
        return self._placed(content)

    @rule(target=orders, content=contents)
    @counted
    def place(self, content: int) -> str:
        return self._placed(content)

    @own_cloud
    @rule(target=orders, content=contents)
    @counted
    def place_and_hold(self, content: int) -> str:
        """The execution waits in the middle, until a later step ends its wait or cuts it off."""
        self.world.set_hold(True)
        order = self._placed(content)
        self.world.set_hold(False)
        return order

    def _placed(self, content: int) -> str:
        order = self.world.new_order()
        self.world.at_once(order, self.world.place(order, content))
        return order

    @rule(order=orders, content=contents)
    @counted
    def place_again(self, order: str, content: int) -> None:
        self.world.at_once(order, self.world.place(order, content))

    @rule(order=orders, content=contents)
    @counted
    def correct(self, order: str, content: int) -> None:
        self.world.at_once(order, self.world.correct(order, content))

    @rule(order=orders)
    @counted
    def close(self, order: str) -> None:
        self.world.at_once(order, self.world.close(order))

    @rule(order=orders, first=requests, second=requests, content=contents, other=contents)
    @counted
    def two_requests_at_once(self, order: str, first: str, second: str, content: int, other: int) -> None:
        self.world.at_once(order, self._request(first, order, content), self._request(second, order, other))

    def _request(self, name: str, order: str, content: int) -> Any:
        return self.world.close(order) if name == "close" else getattr(self.world, name)(order, content)

    @rule(order=orders)
    @counted
    def look_up(self, order: str) -> None:
        self.world.look_up(order)

    # Reminders

    @initialize(target=reminders, kind=st.sampled_from(REMINDERS))
    def remind_first(self, kind: Kind) -> str:
        return self._reminded(kind)

    @rule(target=reminders, kind=st.sampled_from(REMINDERS))
    @counted
    def remind(self, kind: Kind) -> str:
        return self._reminded(kind)

    def _reminded(self, kind: Kind) -> str:
        words = self.world.new_reminder(kind)
        self.world.remind(words)
        return words

    @rule(reminder=reminders)
    @counted
    def remind_again(self, reminder: str) -> None:
        self.world.remind(reminder)

    @rule(reminder=reminders, later=st.booleans())
    @counted
    def change(self, reminder: str, later: bool) -> None:
        self.world.change(reminder, later=later)

    @rule(reminder=reminders)
    @counted
    def cancel(self, reminder: str) -> None:
        self.world.cancel(reminder)

    @rule(reminder=reminders)
    @counted
    def stop_its_execution(self, reminder: str) -> None:
        self.world.stop_execution(reminder)

    # Operators and consumers

    @own_cloud
    @rule(queue=queues)
    @counted
    def fail_to_consume(self, queue: str) -> None:
        self.world.fail_to_consume(queue)

    @own_cloud
    @rule(queue=queues)
    @counted
    def redrive(self, queue: str) -> None:
        self.world.redrive(queue)

    @rule(order=orders)
    @counted
    def remove_parked(self, order: str) -> None:
        self.world.remove_parked(order)

    # Time

    @own_cloud
    @rule()
    @counted
    def end_waits(self) -> None:
        self.world.end_waits()

    @rule(on=st.booleans())
    @counted
    def skip_waits(self, on: bool) -> None:
        self.world.skip_waits(on)

    @rule(waiting=st.booleans())
    @counted
    def sweep(self, waiting: bool) -> None:
        self.world.sweep(waiting=waiting)

    @precondition(lambda machine: not machine.is_patient)
    @rule()
    @counted
    def settle(self) -> None:
        if self.world.can_settle:
            self.world.check()

    # Faults

    @rule(fault=st.runner().flatmap(lambda machine: machine.possible_faults()))
    @counted
    def begin_fault(self, fault: On) -> None:
        self.world.set_fault(fault)

    def possible_faults(self) -> st.SearchStrategy[On]:
        kinds = (DENIED, *KINDS) if self.has_own_cloud else (DENIED,)
        return st.builds(On, st.sampled_from(self.calls), st.sampled_from(kinds))

    @precondition(lambda machine: machine.world.fault)
    @rule()
    @counted
    def end_fault(self) -> None:
        self.world.set_fault(None)

    # Stops and kills

    @own_cloud
    @rule(how=st.sampled_from(("down", "shutdown")), meanwhile=some)
    @counted
    def stop(self, how: str, meanwhile: list[int]) -> None:
        self.world.stop(how, [(self.world.new_order(), content) for content in meanwhile])

    @own_cloud
    @rule(parts=st.sampled_from((("engine",), ("cache",), ("engine", "cache"))), meanwhile=some)
    @counted
    def kill(self, parts: tuple[str, ...], meanwhile: list[int]) -> None:
        self.world.kill(*parts, meanwhile=[(self.world.new_order(), content) for content in meanwhile])

    @invariant()
    def everything_is_in_balance(self) -> None:
        if self.is_patient and self.world.can_settle:
            self.world.check()

    def teardown(self) -> None:
        if error := sys.exc_info()[1]:
            if isinstance(error, Exception):
                print(f"fails: {error}"[:2000], flush=True)
            self.world.recover()
            return
        self.world.finish()
        self.settled.update(self.world.statuses())
        self.world.leave()


def machine_on(new_world: Callable[[], World], calls: list[Call], *, has_own_cloud: bool) -> type[Sequences]:
    """The machine on one cloud. `new_world` begins a sequence there."""

    class Machine(Sequences):
        pass

    Machine.new_world = staticmethod(new_world)
    Machine.calls, Machine.has_own_cloud = calls, has_own_cloud
    Machine.steps, Machine.settled = Counter(), Counter()
    return Machine


def explore(machine: type[Sequences], text: str, *, sequences: int, steps: int) -> str:
    """Runs sequences of steps that the seed `text` chooses. Returns the shortest program that fails, or ``."""
    # Nothing is read from earlier runs, and no time is measured, so that the seed alone decides.
    how = settings(
        max_examples=sequences,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    seed(text)(machine)
    try:
        run_state_machine_as_test(machine, settings=how)
    except Exception as error:  # every failure has a program
        return "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
    return ""
