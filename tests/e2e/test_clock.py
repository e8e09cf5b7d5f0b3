"""Turns the clock of a laptop cloud of its own: what is due on the way happens, at its own time.

The tests turn one clock after the other, and each begins where the one before it stopped.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.cloud import Cloud
from local.engine import CREDENTIALS
from local.errors import LocalError
from local.processes import free_port
from local.settings import Settings
from local.users import OPERATOR
from tests.support.cloud.apps import Apps
from tests.support.cloud.orders import put_received
from tests.support.cloud.reminders import executions, row_of

DAY = 86_400
MOST_EVENTS = 60
"""A limit for the history of one execution. AWS allows 25,000 events."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    home = tmp_path_factory.mktemp("clock")
    cloud = Cloud(Settings(home=home, port=free_port(), redis_port=free_port(), idle_seconds=3600))
    cloud.up(print)
    yield cloud
    for part in (cloud.engine, cloud.cache):
        part.daemon.stop()


@pytest.fixture
def turned(own: Cloud) -> Apps:
    """Both apps, with a token that is valid at the time of the cloud's clock."""
    return Apps(own, own.places(), user=own.users()[OPERATOR])


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


def mailed(apps: Apps, message: str) -> list[datetime]:
    """When the mails with this message were sent, by the engine."""
    mails = [mail for mail in apps.cloud.engine.mails() if mail["BodyText"].startswith(f"{message}\n")]
    return [datetime.fromtimestamp(mail["Timestamp"], UTC) for mail in mails]


def day_before(year: int, month: int) -> datetime:
    """Nine o'clock on the last day before this month of the year, or of the next years."""
    return datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, 9) - timedelta(days=1)


@pytest.fixture
def no_sweeps(own: Cloud) -> Iterator[None]:
    """Stops the rules that look for lost reminders, because a sweep takes longer than a delivery."""
    events = own.engine.client("events")
    names = [rule["Name"] for rule in events.list_rules()["Rules"] if rule.get("ScheduleExpression")]
    for name in names:
        events.disable_rule(Name=name)
    yield
    for name in names:
        events.enable_rule(Name=name)


@pytest.mark.usefixtures("no_sweeps")
def test_a_monthly_reminder_over_two_years_is_sent_at_24_times_in_two_zones(turned: Apps, message: str) -> None:
    zones = [ZoneInfo("Europe/Paris"), ZoneInfo("Australia/Lord_Howe")]
    year = turned.cloud.engine.now().year + 1
    first = datetime(year, 1, 31, 9, 0)
    ids = [remind(turned, first.replace(tzinfo=zone), "1M", 24, message=f"{message} {zone.key}") for zone in zones]

    clock = turned.cloud.engine.turn_clock(to=datetime(year + 2, 1, 2, tzinfo=UTC).timestamp())

    assert clock.now == pytest.approx(datetime(year + 2, 1, 2, tzinfo=UTC).timestamp(), abs=60)
    for zone in zones:
        expected = [day_before(year, month).replace(tzinfo=zone).timestamp() for month in range(2, 26)]
        sent = [one.timestamp() for one in mailed(turned, f"{message} {zone.key}")]
        # A delivery takes a moment of real time.
        assert [one - at for one, at in zip(sent, expected, strict=True)] == pytest.approx([0] * 24, abs=30)
        assert min(one - at for one, at in zip(sent, expected, strict=True)) >= 0
    events = [len(one["events"]) for reminder in ids for one in executions(turned, reminder)]
    assert len(events) == 48
    assert max(events) < MOST_EVENTS, "the history grows with each occurrence"


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
    engine.turn_clock(by=800 * DAY)

    dates = [f"{one.astimezone(zone):%Y-%m-%d %H:%M}" for one in mailed(turned, message)]
    assert status == 200
    assert dates == [f"{leap}-02-29 09:00", f"{leap + 1}-02-28 09:00", f"{leap + 2}-02-28 09:00"]
    assert row_of(turned, reminder)["Status"] == "CANCELLED"
    assert [one["status"] for one in executions(turned, reminder)][-1] == "ABORTED"


def day_before_the_next_change(zone: ZoneInfo, *, now: datetime) -> datetime:
    """Nine in the morning, local time, on the day before the next clock change."""
    day = now.astimezone(zone).replace(tzinfo=None, hour=9, minute=0, second=0, microsecond=0)
    days = [day + timedelta(days=n) for n in range(2, 364)]
    offsets = [one.replace(tzinfo=zone).utcoffset() for one in days]
    return next(one for one, now, then in zip(days, offsets, offsets[1:], strict=False) if now != then)


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


