"""The example consumer. It has its own laptop cloud, because it would remove the messages that other tests look for."""

import contextlib
import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local import deploy
from local.cloud import Cloud
from local.demo import SAMPLES as SAMPLE_FILE
from local.demo import OrderStep
from local.processes import free_port
from local.settings import PROJECT, Settings, load
from local.users import OPERATOR
from tests.support.cloud.apps import Apps
from tests.support.cloud.between import REFUSED, Between, Call, Fault, between, calls_granted
from tests.support.cloud.journeys import kinds_of
from tests.support.names import unique
from tests.support.waiting import eventually

SAMPLES = json.loads(SAMPLE_FILE.read_text())
RECEIVES = 5
"""After this many receives, SQS moves a message to the dead-letter queue."""


class Shop:
    """The fulfillment queue, its dead-letter queue, the consumer and its shipments."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.places = cloud.places()
        self.queue = self.places.fulfillment_queue
        self._sqs = cloud.engine.client("sqs")
        redrive = json.loads(self._attribute("RedrivePolicy"))
        dead_letters = redrive["deadLetterTargetArn"].rpartition(":")[2]
        self.dead_letters = self._sqs.get_queue_url(QueueName=dead_letters)["QueueUrl"]

    def send(self, *bodies: str) -> None:
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        for first in range(0, len(entries), 10):
            sent = self._sqs.send_message_batch(QueueUrl=self.queue, Entries=entries[first : first + 10])
            assert not sent.get("Failed")

    def shipped(self) -> Counter[str]:
        """The number of shipments of each order."""
        scan = self.cloud.engine.client("dynamodb").get_paginator("scan")
        pages = scan.paginate(TableName=self.places.shipment_table, ConsistentRead=True)
        return Counter(item["OrderId"]["S"] for page in pages for item in page["Items"])

    def invoke(self, body: str) -> list[dict[str, str]]:
        """Calls the function with one message. Returns the messages that it reports as failed."""
        (function,) = [
            each["FunctionName"]
            for page in self.cloud.engine.client("lambda").get_paginator("list_functions").paginate()
            for each in page["Functions"]
            if "ShipOrder" in each["FunctionName"]
        ]
        event = {"Records": [{"messageId": "m", "body": body, "eventSource": "aws:sqs"}]}
        answer = self.cloud.engine.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        assert "FunctionError" not in answer
        return list(json.load(answer["Payload"])["batchItemFailures"])

    def expire_work(self, digest: str) -> None:
        """Makes the function's record of work in progress expire, as it does after the function's timeout."""
        (table,) = [
            one["PhysicalResourceId"]
            for one in self.cloud.engine.client("cloudformation").describe_stack_resources(
                StackName="local-fulfillment"
            )["StackResources"]
            if one["LogicalResourceId"].startswith("IdempotencyTable")
        ]
        dynamodb = self.cloud.engine.client("dynamodb")
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                if digest in item["id"]["S"] and "in_progress_expiration" in item:
                    item["in_progress_expiration"] = {"N": "0"}
                    dynamodb.put_item(TableName=table, Item=item)

    def empty(self) -> bool:
        return not self.cloud.engine.queued(self.queue)

    def dead_letter_bodies(self) -> list[str]:
        return [message["Body"] for message in self.cloud.engine.queued(self.dead_letters)]

    def hide_for(self, seconds: str) -> str:
        """Sets for how long a received message is hidden. Returns the value before."""
        before = self._attribute("VisibilityTimeout")
        self._sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"VisibilityTimeout": seconds})
        return before

    def _attribute(self, name: str) -> str:
        answer = self._sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=[name])
        return str(answer["Attributes"][name])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def shop(home: Path) -> Iterator[Shop]:
    cloud = Cloud(Settings(home=home, port=free_port(), redis_port=free_port(), consumer=True))
    cloud.up(print)
    yield Shop(cloud)
    cloud.down()


@pytest.fixture
def quick_retries(shop: Shop) -> Iterator[None]:
    """Makes a failed message visible again after a second."""
    before = shop.hide_for("1")
    yield
    shop.hide_for(before)


def message(**fields: Any) -> tuple[str, str]:
    """The id and the message of a new order."""
    order_id = unique("S-")
    order = {"OrderId": order_id, "Name": "Zoë", "ItemName": "Lamp", "Price": "12.50", "ExecutionId": "arn"}
    return order_id, json.dumps({**order, **fields}, ensure_ascii=False)


def run(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "local", "--home", str(home), *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


def test_a_good_order_is_shipped_and_leaves_the_queue(shop: Shop, order: dict[str, str]) -> None:
    apps = Apps(shop.cloud, shop.places, user=shop.cloud.users()[OPERATOR])

    assert apps.post_order(order)[0] == 202

    eventually(lambda: shop.shipped()[order["OrderId"]])
    eventually(shop.empty)
    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"


def test_each_order_of_a_burst_is_shipped_once(shop: Shop) -> None:
    burst = dict(message() for _ in range(200))
    before = shop.shipped()

    shop.send(*burst.values())

    eventually(shop.empty)
    assert shop.shipped() - before == Counter(burst.keys())
    assert shop.dead_letter_bodies() == []


@pytest.mark.usefixtures("quick_retries")
def test_five_copies_of_a_message_are_one_shipment(shop: Shop) -> None:
    order_id, body = message()

    shop.send(*[body] * 5)

    eventually(lambda: shop.shipped()[order_id])
    eventually(shop.empty)
    assert shop.shipped()[order_id] == 1
    assert shop.dead_letter_bodies() == []


def test_simultaneous_copies_are_one_shipment(shop: Shop) -> None:
    order_id, body = message()

    with ThreadPoolExecutor(5) as at_once:
        answers = list(at_once.map(shop.invoke, [body] * 5))

    assert [] in answers
    assert shop.invoke(body) == []
    assert shop.shipped()[order_id] == 1


@pytest.mark.usefixtures("quick_retries")
def test_only_invalid_messages_become_dead_letters_after_five_attempts(shop: Shop) -> None:
    good = dict(message() for _ in range(6))
    _, mistyped = message(Price=7)
    invalid = ["{not JSON", mistyped]

    shop.send(*[*good.values()][:3], *invalid, *[*good.values()][3:])

    eventually(lambda: sorted(shop.dead_letter_bodies()), until=lambda bodies: bodies == sorted(invalid))
    eventually(shop.empty)
    assert {order_id: shop.shipped()[order_id] for order_id in good} == dict.fromkeys(good, 1)
    received = [int(each["ApproximateReceiveCount"]) for each in _attributes(shop)]
    # `_attributes` receives the messages once more.
    assert received == [RECEIVES + 1] * len(invalid)


CALLS = [Call("ShipOrder", f"dynamodb:{one}") for one in ("PutItem", "PutItem", "UpdateItem", "DeleteItem")]
"""The calls that ship an order: record that work is in progress, write the shipment, and record that it is done.

