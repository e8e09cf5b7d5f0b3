"""Runs the simulations and sums them up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from random import Random
from typing import TYPE_CHECKING, Any

from tools import plots
from tools.simulate.day import DAY, Sale, arrivals
from tools.simulate.designs import EARLIER, MILLION, Design, now
from tools.simulate.orders import Minute, Orders, percentile
from tools.simulate.reminders import Sent, earlier, queued

if TYPE_CHECKING:
    from stacks.stage import Stage

SEED = 4000
STEPS = (100, 500, 1000, 2000, 4000, 4400, 5000)
"""Orders a second, each kept for STEP_SECONDS by a stage that has had this load for an hour before."""
STEP_SECONDS = 600
SENDERS = 2
"""Instances of the function that sends e-mails: the least that a queue's trigger can be limited to."""

DUE = 10_000
"""Reminders that are due in the same second."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """The minutes of one design."""

    design: Design
    minutes: Sequence[Minute]

    def sum(self, of: str) -> float:
        return float(sum(getattr(minute, of) for minute in self.minutes))

    @property
    def usd(self) -> float:
        return self.sum("accepted") * self.design.usd_per_million / MILLION

    def row(self) -> dict[str, Any]:
        settling = [pair for minute in self.minutes for pair in minute.settling]
        answers = [pair for minute in self.minutes for pair in minute.answers]
        return {
            "design": self.design.name,
            "offered": f"{self.sum('offered'):,.0f}",
            "accepted": f"{self.sum('accepted'):,.0f}",
            "lost": f"{self.sum('lost'):,.0f}",
            "parked": f"{self.sum('parked'):,.0f}",
            "refused": f"{self.sum('refused'):,.0f}",
            "answer": f"{percentile(answers, 0.99):.2f}",
            "settled": f"{percentile(settling, 0.99):.1f}",
            "waiting": f"{max(minute.waiting for minute in self.minutes):,.0f}",
            "usd": f"{self.usd:.2f}",
        }


def designs(stage: "Stage", usd_per_million: float) -> list[Design]:
    """The earlier design, ours with a new table, and ours with a prepared one."""
    return [
        EARLIER,
        now(stage, usd_per_million=usd_per_million, prepared=False, name="ours, new table", colour="#efb118"),
        now(stage, usd_per_million=usd_per_million, prepared=True, name="ours", colour="#4269d0"),
    ]


def day_of(package: Any, design: Design, *, sale: Sale, seconds: int = DAY) -> Day:
    return _simulated(package, design, arrivals(Random(SEED), sale=sale, seconds=seconds), seconds)


def step_of(package: Any, design: Design, *, rate: int) -> Day:
    """A constant load, so the functions are warm. Orders come evenly."""
    warm_up = 60
    found = _simulated(package, design, _constant(rate, warm_up + STEP_SECONDS), warm_up + STEP_SECONDS)
    return Day(design=design, minutes=found.minutes[warm_up // 60 :])


def _constant(rate: int, seconds: int) -> Iterator[int]:
    return iter([*(rate * (second + 1) // 60 for second in range(60)), *repeat(rate, seconds - 60)])


def _simulated(package: Any, design: Design, arriving: Iterator[int], seconds: int) -> Day:
    env = package.Environment()
    orders = Orders(env, design, arriving)
    orders.run()
    env.run(until=seconds)
    return Day(design=design, minutes=orders.minutes)


def package() -> Any:
    """SimPy. Raises CommandError if it is not installed."""
    return plots.package("simpy")


def reminders(package: Any, *, rate: float) -> list[Sent]:
    """10,000 reminders that are due in one second, in both designs."""
    before = package.Environment()
    after = package.Environment()
    found = [
        earlier(before, Random(SEED), number=DUE),
        queued(after, package, number=DUE, rate=rate, instances=SENDERS),
    ]
    before.run()
    after.run(until=2 * DUE / rate)
    return found


def shown(package: Any, days: Sequence[Day], sent: Sequence[Sent]) -> dict[str, Any]:
    """What the page and its pictures show."""
    designs = [day.design for day in days]
    return {
        "sale": [day.row() for day in days],
        "steps": [
            {"rate": rate, "designs": {one.name: _in_words(step_of(package, one, rate=rate)) for one in designs}}
            for rate in STEPS
        ],
        "reminders": [
            {"name": one.name, "sent": len(one.sent), "failed": one.failed, "calls": one.calls, "last": max(one.sent)}
            for one in sent
        ],
    }


def _in_words(day: Day) -> str:
    accepted, parked = day.sum("accepted") / day.sum("offered"), day.sum("parked") / day.sum("offered")
    if accepted > 0.9999 and parked < 0.0001:
        return "all"
    return f"{accepted:.0%} accepted" + (f", {parked:.0%} parked" if parked >= 0.0001 else "")
