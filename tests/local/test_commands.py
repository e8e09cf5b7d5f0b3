"""The output of the commands while a cloud runs."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest
from rich.console import Console

from local import deploy
from local.__main__ import main
from local.cloud import Cloud, Places
from local.demo import OrderStep
from local.demo import run as run_demo
from local.engine import send
from local.errors import LocalError
from local.settings import PROJECT
from tests.support.cloud import balance
from tests.support.commands import completed
from tests.support.marks import long
from tests.support.waiting import eventually

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture(scope="module")
def start(cloud: Cloud) -> Run:
    """Runs a command on the session's cloud as a process of its own."""

    def command(*arguments: str) -> "CompletedProcess[str]":
        home = ["--home", str(cloud.settings.home)]
        return subprocess.run(
            [sys.executable, "-m", "local", *home, *arguments],
            cwd=PROJECT,
            env={**os.environ, "COLUMNS": "200"},
            capture_output=True,
            encoding=os.environ.get("PYTHONIOENCODING", "utf-8"),
        )

    return command


@pytest.fixture
def run(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the session's cloud inside this process."""

    def command(*arguments: str, columns: int = 200) -> "CompletedProcess[str]":
        return completed(capsys, main, ["--home", str(cloud.settings.home), *arguments], COLUMNS=str(columns))

    return command


@pytest.fixture(scope="module")
def demo(start: Run) -> "CompletedProcess[str]":
    """Runs the demo once. The tests look at its results."""
    return start("demo")


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
    browser: str, said: str, start: Run, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command `true` is a browser that starts, and `false` one that does not."""
    monkeypatch.setenv("BROWSER", browser)

    page = start("page")

    assert (page.returncode, page.stdout.split("\n", 1)) == (0, [places.site, f"{said}\n" if said else ""])


def test_status_shows_the_page_and_with_v_all_addresses(run: Run, cloud: Cloud, places: Places) -> None:
    home = cloud.settings.home
    short, as_text, as_json = run("status"), run("status", "-v"), json.loads(run("status", "--json").stdout)

    assert as_json["engine"]["state"] == as_json["cache"]["state"] == "running"
    shown = [*as_json["places"].pop("reminder_queues").values(), *filter(None, as_json["places"].values())]
    assert [place for place in shown if f" {place}\n" not in as_text.stdout] == []
    assert as_json["places"]["order_workflow"] == places.order_workflow
    assert short.stdout.startswith(f"page               {places.site}\nsign in, person    ada@example.com ")
    assert "arn:" not in short.stdout and f"laptop --home {home} status -v" in short.stdout
    with urllib.request.urlopen(f"{places.endpoint}/_ministack/health") as answer:
        assert answer.status == 200


def test_apps_of_an_earlier_version_have_to_be_deployed_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {name: found for name, found in deploy.outputs(cloud.engine).items() if name != deploy.WEBSITE_STACK}
    monkeypatch.setattr(deploy, "outputs", lambda _: outputs)

    with pytest.raises(LocalError, match="the deployed apps are older than this checkout: run `laptop up`"):
        cloud.places()


@pytest.mark.usefixtures("demo")
def test_outbox_shows_mails_texts_and_topic_messages_in_order_of_time(run: Run) -> None:
    outbox, as_json = run("outbox").stdout, json.loads(run("outbox", "--json").stdout)

    assert "ada@example.com" in outbox and "Whiskers Commands You to attend!" in outbox
    assert "+15555550100" in outbox
    assert {one["channel"] for one in as_json} == {"e-mail", "SMS", "topic"}
    assert (times := [one["at"] for one in as_json]) == sorted(times) and re.search("today |yesterday ", outbox)


@pytest.mark.usefixtures("demo")
def test_queues_shows_the_messages_in_each_queue(run: Run) -> None:
    queues, as_json = run("queues").stdout, json.loads(run("queues", "--json").stdout)

    assert "EscalationQueue: " in queues and "ParkedQueue: " in queues
    assert re.search("│ demo-[0-9a-f]{6}-004 │ Lenovo ThinkPad E14 │ -123 +│ CARD_NOT_16_DIGITS", queues)
    assert "arn:" not in queues
    assert any(one["body"]["OrderId"].endswith("-004") for one in as_json["EscalationQueue"])


@pytest.mark.usefixtures("demo")
def test_executions_are_listed_and_one_is_shown_state_by_state(run: Run, cloud: Cloud, places: Places) -> None:
    def ends(name: str) -> dict[str, str]:
        """The last event of each execution with this name, by workflow."""
        found = json.loads(run("executions", "--json", name[:9]).stdout)
        return {one["workflow"]: one["events"][-1]["happened"] for one in found}

    states = cloud.engine.executions()
    executions = states.list_executions(stateMachineArn=places.order_workflow)["executions"]
    name = next(one["name"] for one in executions if one["name"].startswith("demo-"))
    mails = [mail["BodyText"] for mail in cloud.engine.mails() if "Whiskers" in mail["Subject"] + mail["BodyText"]]
    reminder = str(balance.id_in(mails[0]))

    listed, shown, unknown = run("executions"), run("executions", name), run("executions", "no-such-execution")
    several = run("executions", "demo-")

    assert name[:15] in listed.stdout and "deliveries" in listed.stdout
    assert "Are details Proper" in shown.stdout and "succeeded" in shown.stdout
    assert unknown.returncode == 1 and "no execution has a name" in unknown.stderr
    assert " executions` lists them" in unknown.stderr and f"`laptop --home {cloud.settings.home}" in unknown.stderr
    assert several.stdout.count("│ orders ") == sum(one["name"].startswith("demo-") for one in executions)
    # A reminder and its delivery have one name.
    assert eventually(lambda: ends(reminder), until=lambda found: len({*found.values()}) == 1) == {
        "reminders": "succeeded",
        "deliveries": "succeeded",
    }


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


def write_to_the_log_of_the_engine(cloud: Cloud, places: Places) -> None:
    with cloud.engine.daemon.log.open("a") as log:
        log.write("a new line\n")


def forget_the_log_of(cloud: Cloud, function: str) -> None:
    """Deletes a function's log, because another test may have called the function."""
    logs, group = cloud.engine.client("logs"), cloud.functions()[function]
    for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
        logs.delete_log_stream(logGroupName=group, logStreamName=stream["logStreamName"])


@pytest.mark.usefixtures("demo")
def test_logs_shows_the_log_of_the_engine_and_of_a_function(run: Run, cloud: Cloud, places: Places) -> None:
    write_to_the_log_of_the_engine(cloud, places)
    engine, function, unknown = run("logs"), run("logs", "verifyccandprice"), run("logs", "NoSuchFunction")
    forget_the_log_of(cloud, "OperatorsRedriveDeadLetters")
    silent = run("logs", "RedriveDeadLetters")

    assert "\na new line\n" in engine.stdout
    assert "REPORT RequestId" in function.stdout
    assert unknown.returncode == 1
    assert {"CorrectOrder", "CreateReminder", "GetOrder"} <= {*re.findall(r"\w+", unknown.stderr)}
    assert (silent.returncode, silent.stdout) == (0, "OperatorsRedriveDeadLetters has logged nothing yet\n")


def call_place_order(cloud: Cloud, places: Places) -> None:
    send("POST", f"{places.orders_api}/orders", body={}, token=cloud.sign_in("person"))


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("of", "act", "new"),
    [(["placeo"], call_place_order, "START RequestId"), ([], write_to_the_log_of_the_engine, "a new line")],
)
def test_logs_follow_shows_new_lines_until_an_interrupt(
    of: list[str], act: Callable[[Cloud, Places], None], new: str, run: Run, cloud: Cloud, places: Places
) -> None:
    before = [line.rstrip() for line in run("logs", *of).stdout.splitlines()]
    command = [sys.executable, "-m", "local", "logs", *of, "--follow", "--home", str(cloud.settings.home)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout
        shown = [following.stdout.readline().rstrip() for _ in before]
        act(cloud, places)
        assert next(line for line in following.stdout if line.startswith(new))
        following.send_signal(signal.SIGINT)
        _, error = following.communicate()

    # The engine may log some lines between the two commands. Then the second one leaves out as many at the beginning.
    assert any(shown[: len(before) - later] == before[later:] for later in range(1 if of else 20))
    assert (following.returncode, error) == (130, "error: interrupted\n")


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
    assert execution[:8] in executions
    assert [line for line in executions.splitlines() if len(line) > columns] == []


@pytest.mark.parametrize("charset", ["ascii", *long("latin-1")])
def test_untrusted_text_is_shown_on_every_terminal(
    charset: str, start: Run, cloud: Cloud, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", charset)
    cloud.engine.client("sqs").send_message(QueueUrl=places.parked_queue, MessageBody=OF_OTHERS)
    cloud.engine.client("sns").publish(TopicArn=places.topic, Message=OF_OTHERS)

    shown = [start(command) for command in ("outbox", "queues", "executions")]

    assert [(one.returncode, one.stderr) for one in shown] == [(0, "")] * 3
    letters = OF_OTHERS.encode(charset, "backslashreplace").decode(charset).replace("\u200b", "\\u200b")
    assert all(letters in one.stdout for one in shown[:2])
