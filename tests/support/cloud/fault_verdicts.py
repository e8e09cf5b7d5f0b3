"""Judges a case of the tests of faults: the statuses that are right under a fault, and after it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.cloud.fault_plan import Planned
from tests.support.cloud.troubles import KILLS, LOST_THEN_KILLED, ONCE, Fault

SWEEPS = {"ParkLostOrders", "RecordFeedback", "WatchOrders", "SettleLostReminders"}
"""Functions without a caller. They fail when a call fails, and the service that invoked them retries."""
REPEATED = {"SendReminder", "ScheduleReminder"}
"""Functions that a queue or a workflow tries again."""


@dataclass(frozen=True)
class Result:
    """The result of a case: the statuses under the fault, and without it, in their order."""

    planned: Planned
    statuses: tuple[int, ...]
    wrong: str
    is_slow: bool = False
    """Whether what is wrong may come from a busy machine, on which a service does not answer in time."""

    @property
    def line(self) -> str:
        return f"{self.planned}: {', then '.join(map(str, self.statuses))}: {self.wrong}"


def judged(planned: Planned, fault: Fault, under: Sequence[int], again: Sequence[int]) -> Result:
    """The result of a case with these statuses under the fault, and again without it."""
    statuses = (*under, *again)
    if not fault.met:
        return Result(planned, statuses, "the call was not made", is_slow=True)
    if fault.survived:
        return Result(planned, statuses, "the function gave up before it was killed", is_slow=True)
    right = rights(planned, fault)
    bad = [(one, "under") for one in under if one not in right]
    bad += [(one, "without") for one in again if one not in planned.place.journey.then]
    if not bad:
        return Result(planned, statuses, "")
    slow = planned.place.journey.late | ({500} if planned.place.call.function in SWEEPS else {502, 503})
    status, when = bad[0]
    return Result(planned, statuses, f"the status {when} the fault is {status}", all(one in slow for one, _ in bad))


def rights(planned: Planned, fault: Fault) -> set[int]:
    """The statuses that are right under the fault."""
    function, then = planned.place.call.function, {*planned.place.journey.then}
    # If AWS says that there is no such row or user, the answer says so, too.
    untrue = {404, 409} if planned.is_untrue else set()
    if function in REPEATED:
        # The caller does not wait for it, and may come after the attempt that has failed.
        return then | untrue | planned.place.journey.late
    # A client with a single attempt has no second one in which the function could be killed.
    if planned.trouble in KILLS and not (planned.trouble == LOST_THEN_KILLED and fault.most < 2):
        return {500} if function in SWEEPS else {502}
    if planned.often == ONCE and fault.is_repeated():
        # AWS refuses the calls in `first` in every case.
        return then | ({503} if planned.place.journey.first else set())
    return then | {500} if function in SWEEPS else then | {503} | untrue
