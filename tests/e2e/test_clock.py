"""Turns the clock of a laptop cloud of its own: what is due on the way happens, at its own time.

The tests turn one clock after the other, and each begins where the one before it stopped.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.cloud import Cloud
from local.engine import CREDENTIALS, Clock, send
from local.engine_patches.paths import CLOCK
from local.errors import LocalError
from local.settings import ACCOUNT, REGION
from local.users import OPERATOR, PHONES
from tests.support.cloud.apps import Apps
from tests.support.cloud.faults import States, changed
from tests.support.cloud.orders import CHECK, RECORD, put_received, queue_and_message
from tests.support.cloud.reminders import delivered, executions, row_of, settled
from tests.support.cloud.shop import Shop
from tests.support.cloud.shop import message as message_of_an_order
from tests.support.cloud.turning import fresh, mailed, paused
from tests.support.names import unique
from tests.support.waiting import eventually

DAY = 86_400
MOST_EVENTS = 60
"""A limit for the history of one execution. AWS allows 25,000 events."""


def remind(apps: Apps, first: datetime, every: str, times: int, *, message: str) -> str:
    """Sets a reminder at a local time. Returns its id."""
    zone = first.tzinfo
    assert isinstance(zone, ZoneInfo)
    timestamp = f"{first.replace(tzinfo=None)}"
    repeat = {"every": every, "times": times}
    body = {"message": message, "preference": "email", "timestamp": timestamp, "timeZone": zone.key, "repeat": repeat}
    status, posted = apps.post_reminder({**body, "email": apps.user.email})
    assert status == 202, posted
    return str(posted["reminderId"])


def day_before(year: int, month: int) -> datetime:
    """Nine o'clock on the last day before this month of the year, or of the next years."""
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, 9) - timedelta(days=1)


def next_31st(*, now: datetime) -> datetime:
    """Nine o'clock on the next 31st that is more than a day ahead in each time zone."""
    days = (now.date() + timedelta(days=n) for n in range(3, 70))
    return next(datetime(day.year, day.month, 31, 9) for day in days if day.day == 31)


@pytest.mark.long
@pytest.mark.parametrize("name", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"])
def test_the_first_times_of_these_tests_are_valid_on_each_day_of_four_years(name: str) -> None:
    """The API accepts a first time that is up to 365 days ahead."""
    zone = ZoneInfo(name)
    for now in (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=n, hours=7 * n % 24) for n in range(1461)):
        for first in (next_31st(now=now), day_before_the_next_change(zone, now=now)):
            assert timedelta(days=1) < first.replace(tzinfo=zone) - now < timedelta(days=365), now


@pytest.mark.long
@pytest.mark.usefixtures("no_sweeps")
def test_a_monthly_reminder_over_two_years_is_sent_at_24_times_in_two_zones(turned: Apps, message: str) -> None:
    zones = [ZoneInfo("Europe/Paris"), ZoneInfo("Australia/Lord_Howe")]
    first = next_31st(now=turned.cloud.engine.now())
    days = [day_before(first.year, first.month + n) for n in range(1, 25)]
    end = (days[-1].replace(tzinfo=UTC) + timedelta(days=2)).timestamp()
    ids = [remind(turned, first.replace(tzinfo=zone), "1M", 24, message=f"{message} {zone.key}") for zone in zones]

    clock = turned.cloud.engine.turn_clock(to=end)

    assert clock.now == pytest.approx(end, abs=60)
    for zone in zones:
        expected = [day.replace(tzinfo=zone).timestamp() for day in days]
        sent = [one.timestamp() for one in mailed(turned, f"{message} {zone.key}")]
        # A delivery takes a moment of real time.
        assert [one - at for one, at in zip(sent, expected, strict=True)] == pytest.approx([0] * 24, abs=30)
        assert min(one - at for one, at in zip(sent, expected, strict=True)) >= 0
    events = [len(one["events"]) for reminder in ids for one in executions(turned, reminder)]
    assert len(events) == 48
    assert max(events) < MOST_EVENTS, "the history grows with each occurrence"


