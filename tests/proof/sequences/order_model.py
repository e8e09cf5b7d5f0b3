"""What an order may be after each request. Pure.

A state is one that the order may have. Often there is only one. If an answer was lost, there are several, until the row
shows which one is real.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import permutations
from typing import NamedTuple, TypeAlias

CONTENTS: Sequence[dict[str, str]] = tuple(
    {"Name": "Zoë", "ItemName": item, "Price": price, "CC": "4242424242424242"}
    for item, price in (("Lamp", "12.50"), ("Chair", "80"), ("Lamp", "-1"), ("Chair", "0"))
)
"""The orders that callers send: two good ones, and two that the workflow escalates."""

GOOD = (0, 1)
"""The indexes of the good ones."""

ABSENT, CLAIMED, HELD, RECEIVED = "absent", "claimed", "held", "RECEIVED"
"""Claimed: the row is RECEIVED, and no execution has taken it. Held: an execution waits in the middle."""
FULFILLED, ESCALATED, PARKED, CLOSED = "FULFILLMENT_QUEUED", "ESCALATED", "PARKED", "CLOSED"


class At(NamedTuple):
    status: str
    content: int
    """The index in CONTENTS of the order that the row has."""


Outcome: TypeAlias = tuple[int, At]
"""The status of an answer, and the state after it."""
Request: TypeAlias = Callable[[At], list[Outcome]]

UNKNOWN = frozenset({At(ABSENT, 0)})
"""The states of an order that nobody has sent."""


def end_of(content: int) -> str:
    return FULFILLED if content in GOOD else ESCALATED


def place(content: int, *, held: bool) -> Request:
    """`POST /orders`. `held`: whether a new execution is held in the middle."""

    def outcomes(at: At) -> list[Outcome]:
        if at.status == ABSENT:
            return [(202, _started(content, held))]
        if content != at.content:
            return [(409, at)]
        return [(200, _started(content, held) if at.status == CLAIMED else at)]

    return outcomes


def correct(content: int, *, held: bool) -> Request:
    """`PUT /orders/{OrderId}`."""

    def outcomes(at: At) -> list[Outcome]:
        same = content == at.content
        if at.status == ABSENT:
            return [(404, at)]
        if at.status == PARKED or (at.status == ESCALATED and not same):
            return [(202, _started(content, held))]
        if not same or at.status == CLOSED:
            return [(409, at)]
        return [(200, _started(content, held) if at.status == CLAIMED else at)]

    return outcomes


def close(at: At) -> list[Outcome]:
    """`POST /orders/{OrderId}/close`, always with the same note."""
    if at.status == ABSENT:
        return [(404, at)]
    if at.status in (ESCALATED, PARKED, CLOSED):
        return [(200, at._replace(status=CLOSED))]
    return [(409, at)]


def _started(content: int, held: bool) -> At:
    return At(HELD if held else RECEIVED, content)


def failing(request: Request, failures: Iterable[int]) -> Request:
    """The same request while a call of its function fails. It may be done or not, and answered with one of `failures`.

    A repeated attempt of boto3 may find its own claim, so a new order may be answered as a known one.
    """

    def outcomes(at: At) -> list[Outcome]:
        usual = request(at)
        found = [*usual, *((200, then) for status, then in usual if status == 202)]
        for _, then in usual:
            claimed = [At(CLAIMED, then.content)] if then.status in (HELD, RECEIVED) else []
            found += [(failure, state) for failure in failures for state in (at, then, *claimed)]
        return found

    return outcomes


def after(states: frozenset[At], answered: Sequence[tuple[Request, int]]) -> frozenset[At]:
    """The states after requests that were sent at once, each with its answer. Empty if no order of them explains it."""
    found: set[At] = set()
    for sequence in permutations(answered):
        reached = states
        for request, status in sequence:
            reached = frozenset(
                then for at in _on_their_way(reached) for answer, then in request(at) if answer == status
            )
        found |= reached
    return frozenset(found)


def _on_their_way(states: Iterable[At]) -> set[At]:
    """An execution that nothing holds may have ended meanwhile."""
    return {one for at in states for one in (at, at._replace(status=_rest(at)) if at.status == RECEIVED else at)}


def _rest(at: At) -> str:
    return {RECEIVED: end_of(at.content), CLAIMED: PARKED}.get(at.status, at.status)


def at_rest(states: Iterable[At]) -> frozenset[At]:
    """The states after every execution has ended and a sweep has parked what is lost."""
    return frozenset(at._replace(status=_rest(at)) for at in states)


def released(states: Iterable[At]) -> frozenset[At]:
    """The states after the wait of every held execution has ended."""
    return frozenset(at._replace(status=RECEIVED) if at.status == HELD else at for at in states)


def stopped(states: Iterable[At]) -> frozenset[At]:
    """The states after the engine has stopped and started again. It cuts executions off, and `up` parks them."""
    found: set[At] = set()
    for at in states:
        ends = {RECEIVED: (end_of(at.content), PARKED), HELD: (PARKED,)}.get(at.status, (at.status,))
        found |= {at._replace(status=end) for end in ends}
    return frozenset(found)
