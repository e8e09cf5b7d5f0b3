"""The dashboard of the orders app."""

from collections.abc import Iterator

from common.metrics import Measure
from orders import measures
from orders.order import BY_TODO, CORRECTED, OWN_ORDERS
from orders.rules import REASONS
from stacks.dashboards import parts
from stacks.dashboards.widgets import Choice, Graph, Line, Row, Table
from stacks.metric import Metric, of_app

WORKFLOW = "Workflow"
QUEUES = ("OrderFulfillmentQueue", "EscalationQueue", "ParkedQueue", "OrdersToCheck")
DEAD = ("OrderFulfillmentQueueDeadLetters", "EscalationQueueDeadLetters", "OrdersToCheckDeadLetters")
FUNCTIONS = ("PlaceOrder", "GetOrder", "VerifyCCAndPrice", "WatchOrders", "ParkLostOrders")

CHOICE, _CHOSEN = parts.functions(FUNCTIONS)
CHOICES: tuple[Choice, ...] = (CHOICE,)

LAST_PARKED = Table(
    title="Last parked",
    groups=("WatchOrdersLog",),
    query='fields @timestamp, OrderId, RequestId | filter message = "order parked" | sort @timestamp desc | limit 20',
)


def of(measure: Measure, statistic: str = "Sum") -> Metric:
    return of_app(measure.namespace, measure.name, statistic)


def rows(*, has_cache: bool) -> Iterator[Row]:
    yield parts.requests(workflow=WORKFLOW)
    yield Row("Orders", (outcomes(), time_to_outcome(), reasons(), missed()))
    yield Row(
        "Workflow",
        (parts.executions("Executions", WORKFLOW), parts.time_of_executions(WORKFLOW), parts.billed(WORKFLOW)),
    )
    yield parts.queues(QUEUES, dead=DEAD)
    yield Row("Table and cache", (parts.latency_of_table("PutItem", "UpdateItem", "GetItem"), *_cache(has_cache)))
    yield _CHOSEN
    indexes = (BY_TODO, OWN_ORDERS, CORRECTED)
    yield Row(
        "What costs most",
        (parts.units("Write", *indexes), parts.units("Read", *indexes), parts.log_bytes(*FUNCTIONS[:4])),
    )
    yield Row("Parked orders", (LAST_PARKED,))


def outcomes() -> Graph:
    lines = (
        Line("received", of(measures.RECEIVED)),
        Line("fulfilled", of(measures.FULFILLED)),
        Line("escalated", of(measures.ESCALATED)),
        Line("parked", of(measures.PARKED)),
    )
    return parts.counts("Orders", lines)


def time_to_outcome() -> Graph:
    lines = [Line(one, of(measures.SECONDS_TO_OUTCOME, one)) for one in ("p50", "p99")]
    return Graph(title="Time to the outcome", unit="s", lines=lines)


def reasons() -> Graph:
    def of_reason(reason: str) -> Metric:
        measure = measures.ESCALATED_FOR
        return Metric(measure.namespace, measure.name, "Sum", {"Stage": "Stage", measures.REASON: reason})

    return parts.counts("Escalated because of", [Line(one, of_reason(one)) for one in REASONS], stacked=True)


def missed() -> Graph:
    return parts.counts(
        "Late or lost",
        (
            Line("settled after more than a minute", of(measures.SETTLED_LATE)),
            Line("lost and parked", of(measures.LOST)),
        ),
    )


def _cache(has_cache: bool) -> Iterator[Graph]:
    looked_up = {
        "hits": of(measures.CACHE_HITS),
        "misses": of(measures.CACHE_MISSES),
        "bypasses": of(measures.CACHE_BYPASSES),
    }
    yield parts.counts("Lookups", [Line(name, metric) for name, metric in looked_up.items()], stacked=True)
    if has_cache:
        share = "100 * FILL(hits, 0) / SUM([hits, misses, bypasses])"
        yield Graph(title="Hits", unit="%", lines=(Line("% of the lookups", share),), uses=looked_up)
        names = {"EngineCPUUtilization": "processor", "DatabaseMemoryUsagePercentage": "memory"}
        lines = [
            Line(f"{what} of {node}", Metric("AWS/ElastiCache", name, "Maximum", {"CacheClusterId": node}))
            for name, what in names.items()
            for node in ("Node1", "Node2")
        ]
        yield Graph(title="Redis", unit="%", lines=lines)