@pytest.mark.long
@pytest.mark.usefixtures("no_sweeps")
def test_a_yearly_reminder_of_29_february_comes_on_28_february_and_can_be_cancelled(turned: Apps, message: str) -> None:
    engine, zone = turned.cloud.engine, ZoneInfo("Europe/Paris")
    leap = next(year for year in range(engine.now().year + 1, 2200) if year % 4 == 0 and year % 100)
    engine.turn_clock(to=datetime(leap, 2, 1, tzinfo=zone).timestamp())
    turned = Apps(turned.cloud, turned.places, user=turned.user)
    reminder = remind(turned, datetime(leap, 2, 29, 9, 0, tzinfo=zone), "1y", 9, message=message)

    engine.turn_clock(to=datetime(leap + 2, 6, 1, tzinfo=zone).timestamp())
    later = Apps(turned.cloud, turned.places, user=turned.user)
    status, _, _ = later.call_reminders("DELETE", f"/reminders/{reminder}")
    row = row_of(turned, reminder)
    engine.turn_clock(by=800 * DAY)

    dates = [f"{one.astimezone(zone):%Y-%m-%d %H:%M}" for one in mailed(turned, message)]
    assert status == 200
    assert dates == [f"{leap}-02-29 09:00", f"{leap + 1}-02-28 09:00", f"{leap + 2}-02-28 09:00"]
    assert row["Status"] == "CANCELLED"
    assert row_of(turned, reminder) == {}, "it expires 30 days after it was due"
    assert [one["status"] for one in executions(turned, reminder)][-1] == "ABORTED"


def day_before_the_next_change(zone: ZoneInfo, *, now: datetime) -> datetime:
    """Nine in the morning, local time, on the day before the next clock change."""
    day = now.astimezone(zone).replace(tzinfo=None, hour=9, minute=0, second=0, microsecond=0)
    days = ((day + timedelta(days=n)).replace(tzinfo=zone) for n in range(2, 364))
    first = next(one for one, following in pairwise(days) if one.utcoffset() != following.utcoffset())
    return first.replace(tzinfo=None)


