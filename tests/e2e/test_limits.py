"""The limits of a person hold on the laptop cloud, also for many requests at once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from common.times import timestamp_in_full
from reminders.limits import REMINDERS, TEXTS, TEXTS_USED_UP
from stacks.config import LOCAL
from tests.support.cloud import reminders
from tests.support.cloud.apps import Apps
from tests.support.names import unique

AT_ONCE = 32
MOST = LOCAL.limits


@pytest.fixture
def person(apps: Apps) -> Apps:
    return apps.as_new_person()


@pytest.fixture
def counted(apps: Apps, person: Apps) -> Callable[..., None]:
    """Writes what the person has used up already."""

    def write(key: str, **numbers: int) -> None:
        now = datetime.now(UTC)
        user = apps.cloud.engine.client("cognito-idp").admin_get_user(
            UserPoolId=apps.places.user_pool, Username=person.user.email
        )
        (sub,) = (one["Value"] for one in user["UserAttributes"] if one["Name"] == "sub")
        texts = {
            "ReminderId": key.format(sub),
            "Day": now.date().isoformat(),
            "Mark": "earlier",
            "UpdatedAt": timestamp_in_full(now),
        }
        items = {name: {"S": text} for name, text in texts.items()}
        items |= {name: {"N": str(number)} for name, number in numbers.items()}
        apps.cloud.engine.client("dynamodb").put_item(TableName=apps.places.reminder_table, Item=items)

    return write


def test_one_reminder_is_set_without_any_count(person: Apps) -> None:
    """The function must be allowed to count the reminders that wait."""
    status, body = person.post_reminder({"message": unique(), "preference": "email", "waitSeconds": 3600})

    assert status == 202, body
    assert person.call_reminders("DELETE", f"/reminders/{body['reminderId']}")[0] == 200


@pytest.mark.parametrize(
    ("code", "number", "waiting"),
    [
        ("TooManyToday", MOST.reminders_a_day - 1, 0),
        ("TooManyWaiting", 0, MOST.reminders_waiting - 1),
    ],
)
def test_of_many_requests_at_once_the_last_place_gets_one(
    code: str, number: int, waiting: int, person: Apps, counted: Callable[..., None]
) -> None:
    counted(REMINDERS, Number=number, Waiting=waiting)

    def create(at: int) -> tuple[int, Any]:
        return person.post_reminder({"message": f"{at}", "preference": "email", "waitSeconds": 3600})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(create, range(AT_ONCE)))

    found = Counter((status, body.get("error", {}).get("code")) for status, body in answers)
    assert found == {(202, None): 1, (429, code): AT_ONCE - 1}
    (waits,) = (body["reminderId"] for status, body in answers if status == 202)
    assert person.call_reminders("DELETE", f"/reminders/{waits}")[0] == 200


def test_a_text_above_the_limit_is_not_sent(apps: Apps, person: Apps, counted: Callable[..., None]) -> None:
    counted(TEXTS, Number=MOST.texts_a_day)
    message = unique("Feed the cat, ")

    status, body = person.post_reminder({"message": message, "preference": "sms", "waitSeconds": 0})

    assert status == 202, body
    row = reminders.settled(apps, body["reminderId"])
    assert (row["Status"], row["Reason"]) == ("FAILED", TEXTS_USED_UP)
    assert message not in str(apps.cloud.engine.texts())
