"""The output of the commands while a cloud runs."""

import io
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest
from rich.console import Console

from local.cloud import Cloud, Places
from local.demo import OrderStep
from local.demo import run as run_demo
from local.settings import PROJECT

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture(scope="module")
def run(cloud: Cloud) -> Run:
    """Runs a command on the session's cloud."""

    def command(*arguments: str, columns: int = 200) -> "CompletedProcess[str]":
        home = ["--home", str(cloud.settings.home)]
        return subprocess.run(
            [sys.executable, "-m", "local", *home, *arguments],
            cwd=PROJECT,
            env={**os.environ, "COLUMNS": str(columns)},
            capture_output=True,
            encoding=os.environ.get("PYTHONIOENCODING", "utf-8"),
        )

    return command


@pytest.fixture(scope="module")
def demo(run: Run) -> "CompletedProcess[str]":
    """Runs the demo once. The tests look at its results."""
    return run("demo")


def test_the_demo_gets_the_expected_results(demo: "CompletedProcess[str]") -> None:
    assert (demo.returncode, demo.stderr) == (0, "")
    assert demo.stdout.count("│ ok │") == 7
    # Each row shows the last state of its workflow.
    assert demo.stdout.count("│ Record the outcome │") == 4
    assert demo.stdout.count("│ Deliver            │") == 3


def test_the_demo_ends_with_the_address_of_the_page(demo: "CompletedProcess[str]", places: Places) -> None:
    assert demo.stdout.splitlines()[-1] == f"the page is at {places.site}"


@pytest.mark.parametrize(
    ("browser", "said"), [("true", ""), ("false", "no browser could be started: open this address yourself")]
)
def test_page_opens_a_browser_if_there_is_one(
    browser: str, said: str, run: Run, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command `true` is a browser that starts, and `false` one that does not."""
    monkeypatch.setenv("BROWSER", browser)

    page = run("page")

    assert (page.returncode, page.stdout.split("\n", 1)) == (0, [places.site, f"{said}\n" if said else ""])


def test_status_shows_all_addresses(run: Run, places: Places) -> None:
    as_text, as_json = run("status"), json.loads(run("status", "--json").stdout)

    assert as_json["engine"]["state"] == as_json["cache"]["state"] == "running"
    shown = [*as_json["places"].pop("reminder_queues").values(), *filter(None, as_json["places"].values())]
    assert [place for place in shown if f" {place}\n" not in as_text.stdout] == []
    assert as_json["places"]["order_workflow"] == places.order_workflow
    with urllib.request.urlopen(f"{places.endpoint}/_ministack/health") as answer:
        assert answer.status == 200


@pytest.mark.usefixtures("demo")
def test_outbox_shows_mails_texts_and_topic_messages(run: Run) -> None:
    outbox = run("outbox").stdout

    assert "ada@example.com" in outbox and "Whiskers Commands You to attend!" in outbox
    assert "+15555550100" in outbox
    assert "topic" in outbox


@pytest.mark.usefixtures("demo")
def test_queues_shows_the_messages_in_each_queue(run: Run) -> None:
    queues = run("queues").stdout

    assert "EscalationQueue: " in queues and "ParkedQueue: " in queues
    assert re.search('"OrderId": "demo-[0-9a-f]{6}-004"', queues) and "CARD_NOT_16_DIGITS" in queues


@pytest.mark.usefixtures("demo")
def test_executions_are_listed_and_one_is_shown_state_by_state(run: Run, cloud: Cloud, places: Places) -> None:
    states = cloud.engine.executions()
    name = states.list_executions(stateMachineArn=places.order_workflow)["executions"][0]["name"]

    listed, shown, unknown = run("executions"), run("executions", name), run("executions", "no-such-execution")
    several = run("executions", "demo-")

    assert name in listed.stdout
    assert "Are details Proper" in shown.stdout and "succeeded" in shown.stdout
    assert unknown.returncode == 1 and "no execution has a name" in unknown.stderr
    assert several.returncode == 1 and "have a name that starts with 'demo-': demo-" in several.stderr


def test_skip_waits_can_be_switched_on_and_off(run: Run, cloud: Cloud, places: Places) -> None:
    states = cloud.engine.client("stepfunctions")
    reminder = json.dumps({"message": "in an hour", "waitSeconds": 3600, "preference": "topic"})
    status = None

    skipped = run("skip-waits", "on")
    execution = states.start_execution(stateMachineArn=places.reminder_workflow, input=reminder)["executionArn"]
    while status not in ("SUCCEEDED", "FAILED"):
        status = states.describe_execution(executionArn=execution)["status"]
    kept = run("skip-waits", "off")

    assert (skipped.stdout.strip(), kept.stdout.strip()) == ("waits are skipped", "waits last as long as they should")
    assert status == "SUCCEEDED"


@pytest.mark.usefixtures("demo")
def test_logs_shows_the_log_of_the_engine_and_of_a_function(run: Run) -> None:
    engine, function, unknown = run("logs"), run("logs", "verifyccandprice"), run("logs", "NoSuchFunction")
    silent = run("logs", "RedriveDeadLetters")

    assert "Lambda worker spawned" in engine.stdout
    assert "REPORT RequestId" in function.stdout
    assert unknown.returncode == 1 and "CorrectOrder, CreateReminder, GetOrder" in unknown.stderr
    assert (silent.returncode, silent.stdout) == (0, "OperatorsRedriveDeadLetters has logged nothing yet\n")


def test_the_demo_fails_if_a_result_is_wrong(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OrderStep, "queues", lambda step: [])
    astray = io.StringIO()

    assert run_demo(cloud, Console(file=astray, width=200)) is False
    assert "FULFILLMENT_QUEUED in no queue" in astray.getvalue()
    assert "expected FULFILLMENT_QUEUED in OrderFulfillmentQueue" in astray.getvalue()


OF_OTHERS = "[/b] not markup [red] \u200b \u2014 \U0001f408"


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("columns", [40, 80])
def test_no_id_is_cut_in_a_narrow_terminal(columns: int, run: Run, cloud: Cloud, places: Places) -> None:
    reminders = re.findall(
        "This is reminder ([0-9a-f-]{36})", "".join(mail["BodyText"] for mail in cloud.engine.mails())
    )
    states = cloud.engine.executions()
    execution = states.list_executions(stateMachineArn=places.reminder_workflow)["executions"][0]["name"]

    outbox, executions = run("outbox", columns=columns).stdout, run("executions", columns=columns).stdout

    assert reminders and all(reminder in outbox for reminder in reminders)
    assert execution in executions
    assert all(len(line) <= 80 for line in executions.splitlines())


@pytest.mark.parametrize("charset", ["ascii", "latin-1"])
def test_untrusted_text_is_shown_on_every_terminal(
    charset: str, run: Run, cloud: Cloud, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", charset)
    cloud.engine.client("sqs").send_message(QueueUrl=places.parked_queue, MessageBody=OF_OTHERS)
    cloud.engine.client("sns").publish(TopicArn=places.topic, Message=OF_OTHERS)

    shown = [run(command) for command in ("outbox", "queues", "executions")]

    assert [(one.returncode, one.stderr) for one in shown] == [(0, "")] * 3
    letters = OF_OTHERS.encode(charset, "backslashreplace").decode(charset).replace("\u200b", "\\u200b")
    assert all(letters in one.stdout for one in shown[:2])