@pytest.mark.long
@pytest.mark.usefixtures("no_sweeps")
@pytest.mark.parametrize("name", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"])
def test_a_daily_reminder_at_nine_stays_at_nine_across_a_clock_change(turned: Apps, message: str, name: str) -> None:
    zone = ZoneInfo(name)
    first = day_before_the_next_change(zone, now=turned.cloud.engine.now())
    remind(turned, first.replace(tzinfo=zone), "1d", 3, message=message)

    turned.cloud.engine.turn_clock(to=(first + timedelta(days=4)).replace(tzinfo=zone).timestamp())

    sent = [one.astimezone(zone).replace(microsecond=0) for one in mailed(turned, message)]
    expected = [(first + timedelta(days=n)).replace(tzinfo=zone) for n in range(3)]
    late = [one.timestamp() - at.timestamp() for one, at in zip(sent, expected, strict=True)]
    assert late == pytest.approx([0] * 3, abs=30)
    assert len({one.utcoffset() for one in sent}) == 2


@pytest.mark.long
@pytest.mark.usefixtures("no_sweeps")
@pytest.mark.parametrize(
    ("wait", "expected"),
    [(timedelta(days=364, hours=-1), 1), (timedelta(days=364, hours=23), 2), (timedelta(days=365), 2)],
)
def test_a_reminder_in_a_year_continues_in_a_second_execution(
    turned: Apps, message: str, wait: timedelta, expected: int
) -> None:
    email, phone = turned.user.email, PHONES[OPERATOR]
    body = {"message": message, "preference": "both", "email": email, "phone": phone}
    _, posted = turned.post_reminder({**body, "waitSeconds": int(wait.total_seconds())})
    due = datetime.fromisoformat(posted["dueAt"]).timestamp()

    turned.cloud.engine.turn_clock(to=due - 60)
    early = delivered(turned, message)
    turned.cloud.engine.turn_clock(by=120)

    assert early == set()
    assert delivered(turned, message) == {f"mail to {email}", f"text to {phone}"}
    assert [one.timestamp() for one in mailed(turned, message)] == pytest.approx([due], abs=30)
    assert len(executions(turned, posted["reminderId"])) == expected
    assert row_of(turned, posted["reminderId"])["Status"] == "SENT"


@pytest.mark.long
@pytest.mark.usefixtures("no_sweeps")
def test_a_reminder_that_is_started_by_hand_is_sent_in_a_year(turned: Apps, message: str) -> None:
    form = {"message": message, "preference": "topic", "waitSeconds": 31_536_000}
    execution = turned.start(turned.places.reminder_workflow, form)
    name = execution.rpartition(":")[2]
    due = datetime.fromisoformat(eventually(lambda: row_of(turned, name))["DueAt"]).timestamp()

    turned.cloud.engine.turn_clock(to=due - 60)
    early = delivered(turned, message)
    turned.cloud.engine.turn_clock(by=120)

    assert early == set()
    assert delivered(turned, message) == {"topic"}


def test_the_sweep_finds_an_order_after_ten_minutes_of_this_clock(turned: Apps, order: dict[str, str]) -> None:
    engine = turned.cloud.engine
    put_received(turned, order, at=engine.now())

    engine.turn_clock(by=9 * 60)
    young = (turned.row(order["OrderId"]) or {})["Status"]["S"]
    engine.turn_clock(by=2 * 60)

    assert (young, (turned.row(order["OrderId"]) or {})["Status"]["S"]) == ("RECEIVED", "PARKED")


@pytest.mark.long
def test_an_order_whose_execution_takes_too_long_is_parked_once(turned: Apps, order: dict[str, str]) -> None:
    """It is an Express execution, so no event reports it. It would go on after its end, if it were not ended."""

    def slow(states: States) -> None:
        states[RECORD] |= {"Next": "Slow"}
        states["Slow"] = {"Type": "Wait", "Seconds": 3600, "Next": CHECK}

    with changed(turned, slow):
        assert turned.post_order(order)[0] == 202
        recorded = eventually(lambda: turned.row(order["OrderId"]), until=lambda row: row and "ExecutionId" in row)
    turned.cloud.engine.turn_clock(by=2 * 3600)

    queue, message = queue_and_message(turned, order["OrderId"])
    states = turned.cloud.engine.executions()
    execution = states.describe_execution(executionArn=recorded["ExecutionId"]["S"])
    took = (execution["stopDate"] - execution["startDate"]).total_seconds()
    assert (execution["status"], took) == ("TIMED_OUT", pytest.approx(290, abs=30))
    assert (queue, message["Error"]) == ("ParkedQueue", "NoOutcomeError")
    parked_after = datetime.fromisoformat(turned.settled(order["OrderId"])["UpdatedAt"]["S"]) - execution["startDate"]
    # The ten minutes begin with the order, a moment before its execution.
    assert timedelta(minutes=9, seconds=55) <= parked_after <= timedelta(minutes=16)


def test_an_order_is_served_from_the_cache_until_its_entry_expires(turned: Apps, order: dict[str, str]) -> None:
    turned.post_order(order)
    turned.settled(order["OrderId"])
    turned.cloud.engine.turn_clock(by=30)
    turned.get_order(order["OrderId"])

    turned.cloud.engine.turn_clock(by=200)
    _, before, hit = turned.get_order(order["OrderId"])
    turned.cloud.engine.turn_clock(by=200)
    _, after, miss = turned.get_order(order["OrderId"])

    assert (hit, miss) == ("HIT", "MISS")
    assert before == after


def test_a_token_expires_with_the_clock(turned: Apps, order: dict[str, str]) -> None:
    turned.cloud.engine.turn_clock(by=59 * 60)
    valid, _ = turned.post_order(order)
    turned.cloud.engine.turn_clock(by=2 * 60)
    expired, _ = turned.post_order(order)

    assert (valid, expired) == (202, 401)


def test_a_row_expires_with_the_clock(clocked: Cloud) -> None:
    engine = clocked.engine
    tables = engine.client("dynamodb")
    name = unique("clock-")
    tables.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
    )
    setting = {"Enabled": True, "AttributeName": "ExpiresAt"}
    tables.update_time_to_live(TableName=name, TimeToLiveSpecification=setting)
    expires = engine.now().timestamp() + 3 * DAY
    for id, at in (("soon", expires), ("later", expires + DAY)):
        tables.put_item(TableName=name, Item={"Id": {"S": id}, "ExpiresAt": {"N": str(int(at))}})

    def rows() -> list[str]:
        return sorted(row["Id"]["S"] for row in tables.scan(TableName=name)["Items"])

    engine.turn_clock(by=2 * DAY)
    before = rows()
    engine.turn_clock(by=1.5 * DAY)

    assert (before, rows()) == (["later", "soon"], ["later"])


