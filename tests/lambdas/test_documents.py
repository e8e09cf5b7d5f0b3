"""The functions accept and refuse exactly the requests that the OpenAPI documents do."""

import itertools
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import paging
from orders import (
    close_order,
    correct_order,
    get_contact,
    get_order,
    list_orders,
    place_order,
    redrive_dead_letters,
    remove_parked,
)
from reminders import cancel_reminder, create_reminder, get_reminder, list_reminders, readiness, update_reminder
from tests.contract import unsaid
from tests.support.documents import fits, fitting, just_outside, operation, operations, resolved
from tests.support.handlers.events import OPERATOR, post, signed_in
from tests.support.handlers.reminder_rows import TOPIC, row
from tools.openapi.examples import ASKED

pytestmark = pytest.mark.usefixtures("order_table", "order_workflow", "reminder_table", "reminder_workflow")

HANDLERS: dict[str, Callable[[Any, Any], Any]] = {
    "PlaceOrder": place_order.handler,
    "ListOrders": list_orders.handler,
    "GetOrder": get_order.handler,
    "CorrectOrder": correct_order.handler,
    "CloseOrder": close_order.handler,
    "GetContact": get_contact.handler,
    "RemoveParked": remove_parked.handler,
    "RedriveDeadLetters": redrive_dead_letters.handler,
    "CreateReminder": create_reminder.handler,
    "ListReminders": list_reminders.handler,
    "GetReminder": get_reminder.handler,
    "UpdateReminder": update_reminder.handler,
    "CancelReminder": cancel_reminder.handler,
}
WITH_A_BODY = [one.id for one in operations() if "requestBody" in one.said]

# One case takes some milliseconds, because the simulated AWS executes every call of the function.
some = settings(max_examples=40, suppress_health_check=list(HealthCheck))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@pytest.fixture(autouse=True)
def a_ready_account(monkeypatch):
    """SES and SNS send to everybody. tests/lambdas/reminders/test_readiness.py has other accounts."""
    monkeypatch.setattr(readiness, "check", lambda request: None)


def answer(id: str, event: dict[str, Any]) -> tuple[int, str]:
    """Returns the status and the body of an answer to an operator with verified addresses, who may do everything."""
    reply = HANDLERS[id](signed_in(event, **OPERATOR), None)
    return reply["statusCode"], reply["body"]


@pytest.fixture(autouse=True)
def a_reminder(reminder_table):
    """The reminder that changes are for."""
    reminder_table.put_item(Item=row("r-1", owner=OPERATOR["sub"], request=TOPIC))


def asked(id: str, body: Any) -> dict[str, Any]:
    order_id = body.get("OrderId", "order-1") if isinstance(body, dict) else "order-1"
    return post(body) | {"pathParameters": {"OrderId": order_id, "reminderId": "r-1"}}


@pytest.mark.parametrize("id", WITH_A_BODY)
def test_a_body_that_fits_the_document_is_not_refused(id):
    @some
    @given(fitting(operation(id).body_schema()))
    def check(body: Any) -> None:
        body = unsaid.body(id, body, now=datetime.now(UTC))

        status, said = answer(id, asked(id, body))

        assert status in (200, 202, 404, 409), (said, body)

    check()


@pytest.mark.parametrize("id", WITH_A_BODY)
def test_a_body_that_does_not_fit_the_document_is_refused(id):
    schema = operation(id).body_schema()
    (good, *_) = [one["value"] for one in ASKED[id].values()]

    for name, field in schema["properties"].items():
        bodies = [good | {name: value} for value in just_outside(field)]
        if name in schema.get("required", ()):
            bodies.append({other: value for other, value in good.items() if other != name})
        for body in [*bodies, good | {"Unknown": "x"}]:
            status, said = answer(id, asked(id, body))

            assert status == 400, (said, body)


@pytest.mark.parametrize("id", WITH_A_BODY)
def test_any_value_of_a_field_is_refused_unless_it_fits_the_document(id):
    schema = operation(id).body_schema()

    @some
    @given(fitting(schema), st.sampled_from(list(schema["properties"])), ANYTHING)
    def check(body: Any, name: str, value: Any) -> None:
        body = unsaid.body(id, body, now=datetime.now(UTC)) | {name: value}

        status, said = answer(id, asked(id, body))

        assert fits(schema, body) or status == 400, (status, said, body)

    check()


def as_json(text: str) -> Any:
    """Returns a parameter for a schema to validate: a number if it is a JSON number, and otherwise text."""
    try:
        return json.loads(text) if text == text.strip() else text
    except ValueError:
        return text


