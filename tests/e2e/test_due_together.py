"""Reminders that are due together all go out, although SES and SNS refuse some of them for their rate."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local import users
from tests.support.cloud.apps import Apps
from tests.support.cloud.reminders import settled
from tests.support.names import unique
from tests.support.waiting import eventually

TOGETHER = 14
ONE = 0.001
"""Messages a second, so few that only the first one is accepted."""

ACCEPTED = 5
"""Messages a second, fewer than the stage sends."""


@pytest.fixture
def slow_services(apps: Apps) -> Iterator[None]:
    apps.cloud.engine.limit_sending(mails=ONE, texts=ONE)
    yield
    settings = apps.cloud.settings
    apps.cloud.engine.limit_sending(mails=settings.mails_per_second, texts=settings.texts_per_second)


@pytest.mark.usefixtures("skipped_waits", "slow_services")
@pytest.mark.parametrize(
    ("channel", "address", "refusal"),
    [
        ("email", {"email": users.EMAILS[users.OPERATOR]}, b"SES throttled a mail"),
        ("sms", {"phone": users.PHONES[users.OPERATOR]}, b"SNS throttled a text"),
    ],
)
def test_reminders_that_are_due_together_are_each_sent_once(
    channel: str, address: dict[str, str], refusal: bytes, apps: Apps
) -> None:
    log, texts = apps.cloud.settings.engine_log, [unique(f"Together {channel} ") for _ in range(TOGETHER)]
    earlier = log.read_bytes().count(refusal)

    def set_one(text: str) -> str:
        status, body, _ = apps.call_reminders(
            "POST", "/reminders", {"message": text, "channels": [channel], "waitSeconds": 60, **address}
        )
        assert status == 202, body
        return str(body["reminderId"])

    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(set_one, texts))
    # A slow machine sends fewer than ACCEPTED a second, and then none would be refused.
    eventually(lambda: log.read_bytes().count(refusal), until=lambda refused: refused > earlier)
    apps.cloud.engine.limit_sending(mails=ACCEPTED, texts=ACCEPTED)

    assert {settled(apps, reminder_id)["Status"] for reminder_id in ids} == {"SENT"}
    assert Counter(sent_texts(apps, channel)) & Counter(texts * 2) == Counter(texts)


def sent_texts(apps: Apps, channel: str) -> list[str]:
    if channel == "sms":
        return [text["Message"] for text in apps.cloud.engine.texts()]
    return [mail["BodyText"].partition("\n")[0] for mail in apps.cloud.engine.mails()]