@pytest.mark.long
def test_messages_are_delayed_hidden_and_kept_by_the_clock(turned: Apps) -> None:
    engine = turned.cloud.engine
    sqs = engine.client("sqs")
    queue = sqs.create_queue(QueueName=unique("clock-"), Attributes={"MessageRetentionPeriod": str(DAY)})["QueueUrl"]

    def received() -> list[str]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=3600)
        return [message["Body"] for message in found.get("Messages", [])]

    sqs.send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=900)
    seen = [received()]
    for seconds in (840, 70, 3500, 200, DAY):
        engine.turn_clock(by=seconds)
        seen.append(received())

    assert seen == [[], [], ["delayed"], [], ["delayed"], []]


@pytest.mark.long
def test_a_function_has_the_time_of_the_cloud(turned: Apps) -> None:
    engine = turned.cloud.engine
    began = engine.turn_clock(by=400 * DAY).now

    turned = Apps(turned.cloud, turned.places, user=turned.user)
    row = row_of(turned, remind(turned, in_a_month(turned), "1d", 2, message="time"))
    [log] = [group for name, group in turned.cloud.functions().items() if "CreateReminder" in name]
    events = engine.client("logs").filter_log_events(logGroupName=log, startTime=int(1000 * began))["events"]
    lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
    texts = [row["CreatedAt"], *(line["timestamp"] for line in lines if "timestamp" in line)]

    times = [datetime.fromisoformat(text).timestamp() for text in texts]
    # Lines in the embedded metric format have a time of their own.
    times += [line["_aws"]["Timestamp"] / 1000 for line in lines if "_aws" in line]
    assert times == pytest.approx([began] * len(times), abs=600)
    assert len(times) > 1


def in_a_month(apps: Apps) -> datetime:
    day = apps.cloud.engine.now().astimezone(ZoneInfo("Europe/Paris")) + timedelta(days=30)
    return day.replace(hour=9, minute=0, second=0, microsecond=0)


@pytest.mark.long
def test_aws_tools_of_this_machine_may_sign_with_the_real_time(clocked: Cloud) -> None:
    clocked.engine.turn_clock(by=DAY)
    identity = clocked.engine.client("sts").get_caller_identity()
    assert CREDENTIALS.access_key == "test"
    assert identity["Account"] == "000000000000"


@pytest.mark.long
def test_a_rule_starts_its_function_at_its_own_times(clocked: Cloud) -> None:
    engine = clocked.engine
    [log] = [group for name, group in clocked.functions().items() if name.endswith("SettleLostReminders")]
    # Something happens. If nothing has happened for long, the clock leaves times out.
    engine.client("sns").publish(TopicArn=clocked.places().topic, Message="something")

    began = engine.clock()
    with paused(clocked, "EveryDay"):
        engine.turn_clock(by=29 * 60)

    events = engine.client("logs").filter_log_events(logGroupName=log, startTime=int(1000 * began.now))["events"]
    starts = [event["timestamp"] / 1000 for event in events if event["message"].startswith("START")]
    apart = [later - one for one, later in zip(starts, starts[1:], strict=False)]
    assert len(starts) in (5, 6)
    # The engine notes the start of a call when the call has ended.
    assert apart == pytest.approx([300] * len(apart), abs=30)


@pytest.mark.long
def test_with_all_times_a_rule_leaves_out_none(clocked: Cloud) -> None:
    engine = clocked.engine
    [log] = [group for name, group in clocked.functions().items() if name.endswith("SettleLostReminders")]

    def starts(*, all_times: bool = False) -> list[float]:
        began = engine.clock().now
        engine.turn_clock(by=6 * 3600, all_times=all_times)
        pages = engine.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=log, startTime=int(1000 * began)).search("events[]")
        return [event["timestamp"] / 1000 for event in found if event["message"].startswith("START")]

    with paused(clocked, "EveryDay"):
        some, all_of_them = starts(), starts(all_times=True)

    apart = [later - one for one, later in zip(all_of_them, all_of_them[1:], strict=False)]
    assert len(some) < len(all_of_them) / 2
    assert len(all_of_them) in (72, 73)
    assert apart == pytest.approx([300] * len(apart), abs=30)


