"""`make verify` on the laptop cloud: each check holds, each is seen failing, and nothing of a run is left."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stacks.names import CACHE
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.verify_faults import FAULTS, NEVER_FAIL, ORDER, header, web
from tests.support.commands import run_inside
from tests.support.waiting import eventually
from tools import deployment
from tools.verify import orders, page, suite, users, watching
from tools.verify.__main__ import main
from tools.verify.cleaning import cleaned
from tools.verify.run import LAPTOP_PHONE, Run
from tools.verify.table import BY_NAME, CHECKS
from tools.verify.users import LOCAL_PART

IN_A_BROWSER = {"page in a browser"}
"""tests/website/test_verify_page.py has a browser."""

DIFFERS = {check.name for check in CHECKS if check.differs}


@pytest.fixture
def empty_queues(apps: Apps) -> None:
    """Verifying reads only queues that are empty when it begins. Other tests leave messages in them."""
    empty(apps)


def empty(apps: Apps) -> None:
    # Orders of other tests may still be in progress, and would put messages into the queues.
    eventually(lambda: balance.running_in(apps.cloud, apps.places.order_workflow), until=lambda found: not found)
    queues = (apps.places.fulfillment_queue, apps.places.escalation_queue, apps.places.parked_queue)
    for url in queues:
        apps.cloud.engine.client("sqs").purge_queue(QueueUrl=url)


@pytest.fixture(scope="module")
def run(apps: Apps) -> Iterator[Run]:
    empty(apps)
    with pytest.MonkeyPatch.context() as patch:
        # Finding the laptop cloud removes the AWS settings from the environment.
        patch.setattr(os, "environ", dict(os.environ))
        found = deployment.find("local", home=str(apps.cloud.settings.home))
    with cleaned(Run(found, phone=LAPTOP_PHONE)) as run:
        yield run
    assert run.left == []


def users_of_runs(apps: Apps) -> list[str]:
    cognito = apps.cloud.engine.client("cognito-idp")
    pages = cognito.get_paginator("list_users").paginate(UserPoolId=apps.places.user_pool)
    names = (one["Value"] for page in pages for user in page["Users"] for one in user["Attributes"])
    return [name for name in names if name.startswith(LOCAL_PART)]


def messages_of_runs(apps: Apps, urls: Iterable[str]) -> list[str]:
    bodies = [message["Body"] for url in urls for message in apps.cloud.engine.queued(url)]
    return [body for body in bodies if '"verify-' in body]


def test_each_check_has_a_fault() -> None:
    assert FAULTS.keys() | NEVER_FAIL.keys() == BY_NAME.keys()


@pytest.mark.long
@pytest.mark.usefixtures("empty_queues")
def test_a_laptop_cloud_passes_and_nothing_of_the_run_is_left(
    apps: Apps, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Earlier tests have made these functions fail.
    monkeypatch.setattr(watching, "LOOK_BACK", timedelta(0))
    queues = (apps.places.fulfillment_queue, apps.places.escalation_queue, apps.places.parked_queue)
    # The run of the other tests may have left some until its end.
    before = {*users_of_runs(apps), *messages_of_runs(apps, queues)}
    place = ["--stage", "local", "--home", str(apps.cloud.settings.home)]

    done = run_inside(capsys, main, [*place, "--no-browser", "--json", "--report", str(tmp_path / "report.md")])

    found = {one["check"]: (one["verdict"], one["found"]) for one in done.json}
    if found["alarms"][1].startswith("in ALARM: "):
        # Earlier tests have made alarms go off.
        found["alarms"] = ("ok", "")
    assert found.keys() == BY_NAME.keys()
    expected = {name: "differs" if name in DIFFERS else "ok" for name in BY_NAME}
    expected |= dict.fromkeys(("page in a browser", "estimates"), "left out")
    assert {name: verdict for name, (verdict, _) in found.items()} == expected, found
    rows = [line.split(" | ") for line in (tmp_path / "report.md").read_text().splitlines()]
    assert [row[0].removeprefix("| ") for row in rows if len(row) == 5][2:] == list(BY_NAME)
    assert {*users_of_runs(apps), *messages_of_runs(apps, queues)} - before == set()


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in IN_A_BROWSER])
def test_each_check_fails_with_its_fault(run: Run, name: str) -> None:
    fault = FAULTS[name]

    with fault.plant(run):
        outcome = suite.outcome(run, BY_NAME[name])

    assert (outcome.verdict, fault.found in outcome.found) == (fault.verdict, True), outcome.found


def test_an_alarm_that_is_off_fails_the_check(run: Run) -> None:
    def off(parsed: dict[str, Any], **_: Any) -> None:
        for alarm in parsed["MetricAlarms"]:
            alarm["StateValue"] = "ALARM"

    events = run.deployment.client("cloudwatch").meta.events
    events.register("after-call.cloudwatch.DescribeAlarms", off)
    try:
        outcome = suite.outcome(run, BY_NAME["alarms"])
    finally:
        events.unregister("after-call.cloudwatch.DescribeAlarms", off)

    assert (outcome.verdict, outcome.found.startswith("in ALARM: ")) == ("failed", True)


def test_an_alarm_about_silence_may_be_off_in_a_new_stage(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(parsed: dict[str, Any], **_: Any) -> None:
        for alarm in (*parsed["MetricAlarms"], *parsed["CompositeAlarms"]):
            alarm["StateValue"] = "ALARM" if alarm.get("TreatMissingData") == "breaching" else "OK"

    events = run.deployment.client("cloudwatch").meta.events
    events.register("after-call.cloudwatch.DescribeAlarms", silent)
    try:
        monkeypatch.setattr(watching, "SETTLING", timedelta(days=1))
        new = suite.outcome(run, BY_NAME["alarms"])
        monkeypatch.setattr(watching, "SETTLING", timedelta(0))
        old = suite.outcome(run, BY_NAME["alarms"])
    finally:
        events.unregister("after-call.cloudwatch.DescribeAlarms", silent)

    assert (new.verdict, new.found.endswith("because the stage is new")) == ("ok", True), new.found
    assert (old.verdict, old.found.startswith("in ALARM: ")) == ("failed", True), old.found


def test_a_failed_check_says_what_to_do_in_80_columns(
    apps: Apps, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(page.HEADERS, "X-Frame-Options", "planted")
    place = ["--stage", "local", "--home", str(apps.cloud.settings.home), "--report", str(tmp_path / "report.md")]

    done = run_inside(capsys, main, [*place, "--only", "headers of the page", "--only", "page"])

    assert done.status == 1
    assert "/ has DENY as X-Frame-Options" in done.out and "1 ok, 1 failed" in done.out
    assert "-> Deploy the stack Website again" in done.out
    table = [line for line in done.out.splitlines() if "report.md" not in line]
    # An address that is longer than a line stands on a line of its own.
    assert [line for line in table if len(line) > 80 and " " in line.strip()] == []
    assert "**Deploy the stack Website again" in (tmp_path / "report.md").read_text()


def test_a_stage_without_a_cache_bypasses_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.deployment, "has", lambda stack: stack != CACHE)

    with_cache = suite.outcome(run, BY_NAME["cache"])
    with web(ORDER, header("X-Cache", "BYPASS"))(run):
        without = suite.outcome(run, BY_NAME["cache"])

    assert (with_cache.verdict, with_cache.found) == ("failed", "without a cache, X-Cache is MISS, not BYPASS")
    assert (without.verdict, without.found) == ("ok", "BYPASS, because the stage has no cache")


def test_an_interrupted_run_removes_what_it_made(apps: Apps, run: Run) -> None:
    before, order = users_of_runs(apps), {}

    with pytest.raises(KeyboardInterrupt), cleaned(Run(run.deployment)) as interrupted:
        order = interrupted.order()
        interrupted.person.orders("POST", "/orders", order).require(202)
        interrupted.operator.user.token()
        orders.start_by_hand(interrupted, interrupted.order(Name=""))
        raise KeyboardInterrupt

    assert interrupted.left == []
    assert messages_of_runs(apps, [apps.places.parked_queue]) == []
    assert users_of_runs(apps) == before
    assert order["Name"] not in json.dumps(apps.row(order["OrderId"]))


def test_messages_of_others_stay_in_the_queue(apps: Apps, run: Run) -> None:
    sqs, url = apps.cloud.engine.client("sqs"), apps.places.fulfillment_queue
    sqs.send_message(QueueUrl=url, MessageBody='{"OrderId": "of-another"}')

    with ExitStack() as later:
        later.callback(sqs.purge_queue, QueueUrl=url)
        outcome = suite.outcome(run, BY_NAME["order fulfilled"])
        assert outcome.verdict == "ok", outcome.found
        assert '{"OrderId": "of-another"}' in [message["Body"] for message in apps.cloud.engine.queued(url)]
        # The second and the third look. Then SQS has delivered the message three times.
        assert [suite.outcome(run, BY_NAME["order fulfilled"]).verdict for _ in range(2)] == ["ok", "ok"]
        assert "could move other messages to the dead letters" in run.reader.unread[url]
    run.reader.unread.clear()


def test_the_next_run_removes_what_a_killed_run_has_left(apps: Apps, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise it would remove the users of the other tests, too.
    monkeypatch.setattr(users, "LOCAL_PART", f"{LOCAL_PART}killed-")
    others = users_of_runs(apps)
    killed = Run(run.deployment)
    order = killed.order()
    killed.person.orders("POST", "/orders", order).require(202)
    killed.operator.user.token()
    assert len(users_of_runs(apps)) == len(others) + 2

    monkeypatch.setattr(users, "LEFT_BEHIND", timedelta(0))
    with cleaned(Run(run.deployment)) as after:
        pass

    assert (after.left, users_of_runs(apps)) == ([], others)
    assert order["Name"] not in json.dumps(apps.row(order["OrderId"]))
