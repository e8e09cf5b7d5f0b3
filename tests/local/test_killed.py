"""Orders and reminders survive a stop of the laptop cloud, and a killed engine loses only the last changes.

There are two sessions. In the first one, orders and reminders are in every status when `down` runs. The fixture
`stopped` is the cloud after the next `up`. Then the engine is killed. The fixture `killed` is the cloud after that.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psutil
import pytest

from local import restart, saved
from local.cloud import Cloud
from local.errors import LocalError
from local.processes import free_port
from local.settings import Settings
from local.users import OPERATOR
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import States, changed, function_of, waiting
from tests.support.cloud.reminders import delivered, executions, row_of, times_published
from tests.support.cloud.reminders import settled as reminded
from tests.support.names import unique
from tests.support.waiting import eventually

pytestmark = [pytest.mark.story, pytest.mark.long]

Orders = list[dict[str, str]]


def runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def kill(cloud: Cloud, *parts: str) -> None:
    for part in parts:
        process = getattr(cloud, part).daemon.process()
        process.kill()
        psutil.wait_procs([process])


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    """A cloud for this module only. Its engine was killed in its first session, after CDK had created its bucket."""
    cloud = Cloud(Settings(home=tmp_path_factory.mktemp("own"), port=free_port(), redis_port=free_port()))
    buckets = cloud.settings.state / "s3"

    def kill_when_there_is_a_bucket() -> None:
        eventually(lambda: [*buckets.glob("*/cdk-*")], every=0.01)
        kill(cloud, "engine")

    def say(text: str) -> None:
        print(text)
        if text.startswith("bootstrapping"):
            threading.Thread(target=kill_when_there_is_a_bucket, daemon=True).start()

    with pytest.raises(LocalError, match="the engine has died"):
        cloud.up(say)
    assert not cloud.engine.daemon.process()
    cloud.up(print)
    yield Apps(cloud, cloud.places(), user=cloud.users()[OPERATOR])
    cloud.down()


def numbered(word: str, **fields: str) -> Orders:
    order = {"Name": "Zoë", "ItemName": "Lamp", "Price": "12.50", "CC": "4242424242424242", **fields}
    return [{**order, "OrderId": f"K-{unique()}-{word}-{number}"} for number in range(3)]


def waiting_a_moment(states: States) -> None:
    """Makes executions wait before they check the order, until after the stop has begun."""
    states["Check"] = states["Are details Proper"]
    states["Are details Proper"] = {"Type": "Wait", "Seconds": 2, "Next": "Check"}


def ends(apps: Apps, orders: Orders) -> list[tuple[Any, list[str]]]:
    """The status of each order's row, and the queues that hold the order."""
    return [
        (
            (row["Status"]["S"] if (row := apps.row(order["OrderId"])) else None),
            [queue for queue, _ in apps.queued(order["OrderId"])],
        )
        for order in orders
    ]


FULFILLED = [("FULFILLMENT_QUEUED", ["OrderFulfillmentQueue"])] * 3
PARKED = [("PARKED", ["ParkedQueue"])] * 3


@dataclass
class Session:
    """The orders and reminders before the engine was stopped or killed, and the output of `down` and `up`."""

    mark: balance.Mark
    done: Orders = field(default_factory=lambda: numbered("done"))
    corrected: Orders = field(default_factory=lambda: numbered("corrected", Price="-1"))
    almost_done: Orders = field(default_factory=lambda: numbered("almost-done"))
    on_their_way: Orders = field(default_factory=lambda: numbered("on-its-way"))
    reminders: dict[str, str] = field(default_factory=dict)
    """The id of each reminder by its message."""
    kept: dict[str, list[str]] = field(default_factory=dict)
    """The bodies of the messages about orders and reminders that were saved, by queue."""
    received: str = ""
    """The URL of a queue with a message that somebody had received before the stop."""
    said: list[str] = field(default_factory=list)


DUE_SOON, DUE_LATER, DUE_MUCH_LATER, REPEATED = "due while it is down", "due later", "due much later", "repeated"
DUE_AFTER = {DUE_SOON: 4, DUE_LATER: 11, REPEATED: 4}
"""For the reminders that are due soon: how many seconds after `down` begins."""

IN_ITS_QUEUE = "in its queue while it is down"


