"""Which quotas the declared load of a stage needs, and how much of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from costs import quantities, quotas
from costs.quantities import HIT, ORDER, REMINDER
from costs.quotas import Quota

if TYPE_CHECKING:
    from stacks.stage import Stage

COLD_SECONDS = 1.0
"""How long a new environment of a function starts, at most about: import, connection, and the runtime's own start."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """How much of a quota the load uses in its busiest second, and what uses it."""

    quota: str
    amount: float
    because: str

    @property
    def default(self) -> Quota:
        return quotas.table()[self.quota]


def needs(stage: "Stage") -> Iterator[Need]:
    """The quotas that the declared load of `stage` needs."""
    load, peak = stage.load, stage.load.peak
    paths = quantities.counted()
    orders, lookups, reminders = (
        number * peak for number in (load.orders_per_second, load.lookups_per_second, load.reminders_per_second)
    )
    yield Need(quota="apigateway.rate", amount=orders + lookups + reminders, because="a request for each of them")
    calls = {
        "order": orders * _sum(ORDER, "lambda.request"),
        "lookup": lookups * _sum(HIT, "lambda.request"),
        "reminder": reminders * _sum(REMINDER, "lambda.request"),
    }
    yield Need(
        quota="lambda.concurrency",
        amount=ceil(max(_running(orders, lookups, reminders), sum(calls.values()) / quotas.value(REQUESTS_OF_ONE))),
        because=f"{sum(calls.values()):,.0f} calls a second, {quotas.value(REQUESTS_OF_ONE):g} for each that may run",
    )
    yield Need(quota="states.express_starts", amount=orders + reminders, because="one for each order and each reminder")
    yield Need(quota="states.standard_starts", amount=reminders, because="one for each reminder")
    transitions = paths[REMINDER].get("states.transition", {})
    yield Need(
        quota="states.transitions",
        amount=reminders * sum(transitions.values()),
        because=f"{sum(transitions.values()):g} states of each reminder",
    )
    for table, units in _writes(ORDER).items():
        yield Need(quota="dynamodb.table_writes", amount=orders * units, because=f"{units:g} writes to {table}")


REQUESTS_OF_ONE = "lambda.requests_of_one"


def writes_of_an_order() -> dict[str, float]:
    """Write units that an order costs the table and each of its indexes."""
    return _writes(ORDER)


def _writes(path: str) -> dict[str, float]:
    return quantities.counted()[path]["dynamodb.write"]


def _sum(path: str, unit: str) -> float:
    """Without functions that read a stream, which AWS starts for batches."""
    counts = quantities.counted()[path]
    readers = counts.get("lambda.stream_record", {})
    return sum(number for name, number in counts.get(unit, {}).items() if name not in readers)


def _running(orders: float, lookups: float, reminders: float) -> float:
    """Calls that run at the same time: calls a second times their seconds."""
    return sum(
        number * quantities.seconds(name, path) * rate
        for path, rate in ((ORDER, orders), (HIT, lookups), (REMINDER, reminders))
        for name, number in quantities.counted()[path].get("lambda.request", {}).items()
    )
