"""A person gets a copy of their data and deletes their account. Then every store is searched for them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import users
from tests.support.cloud.apps import Apps
from tests.support.cloud.person import Planted, erase, planted
from tests.support.commands import run_inside
from tests.support.waiting import eventually
from tools.account.__main__ import main

ENGINES_LOG = "file engine.log"
"""The engine prints the mails and text messages that it does not send. AWS has no such log."""

ORDERS = ("order FULFILLMENT_QUEUED", "order ESCALATED", "order PARKED", "order CLOSED")
REMINDERS = ("reminder SCHEDULED", "reminder SENT", "reminder FAILED", "reminder CANCELLED")

BEFORE = {
    "OrderTable": {"name", "account", *ORDERS},
    "ReminderTable": {"text", "account", *REMINDERS},
    "cache": {"name", "account", *ORDERS},
    "user pool": {"address", "number", "account"},
    "waiting execution": {"text", "address", "number", "reminder SCHEDULED"},
    "ParkedQueue": {"name", "order PARKED"},
    "EscalationQueueDeadLetters": {"name", "order ESCALATED"},
    "ReminderQueuesDeadLetters": {"text", "reminder FAILED"},
}
"""Where the person was, in the stores that the deletion empties."""

COPIED_QUEUES = {store for store in BEFORE if "Queue" in store} | {"OrderFulfillmentQueueDeadLetters"}
"""The queues whose messages the copy has. In all others, reading a message counts as an attempt to process it."""

STAYS = {
    "OrderTable": ("OrderTable", set(ORDERS)),
    "cache": ("Redis", set(ORDERS)),
    "stream": ("the changes of OrderTable", {"name", "account", *ORDERS}),
    "OrderFulfillmentQueue": ("OrderFulfillmentQueue", {"name", "order FULFILLMENT_QUEUED"}),
    "OrderFulfillmentQueueDeadLetters": (
        "OrderFulfillmentQueueDeadLetters",
        {"name", "order FULFILLMENT_QUEUED"},
    ),
    "EscalationQueue": ("EscalationQueue", {"name", "order ESCALATED", "order CLOSED"}),
    "ended execution": ("ended executions of reminders", {"text", "address", "number", *REMINDERS}),
    "mail": ("sent reminders", {"text", "address", "reminder SENT"}),
    "text message": ("sent reminders", {"text", "number"}),
}
"""Where something of the person stays: the store's name in the receipt, and what is there."""


def traces(person: Planted) -> dict[str, set[str]]:
    """What is left of the person, by store."""
    found: dict[str, set[str]] = {}
    for store, what in person.traces():
        found.setdefault("logs" if store.startswith("log group ") else store, set()).add(what)
    found.pop(ENGINES_LOG, None)
    return found


def is_id(what: str) -> bool:
    """Whether a trace is the id of the account, of an order or of a reminder, and nothing else of the person."""
    return what == "account" or what.startswith(("order ", "reminder "))


@dataclass(frozen=True)
class Leaving:
    """A person who gets a copy of their data, and then deletes their account."""

    person: Planted
    copied: tuple[int, Any]
    """The answer to the request for the copy."""
    before: dict[str, set[str]]
    """The person's traces before the deletion."""
    receipts: list[dict[str, Any]]
    removed: dict[str, int]


@pytest.fixture(scope="module")
def leaving(apps: Apps, few_parked: None) -> Leaving:
    person = planted(apps)
    copied = person.apps.call_account("GET")
    before = traces(person)
    return Leaving(person, copied, before, *erase(person.apps))


def test_a_copy_has_everything_that_the_stage_keeps(leaving: Leaving) -> None:
    (status, copy), person = leaving.copied, leaving.person

    assert (status, copy["next"]) == (200, None)
    assert copy["account"]["attributes"]["email"] == person.apps.user.email
    assert {one["Status"]: one["OrderId"] for one in copy["orders"]} == person.orders
    assert {one["Status"]: one["ReminderId"] for one in copy["reminders"]} == person.reminders
    [waiting] = [one["Request"] for one in copy["reminders"] if "Request" in one]
    assert (waiting["email"], waiting["phone"]) == (person.apps.user.email, person.phone)
    assert {one["queue"] for one in copy["messages"]} == COPIED_QUEUES
    others = {store for _, (store, _) in STAYS.items()} - {"OrderTable", *COPIED_QUEUES}
    assert others <= {one["store"] for one in copy["elsewhere"]}


def test_a_person_may_name_no_other_account(apps: Apps) -> None:
    person = apps.as_new_person()

    assert person.call_account("GET", f"?email={apps.user.email}")[0] == 403
    assert person.call_account("DELETE", f"?email={apps.user.email}")[0] == 403


def test_a_deleted_person_is_nowhere_but_where_the_receipt_says(leaving: Leaving) -> None:
    assert {store: leaving.before.get(store) for store in BEFORE} == BEFORE
    assert leaving.removed == {
        "OrderTable": 4,
        "ReminderTable": 4,
        "ReminderStateMachine": 1,
        "ParkedQueue": 1,
        "EscalationQueueDeadLetters": 1,
        "ReminderQueuesDeadLetters": 1,
        "Users": 1,
    }
    # UpdateCache changes the entries of the cache a moment later.
    expected = {store: what for store, (_, what) in STAYS.items()}
    left = eventually(lambda: traces(leaving.person), until=lambda found: found["cache"] == expected["cache"])
    in_logs = left.pop("logs", set())
    assert left == expected
    assert in_logs == set(filter(is_id, in_logs))
    stays = {one["store"] for one in leaving.receipts[-1]["stays"]}
    assert {"logs", "Redis"} <= stays
    assert {name for name, _ in STAYS.values()} <= stays


def test_an_operator_exports_and_deletes_an_account_on_the_command_line(
    apps: Apps, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person, receipt = apps.as_new_person(), tmp_path / "receipt.json"
    place = ["--stage", "local", "--home", str(apps.cloud.settings.home)]

    exported = run_inside(capsys, main, [*place, "export", person.user.email])
    deleted = run_inside(capsys, main, [*place, "delete", person.user.email, "--yes", "--to", str(receipt)])

    assert exported.json["account"]["attributes"]["email"] == person.user.email
    assert (deleted.status, deleted.err) == (0, "")
    assert json.loads(receipt.read_text())["id"] == exported.json["account"]["id"]
    gone = run_inside(capsys, main, [*place, "export", person.user.email])
    assert gone.err.startswith("error: NotFound: There is no such account. (request ")


def test_a_deleted_person_cannot_sign_in(leaving: Leaving) -> None:
    person = leaving.person

    with pytest.raises(ClientError, match="NotAuthorized|UserNotFound"):
        users.sign_in(person.apps.cloud.engine.client("cognito-idp"), person.apps.places.web_client, person.apps.user)