@pytest.mark.long
def test_texts_and_metrics_have_the_time_of_the_cloud(clocked: Cloud) -> None:
    engine, text = clocked.engine, unique("time ")
    now = engine.now()
    engine.client("sns").publish(PhoneNumber="+33612345678", Message=text)
    # The metric counts only messages to topics.
    engine.client("sns").publish(TopicArn=clocked.places().topic, Message=text)

    [sent] = [one["Timestamp"] for one in engine.texts() if one["Message"] == text]
    counted = engine.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SNS", MetricName="NumberOfMessagesPublished", Period=60, Statistics=["Sum"],
        StartTime=now - timedelta(minutes=2), EndTime=now + timedelta(minutes=2),
    )["Datapoints"]  # fmt: skip
    assert datetime.fromtimestamp(float(sent), UTC).timestamp() == pytest.approx(now.timestamp(), abs=60)
    assert sum(one["Sum"] for one in counted) >= 1


def test_the_clock_cannot_go_back_past_what_has_happened(turned: Apps, message: str) -> None:
    turned.cloud.engine.turn_clock(by=1800)
    remind(turned, in_a_month(turned), "1d", 2, message=message)

    with pytest.raises(LocalError, match="something has happened"):
        turned.cloud.engine.real_clock()


@pytest.mark.long
def test_a_workflow_times_out_by_the_clock(clocked: Cloud) -> None:
    description = run_workflow(clocked, {"Type": "Wait", "Seconds": 30 * DAY}, by=4 * DAY, TimeoutSeconds=3 * DAY)[0]

    assert (description["status"], description.get("cause")) == ("TIMED_OUT", None)
    assert (description["stopDate"] - description["startDate"]).total_seconds() == pytest.approx(3 * DAY, abs=30)


def test_a_state_is_tried_again_after_its_delays(clocked: Cloud) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Arguments": {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:none", "Message": "m"},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 100, "BackoffRate": 3, "MaxAttempts": 3}],
    }

    description, events = run_workflow(clocked, task, by=7200)

    attempts = [event["timestamp"] for event in events if event["type"] == "TaskScheduled"]
    pauses = [(later - one).total_seconds() for one, later in zip(attempts, attempts[1:], strict=False)]
    assert pauses == pytest.approx([100, 300, 900], abs=30)
    assert description["status"] == "FAILED"


def run_workflow(cloud: Cloud, state: dict[str, Any], *, by: float, **settings: Any) -> tuple[dict[str, Any], Any]:
    """Starts an execution of a workflow with one state, and turns the clock. Returns its description and its events."""
    states, name = cloud.engine.client("stepfunctions"), unique("clock-")
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {**state, "End": True}}, **settings}
    known = states.describe_state_machine(stateMachineArn=cloud.places().reminder_workflow)
    arn = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=known["roleArn"])
    execution = states.start_execution(stateMachineArn=arn["stateMachineArn"])["executionArn"]
    cloud.engine.turn_clock(by=by)
    events = states.get_execution_history(executionArn=execution)["events"]
    return states.describe_execution(executionArn=execution), events


def at(time: datetime) -> str:
    return f"at({time:%Y-%m-%dT%H:%M:%S})"


def cron(time: datetime) -> str:
    return f"cron({time.minute} {time.hour} {time.day} {time.month} ? *)"


