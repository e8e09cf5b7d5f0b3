"""Orders go through API Gateway, Lambda, Step Functions and DynamoDB, second by second."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from costs import quantities, quotas
from tools.load.needs import COLD_SECONDS
from tools.simulate.designs import Design
from tools.simulate.limits import Function, TokenBucket, Writes

CALLER_WAITS = (1, 2, 4)
"""Seconds that a caller waits before it repeats a refused order. Then it gives up."""

WORKFLOW_WAITS = (1, 2, 4, 8)
"""The most seconds before each retry of the workflow's writes (IntervalSeconds 1, BackoffRate 2, jitter FULL)."""

ANSWER_SECONDS = 0.06
WORKFLOW_SECONDS = 0.3
RECORD_SECONDS = 0.0015
"""Seconds that `UpdateCache` needs for a record: an assumption."""

ROUNDS = 12
"""How often the shares of the writes are computed from each other. More rounds change nothing that shows."""

LEAST = 1e-6
"""The smallest part of an order that the simulation follows."""

ALL = [1.0] * 4
"""If each place accepts all writes."""

Due: TypeAlias = tuple[int, int, float, float]
"""Orders whose workflow writes: which step, how many attempts before, since when, and how many orders."""

CALLS_OF_AN_ORDER = 2
"""PlaceOrder, and VerifyCCAndPrice."""


@dataclass
class Minute:
    """What happened in one minute."""

    offered: float = 0
    accepted: float = 0
    refused: float = 0
    lost: float = 0
    parked: float = 0
    settled: float = 0
    waiting: float = 0
    records: float = 0
    answers: list[tuple[float, float]] = field(default_factory=list)
    settling: list[tuple[float, float]] = field(default_factory=list)


def percentile(found: Sequence[tuple[float, float]], share: float) -> float:
    """The value that `share` of the weighted values do not exceed. `found` has pairs of value and weight."""
    total = sum(weight for _, weight in found)
    reached = 0.0
    for value, weight in sorted(found):
        reached += weight
        if reached >= share * total:
            return value
    return 0.0


