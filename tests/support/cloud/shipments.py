"""Makes each AWS call of the example consumer fail. Each order must be shipped once."""

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.support.cloud import fault_plan
from tests.support.cloud.between import Between
from tests.support.cloud.fault_matrix import failing
from tests.support.cloud.fault_plan import Place, Planned
from tests.support.cloud.fault_verdicts import Result
from tests.support.cloud.journeys import Journey
from tests.support.cloud.service_errors import CLASSES
from tests.support.cloud.shop import Shop, digest_of, message
from tests.support.cloud.troubles import EVER, HTML, ONCE, RESET, SILENT, Call, Fault

CALLS = [Call("ShipOrder", f"dynamodb:{one}") for one in ("PutItem", "PutItem", "UpdateItem", "DeleteItem")]
"""The calls that ship an order: record that work is in progress, write the shipment, and record that it is done.

If the shipment fails, the last call deletes the record.
"""
SHIPPING = Journey("shipping an order", frozenset({"ShipOrder"}), lambda _: 200)
PLACES = [
    Place(SHIPPING, call, CALLS[:number].count(call), call.action.partition(":")[2])
    for number, call in enumerate(CALLS)
]


def every(seed: str) -> Sequence[Planned]:
    """The cases of the whole proof: each place as if it were a call of its own."""
    return [one for place in PLACES for one in fault_plan.every([place], f"{seed}, {place}")]


def sample(seed: str) -> Sequence[Planned]:
    """One case for each call, for `make test`."""
    return fault_plan.sample(PLACES, seed)


def run(proxy: Between, shop: Shop, cases: Sequence[Planned]) -> list[Result]:
    """Hands over an order's message under the fault of each case, and again without it."""
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda case: _shipped(proxy, shop, case), cases))
    shipped = shop.shipped()
    return [
        Result(planned, statuses, wrong or _wrong_number(planned, shipped[id]))
        for planned, (id, statuses, wrong) in zip(cases, done, strict=True)
    ]


def _wrong_number(planned: Planned, shipments: int) -> str:
    # If DynamoDB says falsely that the order is shipped, the consumer has to believe it.
    right = {0, 1} if planned.is_untrue else {1}
    return "" if shipments in right else f"shipped {shipments} times"


def _shipped(proxy: Between, shop: Shop, planned: Planned) -> tuple[str, tuple[int, ...], str]:
    """The order's id, the statuses of the function's calls (500 if it failed), and what is wrong."""
    order_id, body = message()
    digest = digest_of(order_id)
    statuses = []
    with proxy.case(order_id, digest) as case:
        fault = planned.fault()
        first = [failing(CALLS[1], nth=1)] if planned.place.call == CALLS[3] else []
        case.faults = [*first, fault]
        for _ in range(2 if planned.often == EVER else 1):
            failed: object = True
            with contextlib.suppress(AssertionError):
                failed = shop.invoke(body)
            statuses.append(500 if failed else 200)
            # They may leave a record of work in progress, too.
            case.make_late_calls()
            # As it does after the function's timeout.
            shop.expire_work(digest)
    failed = shop.invoke(body)
    wrong = ""
    if not fault.met:
        wrong = "the call was not made"
    elif planned.often == ONCE and _changes_nothing(planned, fault) and not first and statuses != [200]:
        wrong = "it failed, although the second attempt met a healthy service"
    elif failed:
        wrong = "it failed without the fault"
    return order_id, (*statuses, 500 if failed else 200), wrong


def _changes_nothing(planned: Planned, fault: Fault) -> bool:
    """Whether botocore's second attempt meets a service that has not done anything yet."""
    return fault.is_repeated() and (planned.kind in CLASSES or planned.trouble in (RESET, SILENT, HTML))
