"""`orders story` and `remindme story` on a laptop cloud: a life of every kind, in order."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local.cloud import Cloud
from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import States, changed
from tests.support.cloud.orders import OUTCOME, placed
from tests.support.commands import completed
from tests.support.names import unique
from tests.support.waiting import eventually
from tools.orders.__main__ import main as orders
from tools.remindme.__main__ import main as remindme

pytestmark = pytest.mark.usefixtures("balanced")

Story = Callable[..., dict[str, Any]]


@pytest.fixture
def story(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Story:
    """Tells the story of an order, or of a reminder, as JSON."""

    def told(id: str, *arguments: str, main: Callable[[list[str]], int] = orders) -> dict[str, Any]:
        place = ["--stage", "local", "--home", str(cloud.settings.home)]
        done = completed(capsys, main, ["story", id, "--json", *place, *arguments])
        assert (done.returncode, done.stderr) == (0, "")
        found: dict[str, Any] = json.loads(done.stdout)
        times = [event["at"] for event in found["events"]]
        assert times == sorted(times)
        return found

    return told


def whats(story: dict[str, Any]) -> list[str]:
    """What happened, in order, without the lines that the functions log."""
    return [event["what"] for event in story["events"] if not event["what"].startswith("order ")]


def took(story: dict[str, Any], what: str) -> float | None:
    (seconds,) = [event["seconds"] for event in story["events"] if event["what"] == what]
    return None if seconds is None else float(seconds)


@pytest.mark.parametrize(
    ("price", "status", "queue"),
    [
        ("1", "FULFILLMENT_QUEUED", "state: Put message in order OrderFulfillment Queue"),
        ("0", "ESCALATED", "state: Put message in order Escalation Queue"),
    ],
)
def test_the_story_of_an_order_that_is_settled(
    apps: Apps, story: Story, order: dict[str, str], price: str, status: str, queue: str
) -> None:
    apps.post_order({**order, "Price": price})
    apps.settled(order["OrderId"])

    found = story(order["OrderId"])

    assert found["status"] == status
    assert [what for what in whats(found) if what != "the cache has it"] == [
        "the API received it",
        "its execution began",
        "state: Is it an order",
        "state: Are there enough digits for a card",
        "state: Update the order table",
        "state: Are details Proper",
        "state: Put message in Queue",
        queue,
        "state: Record the outcome",
        f"settled: {status}",
    ]
    total, began = took(found, f"settled: {status}"), took(found, "its execution began")
    assert total is not None and began is not None and 0 <= began <= total
    assert order["CC"] not in json.dumps(found) and order["Name"] not in json.dumps(found)


def test_the_story_of_an_order_that_is_corrected_and_closed(apps: Apps, story: Story, order: dict[str, str]) -> None:
    operator = apps.as_operator()
    apps.as_person().post_order({**order, "Price": "0"})
    apps.settled(order["OrderId"])
    operator.put_order({**order, "Price": "-2"})
    apps.settled(order["OrderId"])
    corrected = [what for what in whats(story(order["OrderId"])) if what != "the cache has it"]
    operator.call("POST", f"/orders/{order['OrderId']}/close", {"note": "Ada said no, ada@example.com"})

    closed = story(order["OrderId"])

    assert "an operator corrected it" in corrected and corrected[-1] == "settled: ESCALATED"
    assert closed["status"] == "CLOSED" and "an operator closed it" in whats(closed)
    assert "state: Are details Proper" in whats(closed) and not closed["notes"]
    assert "ada@example.com" not in json.dumps(closed)


def without_the_outcomes_table(states: States) -> None:
    states[OUTCOME]["Arguments"]["TableName"] = "nobody-deployed-this"


@pytest.mark.usefixtures("skipped_waits")
def test_the_story_of_an_order_that_is_parked(apps: Apps, story: Story, order: dict[str, str]) -> None:
    with changed(apps, without_the_outcomes_table):
        placed(apps, order)
    apps.settled(order["OrderId"])

    found = story(order["OrderId"])

    (failed,) = [event for event in found["events"] if event["what"] == f"state: {OUTCOME}"]
    assert failed["details"] == {"Error": "DynamoDB.ResourceNotFoundException"}
    assert found["events"][-1]["what"] == "parked: it waits for an operator"
    assert found["events"][-1]["details"] == {"Queue": "OrderFulfillmentQueue"}


def test_the_story_of_an_order_that_was_started_by_hand(apps: Apps, story: Story, order: dict[str, str]) -> None:
    apps.finished(apps.start(apps.places.order_workflow, order))

    found = story(order["OrderId"])

    assert "somebody started it by hand" in whats(found)
    assert whats(found)[-1] == "settled: FULFILLMENT_QUEUED"


def test_the_beginning_of_an_id_is_enough(apps: Apps, story: Story, order: dict[str, str]) -> None:
    apps.post_order(order)
    apps.settled(order["OrderId"])

    assert story(order["OrderId"][:-1], "--user", apps.user.email)["id"] == order["OrderId"]


@pytest.mark.parametrize(
    ("main", "id", "message"),
    [
        (orders, "no-such-order", "there is no order no-such-order, and no id among"),
        (remindme, str(uuid.UUID(int=1, version=4)), "there is no reminder 00000000-"),
        (remindme, "0000", "you have no reminder whose id begins with 0000"),
    ],
)
def test_an_unknown_id_names_the_next_step(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], main: Callable[[list[str]], int], id: str, message: str
) -> None:
    done = completed(capsys, main, ["story", id, "--stage", "local", "--home", str(cloud.settings.home)])

    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr and "list" in done.stderr


def test_the_story_of_a_reminder_that_is_sent(apps: Apps, story: Story) -> None:
    message = unique("Feed the cat, ")
    status, body = apps.post_reminder({"message": message, "waitSeconds": 1, "channels": ["email"]})
    assert status == 202
    sent(apps, body["reminderId"], "SENT")

    found = story(body["reminderId"], main=remindme)

    happened = [event["what"] for event in found["events"]]
    assert happened[0] == "the API received it" and found["status"] == "SENT"
    assert [what for what in happened if what.startswith("state: ")] == [
        "state: Is it a reminder",
        "state: Timer",
        "state: Deliver",
        "state: ChoiceState",
        "state: EmailOnly",
        "state: NextState",
    ]
    assert [what for what in happened if what.startswith("sent")] and "due" in happened
    assert message not in json.dumps(found) and apps.user.email not in json.dumps(found)


def test_the_story_of_a_reminder_that_is_cancelled(apps: Apps, story: Story) -> None:
    _, body = apps.post_reminder({"message": unique("Feed the cat, "), "waitSeconds": 86_400, "channels": ["email"]})
    apps.call_reminders("DELETE", f"/reminders/{body['reminderId']}")

    found = story(body["reminderId"], main=remindme)

    assert found["status"] == "CANCELLED"
    happened = [event["what"] for event in found["events"]]
    assert happened.count("cancelled") == 1 and "due" not in happened


def sent(apps: Apps, reminder_id: str, status: str) -> None:
    eventually(
        lambda: apps.call_reminders("GET", f"/reminders/{reminder_id}")[1], until=lambda one: one["status"] == status
    )