If the shipment fails, the last call deletes the record.
"""


def test_no_fault_of_a_call_loses_or_repeats_a_shipment(shop: Shop) -> None:
    nths = [CALLS[:at].count(call) for at, call in enumerate(CALLS)]
    cases = [(call, nth, kind) for call, nth in zip(CALLS, nths, strict=True) for kind in kinds_of(call, str(nth))]

    with between(shop.cloud, "local-fulfillment") as proxy, ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda case: shipped_under(proxy, shop, *case), cases))

    shipped = shop.shipped()
    assert [(case, shipped[order_id], failed) for case, (order_id, _, failed) in zip(cases, done, strict=True)] == [
        (case, 1, []) for case in cases
    ]
    assert all(met for _, met, _ in done)


def shipped_under(proxy: Between, shop: Shop, call: Call, nth: int, kind: str) -> tuple[str, int, list[Any]]:
    """Hands over an order's message under the fault, and again without it.

    Returns the order's id, how often the fault was met, and the messages that failed without it.
    """
    order_id, body = message()
    # The record of work in progress names the order by a digest of its id.
    digest = hashlib.sha256(json.dumps(order_id).encode()).hexdigest()
    with proxy.case(order_id, digest) as case:
        fault = Fault(call, kind, nth=nth)
        case.faults = [*([Fault(CALLS[1], REFUSED, nth=1)] if call == CALLS[3] else []), fault]
        with contextlib.suppress(AssertionError):
            shop.invoke(body)
        case.answered.set()
    shop.expire_work(digest)
    return order_id, fault.met, shop.invoke(body)


def test_the_faults_reach_every_call_that_the_consumer_may_make(shop: Shop) -> None:
    granted = calls_granted(shop.cloud, "Fulfillment")

    # Lambda calls SQS itself, so no function makes these calls.
    assert {one for one in granted if not one.action.startswith("sqs:")} == set(CALLS)


@pytest.mark.parametrize("sample", [SAMPLES[0], SAMPLES[1]])
def test_the_demo_follows_an_order_to_its_shipment_or_its_queue(shop: Shop, sample: dict[str, Any]) -> None:
    step = OrderStep(shop.cloud, shop.places, run="shipped", **sample)

    step.send()

    def ended() -> str:
        step.follow()
        return step.ended

    eventually(ended)

    shipped = sample["expect"]["queue"] == "OrderFulfillmentQueue"
    assert step.ended == step.expected
    assert step.ended.endswith("in ShipmentTable" if shipped else "in EscalationQueue")


def test_the_commands_know_the_consumer(shop: Shop, home: Path) -> None:
    status, logs = run(home, "status", "-v"), run(home, "logs", "ShipOrder")

    assert f"shipment table     {shop.places.shipment_table}" in status.stdout
    assert "REPORT RequestId" in logs.stdout
    assert "Zoë" not in logs.stdout


def test_without_the_consumer_orders_stay_in_their_queue(shop: Shop, home: Path) -> None:
    """Must be the last test of this cloud, because it removes the consumer."""
    off = run(home, "up", "--no-consumer")
    remembered = Cloud(load(home))
    order_id, body = message()
    shop.send(body)

    assert (off.returncode, off.stderr) == (0, "")
    assert remembered.up(print) is False
    assert remembered.places().shipment_table is None
    assert deploy.CONSUMER_STACK not in deploy.outputs(shop.cloud.engine)
    assert "shipment table" not in off.stdout
    assert "ShipOrder" not in shop.cloud.functions()
    readers = shop.cloud.engine.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert not [one for one in readers if "OrderFulfillmentQueue" in one["EventSourceArn"]]
    assert [json.loads(each["Body"])["OrderId"] for each in shop.cloud.engine.queued(shop.queue)] == [order_id]


def _attributes(shop: Shop) -> list[dict[str, str]]:
    received = shop.cloud.engine.client("sqs").receive_message(
        QueueUrl=shop.dead_letters, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"]
    )
    return [each["Attributes"] for each in received["Messages"]]
