"""What the end-to-end tests share: calling the APIs, starting workflows, and waiting for what must come."""

import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from local import deploy, gaps
from local.cloud import Cloud, Places
from tests.e2e import standard

T = TypeVar("T")
GIVE_UP_SECONDS = 60
FINISHED = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


def eventually(look: Callable[[], T | None]) -> T:
    """What `look` finds as soon as it finds something; fails where it finds nothing for a minute."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing within {GIVE_UP_SECONDS} seconds")


class Apps:
    """Both apps as their users see them."""

    def __init__(self, cloud: Cloud, places: Places) -> None:
        self.cloud = cloud
        self.places = places

    def post_order(self, order: dict[str, Any]) -> tuple[int, Any]:
        return self._call("POST", f"{self.places.orders_api}/orders", order)[:2]

    def put_order(self, order: dict[str, Any]) -> tuple[int, Any]:
        return self._call("PUT", f"{self.places.orders_api}/orders/{order['OrderId']}", order)[:2]

    def get_order(self, order_id: str) -> tuple[int, Any, str]:
        """The status, the body and `X-Cache`."""
        status, body, headers = self._call("GET", f"{self.places.orders_api}/orders/{order_id}")
        return status, body, headers.get("X-Cache", "")

    def post_reminder(self, reminder: dict[str, Any]) -> tuple[int, Any]:
        return self._call("POST", f"{self.places.reminders_api}/reminders", reminder)[:2]

    def start(self, workflow: str, workflow_input: Any) -> str:
        """Starts a workflow as `aws stepfunctions start-execution` does; returns the execution's ARN."""
        started = self.cloud.engine.client("stepfunctions").start_execution(
            stateMachineArn=workflow, name=str(uuid.uuid4()), input=json.dumps(workflow_input)
        )
        return str(started["executionArn"])

    def finished(self, execution: str) -> dict[str, Any]:
        """The execution, once it is over."""
        states = self.cloud.engine.client("stepfunctions")

        def over() -> dict[str, Any] | None:
            description: dict[str, Any] = states.describe_execution(executionArn=execution)
            return description if description["status"] in FINISHED else None

        return eventually(over)

    def row(self, order_id: str) -> dict[str, Any] | None:
        key = {"OrderId": {"S": order_id}}
        table = self.cloud.engine.client("dynamodb")
        row: dict[str, Any] | None = table.get_item(TableName=self.places.order_table, Key=key).get("Item")
        return row

    def settled(self, order_id: str) -> dict[str, Any]:
        """The row of an order, once its workflow has written the outcome."""

        def outcome() -> dict[str, Any] | None:
            row = self.row(order_id)
            return row if row and row["Status"]["S"] != "RECEIVED" else None

        return eventually(outcome)

    def queued(self, order_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Each message about an order, with the queue it lies in."""
        return [
            (name, body)
            for name, url in self.places.queues.items()
            for message in self.cloud.engine.queued(url)
            if (body := json.loads(message["Body"]))["OrderId"] == order_id
        ]

    def parked(self, execution: str) -> list[dict[str, Any]]:
        """Each message in the parked queue that an execution wrote."""
        bodies = [json.loads(message["Body"]) for message in self.cloud.engine.queued(self.places.parked_queue)]
        return [body for body in bodies if body["ExecutionId"] == execution]

    def _call(self, method: str, url: str, body: Any = None) -> tuple[int, Any, Any]:
        response = self.cloud.engine.call_api(method, url, body=body)
        return response.status_code, json.loads(response.text), response.headers


@pytest.fixture(scope="session")
def apps(cloud: Cloud, places: Places) -> Apps:
    return Apps(cloud, places)


@pytest.fixture(scope="session")
def standard_apps(cloud: Cloud, places: Places) -> Apps:
    """The same, with orders that go through a Standard workflow; deployed beside the other when first needed."""
    deploy.deploy_app(cloud.engine, f"{sys.executable} -m {standard.__name__}", "Orders")
    gaps.allow_plain_http(cloud.engine)
    (stack,) = cloud.engine.client("cloudformation").describe_stacks(StackName=standard.STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return Apps(
        cloud,
        replace(
            places,
            orders_api=gaps.api_url(cloud.settings, outputs["ApiUrl"]),
            order_table=outputs["OrderTableName"],
            fulfillment_queue=outputs["OrderFulfillmentQueueUrl"],
            escalation_queue=outputs["EscalationQueueUrl"],
            parked_queue=outputs["ParkedQueueUrl"],
            order_workflow=outputs["OrderFulfillmentStateMachineArn"],
        ),
    )


@pytest.fixture(params=["EXPRESS", "STANDARD"])
def either(request: pytest.FixtureRequest) -> Apps:
    """The apps with the order workflow of one type, then of the other."""
    apps: Apps = request.getfixturevalue("apps" if request.param == "EXPRESS" else "standard_apps")
    return apps


@pytest.fixture
def order() -> dict[str, str]:
    """A good order that no other test knows."""
    return {
        "OrderId": f"T-{uuid.uuid4().hex[:12]}",
        "Name": "Zoë O'Brien 🐈",
        "ItemName": "Lenovo ThinkPad E14",
        "Price": "12.50",
        "CC": "4242424242424242",
    }


@pytest.fixture
def skipped_waits(cloud: Cloud) -> Iterator[None]:
    """Waits and retry delays take no time: reminders of a year from now are due at once."""
    cloud.engine.skip_waits(True)
    yield
    cloud.engine.skip_waits(False)
