"""The example consumer. The last test removes it again, because it removes the messages that other tests look for."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local import deploy
from local.cloud import Cloud, Places
from local.demo import SAMPLES as SAMPLE_FILE
from local.demo import OrderStep
from local.settings import PROJECT, load
from local.users import OPERATOR
from tests.support.cloud import shipments
from tests.support.cloud.apps import Apps
from tests.support.cloud.between import between, calls_granted
from tests.support.cloud.fault_plan import SEED
from tests.support.cloud.shop import Shop, message
from tests.support.waiting import eventually

SAMPLES = json.loads(SAMPLE_FILE.read_text())
RECEIVES = 5
"""After this many receives, SQS moves a message to the dead-letter queue."""


pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def home(cloud: Cloud) -> Path:
    return cloud.settings.home


@pytest.fixture(scope="module")
def shop(cloud: Cloud, places: Places) -> Iterator[Shop]:
    """The cloud of all tests, with the consumer."""
    # The consumer need not ship the orders of other tests.
    cloud.engine.client("sqs").purge_queue(QueueUrl=places.fulfillment_queue)
    with_consumer = Cloud(replace(cloud.settings, consumer=True))
    with_consumer.up(print)
    shop = Shop(with_consumer)
    yield shop
    # Does nothing after the last test, which removes the consumer.
    cloud.up(print)
    # Other tests read all messages, and the messages of these tests are not JSON.
    for url in (shop.queue, shop.dead_letters):
        cloud.engine.client("sqs").purge_queue(QueueUrl=url)


@pytest.fixture
def no_dead_letters(shop: Shop) -> None:
    """Removes the dead letters of other tests."""
    shop.cloud.engine.client("sqs").purge_queue(QueueUrl=shop.dead_letters)


@pytest.fixture
def quick_retries(shop: Shop) -> Iterator[None]:
    """Makes a failed message visible again after a second."""
    before = shop.hide_for("1")
    yield
    shop.hide_for(before)


def run(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "local", "--home", str(home), *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


def test_a_good_order_is_shipped_and_leaves_the_queue(shop: Shop, order: dict[str, str]) -> None:
    apps = Apps(shop.cloud, shop.places, user=shop.cloud.users()[OPERATOR])

    assert apps.post_order(order)[0] == 202

    eventually(lambda: shop.shipped()[order["OrderId"]])
    eventually(shop.empty)
    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"


@pytest.mark.usefixtures("no_dead_letters")
def test_each_order_of_a_burst_is_shipped_once(shop: Shop) -> None:
    burst = dict(message() for _ in range(60))
    before = shop.shipped()

    shop.send(*burst.values())

    eventually(shop.empty)
    assert shop.shipped() - before == Counter(burst.keys())
    assert shop.dead_letter_bodies() == []


@pytest.mark.usefixtures("quick_retries", "no_dead_letters")
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


@pytest.mark.usefixtures("quick_retries", "no_dead_letters")
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


def test_no_fault_of_a_call_loses_or_repeats_a_shipment(shop: Shop) -> None:
    """`make proof PART=faults` tries all faults. The date chooses the ones of this test."""
    with between(shop.cloud, "local-fulfillment") as proxy:
        results = shipments.run(proxy, shop, shipments.sample(SEED))

    assert [one.line for one in results if one.wrong] == []


def test_the_faults_reach_every_call_that_the_consumer_may_make(shop: Shop) -> None:
    granted = calls_granted(shop.cloud, "Fulfillment")

    # Lambda calls SQS itself, so no function makes these calls.
    assert {one for one in granted if not one.action.startswith("sqs:")} == set(shipments.CALLS)


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
    order_id, body = message()
    shop.send(body)
    eventually(lambda: shop.shipped()[order_id])

    status, logs = run(home, "status", "-v"), run(home, "logs", "ShipOrder")

    assert f"shipment table     {shop.places.shipment_table}" in status.stdout
    assert "REPORT RequestId" in logs.stdout
    assert "Zoë" not in logs.stdout


@pytest.mark.long
def test_without_the_consumer_orders_stay_in_their_queue(shop: Shop, home: Path) -> None:
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