@pytest.mark.long
@pytest.mark.parametrize("zone", ["UTC", "Australia/Lord_Howe"])
@pytest.mark.parametrize("expression", [at, cron, lambda _: "rate(20 days)"], ids=["at", "cron", "rate"])
def test_a_schedule_starts_its_target_once_and_at_its_time(
    clocked: Cloud, expression: Callable[[datetime], str], zone: str
) -> None:
    engine, name = clocked.engine, unique("clock-")
    queue = engine.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    # Expressions have no seconds, or count from the moment in which the schedule is created.
    due = (engine.now() + timedelta(days=20)).replace(second=0, microsecond=0)
    engine.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=expression(due.astimezone(ZoneInfo(zone))),
        ScheduleExpressionTimezone=zone,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/clock"},
    )
    # The queue keeps messages for four days.
    engine.turn_clock(to=due.timestamp() - 60)
    early = engine.queued(queue)
    engine.turn_clock(by=3 * DAY)
    engine.client("scheduler").delete_schedule(Name=name)

    sent = [int(message["Attributes"]["SentTimestamp"]) / 1000 for message in engine.queued(queue)]
    assert early == []
    assert sent == pytest.approx([due.timestamp()], abs=90)


@pytest.mark.long
def test_an_invalid_message_becomes_a_dead_letter_after_its_attempts(clocked: Cloud) -> None:
    """After each attempt the queue hides it for two minutes."""
    shop, body = Shop(clocked), unique("{not JSON, ")
    shop.send(body)

    clocked.engine.turn_clock(by=7 * 60)
    early = shop.dead_letter_bodies()
    clocked.engine.turn_clock(by=5 * 60)

    assert body not in early
    assert body in shop.dead_letter_bodies()
    assert shop.empty()


@pytest.mark.long
def test_an_order_expires_and_its_id_is_free_again(turned: Apps, order: dict[str, str]) -> None:
    engine, order_id = turned.cloud.engine, order["OrderId"]
    turned.post_order(order)
    first = turned.settled(order_id)
    engine.turn_clock(by=29 * DAY)
    kept = fresh(turned).get_order(order_id)[0], turned.row(order_id)
    engine.turn_clock(by=2 * DAY)
    later = fresh(turned)
    gone = later.get_order(order_id)[0], turned.row(order_id)

    status, _ = later.post_order(order)
    again = turned.settled(order_id)

    assert (kept, gone, status) == ((200, first), (404, None), 202)
    assert again["ReceivedAt"]["S"] > first["ReceivedAt"]["S"]


@pytest.mark.long
def test_the_records_of_a_shipment_expire_one_after_the_other(clocked: Cloud) -> None:
    """The shipment after 16 days, Powertools' record 14 days after the last copy of the message."""
    engine, shop = clocked.engine, Shop(clocked)
    order_id, body = message_of_an_order()
    seen = []
    for days in (0, 13, 2, 15):
        engine.turn_clock(by=days * DAY)
        before = shop.is_recorded(order_id)
        shop.send(body)
        engine.turn_clock(by=1)
        eventually(shop.empty)
        seen.append((before, shop.shipped()[order_id], shop.first_shipped_at(order_id)))

    known, numbers, times = zip(*seen, strict=True)
    assert known == (False, True, False, False)
    assert numbers == (1, 1, 1, 1)
    assert times[0] == times[1] == times[2] < times[3]


@pytest.mark.long
def test_an_idempotency_key_is_free_again_when_its_reminder_has_expired(turned: Apps, message: str) -> None:
    engine = turned.cloud.engine
    body = {"message": message, "preference": "email", "email": turned.user.email, "waitSeconds": 60}
    key, posted = {"Idempotency-Key": unique("key-")}, []
    for days in (0, 29, 2):
        engine.turn_clock(by=days * DAY)
        posted.append(fresh(turned).call_reminders("POST", "/reminders", body, **key))
        engine.turn_clock(by=120)

    assert [status for status, *_ in posted] == [202] * 3
    ids, due = ([answer[name] for _, answer, _ in posted] for name in ("reminderId", "dueAt"))
    assert len(set(ids)) == 1
    assert due[0] == due[1] < due[2]
    assert settled(turned, ids[0])["Status"] == "SENT"
    sent = [one.timestamp() for one in mailed(turned, message)]
    assert sent == pytest.approx([datetime.fromisoformat(due[n]).timestamp() for n in (0, 2)], abs=30)


