"""The operators' command line, on a laptop cloud."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from local.cloud import Cloud
from local.demo import SAMPLES
from local.engine import CREDENTIALS
from local.settings import PROJECT, REGION
from orders.rules import REASONS
from tests.support.cloud.apps import Apps
from tests.support.commands import completed
from tests.support.waiting import eventually
from tools import completion
from tools.orders.__main__ import ANY_ID, WAITING_ID, main

Run = Callable[..., "CompletedProcess[str]"]
COMMAND = [sys.executable, "-m", "tools.orders"]


@pytest.fixture
def run(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Run:
    """Returns a function that runs a command without naming a user. `orders` become its standard input."""

    def command(*arguments: str, orders: Any = None) -> "CompletedProcess[str]":
        place = ["--stage", "local", "--home", str(cloud.settings.home)]
        return completed(capsys, main, [*place, *arguments], stdin=json.dumps(orders))

    return command


@pytest.fixture
def run_in_own_process(cloud: Cloud) -> Run:
    """Returns a function like `run`, but each command runs in its own process."""

    def command(*arguments: str) -> "CompletedProcess[str]":
        place = ["--stage", "local", "--home", str(cloud.settings.home)]
        return subprocess.run([*COMMAND, *place, *arguments], cwd=PROJECT, capture_output=True, text=True)

    return command


@pytest.fixture
def escalated(order: dict[str, str]) -> dict[str, str]:
    """An order that will be escalated."""
    return {**order, "Price": "-1"}


def dead_letters(apps: Apps, queue: str) -> str:
    """The URL of a queue's dead-letter queue."""
    sqs = apps.cloud.engine.client("sqs")
    policy = sqs.get_queue_attributes(QueueUrl=apps.places.queues[queue], AttributeNames=["RedrivePolicy"])
    arn = json.loads(policy["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
    return str(sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


def test_submit_sends_every_order_and_reports_the_refused_ones(apps: Apps, run: Run, order: dict[str, str]) -> None:
    refused: dict[str, Any] = {**order, "OrderId": f"{order['OrderId']}-x", "Name": 7}

    done = run("submit", "-", "--json", orders=[refused, order, {**order, "Name": "Somebody else"}])

    assert (done.returncode, done.stderr) == (1, "")
    assert [sent["status"] for sent in json.loads(done.stdout)] == [400, 202, 409]
    assert "Name must be text" in done.stdout
    assert apps.settled(order["OrderId"])["Status"]["S"] == "FULFILLMENT_QUEUED"
    assert apps.row(refused["OrderId"]) is None
    assert order["CC"] not in done.stdout


def test_submit_accepts_the_sample_orders_twice(run: Run, run_in_own_process: Run) -> None:
    first, again = run_in_own_process("submit", str(SAMPLES)), run("submit", str(SAMPLES), "--json")

    assert (first.returncode, again.returncode) == (0, 0)
    assert [sent["status"] for sent in json.loads(again.stdout)] == [200] * 4


def test_show_prints_the_apis_answer_and_the_reasons_in_words(apps: Apps, run: Run, escalated: dict[str, str]) -> None:
    run("submit", "-", orders=escalated)
    apps.settled(escalated["OrderId"])

    as_text, as_json = run("show", escalated["OrderId"]), run("show", escalated["OrderId"], "--json")

    assert "ESCALATED" in as_text.stdout and "ends with 4242" in as_text.stdout
    assert REASONS["PRICE_NOT_POSITIVE"] in as_text.stdout
    shown = json.loads(as_json.stdout)
    assert shown["X-Cache"] == "HIT"
    assert (shown["Name"], shown["Reasons"]) == (escalated["Name"], ["PRICE_NOT_POSITIVE"])


@pytest.mark.parametrize("order_id", ["no-such-order", "a/../b", "%2e%2e", "?x=1#y", "..", "'; DROP"])
def test_show_reports_an_unknown_order(run: Run, order_id: str) -> None:
    done = run("show", order_id)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(("error: there is no order ", "error: the API answered 4"))


def test_the_endpoint_setting_selects_the_same_cloud(
    cloud: Cloud, order: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = cloud.users()["operator"]
    environment = {
        "AWS_ENDPOINT_URL": f"{cloud.settings.endpoint}/",
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
        "STAGE": "local",
        "SIGN_IN_EMAIL": operator.email,
        "SIGN_IN_PASSWORD": operator.password,
        "XDG_CACHE_HOME": str(tmp_path),
    }

    def run(*arguments: str, **settings: str) -> "CompletedProcess[str]":
        return completed(capsys, main, arguments, stdin=json.dumps(order), **environment | settings)

    sent, elsewhere, stranger = (
        run("submit", "-", "--json"),
        run("parked", "--stage", "dev"),
        run("parked", AWS_ACCESS_KEY_ID="stranger"),
    )

    assert [answer["status"] for answer in json.loads(sent.stdout)] == [202]
    assert elsewhere.stderr.startswith(f"error: there is no stack dev-orders at {cloud.settings.endpoint}")
    assert (stranger.returncode, stranger.stdout) == (1, "")
    assert stranger.stderr.startswith("error: AWS refuses these credentials")


def test_redrive_keeps_the_attributes_of_dead_letters(apps: Apps, run: Run, order: dict[str, str]) -> None:
    sqs = apps.cloud.engine.client("sqs")
    source = dead_letters(apps, "EscalationQueue")
    body = json.dumps({"OrderId": order["OrderId"]})
    kind = {"Kind": {"DataType": "String", "StringValue": "gift"}}
    for _ in range(12):
        sqs.send_message(QueueUrl=source, MessageBody=body, MessageAttributes=kind)

    done = run("redrive", "--queue", "EscalationQueue", "--json")

    assert (done.returncode, done.stderr) == (0, "")
    assert [(row["what"], row["moved"], row["failed"]) for row in json.loads(done.stdout)] == [
        ("EscalationQueue", 12, 0)
    ]
    assert apps.queued(order["OrderId"]) == [("EscalationQueue", {"OrderId": order["OrderId"]})] * 12
    assert apps.cloud.engine.queued(source) == []
    redriven = [m for m in apps.cloud.engine.queued(apps.places.escalation_queue) if m["Body"] == body]
    assert '"gift"' in json.dumps(redriven[0])


def test_redrive_leaves_executions_of_the_express_workflow_with_a_note(run: Run) -> None:
    everything, only_executions = run("redrive", "--json"), run("redrive", "--executions")

    assert everything.returncode == 0
    assert "Express" in {row["what"]: row["note"] for row in json.loads(everything.stdout)}["executions"]
    assert only_executions.returncode == 1
    assert "error: the order workflow is Express" in only_executions.stderr


@pytest.mark.usefixtures("skipped_waits")
def test_a_parked_order_is_listed_until_it_is_removed(apps: Apps, run: Run, order: dict[str, str]) -> None:
    """The workflow parks the order because its name is not text."""
    apps.finished(apps.start(apps.places.order_workflow, {**order, "Name": 7}))

    listed, again = run("parked", "--json"), run("parked")
    [parked] = [row for row in json.loads(listed.stdout) if row["OrderId"] == order["OrderId"]]
    done, once_more = run("parked", "--done", parked["ExecutionId"]), run("parked", "--done", order["OrderId"])

    assert parked["State"] == "Is it an order" and parked["Status"] is None
    assert order["OrderId"] in again.stdout
    assert (done.returncode, done.stdout.split()) == (0, ["removed", "1"])
    assert once_more.returncode == 1
    assert order["OrderId"] not in run("parked").stdout


def test_an_interrupt_ends_submit_with_130_and_a_report_of_the_sent_orders(
    apps: Apps, cloud: Cloud, order: dict[str, str], tmp_path: Path
) -> None:
    orders = tmp_path / "orders.json"
    orders.write_text(json.dumps([{**order, "OrderId": f"{order['OrderId']}-{number}"} for number in range(2000)]))
    command = [*COMMAND, "--stage", "local", "--home", str(cloud.settings.home), "submit", str(orders), "--json"]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    eventually(lambda: apps.row(f"{order['OrderId']}-1"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()

    assert (process.returncode, err) == (130, "error: interrupted\n")
    sent = json.loads(out)
    assert 1 <= len(sent) < 2000 and all(one["status"] == 202 for one in sent)


def test_list_filters_by_status_and_escalations_show_their_reasons(
    apps: Apps, run: Run, escalated: dict[str, str]
) -> None:
    run("submit", "-", orders=escalated)
    apps.settled(escalated["OrderId"])

    def indexed() -> dict[str, Any] | None:
        found = json.loads(run("list", "--status", "ESCALATED", "--json").stdout)
        return next((row for row in found if row["OrderId"] == escalated["OrderId"]), None)

    row = eventually(indexed)
    escalations = run("escalations")

    assert row["Reasons"] == ["PRICE_NOT_POSITIVE"] and row["ExecutionName"]
    assert escalated["OrderId"] in escalations.stdout and REASONS["PRICE_NOT_POSITIVE"] in escalations.stdout


def test_own_orders_are_listed_and_found_by_the_beginning_of_their_ids(
    cloud: Cloud, run: Run, order: dict[str, str]
) -> None:
    person, operator = (["--user", cloud.users()[role].email] for role in ("person", "operator"))
    run("submit", "-", orders=order)
    begins = order["OrderId"][:-1]

    for listed in (run("mine", "--json"), run("list", "--json"), run("list", "--json", *person)):
        assert json.loads(listed.stdout)[0]["OrderId"] == order["OrderId"]
    assert f"You see the orders of {person[1]}, the demo person." in run("mine").stdout
    assert "demo person" not in run("mine", *person).stdout
    as_operator = run("list", *operator)
    assert "`orders escalations`" in as_operator.stdout and order["OrderId"] not in as_operator.stdout
    for shown in (run("show", begins), run("show", begins, *person)):
        assert (shown.returncode, order["OrderId"] in shown.stdout) == (0, True)
    unknown = run("show", begins, *operator)
    assert unknown.stderr.startswith(f"error: there is no order {begins}, and no id among your own orders and those ")


def test_tab_completes_the_ids_of_orders(
    apps: Apps, cloud: Cloud, run: Run, escalated: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion, "LONGEST_SECONDS", 60.0)
    run("submit", "-", orders=escalated)
    apps.settled(escalated["OrderId"])
    context: Any = SimpleNamespace(params={"stage": "local", "user": None, "home": str(cloud.settings.home)})

    def offered(complete: completion.Completion) -> set[str]:
        with patch.dict(os.environ):
            return {id for id, _ in complete(context, escalated["OrderId"][:-1])}

    for complete in (ANY_ID, WAITING_ID):
        # The index of the waiting orders lags.
        assert eventually(partial(offered, complete)) == {escalated["OrderId"]}


def test_a_corrected_order_is_fulfilled(
    apps: Apps, cloud: Cloud, run: Run, order: dict[str, str], escalated: dict[str, str]
) -> None:
    person = cloud.users()["person"].email
    run("submit", "-", orders=escalated)
    apps.settled(escalated["OrderId"])

    contact = run("contact", order["OrderId"])
    done = run("resubmit", "-", "--json", orders=order)
    corrected = run("corrected", "--json")

    assert contact.stdout == f"e-mail  {person}\n"
    assert json.loads(corrected.stdout)[0]["OrderId"] == order["OrderId"]
    assert (done.returncode, done.stderr) == (0, "")
    assert [answer["status"] for answer in json.loads(done.stdout)] == [202]
    row = eventually(lambda: apps.row(order["OrderId"]), until=lambda row: row["Status"]["S"] == "FULFILLMENT_QUEUED")
    assert row["Price"]["S"] == order["Price"]


def test_a_correction_of_a_fulfilled_or_an_unknown_order_is_refused(
    apps: Apps, run: Run, order: dict[str, str]
) -> None:
    run("submit", "-", orders=order)
    row = apps.settled(order["OrderId"])
    unknown = {**order, "OrderId": f"{order['OrderId']}-x"}

    done = run("resubmit", "-", "--json", orders=[{**order, "Price": "99"}, unknown])

    assert done.returncode == 1
    assert [answer["status"] for answer in json.loads(done.stdout)] == [409, 404]
    assert apps.row(order["OrderId"]) == row


def test_a_person_may_not_correct_or_see_another_persons_order(
    apps: Apps, cloud: Cloud, run: Run, order: dict[str, str], escalated: dict[str, str]
) -> None:
    person, operator = (cloud.users()[role].email for role in ("person", "operator"))
    run("submit", "-", "--user", operator, orders=escalated)
    row = apps.settled(escalated["OrderId"])

    corrected = run("resubmit", "-", "--user", person, "--json", orders=order)
    shown = run("show", order["OrderId"], "--user", person)

    assert corrected.returncode == 1
    assert [(answer["status"], answer["outcome"].split(":")[0]) for answer in json.loads(corrected.stdout)] == [
        (404, "NotFound")
    ]
    assert shown.returncode == 1
    assert shown.stderr.startswith(f"error: there is no order {order['OrderId']}, and no id among your own orders ")
    assert apps.row(order["OrderId"]) == row
