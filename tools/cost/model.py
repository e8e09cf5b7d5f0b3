"""What traffic costs, as pure sums: the paths of both designs, changes of our design, and the services that bill."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from costs import prices, quantities
from costs.quantities import HIT, LOOKUP, MISS, ORDER, ORDER_WORKFLOW, REMINDER, Configured
from costs.units import UNITS, Counts, added

MILLION = 1_000_000

CACHE_WRITER = "UpdateCache"

STANDARD_TRANSITIONS = sum(
    number
    for state, number in quantities.counted()[ORDER]["states.entered"].items()
    if state.startswith(f"{ORDER_WORKFLOW}/")
)
"""States that a good order enters. A Standard workflow bills each of them."""

SERVICES = {
    "apigateway.http_request": "API Gateway",
    "lambda.x86_gb_second": "Lambda",
    "dynamodb.gb_month": "DynamoDB",
    "dynamodb.backup_gb_month": "DynamoDB",
    "logs.stored_byte_month": "CloudWatch Logs",
    "xray.trace": "X-Ray",
    "scheduler.invocation": "EventBridge",
    "cognito.user_month": "Cognito",
} | {unit: one.service for unit, one in UNITS.items()}
"""The service that bills each unit."""

DELIVERY = {"ses.mail", "sns.sms", "sns.email"}
"""What both designs pay for each message that leaves AWS."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """How often each thing happens in a month."""

    orders: float
    lookups: float
    reminders: float


@dataclass(frozen=True, kw_only=True)
class Design:
    """The counts of one order, one lookup and one reminder by e-mail, and what a month costs without traffic."""

    name: str
    order: Counts
    lookup: Counts
    reminder: Counts
    idle: float = 0
    changes: str = ""
    """What this design loses or gains, compared with the stage as it is configured."""

    def month(self, traffic: Traffic) -> Counts:
        return added(
            [
                scaled(self.order, traffic.orders),
                scaled(self.lookup, traffic.lookups),
                scaled(self.reminder, traffic.reminders),
            ]
        )

    def usd(self, traffic: Traffic) -> float:
        return usd(self.month(traffic)) + self.idle


def scaled(counts: Counts, times: float) -> Counts:
    return {unit: {name: number * times for name, number in of.items()} for unit, of in counts.items()}


def usd(counts: Counts, *, without: set[str] | frozenset[str] = frozenset()) -> float:
    """What the counts cost. `without` leaves out units."""
    return sum(prices.usd(unit, sum(of.values())) for unit, of in counts.items() if unit not in without)


def by_service(counts: Counts) -> dict[str, float]:
    """What the counts cost at each service, the most expensive first."""
    found: dict[str, float] = {}
    for unit, of in counts.items():
        found[SERVICES[unit]] = found.get(SERVICES[unit], 0) + prices.usd(unit, sum(of.values()))
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def lines(counts: Counts) -> Iterator[tuple[str, str, float, float]]:
    """Each unit and resource with its quantity and its price, the most expensive first."""
    found = [
        (unit, name, number, prices.usd(unit, number)) for unit, of in counts.items() for name, number in of.items()
    ]
    yield from sorted(found, key=lambda one: (-one[3], one[0], one[1]))


def per_million(counts: Counts) -> float:
    """US dollars for a million, without the delivery of messages."""
    return usd(counts, without=DELIVERY) * MILLION


# The designs.


def ours(paths: Mapping[str, Counts], configured: Configured, *, cache: bool, idle: float) -> Design:
    """Our design with the counts of `paths`, on a stage as it is configured."""

    def of(path: str, counts: Counts | None = None) -> Counts:
        return quantities.on_aws(path, counts or paths[path], configured)

    hits = quantities.estimates()["share_of_hits"]["value"]
    if cache:
        lookup = added([scaled(of(HIT), hits), scaled(of(MISS), 1 - hits)])
        order = of(ORDER)
    else:
        lookup = of("lookup without cache", paths[MISS])
        order = of(ORDER, without_resource(paths[ORDER], CACHE_WRITER))
    return Design(name="as configured", order=order, lookup=lookup, reminder=of(REMINDER), idle=idle)


def original() -> Design:
    """The original design, with the same traffic."""
    said = quantities.original()
    paths = said["paths"]
    return Design(
        name="original design",
        order=paths[ORDER],
        lookup=paths[LOOKUP],
        reminder=paths[REMINDER],
        idle=sum(prices.usd(unit, number) for unit, number in said["idle"].items()),
    )


def with_http_api(design: Design) -> Design:
    return _changed(
        design,
        "HTTP API",
        lambda counts: _moved(counts, "apigateway.request", "apigateway.http_request"),
        "errors of the gateway itself lose our form and CORS headers",
    )


def with_standard_orders(design: Design) -> Design:
    def order(counts: Counts) -> Counts:
        kept = {unit: dict(of) for unit, of in counts.items() if not unit.startswith("states.express")}
        transitions = kept.setdefault("states.transition", {})
        transitions[ORDER_WORKFLOW] = transitions.get(ORDER_WORKFLOW, 0) + STANDARD_TRANSITIONS
        return kept

    return Design(
        name="Standard workflow for orders",
        order=order(design.order),
        lookup=design.lookup,
        reminder=design.reminder,
        idle=design.idle,
        changes="a history of 90 days for each order; ends by events",
    )


def with_scheduler(design: Design) -> Design:
    def reminder(counts: Counts) -> Counts:
        kept = {unit: dict(of) for unit, of in counts.items() if unit != "states.transition"}
        return kept | {"scheduler.invocation": {"schedule": 1}}

    return Design(
        name="EventBridge Scheduler for reminders",
        order=design.order,
        lookup=design.lookup,
        reminder=reminder(design.reminder),
        idle=design.idle,
        changes="up to 60 seconds late; a second place that knows what is due",
    )


def with_traces(design: Design, *, share: float) -> Design:
    def traced(counts: Counts) -> Counts:
        return counts | {"xray.trace": {"trace": share}} if "xray.trace" in counts else counts

    return _changed(design, f"traces of 1 in {1 / share:.0f} orders and reminders", traced, "more of them to look into")


def without_resource(counts: Counts, name: str) -> Counts:
    """The counts without one resource, such as a function that the stage lacks."""
    left = {unit: {one: number for one, number in of.items() if one != name} for unit, of in counts.items()}
    return {unit: of for unit, of in left.items() if of}


def _changed(design: Design, name: str, change: Callable[[Counts], Counts], changes: str) -> Design:
    return Design(
        name=name,
        order=change(design.order),
        lookup=change(design.lookup),
        reminder=change(design.reminder),
        idle=design.idle,
        changes=changes,
    )


def _moved(counts: Counts, unit: str, other: str) -> Counts:
    return {(other if one == unit else one): dict(of) for one, of in counts.items()}