ONLY_WITH = {"status": {"owner": "me"}}
"""Parameters that are accepted with all their values only beside others."""

TEXTS = [
    *("", "0", "1", "20", "99", "100", "101", "1000", "-1", "+1", "01", " 1", "1 ", "1.0", "1e1", "x", "UPCOMING"),
    *("a\nb", "x" * 200, "x" * 201, "2026-11-01", "2026-11-01T09:00Z", "2026-11-01T09:00:00.5Z", "2026-11-01T24:00Z"),
]


@pytest.mark.parametrize("id", ["ListOrders", "ListReminders"])
def test_a_query_is_accepted_exactly_if_it_fits_the_document(id):
    for parameter in operation(id).said["parameters"]:
        if (name := parameter["name"]) == "next":
            continue
        schema = resolved(operation(id).document, parameter["schema"])

        for text in [*TEXTS, *map(str, schema.get("enum", []))]:
            query = {name: text, **(ONLY_WITH.get(name, {}) if id == "ListOrders" else {})}
            status, said = answer(id, {"queryStringParameters": query})

            value = text if schema.get("type") == "string" else as_json(text)
            assert status == (200 if fits(schema, value) else 400), (name, text, said)


@pytest.mark.parametrize("id", ["ListOrders", "ListReminders"])
def test_a_page_has_the_documented_default_number_of_rows(id, monkeypatch):
    limits = []
    module = {"ListOrders": list_orders, "ListReminders": list_reminders}[id]
    monkeypatch.setattr(module.table, "of_owner", lambda owner, **page: (limits.append(page["limit"]), ([], None))[1])

    answer(id, {})

    assert limits == [operation(id).parameter("limit")["schema"]["default"]]


def test_a_token_from_an_answer_fits_the_document():
    for id in ("ListOrders", "ListReminders"):
        schema = operation(id).parameter("next")["schema"]
        for last in ("a", "ab", "abc", "é🐈", str(uuid.uuid4())):
            assert fits(schema, paging.token(("2026-11-26T09:00:00.000Z", last)))


@pytest.mark.parametrize(
    "id", ["GetOrder", "GetContact", "CloseOrder", "RemoveParked", "RedriveDeadLetters", "GetReminder"]
)
def test_a_path_that_does_not_fit_the_document_is_not_found(id, parked):
    """An invalid id is answered like an unknown id."""
    (parameter,) = operation(id).said["parameters"]
    schema = resolved(operation(id).document, parameter["schema"])
    texts = ["-1", ".", "a b", "x" * 65, "x" * 129, "é", "orderfulfillmentqueue", "OrderFulfillmentQueue ", "%00"]

    for text in [text for text in texts if not fits(schema, text)]:
        path = {"pathParameters": {parameter["name"]: text}}
        status, said = answer(id, post({"note": "x"}) | path)
        assert (status, json.loads(said)["error"]["code"]) == (404, "NotFound"), text


@pytest.mark.parametrize("key", ["!", "~" * 128, "", " ", "a b", "~" * 129, "é", "\x7f", "a\n"])
def test_a_key_is_accepted_exactly_if_it_fits_the_document(key):
    schema = operation("CreateReminder").parameter("Idempotency-Key")["schema"]
    event = post({"message": "x", "preference": "topic", "waitSeconds": 60})
    event["headers"]["Idempotency-Key"] = key

    status, said = answer("CreateReminder", event)

    assert status == (202 if fits(schema, key) and "\n" not in key else 400), said


def test_combinations_that_the_document_excludes_are_refused():
    """Tries each combination of the fields of a reminder's time."""
    schema = operation("CreateReminder").body_schema()
    tomorrow = unsaid.body(
        "CreateReminder",
        {"message": "x", "preference": "topic", "timestamp": "0000-00-00 00:00"},
        now=datetime.now(UTC),
    )["timestamp"]
    values = {
        "waitSeconds": [60],
        "timestamp": [tomorrow, f"{tomorrow}:00Z", f"{tomorrow}:00+01:00"],
        "timeZone": ["Europe/Paris"],
        "fold": [0],
        "repeat": [{"every": "1d", "times": 2}, {"every": "1d", "times": 2, "until": "2099-01-01T00:00:00Z"}],
    }
    for chosen in itertools.product(*([None, *of] for of in values.values())):
        body = {name: value for name, value in zip(values, chosen, strict=True) if value is not None}
        body |= {"message": "x", "preference": "topic"}

        status, said = answer("CreateReminder", post(body))

        assert status == (202 if fits(schema, body) else 400), (said, body)
