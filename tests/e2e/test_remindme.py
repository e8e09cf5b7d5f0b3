"""`remindme` as people run it, on the real templates."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess

import pytest

from local.cloud import Cloud
from local.settings import PROJECT
from tests.e2e.conftest import Apps, eventually

Run = Callable[..., "CompletedProcess[str]"]
EMAIL = "ada@example.com"

pytestmark = pytest.mark.usefixtures("skipped_waits")


@pytest.fixture
def remindme(cloud: Cloud) -> Run:
    """Runs `remindme` on the session's cloud, in UTC."""

    def run(*arguments: str) -> "CompletedProcess[str]":
        command = [sys.executable, "-m", "tools.remindme", "--stage", "local", "--home", str(cloud.settings.home)]
        return subprocess.run(
            [*command, "--zone", "UTC", *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=120
        )

    return run


@pytest.fixture
def message() -> str:
    return f"Feed the cat 🐈, {uuid.uuid4().hex[:12]}"


def test_the_originals_two_arguments_publish_to_the_topic_when_due(apps: Apps, remindme: Run, message: str) -> None:
    due = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)

    done = remindme(message, f"{due:%Y-%m-%d %H:%M:%S}")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"{due:%a %Y-%m-%d %H:%M:%S} UTC" in done.stdout
    assert f"{due:%Y-%m-%dT%H:%M:%SZ}" in done.stdout
    eventually(lambda: any(message in published["Body"] for published in apps.cloud.topic_messages()))


def test_a_time_from_now_goes_out_by_email(apps: Apps, remindme: Run, message: str) -> None:
    done = remindme(message, "in", "20m", "--email", EMAIL, "--json")

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "SCHEDULED"
    mail = eventually(lambda: [mail for mail in apps.cloud.engine.mails() if message in mail["BodyText"]])
    assert [one["To"] for one in mail] == [[EMAIL]]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [(["in 400 days"], "timestamp"), (["in 20m", "--email", "nobody"], "email"), (["in 20m", "--sms", "1"], "phone")],
)
def test_what_the_api_refuses_is_told_with_its_reason(
    remindme: Run, message: str, arguments: list[str], field: str
) -> None:
    done = remindme(message, *arguments)

    assert done.returncode == 1
    assert done.stderr.startswith("error: the API answered 400: ") and f"; {field} " in done.stderr
