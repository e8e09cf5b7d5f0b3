"""The link with which the recipient of an e-mail stops its reminder, without signing in."""

import re
from typing import Any

import pytest

from local.addresses import reachable
from local.engine import send
from local.users import EMAILS, OPERATOR
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.contract import Api
from tests.support.cloud.reminders import row_of, settled
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("balanced")

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
"""What mail programs send for one click: https://www.rfc-editor.org/rfc/rfc8058"""


def link(apps: Apps, message: str) -> str:
    """The address in the mail, as the engine serves it."""
    (mail,) = [one for one in apps.cloud.engine.mails() if one["BodyText"].startswith(f"{message}\n")]
    (url,) = re.findall("^Stop this reminder: (https://.+)$", mail["BodyText"], re.M)
    assert f'<a href="{url}">' in mail["BodyHtml"]
    return reachable(apps.cloud.engine.settings.endpoint, url)


@pytest.fixture
def daily(apps: Apps, api: Api, message: str) -> str:
    """A daily reminder whose first mail has come. Its id."""
    body = {"message": message, "preference": "email", "email": EMAILS[OPERATOR], "waitSeconds": 0}
    _, posted, _ = api.call("POST", "/reminders", body={**body, "repeat": {"every": "1d"}})
    eventually(lambda: row_of(apps, posted["reminderId"]), until=lambda row: row["Occurrence"] == "2")
    # The row names the next execution before it begins.
    workflow = apps.places.reminder_workflow
    eventually(lambda: row_of(apps, posted["reminderId"])["ExecutionId"] in balance.running_in(apps.cloud, workflow))
    return str(posted["reminderId"])


def test_a_recipient_stops_a_reminder_with_a_post_and_not_by_opening_the_link(
    apps: Apps, api: Api, message: str, daily: str
) -> None:
    url = link(apps, message)

    page = send("GET", url)
    assert page.status_code == 200 and '<form method="post">' in page.text
    assert "script" not in page.headers["Content-Security-Policy"]
    assert row_of(apps, daily)["Status"] == "SCHEDULED"

    answers = [send("POST", url, body="List-Unsubscribe=One-Click", headers=FORM) for _ in range(2)]
    assert [(one.status_code, "is stopped" in one.text) for one in answers] == [(200, True), (200, True)]
    _, shown, _ = api.call("GET", "/reminders/{reminderId}", reminderId=daily)
    assert (shown["status"], shown["reason"]) == ("CANCELLED", "stopped by its recipient")
    assert apps.finished(row_of(apps, daily)["ExecutionId"])["status"] == "ABORTED"


def test_a_forged_link_stops_nothing(apps: Apps, api: Api, message: str, daily: str) -> None:
    base, _, token = link(apps, message).rpartition("/")
    others: list[Any] = [token[:-6] + "AAAAAA", token[::-1], daily, "x"]

    answers = [send(method, f"{base}/{one}", headers=FORM) for method in ("GET", "POST") for one in others]

    assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}
    assert row_of(apps, daily)["Status"] == "SCHEDULED"
    assert api.call("DELETE", "/reminders/{reminderId}", reminderId=daily)[0] == 200


def test_a_stopped_reminder_is_never_sent_again_by_its_owner(apps: Apps, api: Api, message: str) -> None:
    body = {"message": message, "preference": "email", "email": EMAILS[OPERATOR], "waitSeconds": 0}
    _, posted, _ = api.call("POST", "/reminders", body=body)
    settled(apps, posted["reminderId"])

    assert send("POST", link(apps, message), headers=FORM).status_code == 200

    path = {"reminderId": posted["reminderId"]}
    assert api.call("PATCH", "/reminders/{reminderId}", body={"sendNow": True}, **path)[0] == 409
