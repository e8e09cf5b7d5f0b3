"""`remindme`, on a laptop cloud."""

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess

import pytest

from local.cloud import Cloud
from local.settings import PROJECT
from tests.support.cloud.apps import Apps
from tests.support.cloud.reminders import times_published
from tests.support.commands import completed
from tests.support.names import unique
from tests.support.waiting import eventually
from tools.remindme.__main__ import COMMANDS, main

Run = Callable[..., "CompletedProcess[str]"]

pytestmark = pytest.mark.usefixtures("skipped_waits")


@pytest.fixture
def remindme(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Run:
    """Returns a function that runs `remindme` in UTC, as the demo person."""

    def run(*arguments: str) -> "CompletedProcess[str]":
        zone = [] if arguments[0] in COMMANDS else ["--zone", "UTC"]
        return completed(capsys, main, ["--stage", "local", "--home", str(cloud.settings.home), *zone, *arguments])

    return run


@pytest.fixture
def operator(cloud: Cloud) -> list[str]:
    """The arguments that name the demo operator, who may use the topic."""
    return ["--user", cloud.users()["operator"].email]


@pytest.fixture
def message() -> str:
    return unique("Feed the cat 🐈, ")


def test_an_operator_publishes_to_the_topic_at_a_local_time(
    apps: Apps, cloud: Cloud, operator: list[str], message: str
) -> None:
    due = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    command = [sys.executable, "-m", "tools.remindme", message, f"{due:%Y-%m-%d %H:%M:%S}"]
    place = ["--stage", "local", "--home", str(cloud.settings.home), "--zone", "UTC"]

    done = subprocess.run([*command, "--topic", *place, *operator], cwd=PROJECT, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert f"{due:%a %Y-%m-%d %H:%M:%S} UTC" in done.stdout
    eventually(apps.cloud.topic_messages, until=lambda found: any(message in one["Body"] for one in found))


def test_a_person_who_uses_the_topic_learns_the_other_options(remindme: Run, message: str) -> None:
    done = remindme(message, "in 20m", "--topic")

    assert done.returncode == 1
    assert done.stderr.startswith("error: the API answered 403: Forbidden: ")
    assert "use --email me or --sms me" in done.stderr


def test_without_a_channel_the_caller_gets_a_mail_at_the_time_that_was_shown(
    apps: Apps, remindme: Run, message: str
) -> None:
    done = remindme(message, "in", "20m")

    assert (done.returncode, done.stderr) == (0, "")
    shown, id = re.search(r"when +\w+ (\S+ \S+) UTC", done.stdout), re.search(r"reminder +(\S+)", done.stdout)
    assert shown and id
    assert json.loads(remindme("show", id[1][:8], "--json").stdout)["dueAt"] == f"{shown[1].replace(' ', 'T')}Z"
    mail = eventually(lambda: [mail for mail in apps.cloud.engine.mails() if message in mail["BodyText"]])
    assert [one["To"] for one in mail] == [[apps.cloud.users()["person"].email]]


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["in 20m", "--email", "somebody@example.com"], "--email"),
        (["in 20m", "--sms", "+4915155550199"], "--sms"),
    ],
)
def test_a_refusal_by_the_api_is_printed_with_its_reason(
    remindme: Run, message: str, arguments: list[str], option: str
) -> None:
    done = remindme(message, *arguments)

    assert done.returncode == 1
    assert done.stderr.startswith("error: the API answered 400: ") and f"; {option} " in done.stderr


@pytest.mark.usefixtures("real_waits")
def test_a_reminder_is_listed_shown_and_cancelled(apps: Apps, remindme: Run, message: str) -> None:
    reminder_id = json.loads(remindme(message, "in 50 minutes", "--sms", "+15555550100", "--json").stdout)["reminderId"]

    listed, shown = remindme("list", "--json", "--limit", "1000"), remindme("show", reminder_id)
    cancelled, again = remindme("cancel", reminder_id), remindme("cancel", reminder_id)
    unknown = remindme("show", str(uuid.uuid4()))

    assert (listed.returncode, listed.stderr) == (0, "")
    [found] = [one for one in json.loads(listed.stdout) if one["reminderId"] == reminder_id]
    assert (found["message"], found["status"], found["phone"]) == (message, "SCHEDULED", "+1…0100")
    assert (shown.returncode, message in shown.stdout, "SCHEDULED" in shown.stdout) == (0, True, True)
    assert (cancelled.returncode, "CANCELLED" in cancelled.stdout) == (0, True)
    assert (again.returncode, again.stderr.startswith("error: the API answered 409: ")) == (1, True)
    assert (unknown.returncode, unknown.stderr.startswith("error: you have no reminder ")) == (1, True)
    assert not [text for text in apps.cloud.engine.texts() if message in text["Message"]]


@pytest.mark.usefixtures("real_waits")
def test_a_reminder_is_changed_snoozed_and_sent_now(apps: Apps, remindme: Run, message: str) -> None:
    reminder_id = json.loads(remindme("tea", "in 50 minutes", "--json").stdout)["reminderId"]

    edited = remindme("edit", reminder_id[:8], "--message", message, "--in", "2h", "--json")
    snoozed = remindme("snooze", reminder_id, "in", "3h", "--json")
    now = remindme("now", reminder_id[:8])

    assert json.loads(edited.stdout)["message"] == message
    assert json.loads(edited.stdout)["dueAt"] < json.loads(snoozed.stdout)["dueAt"]
    assert (now.returncode, now.stderr) == (0, "")
    eventually(lambda: [mail for mail in apps.cloud.engine.mails() if message in mail["BodyText"]])


@pytest.mark.usefixtures("real_waits")
def test_wait_ends_when_the_reminder_is_sent(apps: Apps, remindme: Run, message: str) -> None:
    done = remindme(message, "in 2 seconds", "--email", "me", "--wait")

    assert done.returncode == 0, done.stderr
    assert "SENT" in done.stdout
    assert [mail for mail in apps.cloud.engine.mails() if message in mail["BodyText"]]


def test_a_repeated_reminder_comes_the_requested_number_of_times(
    apps: Apps, remindme: Run, operator: list[str], message: str
) -> None:
    """At once: a turned clock takes several times longer. test_clock.py has reminders that come at their times."""
    done = remindme(message, "in 20m", "--repeat", "1w", "--times", "3", "--topic", *operator)

    assert (done.returncode, done.stderr) == (0, "")
    assert "every 1w, 3 times" in done.stdout
    eventually(lambda: times_published(apps, message), until=lambda times: times == 3)
