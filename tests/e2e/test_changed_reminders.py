"""Reminders that their owners change, snooze and send now, also while they are being sent or cancelled."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from local.users import EMAILS, OPERATOR
from tests.support.cloud.apps import Apps
from tests.support.cloud.contract import Api
from tests.support.cloud.reminders import delivered, row_of, settled, times_published
from tests.support.names import unique
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("balanced")

EMAIL = EMAILS[OPERATOR]
RACES = 24


def by_topic(message: str, **more: Any) -> dict[str, Any]:
    return {"message": message, "preference": "topic", "waitSeconds": 3600, **more}


def changed(api: Api, reminder_id: str, **body: Any) -> int:
    return api.call("PATCH", "/reminders/{reminderId}", reminderId=reminder_id, body=body)[0]


def test_a_changed_reminder_is_sent_once_and_again_after_a_snooze(apps: Apps, api: Api, message: str) -> None:
    _, posted, _ = api.call("POST", "/reminders", body=by_topic(f"{message}, first"))
    change = partial(changed, api, posted["reminderId"])

    assert change(message=message, channels=["email"], email=EMAIL) == 200
    assert change(sendNow=True) == 200
    assert settled(apps, posted["reminderId"])["Status"] == "SENT"
    assert delivered(apps, message) == {f"mail to {EMAIL}"} and delivered(apps, f"{message}, first") == set()
    assert change(message="Too late") == 409

    assert change(waitSeconds=1) == 200
    assert row_of(apps, posted["reminderId"])["Status"] in ("SCHEDULED", "SENDING", "SENT")
    assert settled(apps, posted["reminderId"])["Status"] == "SENT"
    assert sum(mail["BodyText"].startswith(f"{message}\n") for mail in apps.cloud.engine.mails()) == 2


def test_a_snooze_moves_one_occurrence(apps: Apps, api: Api, message: str) -> None:
    _, posted, _ = api.call("POST", "/reminders", body=by_topic(message, repeat={"every": "1d"}))

    assert changed(api, posted["reminderId"], sendNow=True) == 200

    row = eventually(lambda: row_of(apps, posted["reminderId"]), until=lambda row: row["Occurrence"] == "2")
    # The second occurrence is a day after the first time, not a day after the new one.
    assert (row["DueAt"][11:], row["FirstDueAt"]) == (posted["dueAt"][11:], posted["dueAt"])
    assert times_published(apps, message) == 1
    assert api.call("DELETE", "/reminders/{reminderId}", reminderId=posted["reminderId"])[0] == 200


def test_a_change_that_races_with_the_send_or_a_cancellation_wins_or_loses_completely(
    apps: Apps, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two thirds of the reminders are due when they are changed, a third is cancelled at the same moment."""
    messages = [unique("Race, ") for _ in range(RACES)]

    def race(i: int) -> tuple[str, int, int]:
        _, answer, _ = api.call("POST", "/reminders", body=by_topic(messages[i], waitSeconds=3600 if i % 3 == 2 else 0))
        reminder_id = answer["reminderId"]
        change = partial(changed, api, reminder_id, message=f"{messages[i]}, new", waitSeconds=0)
        if i % 3 == 0:
            eventually(lambda: row_of(apps, reminder_id), until=lambda row: row["Status"] != "SCHEDULED", every=0)
        if i % 3 < 2:
            return reminder_id, change(), 0
        with ThreadPoolExecutor(2) as both:
            delete = both.submit(api.call, "DELETE", "/reminders/{reminderId}", reminderId=reminder_id)
            return reminder_id, both.submit(change).result(), delete.result()[0]

    with ThreadPoolExecutor(6) as pool:
        races = list(pool.map(race, range(RACES)))
    ends = [settled(apps, reminder_id)["Status"] for reminder_id, _, _ in races]
    came = Counter(published["Body"] for published in apps.cloud.topic_messages())

    counts = Counter(
        (change, cancel, end, came[message], came[f"{message}, new"])
        for (_, change, cancel), end, message in zip(races, ends, messages, strict=True)
    )
    with capsys.disabled():
        print(f"\n{RACES} changes (change, cancel, status, old ones sent, new ones sent): {dict(counts)}")
    assert counts.keys() <= {
        (200, 0, "SENT", 0, 1),
        (409, 0, "SENT", 1, 0),
        (200, 409, "SENT", 0, 1),
        (409, 200, "CANCELLED", 0, 0),
        # First the change, then the cancellation.
        (200, 200, "CANCELLED", 0, 0),
    }
