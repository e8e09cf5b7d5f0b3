"""Reads the rows of orders and reminders as states of the models."""

import base64
import json
from collections.abc import Iterable
from typing import Any

from tests.proof.sequences import reminder_model
from tests.proof.sequences.order_model import ABSENT, CONTENTS, At
from tests.support.cloud.apps import Apps
from tests.support.cloud.records import PARKED, Message, Row


def order_in(row: Row | None) -> At:
    if row is None:
        return At(ABSENT, 0)
    fields = {name: row[name] for name in ("Name", "ItemName", "Price")}
    content = next(at for at, one in enumerate(CONTENTS) if fields.items() <= one.items())
    return At(row["Status"], content)


def reminder_in(row: Row | None) -> reminder_model.On:
    if row is None:
        return reminder_model.On(ABSENT)
    status = reminder_model.WAITING if row["Status"] == "SCHEDULED" else row["Status"]
    return reminder_model.On(status, int(row["Occurrence"]), bool(row.get("Stopped")))


def looked_up(apps: Apps, order_id: str) -> tuple[int, str | None]:
    status, body, _ = apps.get_order(order_id)
    return status, body.get("Status")


def is_parked(message: Message, order_id: str) -> bool:
    return message.queue == PARKED and message.body.get("OrderId") == order_id


def key_of(words: str) -> str:
    return words.rpartition(", ")[2].replace(" ", "-")


def sub_of(token: str) -> str:
    """The caller's id, from the ID token."""
    body = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["sub"])


def words_of(states: Iterable[Any]) -> str:
    return " or ".join(sorted(" ".join(str(value) for value in state) for state in states))