def sends_mails(apps: Apps, enabled: bool) -> None:
    """Lets SendReminder read the queue of e-mail reminders, or stops it."""
    functions, stack = apps.cloud.engine.client("lambda"), apps.places.reminder_table.partition("-ReminderTable")[0]
    name = function_of(apps, "SendReminder", stack=stack)["FunctionName"]
    mappings = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    [mapping] = [one["UUID"] for one in mappings if "EmailQueue" in one["EventSourceArn"]]
    functions.update_event_source_mapping(UUID=mapping, Enabled=enabled)


def put_a_reminder_into_its_queue(apps: Apps) -> str:
    """Makes a reminder by e-mail whose execution is over. Nobody reads its message. Returns its id."""
    sends_mails(apps, enabled=False)
    body = {"message": IN_ITS_QUEUE, "preference": "email", "email": apps.user.email, "waitSeconds": 1}
    status, answer = apps.post_reminder(body)
    assert status == 202
    eventually(lambda: bodies(apps, apps.places.reminder_queues["email"]))
    return str(answer["reminderId"])


def is_due_after(apps: Apps, reminder_id: str, seconds: int) -> None:
    """Changes when a reminder is due, without its execution, which waits longer and so runs when the engine stops."""
    due = {"S": f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"}
    apps.cloud.engine.client("dynamodb").update_item(
        TableName=apps.places.reminder_table,
        Key={"ReminderId": {"S": reminder_id}},
        UpdateExpression="SET DueAt = :due, FirstDueAt = :due",
        ExpressionAttributeValues={":due": due},
    )


def orders_to_check(apps: Apps) -> str:
    """The URL of the queue in which an order without an outcome waits for ten minutes."""
    return str(function_of(apps, "ParkLostOrders")["Environment"]["Variables"]["ORDERS_TO_CHECK"])


def bodies(apps: Apps, queue: str) -> list[str]:
    return [message["Body"] for message in apps.cloud.engine.queued(queue)]


def place(apps: Apps, orders: Orders) -> None:
    for one in orders:
        assert apps.post_order(one)[0] == 202


def settle(apps: Apps, orders: Orders) -> None:
    for one in orders:
        apps.settled(one["OrderId"])


def wait_until_taken(apps: Apps, orders: Orders) -> None:
    for one in orders:
        eventually(partial(apps.row, one["OrderId"]), until=lambda row: "ExecutionId" in row)


@pytest.fixture(scope="module")
def stopped(own: Apps) -> Session:
    """Makes orders and reminders in every status, then runs `down` and `up`."""
    session = Session(mark=balance.mark(own.cloud, own.places))
    place(own, session.done + session.corrected)
    settle(own, session.done + session.corrected)
    for one in session.corrected:
        assert own.get_order(one["OrderId"])[1]["Status"] == "ESCALATED"
        one["Price"] = "12.50"
        assert own.put_order(one)[0] == 202
    settle(own, session.corrected)
    with changed(own, waiting):
        place(own, session.on_their_way)
        wait_until_taken(own, session.on_their_way)
    session.reminders[IN_ITS_QUEUE] = put_a_reminder_into_its_queue(own)
    for message in (DUE_SOON, DUE_LATER, DUE_MUCH_LATER, REPEATED):
        repeat = {"repeat": {"every": "1d", "times": 3}} if message == REPEATED else {}
        body = {"message": message, "preference": "topic", "waitSeconds": 600, **repeat}
        status, answer = own.post_reminder(body)
        assert status == 202
        session.reminders[message] = answer["reminderId"]
    check = json.dumps({"OrderId": session.done[0]["OrderId"]})
    sqs = own.cloud.engine.client("sqs")
    sqs.send_message(QueueUrl=orders_to_check(own), MessageBody=check, DelaySeconds=600)
    session.received = sqs.create_queue(QueueName="received", Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
    sqs.send_message(QueueUrl=session.received, MessageBody="received before the stop")
    assert sqs.receive_message(QueueUrl=session.received)["Messages"]
    with changed(own, waiting_a_moment):
        place(own, session.almost_done)
        wait_until_taken(own, session.almost_done)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restart, "FINISH_SECONDS", 4)
        patch.setattr(restart, "NAMED", 10)
        for message, seconds in DUE_AFTER.items():
            is_due_after(own, session.reminders[message], seconds)
        own.cloud.down(session.said.append)
    own.cloud.up(session.said.append)
    session.kept = {
        "email": bodies(own, own.places.reminder_queues["email"]),
        "check": bodies(own, orders_to_check(own)),
    }
    sends_mails(own, enabled=True)
    return session


def test_finished_orders_stay_unchanged(own: Apps, stopped: Session) -> None:
    assert ends(own, stopped.done) == FULFILLED


def test_stopping_lets_orders_in_progress_finish(own: Apps, stopped: Session) -> None:
    assert ends(own, stopped.almost_done) == FULFILLED


def test_stopping_gives_up_on_orders_that_take_too_long_and_names_them(own: Apps, stopped: Session) -> None:
    [gave_up] = [line for line in stopped.said if "still in progress after 4 seconds" in line]

    assert all(one["OrderId"] in gave_up for one in stopped.on_their_way)
    assert not any(one["OrderId"] in gave_up for one in stopped.almost_done)


def test_orders_that_were_cut_off_are_parked_at_once(own: Apps, stopped: Session) -> None:
    assert ends(own, stopped.on_their_way) == PARKED
    assert "parking the orders that were in progress: 3" in stopped.said


def test_a_corrected_order_stays_corrected(own: Apps, stopped: Session) -> None:
    assert [own.get_order(one["OrderId"])[1]["Status"] for one in stopped.corrected] == ["FULFILLMENT_QUEUED"] * 3
    assert [row for row, _ in ends(own, stopped.corrected)] == ["FULFILLMENT_QUEUED"] * 3


@pytest.mark.parametrize("message", [DUE_SOON, DUE_LATER, REPEATED])
def test_a_reminder_that_was_waiting_is_sent_once(own: Apps, stopped: Session, message: str) -> None:
    if message == REPEATED:
        eventually(lambda: row_of(own, stopped.reminders[message]), until=lambda row: row["Occurrence"] == "2")
    else:
        assert reminded(own, stopped.reminders[message])["Status"] == "SENT"

    assert times_published(own, message) == 1


def test_a_reminder_that_was_in_its_queue_is_sent_once_from_there(own: Apps, stopped: Session) -> None:
    """`up` does not take it for lost, although its execution is over and it is still SCHEDULED."""
    reminder = stopped.reminders[IN_ITS_QUEUE]

    row = reminded(own, reminder)

    [message] = stopped.kept["email"]
    assert reminder in message
    assert row["Status"] == "SENT"
    assert len(executions(own, reminder)) == 1
    assert delivered(own, IN_ITS_QUEUE) == {f"mail to {own.user.email}"}
    assert sum(IN_ITS_QUEUE in mail["BodyText"] for mail in own.cloud.engine.mails()) == 1


def test_a_message_that_was_received_before_the_stop_is_visible_at_once(own: Apps, stopped: Session) -> None:
    """The stop has ended the function that had received it. Its queue would hide it for an hour."""
    answer = own.cloud.engine.client("sqs").receive_message(QueueUrl=stopped.received)

    assert [message["Body"] for message in answer.get("Messages", [])] == ["received before the stop"]


def test_stopping_names_a_reminder_that_is_due_and_not_sent(stopped: Session) -> None:
    """Its message might be in `SendReminder`. The stop would end this attempt to send it."""
    [gave_up] = [line for line in stopped.said if "still in progress after 4 seconds" in line]

    assert stopped.reminders[IN_ITS_QUEUE] in gave_up


def test_an_order_that_waits_for_its_check_still_waits(stopped: Session) -> None:
    assert stopped.done[0]["OrderId"] in [json.loads(body)["OrderId"] for body in stopped.kept["check"]]


@pytest.mark.parametrize("message", [DUE_MUCH_LATER, REPEATED])
def test_a_reminder_that_is_not_due_yet_waits_in_one_execution(own: Apps, stopped: Session, message: str) -> None:
    reminder = stopped.reminders[message]
    occurrence = "2" if message == REPEATED else "1"
    eventually(lambda: row_of(own, reminder), until=lambda row: row["Occurrence"] == occurrence)

    living = [one["executionArn"] for one in executions(own, reminder) if one["status"] == "RUNNING"]
    row = row_of(own, reminder)

    assert row["Status"] == "SCHEDULED"
    assert len(living) == 1
    assert datetime.fromisoformat(row["DueAt"]) > datetime.now(UTC) + timedelta(minutes=1)


def test_every_order_and_every_reminder_has_one_outcome(own: Apps, stopped: Session) -> None:
    orders = balance.orders(own.cloud, own.places, since=stopped.mark)
    reminders = balance.reminders(own.cloud, own.places, since=stopped.mark)

    assert orders == {"accepted": 12, "fulfilled": 9, "parked": 3}
    assert reminders == {"accepted": 5, "sent": 3, "waiting": 2}


def test_a_second_up_settles_nothing_again(own: Apps, stopped: Session) -> None:
    said: list[str] = []

    assert own.cloud.up(said.append) is False
    assert said == []


@pytest.fixture(scope="module")
def killed(own: Apps, stopped: Session) -> Session:
    """Makes more orders, kills the engine, and runs `up`."""
    session = Session(mark=balance.mark(own.cloud, own.places))
    place(own, session.done)
    settle(own, session.done)
    for one in session.done:
        eventually(partial(own.get_order, one["OrderId"]), until=lambda answer: answer[2] == "HIT")
    engine = own.cloud.engine.daemon.process()
    assert engine
    functions = engine.children(recursive=True)
    kill(own.cloud, "engine")
    assert functions
    eventually(lambda: [one for one in functions if runs(one)], until=lambda running: not running)
    with pytest.raises(LocalError, match="the engine has died"):
        own.cloud.require_running()
    temporary = own.cloud.settings.home / "tmp"
    left_behind, notes = [*temporary.glob("functions-*")], temporary / "notes.txt"
    notes.write_text("of somebody")
    own.cloud.up(session.said.append)
    assert left_behind and not any(folder.exists() for folder in left_behind)
    assert notes.exists()
    return session


def test_a_killed_engine_restarts_with_the_state_of_its_last_stop(own: Apps, stopped: Session, killed: Session) -> None:
    """Later orders are lost completely: no row, no message, no cached entry is left."""
    assert killed.said[0] == "the engine was killed: all changes since it was last stopped are lost"
    assert f"starting the engine, which has died, on 127.0.0.1:{own.cloud.settings.port}" in killed.said
    assert ends(own, stopped.done + stopped.almost_done) == FULFILLED * 2
    assert ends(own, killed.done) == [(None, [])] * 3
    assert [own.get_order(one["OrderId"])[0] for one in killed.done] == [404] * 3


def test_orders_that_a_killed_engine_has_lost_can_be_sent_again(own: Apps, stopped: Session, killed: Session) -> None:
    place(own, killed.done)
    settle(own, killed.done)

    assert ends(own, killed.done) == FULFILLED
    assert balance.orders(own.cloud, own.places, since=stopped.mark) == {"accepted": 15, "fulfilled": 12, "parked": 3}


def cached(apps: Apps, order: dict[str, str], status: str) -> None:
    """Waits until the cache has the order with this status."""
    eventually(
        lambda: apps.get_order(order["OrderId"]),
        until=lambda answer: (answer[1]["Status"], answer[2]) == (status, "HIT"),
    )


def test_a_killed_cache_shows_no_outdated_order(own: Apps, killed: Session) -> None:
    """The cache saves its entries when it stops, which is here before the correction.

    The saved entry would live for five minutes. A lookup may still find the entry of the order in progress, because
    `UpdateCache` may write it late. That entry lives for a second.
    """
    [order, *_] = numbered("cached", Price="-1")
    place(own, [order])
    cached(own, order, "ESCALATED")
    own.cloud.cache.daemon.stop()
    own.cloud.up(print)
    order["Price"] = "12.50"
    assert own.put_order(order)[0] == 202
    cached(own, order, "FULFILLMENT_QUEUED")

    kill(own.cloud, "cache")
    own.cloud.up(print)

    assert own.get_order(order["OrderId"])[1]["Status"] != "ESCALATED"
    own.shown(order["OrderId"], "FULFILLMENT_QUEUED")


def test_a_correction_after_a_restart_reaches_the_cache_at_once(own: Apps, killed: Session) -> None:
    """The stream continues, so `UpdateCache` writes the change. Otherwise the old entry would stay for five minutes."""
    [order, *_] = numbered("corrected-later", Price="-1")
    place(own, [order])
    cached(own, order, "ESCALATED")
    assert own.put_order(order | {"Price": "1"})[0] == 202
    settle(own, [order])

    cached(own, order, "FULFILLMENT_QUEUED")


def test_an_engine_that_the_machine_shuts_down_has_saved_everything(own: Apps, killed: Session) -> None:
    process = own.cloud.engine.daemon.process()
    assert process
    process.terminate()
    psutil.wait_procs([process])

    assert json.loads((own.cloud.settings.state / saved.WHOLE).read_text()) == []


def test_the_engine_does_not_encrypt_the_input_of_executions(own: Apps, killed: Session) -> None:
    """AWS encrypts it with the workflow's own key. This is one more reason to use test cards."""
    own.cloud.down()

    kept = (own.cloud.settings.state / "engine" / "stepfunctions.json").read_text()
    assert killed.done[0]["OrderId"] in kept and killed.done[0]["CC"] in kept
