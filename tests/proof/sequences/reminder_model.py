"""What a reminder may be after each request. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

ABSENT, WAITING, DUE, LOST = "absent", "waiting", "due", "lost"
"""Waiting: an execution waits until a later time. Due: it is being sent. Lost: somebody has stopped its execution."""
SENT, PARTLY_SENT, FAILED, CANCELLED = "SENT", "PARTLY_SENT", "FAILED", "CANCELLED"
OVER = (SENT, PARTLY_SENT, FAILED)

LATER_SECONDS = 86_400


@dataclass(frozen=True)
class Kind:
    """A request that sets a reminder."""

    preference: str
    later: bool
    times: int = 1

    @property
    def body(self) -> dict[str, object]:
        repeat = {"repeat": {"every": "1d", "times": self.times}} if self.times > 1 else {}
        return {"preference": self.preference, "waitSeconds": LATER_SECONDS if self.later else 0, **repeat}


KINDS = (
    *(Kind(preference, later) for later in (True, False) for preference in ("email", "topic", "both")),
    *(Kind("email", later, times=2) for later in (True, False)),
)


class On(NamedTuple):
    status: str
    occurrence: int = 1
    stopped: bool = False
    """Whether it does not repeat any more."""


Outcome: TypeAlias = tuple[int, On]


@dataclass(frozen=True)
class Reminder:
    """A reminder, and the states that it may have."""

    kind: Kind
    states: frozenset[On] = frozenset({On(ABSENT)})
    exact: bool = True
    """False if a fault or a stop has met it. Then it may be anything that the balance allows, until its row is read."""

    @property
    def may_be_due(self) -> bool:
        return not self.exact or any(on.status == DUE for on in self.states)

    def inexact(self) -> "Reminder":
        return replace(self, exact=False)


def begun(on: On, *, later: bool, skipping: bool) -> On:
    """The state when a wait begins."""
    return on._replace(status=WAITING if later and not skipping else DUE)


def set_up(kind: Kind, *, skipping: bool) -> Callable[[On], list[Outcome]]:
    """`POST /reminders`, always with the same key."""

    def outcomes(on: On) -> list[Outcome]:
        if on.status == ABSENT:
            return [(202, begun(On(DUE), later=kind.later, skipping=skipping))]
        # A failed reminder gives 409 if it was never started.
        return [(202, on), (409, on)] if on.status == FAILED else [(202, on)]

    return outcomes


def cancel(on: On) -> list[Outcome]:
    """`DELETE /reminders/{reminderId}`."""
    if on.status == ABSENT:
        return [(404, on)]
    if on.status in (WAITING, LOST):
        return [(200, on._replace(status=CANCELLED))]
    return [(409, on)]


def change(*, later: bool, skipping: bool) -> Callable[[On], list[Outcome]]:
    """`PATCH /reminders/{reminderId}` with a later time, or with `sendNow`."""

    def outcomes(on: On) -> list[Outcome]:
        if on.status == ABSENT:
            return [(404, on)]
        if on.status == CANCELLED:
            return [(409, on)]
        moved = (200, begun(on, later=later, skipping=skipping))
        # The addresses of a failed reminder may no longer be known.
        return [moved, (409, on)] if on.status == FAILED else [moved]

    return outcomes


def after(reminder: Reminder, outcomes: Callable[[On], list[Outcome]], status: int) -> Reminder:
    """The reminder after a request. It has no states if the answer is wrong.

    A reminder that is being sent takes cancellations and changes or not, so it is not exact after them.
    """
    if not reminder.exact:
        return reminder if status in (200, 202, 404, 409) else replace(reminder, exact=True, states=frozenset())
    if reminder.may_be_due and status in (200, 409):
        return reminder.inexact()
    states = (then for on in reminder.states for answer, then in outcomes(on) if answer == status)
    return replace(reminder, states=frozenset(states))


def moved_on(states: Iterable[On]) -> frozenset[On]:
    """The states after the waits that had begun have ended."""
    return frozenset(on._replace(status=DUE) if on.status == WAITING else on for on in states)


def without_execution(states: Iterable[On]) -> frozenset[On]:
    """The states after somebody has stopped the execution that waits."""
    return frozenset(on._replace(status=LOST) if on.status == WAITING else on for on in states)


def at_rest(reminder: Reminder, *, skipping: bool) -> frozenset[On]:
    """The states after everything that is due has been sent, and a sweep has settled what is lost."""

    def rest(on: On) -> On:
        if on.status not in (DUE, LOST):
            return on
        if on.occurrence >= reminder.kind.times or on.stopped:
            return on._replace(status=SENT)
        return rest(begun(on._replace(occurrence=on.occurrence + 1), later=True, skipping=skipping))

    return frozenset(rest(on) for on in reminder.states)
