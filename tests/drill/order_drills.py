"""The drills of the alarms of orders, the cache and the account."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tests.drill.drills import Drill
from tests.drill.faults import (
    ACCOUNT,
    ORDERS,
    REQUESTS,
    answers_slowly,
    answers_with_errors,
    bad_order,
    broken,
    called,
    configured,
    done,
    fails,
    given_up,
    good_order,
    held,
    old_change,
    refused,
    sent,
    started,
    waits,
)
from tests.support.cloud.apps import Apps, new_order
from tests.support.cloud.faults import changed, look_at_orders, waiting, without_window
from tests.support.names import unique
from tests.support.waiting import eventually

LATE_ORDERS = 5
"""As many as `least_late` asks for."""

PARK = (ORDERS, "ParkLostOrders")


def order_workflow(apps: Apps) -> str:
    return apps.places.order_workflow


def a_lookup(apps: Apps) -> object:
    return apps.call("GET", f"/orders/{unique('drill-')}")


@contextmanager
def settled_late(apps: Apps) -> Iterator[None]:
    """Orders do not end, until ParkLostOrders parks them. Their rows say that this was eleven minutes later."""
    table = apps.cloud.engine.client("dynamodb")
    began = (datetime.now(UTC) - timedelta(minutes=11)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    with without_window(apps, "WatchOrders"), changed(apps, waiting):
        ids = [new_order() for _ in range(LATE_ORDERS)]
        for order in ids:
            apps.post_order(order)
            eventually(lambda id=order["OrderId"]: "ExecutionId" in (apps.row(id) or {}))  # type: ignore[misc]
            table.update_item(
                TableName=apps.places.order_table,
                Key={"OrderId": {"S": order["OrderId"]}},
                UpdateExpression="SET ReceivedAt = :began, UpdatedAt = :began",
                ExpressionAttributeValues={":began": {"S": began}},
            )
        look_at_orders(apps, *(order["OrderId"] for order in ids))
        with done(lambda _: None, "ParkedQueue")(apps):
            yield


@contextmanager
def not_watched(apps: Apps) -> Iterator[None]:
    with held(apps, ORDERS, "WatchOrders"):
        good_order(apps)
        yield


@contextmanager
def bypassed(apps: Apps) -> Iterator[None]:
    with configured(apps, ORDERS, "GetOrder", Variables={"REDIS_URL": "redis://127.0.0.1:9"}):
        for _ in range(REQUESTS):
            a_lookup(apps)
        yield


ORDER_DRILLS = (
    Drill(
        alarm="Orders.Parked",
        also=("Orders.Urgent",),
        fault="invalid input is put into the order workflow by hand, and the workflow parks it",
        make=done(started(order_workflow, {}), "ParkedQueue"),
    ),
    Drill(
        alarm="Orders.OrderFulfillmentQueueDeadLetters",
        fault="a consumer receives an order's message again and again, and never deletes it",
        make=given_up("OrderFulfillmentQueue", put=good_order),
    ),
    Drill(
        alarm="Orders.EscalationQueueDeadLetters",
        fault="a consumer receives an escalated order's message again and again, and never deletes it",
        make=given_up("EscalationQueue", put=bad_order),
    ),
    Drill(
        alarm="Orders.OrdersToCheckDeadLetters",
        fault="ParkLostOrders does not process the message of an order",
        make=given_up("OrdersToCheck", put=sent("OrdersToCheck", {"OrderId": "drill-1"}), consumer=PARK),
    ),
    Drill(
        alarm="Orders.WorkflowFailed",
        fault="the first state of the order workflow fails",
        make=fails(order_workflow),
    ),
    Drill(
        alarm="Orders.WorkflowTimedOut",
        fault="the order workflow waits for longer than its timeout",
        figures="put",
        values={"metric": 1},
    ),
    Drill(
        alarm="Orders.WorkflowThrottled",
        fault="Step Functions throttles executions",
        figures="put",
        values={"metric": 1},
    ),
    Drill(
        alarm="Orders.TableThrottled",
        fault="DynamoDB throttles writes of the table and of an index",
        figures="put",
        values={"writes": 6, "index1": 5},
    ),
    Drill(
        alarm="Orders.FunctionsThrottled",
        fault="GetOrder may not run at all: its reserved concurrency is 0",
        make=refused,
        figures="repeated",
    ),
    Drill(
        alarm="Orders.ParkLostOrdersFailed",
        fault="the handler of ParkLostOrders is missing, as after a bad deployment",
        make=broken(ORDERS, "ParkLostOrders", {}),
    ),
    Drill(
        alarm="Orders.WatchOrdersFailed",
        fault="the handler of WatchOrders is missing, as after a bad deployment",
        make=broken(ORDERS, "WatchOrders", {"Records": []}),
    ),
    Drill(
        alarm="Orders.WatchOrdersBehind",
        fault="WatchOrders gets a change that is an hour old",
        make=called(ORDERS, "WatchOrders", old_change),
        figures="repeated",
    ),
    Drill(
        alarm="Orders.WatchOrdersSilent",
        fault="the stream of the table no longer calls WatchOrders, and an order comes in",
        make=not_watched,
        figures="repeated",
    ),
    Drill(
        alarm="Orders.FulfillmentWaits",
        fault="nobody reads OrderFulfillmentQueue",
        make=waits("OrderFulfillmentQueue", put=good_order),
        figures="aged",
    ),
    Drill(
        alarm="Orders.EscalationWaits",
        fault="nobody reads EscalationQueue",
        make=waits("EscalationQueue", put=bad_order),
        figures="aged",
    ),
    Drill(
        alarm="Orders.OrdersToCheckWait",
        fault="OrdersToCheck no longer calls ParkLostOrders",
        make=waits("OrdersToCheck", put=sent("OrdersToCheck", {"OrderId": "drill-1"}), consumer=PARK),
        figures="aged",
    ),
    Drill(
        alarm="Orders.ApiSlow",
        fault="DynamoDB does not answer GetOrder",
        make=answers_slowly(ORDERS, "GetOrder", a_lookup),
        figures="repeated",
    ),
    Drill(
        alarm="Orders.ApiErrors",
        fault="the handler of GetOrder is missing, as after a bad deployment",
        make=answers_with_errors(ORDERS, "GetOrder", a_lookup),
        figures="repeated",
    ),
    Drill(
        alarm="Orders.ApiSilent",
        fault="the API gets one request a minute",
        make=done(a_lookup),
        figures="template",
    ),
    Drill(
        alarm="Orders.SettledLateHour",
        also=tuple(f"Orders.SettledLate{window}" for window in ("HourNow", "SixHours", "SixHoursNow", "ThreeDays")),
        fault=f"{LATE_ORDERS} orders get no outcome, and ParkLostOrders parks them after eleven minutes",
        make=settled_late,
    ),
    Drill(
        alarm="Orders.UpdateCacheFailures",
        fault="the message that Lambda sends when UpdateCache has failed for five minutes",
        make=done(sent("UpdateCacheFailures", {"drill": True}), "UpdateCacheFailures"),
    ),
    Drill(
        alarm="Orders.UpdateCacheBehind",
        fault="UpdateCache gets a change that is an hour old",
        make=called(ORDERS, "UpdateCache", old_change),
        figures="repeated",
    ),
    Drill(
        alarm="Orders.CacheBypassed",
        fault="GetOrder connects to a port at which no Redis listens",
        make=bypassed,
        figures="repeated",
    ),
    Drill(alarm="Orders.CacheFull", fault="a node uses 91 % of its memory", figures="put", values={"node1": 91}),
    Drill(alarm="Orders.CacheBusy", fault="a node uses 91 % of its processor", figures="put", values={"node0": 91}),
    Drill(
        alarm="Account.ApiErrors",
        fault="the handler of GetAccount is missing, as after a bad deployment",
        make=answers_with_errors(ACCOUNT, "GetAccount", lambda apps: apps.call_account("GET")),
        figures="repeated",
    ),
    Drill(
        alarm="Account.SignInThrottled",
        fault="Cognito throttles one sign-in a minute",
        figures="put",
        values={"sign_in": 1},
    ),
)
