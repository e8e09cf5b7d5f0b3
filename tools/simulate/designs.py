"""The designs that the simulation compares."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from costs import quantities

if TYPE_CHECKING:
    from stacks.stage import Stage

MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Step:
    """One of the three writes of an order: write units of the table and its indexes.

    `hot` is what it writes to the one key `RECEIVED` of an index, which all orders share.
    """

    table: float = 1
    owner: float = 0
    status: float = 0
    hot: float = 0

    @property
    def units(self) -> tuple[float, float, float, float]:
        """For the table, the index of owners, the index of statuses, and its busiest key."""
        return self.table, self.owner, self.status, self.hot


@dataclass(frozen=True, kw_only=True)
class Design:
    """How orders are written, and what a stage accepts."""

    name: str
    rate: float
    burst: float
    claim: Step
    taken: Step
    outcome: Step
    cache_records: float
    """Records of the stream for `UpdateCache`, for each order."""
    usd_per_million: float
    table_starts_with: float = 0
    index_starts_with: float = 0
    colour: str = field(default="")

    @property
    def steps(self) -> tuple[Step, Step, Step]:
        return self.claim, self.taken, self.outcome


SHARE_FOR_PEOPLE = 0.02
"""An assumption: two of a hundred orders are escalated, and enter the index of orders that need a person."""

EARLIER = Design(
    name="earlier design",
    rate=500,
    burst=1000,
    claim=Step(owner=1, status=1, hot=1),
    taken=Step(),
    # The index of statuses moves the order from RECEIVED to its next status: two writes, one of them to RECEIVED.
    outcome=Step(owner=1, status=2, hot=1),
    cache_records=3,
    usd_per_million=17.33,
    colour="#ff725c",
)
"""Until 2026-11-27: an index of all statuses, and a throttle of 500. Its price was computed from its templates."""


def now(stage: "Stage", *, usd_per_million: float, prepared: bool, name: str, colour: str) -> Design:
    """The design as `stage` has it."""
    writes = quantities.counted()[quantities.ORDER]["dynamodb.write"]
    owner = sum(units for name, units in writes.items() if name.endswith("/OwnOrders"))
    busiest = stage.load.orders_per_second * stage.load.peak
    return Design(
        name=name,
        rate=stage.throttle_rate,
        burst=stage.throttle_burst,
        claim=Step(owner=owner),
        taken=Step(),
        outcome=Step(status=SHARE_FOR_PEOPLE),
        cache_records=SHARE_FOR_PEOPLE,
        usd_per_million=usd_per_million,
        table_starts_with=busiest * 3 if prepared else 0,
        index_starts_with=busiest * owner if prepared else 0,
        colour=colour,
    )