@pytest.mark.long
def test_a_session_is_renewed_for_a_day(turned: Apps) -> None:
    engine, client = turned.cloud.engine, turned.cloud.engine.client("cognito-idp")
    secret = {"USERNAME": turned.user.email, "PASSWORD": turned.user.password}
    web = turned.places.web_client
    signed_in = client.initiate_auth(ClientId=web, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=secret)
    refresh = {"REFRESH_TOKEN": signed_in["AuthenticationResult"]["RefreshToken"]}

    def renewed() -> str:
        answer = client.initiate_auth(ClientId=web, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=refresh)
        return str(answer["AuthenticationResult"]["IdToken"])

    engine.turn_clock(by=23 * 3600)
    listed = send("GET", f"{turned.places.orders_api}/orders", token=renewed())
    engine.turn_clock(by=2 * 3600)

    assert listed.status_code == 200
    with pytest.raises(client.exceptions.NotAuthorizedException):
        renewed()


@pytest.mark.long
def test_the_clock_stays_over_a_restart_and_reminders_go_on(
    clocked: Cloud, message: str, fast: Callable[[float], Clock]
) -> None:
    apps = Apps(clocked, clocked.places(), user=clocked.users()[OPERATOR])
    first = in_a_month(apps)
    remind(apps, first, "1d", 1, message=message)
    before = fast(60)

    clocked.down(print)
    clocked.up(print)
    after = clocked.engine.clock()
    now = eventually(clocked.engine.clock, until=lambda now: now.ahead > after.ahead + 60)
    clocked.engine.run_clock(1)
    clocked.engine.turn_clock(to=first.timestamp() + 60)

    assert (before.rate, after.rate, now.rate) == (60, 60, 60)
    # The clock goes on while the cloud is stopped, and never faster than before.
    assert 0 <= after.ahead - before.ahead <= 60 * (after.real - before.real)
    assert [one.timestamp() for one in mailed(apps, message)] == pytest.approx([first.timestamp()], abs=30)


@pytest.mark.long
def test_the_clock_runs_fast(clocked: Cloud, fast: Callable[[float], Clock]) -> None:
    before = clocked.engine.clock()
    fast(3600)

    now = eventually(clocked.engine.clock, until=lambda now: now.now > before.now + 3600)

    assert now.real - before.real < 600
    assert now.rate == 3600


@pytest.mark.long
@pytest.mark.usefixtures("no_sweeps")
def test_a_stop_within_a_turn_loses_no_reminder_and_sends_none_twice(clocked: Cloud, message: str) -> None:
    apps = Apps(clocked, clocked.places(), user=clocked.users()[OPERATOR])
    first = in_a_month(apps)
    remind(apps, first, "1d", 30, message=message)
    last = first + timedelta(days=29)
    began, target = clocked.engine.clock().now, last.timestamp() + DAY / 2
    assert send("POST", f"{clocked.settings.endpoint}{CLOCK}?to={target}").status_code == 200
    eventually(lambda: mailed(apps, message), until=lambda sent: len(sent) > 3)

    clocked.down(print)
    clocked.up(print)
    after, before = clocked.engine.clock(), len(mailed(apps, message))
    clocked.engine.turn_clock(to=target)

    expected = [(first + timedelta(days=number)).timestamp() for number in range(30)]
    assert began < after.now < target
    assert (after.target, after.error) == (None, None)
    assert 3 < before < 30
    assert [one.timestamp() for one in mailed(apps, message)] == pytest.approx(expected, abs=60)


@pytest.fixture
def fast(clocked: Cloud) -> Iterator[Callable[[float], Clock]]:
    """Lets the clock run fast for the time of the test."""
    yield clocked.engine.run_clock
    clocked.engine.run_clock(1)


@pytest.mark.long
def test_an_interrupt_stops_the_clock_before_its_target(clocked: Cloud) -> None:
    """Ctrl-C stops the clock before its target. The next turn goes on there."""
    engine = clocked.engine
    queue = engine.client("sqs").create_queue(QueueName=unique("clock-"))["QueueUrl"]
    engine.client("sqs").send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=600)
    began = engine.now().timestamp()

    def interrupt(clock: Clock) -> None:
        if clock.steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.turn_clock(to=began + 365 * DAY, seen=interrupt)
    stopped = eventually(engine.clock, until=lambda clock: clock.target is None)
    later = engine.turn_clock(to=stopped.now + 60)

    assert began < stopped.now < began + 365 * DAY
    assert (stopped.error, later.error) == (None, None)
    assert later.now == pytest.approx(stopped.now + 60, abs=30)
