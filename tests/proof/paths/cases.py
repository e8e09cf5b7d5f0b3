"""Each fault of each state as a case: all errors that AWS can raise, once, until the last attempt, and for ever."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.proof.paths.routes import MANY, ROUTES, Prior
from tests.support.cloud.watched import TaskFault
from tests.support.names import unique
from tests.support.workflows.asl import load, states
from tests.support.workflows.edges import DIES, attempts, course, edge
from tests.support.workflows.errors import errors_of, is_uncertain

MACHINES: Mapping[str, Any] = {
    name: load(f"{name}.asl.json") for name in ("order_fulfillment", "reminder", "reminder_delivery")
}
STATES: Mapping[str, Any] = {name: state for machine in MACHINES.values() for name, state in states(machine)}

WRITES_ONCE = {"Record the failure"}
"""The states whose own write ends their condition. So if the answer is lost, the next attempt is refused."""
REFUSED = "DynamoDB.ConditionalCheckFailedException"

ONCE, TO_THE_LAST, FOR_EVER = "once", "until the last attempt", "for ever"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run of a route, with or without a fault of one state."""

    marker: str
    route: str
    state: str | None = None
    error: str = ""
    extent: str = ""
    times: int = 0
    after: bool = False
    dies: bool = False

    def __str__(self) -> str:
        if self.state is None:
            return self.route
        what = "the execution dies" if self.dies else f"{self.error} {self.extent}"
        return f"{self.state}: {what}{', after the call' * self.after} ({self.route})"

    @property
    def faults(self) -> list[TaskFault]:
        prior = [self._prior(one) for one in ROUTES[self.route].prior if one.state != self.state]
        if self.state is None:
            return prior
        own = TaskFault(
            marker=self.marker,
            state=self.state,
            error=self.error,
            times=self.times,
            after=self.after,
            dies=self.dies,
        )
        return [*prior, own]

    @property
    def course(self) -> list[str]:
        """The edges that AWS takes out of the faulty state."""
        if self.state is None or STATES[self.state]["Type"] not in ("Task", "Map"):
            return []
        if self.dies:
            return [edge(self.state, "uncaught")]
        if self.after and self.state in WRITES_ONCE:
            first, *_ = course(self.state, STATES[self.state], error=self.error, times=1)
            return [first, *course(self.state, STATES[self.state], error=REFUSED, times=1)]
        return course(self.state, STATES[self.state], error=self.error, times=self.times)

    def _prior(self, one: Prior) -> TaskFault:
        return TaskFault(marker=self.marker, state=one.state, error=one.error, times=MANY, answer=one.answer)


def marker() -> str:
    return unique("Case-")


def usual() -> list[Case]:
    """Each route once, without a fault of its own."""
    return [Case(marker=marker(), route=name) for name in ROUTES]


def faulty(state: str, route: str) -> Iterator[Case]:
    """All faults of a state that the route reaches."""
    about: dict[str, Any] = {"state": state, "route": route}
    if STATES[state]["Type"] != "Fail":
        yield Case(marker=marker(), error=DIES, times=1, dies=True, **about)
    if STATES[state]["Type"] != "Task":
        return
    for error in sorted(errors_of(STATES[state])):
        last = attempts(STATES[state], error) - 1
        for extent, times in {FOR_EVER: MANY, ONCE: 1, TO_THE_LAST: last}.items():
            # If AWS makes one attempt, or two, some of these are the same.
            if (extent == ONCE and last == 0) or (extent == TO_THE_LAST and last < 2):
                continue
            for after in (False, True) if is_uncertain(error) else (False,):
                yield Case(marker=marker(), error=error, extent=extent, times=times, after=after, **about)


def covering(routes: Mapping[str, str], missing: Collection[str]) -> list[Case]:
    """A few faults that take the missing edges. `routes` has a route that reaches each state."""
    chosen, left = list[Case](), set(missing)
    for state, route in routes.items():
        cases = list(faulty(state, route))
        while cases:
            best = max(cases, key=lambda case: len(left & set(case.course)))
            if not left & set(best.course):
                break
            chosen.append(best)
            left -= set(best.course)
    return chosen