class Orders:
    """The orders of one design. `run` gives its processes to SimPy."""

    def __init__(self, env: Any, design: Design, arrivals: Iterator[int]) -> None:
        self.env, self.design, self._arrivals = env, design, arrivals
        self.minutes: list[Minute] = []
        rate, burst = quotas.value("apigateway.rate"), quotas.value("apigateway.burst")
        self._account = TokenBucket(rate=rate, size=burst)
        self._method = TokenBucket(rate=design.rate, size=design.burst)
        self._function = Function(seconds=quantities.seconds("PlaceOrder", quantities.ORDER))
        starts = quotas.value("states.express_starts")
        self._starts = TokenBucket(rate=starts, size=starts)
        self._units = [step.units for step in design.steps]
        self._table = Writes.of_table(prepared=design.table_starts_with)
        owner = Writes.of_table(prepared=design.index_starts_with)
        self._places = (self._table, owner, Writes.of_table(), Writes.of_key())
        self._again: dict[int, list[float]] = defaultdict(lambda: [0.0] * len(CALLER_WAITS))
        self._due: dict[int, list[Due]] = defaultdict(list)
        self._waiting = 0.0
        self._records = 0.0

    def run(self) -> None:
        self.env.process(self._orders())
        self.env.process(self._stream())

    @property
    def minute(self) -> Minute:
        while len(self.minutes) <= self.env.now // 60:
            self.minutes.append(Minute(waiting=self._waiting))
        return self.minutes[-1]

    def _orders(self) -> Iterator[Any]:
        """In each second new and refused callers come, and the workflows write what is due."""
        for fresh in self._arrivals:
            now, minute = int(self.env.now), self.minute
            tries = [float(fresh), *self._again.pop(now, [0.0] * len(CALLER_WAITS))]
            wanted = sum(tries)
            warm, cold = self._called(wanted)
            due = self._due.pop(now, [])
            written = self._written(warm + cold, due, now)
            started = self._starts.take_in_a_second((warm + cold) * written[0])
            share = started / (warm + cold) if started else 0.0
            minute.offered += fresh
            minute.accepted += started
            minute.refused += wanted - started
            minute.answers += [(ANSWER_SECONDS, warm * share), (ANSWER_SECONDS + COLD_SECONDS, cold * share)]
            self._waiting += started
            if wanted > started:
                self._refuse(tries, (wanted - started) / wanted, now, minute)
            for step, attempt, born, number in [*due, (1, 0, now, started)]:
                self._step(step, attempt, born, number, now, minute, written)
            minute.waiting = max(minute.waiting, self._waiting + started * WORKFLOW_SECONDS)
            yield self.env.timeout(1)

    def _called(self, wanted: float) -> tuple[float, float]:
        """How many requests API Gateway lets in and Lambda runs, in warm and in cold environments."""
        let_in = self._account.take_in_a_second(self._method.take_in_a_second(wanted))
        # The workflow's own function runs in few environments, but its calls count.
        calls = quotas.value("lambda.concurrency") * quotas.value("lambda.requests_of_one") / CALLS_OF_AN_ORDER
        room = quotas.value("lambda.concurrency") - self._function.warm
        return self._function.run(min(let_in, calls), room=room)

    def _refuse(self, tries: list[float], share: float, now: int, minute: Minute) -> None:
        """Each refused caller comes again, unless it has tried often enough."""
        for attempt, number in enumerate(tries):
            if attempt < len(CALLER_WAITS):
                self._again[now + CALLER_WAITS[attempt]][attempt] += number * share
            else:
                minute.lost += number * share

    def _written(self, claims: float, due: Sequence[Due], now: int) -> list[float]:
        """The share of each step's writes that DynamoDB accepts in this second.

        A throttled index keeps the table from writing. All writes to a place have the same share of it. An
        order that is claimed also wants its other two writes within the second, so the shares depend on each other.
        """
        again = [sum(number for step, _, _, number in due if step == which) for which in (1, 2)]
        written, tried = [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
        left = [place.left(now=now) for place in self._places]
        shares = [*ALL]
        for _ in range(ROUNDS):
            tried[0] = claims
            tried[1] = again[0] + tried[0] * written[0]
            tried[2] = again[1] + tried[1] * written[1]
            wanted = [sum(tried[step] * self._units[step][at] for step in range(3)) for at in range(len(left))]
            if shares == ALL and all(units <= room for units, room in zip(wanted, left, strict=True)):
                break
            for at, room in enumerate(left):
                shares[at] = (shares[at] + (room / wanted[at] if wanted[at] > room else 1.0)) / 2
            written = [min(shares[at] for at, units in enumerate(step) if units) for step in self._units]
        for at, place in enumerate(self._places):
            place.use(sum(tried[step] * written[step] * self._units[step][at] for step in range(3)), now=now)
        return written

    def _step(
        self, step: int, attempt: int, born: float, number: float, now: int, minute: Minute, written: Sequence[float]
    ) -> None:
        """Writes the take-up (step 1), then the outcome (step 2)."""
        done = number * written[step]
        if step == 1:
            self._step(2, 0, born, done, now, minute, written)
        else:
            self._end(done, born, now, minute)
        if (left := number - done) <= LEAST:
            return
        if attempt == len(WORKFLOW_WAITS):
            minute.parked += left
            self._waiting -= left
            return
        most = WORKFLOW_WAITS[attempt]
        for delay in range(1, most + 1):
            self._due[now + delay].append((step, attempt + 1, born, left / most))

    def _end(self, number: float, born: float, now: int, minute: Minute) -> None:
        self._waiting -= number
        self._records += number * self.design.cache_records
        minute.settled += number
        minute.settling.append((now - born + WORKFLOW_SECONDS, number))

    # The stream

    def _stream(self) -> Iterator[Any]:
        while True:
            shards = max(1.0, self._table.limit / quotas.value("dynamodb.partition_writes"))
            self._records = max(0.0, self._records - shards / RECORD_SECONDS)
            self.minute.records = max(self.minute.records, self._records)
            yield self.env.timeout(1)