@pytest.mark.usefixtures("no_sweeps")
@pytest.mark.parametrize(
    ("wait", "expected"),
    [(timedelta(days=364, hours=-1), 1), (timedelta(days=364, hours=23), 2), (timedelta(days=365), 2)],
)
def test_a_reminder_in_a_year_continues_in_a_second_execution(
    turned: Apps, message: str, wait: timedelta, expected: int
) -> None:
    body = {"message": message, "preference": "email", "email": turned.user.email}
    _, posted = turned.post_reminder({**body, "waitSeconds": int(wait.total_seconds())})
    due = datetime.fromisoformat(posted["dueAt"]).timestamp()

    turned.cloud.engine.turn_clock(to=due - 60)
    early = mailed(turned, message)
    turned.cloud.engine.turn_clock(by=120)

    assert early == []
    assert [one.timestamp() for one in mailed(turned, message)] == pytest.approx([due], abs=30)
    assert len(executions(turned, posted["reminderId"])) == expected
    assert row_of(turned, posted["reminderId"])["Status"] == "SENT"


def test_the_sweep_finds_an_order_after_ten_minutes_of_this_clock(turned: Apps, order: dict[str, str]) -> None:
    engine = turned.cloud.engine
    put_received(turned, order, at=engine.now())

    engine.turn_clock(by=9 * 60)
    young = (turned.row(order["OrderId"]) or {})["Status"]["S"]
    engine.turn_clock(by=2 * 60)

    assert (young, (turned.row(order["OrderId"]) or {})["Status"]["S"]) == ("RECEIVED", "PARKED")


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


def test_a_row_expires_with_the_clock(own: Cloud) -> None:
    engine = own.engine
    tables = engine.client("dynamodb")
    tables.create_table(
        TableName="clock",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
    )
    setting = {"Enabled": True, "AttributeName": "ExpiresAt"}
    tables.update_time_to_live(TableName="clock", TimeToLiveSpecification=setting)
    expires = engine.now().timestamp() + 3 * DAY
    for name, at in (("soon", expires), ("later", expires + DAY)):
        tables.put_item(TableName="clock", Item={"Id": {"S": name}, "ExpiresAt": {"N": str(int(at))}})

    def rows() -> list[str]:
        return sorted(row["Id"]["S"] for row in tables.scan(TableName="clock")["Items"])

    engine.turn_clock(by=2 * DAY)
    before = rows()
    engine.turn_clock(by=1.5 * DAY)

    assert (before, rows()) == (["later", "soon"], ["later"])


def test_messages_are_delayed_hidden_and_kept_by_the_clock(turned: Apps) -> None:
    engine = turned.cloud.engine
    sqs = engine.client("sqs")
    queue = sqs.create_queue(QueueName="clock", Attributes={"MessageRetentionPeriod": str(DAY)})["QueueUrl"]

    def received() -> list[str]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=3600)
        return [message["Body"] for message in found.get("Messages", [])]

    sqs.send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=900)
    seen = [received()]
    for seconds in (890, 20, 3500, 200, DAY):
        engine.turn_clock(by=seconds)
        seen.append(received())

    assert seen == [[], [], ["delayed"], [], ["delayed"], []]


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


def test_aws_tools_of_this_machine_may_sign_with_the_real_time(own: Cloud) -> None:
    own.engine.turn_clock(by=DAY)
    identity = own.engine.client("sts").get_caller_identity()
    assert CREDENTIALS.access_key == "test"
    assert identity["Account"] == "000000000000"


def test_a_rule_starts_its_function_at_its_own_times(own: Cloud) -> None:
    engine = own.engine
    [log] = [group for name, group in own.functions().items() if name.endswith("SettleLostReminders")]
    # Something happens. If nothing has happened for long, the clock leaves times out.
    engine.client("sns").publish(TopicArn=own.places().topic, Message="something")

    began = engine.clock()
    engine.turn_clock(by=30 * 60 + 1)

    events = engine.client("logs").filter_log_events(logGroupName=log, startTime=int(1000 * began.now))["events"]
    starts = [event["timestamp"] / 1000 for event in events if event["message"].startswith("START")]
    apart = {round(later - one) for one, later in zip(starts, starts[1:], strict=False)}
    assert (len(starts), apart) == (6, {300})


def test_the_clock_cannot_go_back_past_what_has_happened(turned: Apps, message: str) -> None:
    remind(turned, in_a_month(turned), "1d", 2, message=message)

    with pytest.raises(LocalError, match="something has happened"):
        turned.cloud.engine.real_clock()


def test_the_clock_stays_over_a_restart_and_reminders_go_on(own: Cloud, message: str) -> None:
    apps = Apps(own, own.places(), user=own.users()[OPERATOR])
    first = in_a_month(apps)
    remind(apps, first, "1d", 1, message=message)
    before = own.engine.clock()

    own.down(print)
    own.up(print)
    after = own.engine.clock()
    own.engine.turn_clock(to=first.timestamp() + 60)

    assert after.ahead == pytest.approx(before.ahead, abs=1)
    assert [one.timestamp() for one in mailed(apps, message)] == pytest.approx([first.timestamp()], abs=30)


def test_the_clock_runs_fast(own: Cloud) -> None:
    before: Any = own.engine.clock()
    own.engine.run_clock(3600)
    while (now := own.engine.clock()).now < before.now + 3600:
        pass
    own.engine.run_clock(1)

    assert now.real - before.real < 600
    assert now.rate == 3600
