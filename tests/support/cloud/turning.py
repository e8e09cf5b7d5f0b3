"""What tests need that turn a cloud's clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from local.cloud import Cloud
from tests.support.cloud.apps import Apps


def mailed(apps: Apps, message: str) -> list[datetime]:
    """When the engine sent the mails with this message, oldest first."""
    mails = [mail for mail in apps.cloud.engine.mails() if mail["BodyText"].startswith(f"{message}\n")]
    return [datetime.fromtimestamp(mail["Timestamp"], UTC) for mail in mails]


def fresh(apps: Apps) -> Apps:
    """The same apps, with a token that is valid at the time of the cloud's clock."""
    return Apps(apps.cloud, apps.places, user=apps.user)


@contextmanager
def paused(cloud: Cloud, name: str) -> Iterator[None]:
    """Stops the rules whose names contain this text, and that start something at certain times."""
    events = cloud.engine.client("events")
    rules = [rule for rule in events.list_rules()["Rules"] if rule.get("ScheduleExpression")]
    names = [rule["Name"] for rule in rules if name in rule["Name"]]
    assert names, rules
    for one in names:
        events.disable_rule(Name=one)
    try:
        yield
    finally:
        for one in names:
            events.enable_rule(Name=one)
