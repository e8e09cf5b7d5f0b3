"""Chooses the cases of the tests of faults: which trouble which call meets, how often, and on which journey. Pure.

`every` plan has each error of each call, and each kind of trouble in each way of OFTEN. The seed chooses the rest.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sending.pace import RECEIVES_BEFORE_FAILING
from tests.support.cloud.journeys import Journey
from tests.support.cloud.service_errors import CLASSES, OF_THE_CALL, ServiceError, errors_of, service_of
from tests.support.cloud.troubles import (
    EVER,
    KILLS,
    LAST,
    OFTEN,
    ONCE,
    SAME_FOR_READS,
    TRANSPORT,
    Call,
    Fault,
    Trouble,
)

SEED = os.environ.get("PROOF_SEED") or f"{datetime.now(UTC):%Y-%m-%d}"
"""The seed of the tests. `make proof` gives its own."""

READS = re.compile(":(Get|BatchGet|Query|List|Describe|Check|Receive|AdminGet)")


@dataclass(frozen=True)
class Place:
    """A call on a journey: the one with number `nth` among equal calls."""

    journey: Journey
    call: Call
    nth: int
    operation: str

    @property
    def errors(self) -> Sequence[ServiceError]:
        """Every error that AWS may answer here."""
        return errors_of(service_of(self.call.action), self.operation)

    def __str__(self) -> str:
        return f"{self.journey.name}: {self.call} (call {self.nth + 1})"


@dataclass(frozen=True)
class Planned:
    """One case."""

    place: Place
    trouble: Trouble
    often: str

    @property
    def kind(self) -> str:
        """One of TRANSPORT, KILLS or CLASSES."""
        return kind_of(self.trouble)

    @property
    def is_untrue(self) -> bool:
        """Whether AWS says something about this call that is not so, such as that the order has a row already.

        The function has to believe it.
        """
        return self.kind == OF_THE_CALL

    @property
    def stops_sending(self) -> bool:
        """Whether the function must believe that the account may send no more mails for hours."""
        return isinstance(self.trouble, ServiceError) and self.trouble.code == "LimitExceededException"

    def fault(self) -> Fault:
        # The last attempt of SendReminder is the last one before it fails the reminder.
        sends = self.place.call.action in ("ses:SendEmail", "sns:Publish") and isinstance(self.trouble, ServiceError)
        tries = RECEIVES_BEFORE_FAILING - 1 if sends and self.often == LAST else 1
        return Fault(self.place.call, self.trouble, self.often, nth=self.place.nth, calls=tries)

    def __str__(self) -> str:
        return f"{self.place}, {self.trouble}, {self.often}"


def kind_of(trouble: Trouble) -> str:
    return trouble.kind if isinstance(trouble, ServiceError) else trouble


def transports_of(call: Call) -> Sequence[str]:
    """The troubles of transport that differ for the call."""
    return [one for one in TRANSPORT if not (READS.search(call.action) and one in SAME_FOR_READS)]


def every(places: Collection[Place], seed: str) -> list[Planned]:
    """The cases of the whole proof."""
    return [one for call in calls_of(places) for one in _of_call(call, places, seed)]


def kinds(places: Collection[Place], seed: str, *, most_alone: int = 4) -> list[Planned]:
    """Each kind of trouble of each call once. Calls whose cases run one after the other meet `most_alone` kinds."""
    found: dict[tuple[Call, str], Planned] = {}
    counts: Counter[Call] = Counter()
    for one in random.Random(seed).sample(planned := every(places, seed), len(planned)):
        key = one.place.call, one.kind
        if key not in found and (not one.place.journey.alone or counts[one.place.call] < most_alone):
            found[key] = one
            counts[one.place.call] += 1
    return [*found.values()]


def sample(places: Collection[Place], seed: str) -> list[Planned]:
    """One case for each call, for `make test`. The seed chooses the journey on which the call meets its trouble."""
    found: list[Planned] = []
    for call in calls_of(places):
        chosen = random.Random(f"{seed}, {call}")
        # Two clouds may find the places in different orders. The seed must still choose the same case.
        place = chosen.choice(sorted((one for one in places if one.call == call), key=str))
        trouble = any_of(call, [one for one in place.errors if _ends(place, one, ONCE)], chosen)
        often = [one for one in OFTEN if _ends(place, trouble, one)]
        found.append(Planned(place, trouble, ONCE if trouble in KILLS else chosen.choice(often)))
    return found


def any_of(call: Call, errors: Sequence[ServiceError], chosen: random.Random) -> Trouble:
    """A trouble of any kind that the call may meet. `errors` are those that AWS may answer."""
    kind = chosen.choice([*transports_of(call), *KILLS, *sorted({one.kind for one in errors})])
    of_kind: list[Trouble] = [one for one in errors if one.kind == kind]
    return chosen.choice(of_kind or [kind])


def calls_of(places: Collection[Place]) -> list[Call]:
    return sorted({one.call for one in places})


def _of_call(call: Call, places: Collection[Place], seed: str) -> Iterator[Planned]:
    # Clouds may find the places in another order, and one may see an equal call more. The plan must be the same.
    at = sorted((one for one in places if one.call == call), key=str)
    random.Random(f"{seed}, {call}").shuffle(at)
    chosen = random.Random(f"{seed}, {call}, errors")

    def planned(number: int, trouble: Trouble, often: str) -> Planned:
        possible = [one for one in at if _ends(one, trouble, often)]
        fitting = [one for one in possible if not isinstance(trouble, ServiceError) or trouble in one.errors]
        return Planned((fitting or possible)[number % len(fitting or possible)], trouble, often)

    troubles: list[tuple[Trouble, str]] = [(one, often) for one in transports_of(call) for often in OFTEN]
    troubles += [(one, ONCE) for one in KILLS]
    errors = sorted(dict.fromkeys(error for one in at for error in one.errors), key=str)
    chosen.shuffle(errors)
    for kind in CLASSES:
        of_kind = [one for one in errors if one.kind == kind]
        # Each error once, and each class in each way of OFTEN.
        rounds = range(max(len(of_kind), len(OFTEN) if of_kind else 0))
        troubles += [(of_kind[one % len(of_kind)], list(OFTEN)[one % len(OFTEN)]) for one in rounds]
    yield from (planned(number, *one) for number, one in enumerate(troubles))


def _ends(place: Place, trouble: Trouble, often: str) -> bool:
    """Whether the journey ends under this trouble.

    A journey that waits for the function does not end if each attempt fails, or if the function believes that nothing
    is left to do.
    """
    return not place.journey.waits or (often != EVER and kind_of(trouble) != OF_THE_CALL)
