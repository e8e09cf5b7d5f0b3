"""Every place that handles orders has each field of order.schema.json, and no other field of an order.

If you add a field to the schema, one test fails. Each line of its failure names a place that lacks the field.
"""

import itertools
import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from common.times import timestamp
from local.settings import PROJECT
from orders import (
    cache_entry,
    correct_order,
    get_order,
    list_orders,
    list_parked,
    park_lost_orders,
    place_order,
    rules,
)
from orders.order import ESCALATED
from tests.support.documents import just_outside
from tests.support.handlers.aws import Workflow
from tests.support.handlers.events import OPERATOR, post, signed_in, status_and_body
from tests.support.orders import FIELDS, SCHEMA, an_order, every_field, without_card
from tests.support.queues import Queue
from tests.support.workflows.asl import evaluated_all, load, walked

MACHINE = load("order_fulfillment.asl.json")
STATES = MACHINE["States"]

WITHOUT = {
    (
        "website/parts/order-form.js",
        "OrderId",
    ): "A corrected order keeps its OrderId, so the form has a separate control for it.",
    ("website/views/order-detail/about.js", "OrderId"): "The heading and the address of the view show it.",
}
"""Fields that a place may lack, and why."""

OF_A_ROW = {
    *("CardLast4", "Digest", "Status", "Reasons", "ReceivedAt", "UpdatedAt", "ExecutionName", "Owner", "OwnPart"),
    *("ExpiresAt", "RequestId"),
}
OF_A_MESSAGE = {"Reasons", "ExecutionId", "RequestId"}
OF_A_PARKED_MESSAGE = {"OrderId", "State", "Error", "ExecutionId", "ParkingId", "Queue", "RequestId", "Order"}
SHOWN = {"Card", "Status", "Reasons", "ReceivedAt", "UpdatedAt"}


class Apps(NamedTuple):
    """The simulated AWS that the functions use."""

    table: Any
    workflow: Workflow
    parked: Queue

    def row(self) -> dict[str, Any]:
        (row,) = self.table.scan()["Items"]
        return dict(row)

    def change_row(self, **changes: str) -> None:
        self.table.put_item(Item=self.row() | changes)

    def input(self) -> dict[str, Any]:
        """The input of the newest execution."""
        return dict(json.loads(self.workflow.executions()[-1]["input"]))


@pytest.fixture
def apps(order_table: Any, order_workflow: Workflow, parked: Queue) -> Apps:
    return Apps(order_table, order_workflow, parked)


def answer(handler: Callable[[Any, Any], Any], event: Mapping[str, Any], **claims: str) -> Any:
    """The body of a successful answer."""
    status, body = status_and_body(handler(signed_in(event, **claims), None))
    assert status < 300, body
    return body


def test_each_field_reaches_every_place(apps: Apps) -> None:
    order, corrected = every_field(), every_field(other=True) | {"OrderId": every_field()["OrderId"]}

    # Check the places one by one, because later steps change the order.
    ways = itertools.chain(_ways(apps, order, corrected), _of_the_workflow(order), _of_files())
    wrong = [line for place, look, expected in ways for line in _compared(place, look, without_card(expected))]

    assert not wrong, "\n".join(["", *wrong])


Way = tuple[str, Callable[[], Mapping[str, Any]], Mapping[str, Any]]
"""A place, a function that returns the fields that it has, and the fields that it must have."""


def _compared(place: str, look: Callable[[], Mapping[str, Any]], expected: Mapping[str, Any]) -> Iterator[str]:
    try:
        found = look() or {}
    except Exception as error:
        yield f"{place}: fails with {type(error).__name__}: {error}"
        return
    for name, value in expected.items():
        if (place, name) in WITHOUT:
            continue
        if name not in found:
            yield f"{place}: {name} is missing"
        elif found[name] != value:
            yield f"{place}: {name} is {found[name]!r} instead of {value!r}"


def _ways(apps: Apps, order: dict[str, Any], corrected: dict[str, Any]) -> Iterator[Way]:
    """The places that functions write: rows, answers and messages of an order, and then of its correction."""
    path = {"pathParameters": {"OrderId": order["OrderId"]}}
    answer(place_order.handler, post(order))
    row = apps.row()
    yield "the row that POST /orders writes", lambda: row, order
    yield "the input of the workflow", apps.input, order
    yield "POST /orders, the same order again", lambda: answer(place_order.handler, post(order)), order
    yield "GET /orders/{OrderId}", lambda: answer(get_order.handler, path), order
    yield "GET /orders", lambda: answer(list_orders.handler, {})["orders"][0], order
    yield "the cache", lambda: _cached(row), order

    long_ago = timestamp(datetime.now(UTC) - timedelta(hours=1))
    apps.change_row(UpdatedAt=long_ago)
    park_lost_orders.handler({}, None)
    (lost,) = apps.parked.take_json()
    yield "what ParkLostOrders parks", lambda: lost["Order"], order
    apps.parked.put(lost)
    yield "GET /parked", lambda: answer(list_parked.handler, {}, **OPERATOR)["items"][0]["Order"], order

    apps.change_row(Status=ESCALATED, Todo="ESCALATED#0")
    by_status = {"queryStringParameters": {"status": ESCALATED}}
    yield "GET /orders?status", lambda: answer(list_orders.handler, by_status, **OPERATOR)["orders"][0], order
    answer(correct_order.handler, post(corrected) | path, **OPERATOR)
    corrected_row = apps.row()
    yield "the row that PUT /orders/{OrderId} writes", lambda: corrected_row, corrected
    yield "the input of the workflow after PUT /orders/{OrderId}", apps.input, corrected


def _cached(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The order that a lookup reads from the cache after another lookup has cached it."""
    found = cache_entry.found_in(
        cache_entry.text_of(row["OrderId"], cache_entry.of_row(row).order).encode(), row["OrderId"]
    )
    assert found and found.order, "the cache does not accept its own entry"
    return found.order


def _of_the_workflow(order: dict[str, Any]) -> Iterator[Way]:
    """The places that the workflow writes for an order that was started by hand: its row and its messages."""
    started, variables = walked(MACHINE, order)
    assert started == "Update the order table"
    known = {
        "context": {"Execution": {"Id": "arn", "Name": "name"}, "State": {"EnteredTime": "2026-11-26T09:00:00.000Z"}},
        **{"reasons": [], "failure": {}},
        **variables,
    }

    def message(state: str) -> Any:
        return evaluated_all(STATES[state]["Arguments"]["MessageBody"], order, **known)

    def row() -> dict[str, Any]:
        update = evaluated_all(STATES["Update the order table"]["Arguments"], order, **known)
        names, values = update["ExpressionAttributeNames"], update["ExpressionAttributeValues"]
        pairs = re.findall(r"(#?\w+) = (:\w+)", update["UpdateExpression"])
        (key,) = update["Key"].items()
        written = dict([key, *((names.get(name, name), values[value]) for name, value in pairs)])
        return {name: next(iter(value.values())) for name, value in written.items()}

    as_text = {name: str(value) for name, value in order.items()}
    yield "the workflow's row of an order started by hand", row, as_text
    yield "a message of OrderFulfillmentQueue", lambda: message("Put message in order OrderFulfillment Queue"), order
    yield "a message of EscalationQueue", lambda: message("Put message in order Escalation Queue"), order
    yield "a message of ParkedQueue", lambda: message("Park the order")["Order"], order


def _of_files() -> Iterator[Way]:
    """The schemas, the documents and the page's files, which must name each field."""
    named = {name: name for name in FIELDS}

    def schema(file: str, *path: str) -> Way:
        def properties() -> dict[str, str]:
            found = json.loads((PROJECT / "lambdas" / "orders" / file).read_text())
            for part in path:
                found = found[part]
            return {name: name for name in found["properties"]}

        return f"lambdas/orders/{file}: {'/'.join(path) or 'properties'}", properties, named

    yield schema("order_state.schema.json")
    yield schema("messages/fulfillment.schema.json")
    yield schema("messages/escalation.schema.json")
    yield schema("messages/parked.schema.json", "properties", "Order")
    yield schema("parked_list.schema.json", "properties", "items", "items", "properties", "Order")
    yield "docs/messages.md", lambda: _in_text("docs/messages.md", "`{}`"), named
    yield "website/orders.js: orderOf", _fields_of_the_form, named
    yield "website/parts/order-form.js", lambda: _in_text("website/parts/order-form.js", '"{}"'), named
    yield (
        "website/views/order-detail/about.js",
        lambda: _in_text("website/views/order-detail/about.js", "order.{}"),
        named,
    )


def _in_text(file: str, pattern: str) -> dict[str, str]:
    text = (PROJECT / file).read_text()
    return {name: name for name in FIELDS if pattern.format(name) in text}


def _fields_of_the_form() -> dict[str, str]:
    """The fields that the page sends when somebody places or corrects an order."""
    form = json.dumps({name: "1" for name in SCHEMA["properties"]})
    script = f'import {{ orderOf }} from "./website/orders.js"; console.log(JSON.stringify(orderOf({form})))'
    command = ["node", "--input-type=module", "-e", script]
    done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    return {name: name for name in json.loads(done.stdout)}


def test_no_other_field_of_an_order_is_stored_shown_or_queued(apps: Apps) -> None:
    """Above all, no card number."""
    order = every_field()
    path = {"pathParameters": {"OrderId": order["OrderId"]}}
    answer(place_order.handler, post(order))
    row, sent = apps.row(), {"Put message in order OrderFulfillment Queue", "Put message in order Escalation Queue"}
    apps.change_row(UpdatedAt=timestamp(datetime.now(UTC) - timedelta(hours=1)))
    park_lost_orders.handler({}, None)
    (parked,) = apps.parked.take_json()
    apps.parked.put(parked)
    item = answer(list_parked.handler, {}, **OPERATOR)["items"][0]

    found: dict[str, set[str]] = {
        "row": row.keys() - OF_A_ROW,
        "answer to POST": answer(place_order.handler, post(order | {"OrderId": "another"})).keys() - {"Status"},
        "order": answer(get_order.handler, path).keys() - SHOWN - {"Queue"},
        "listed order": answer(list_orders.handler, {})["orders"][0].keys() - SHOWN - {"State"},
        "cache entry": _cached(row).keys() - SHOWN - {"State", "Owner"},
        "card": answer(get_order.handler, path)["Card"].keys() - {"Last4"},
        "parked message": parked.keys() - OF_A_PARKED_MESSAGE,
        "order of a parked message": (parked["Order"] or {}).keys(),
        "listed parked message": item.keys()
        - {"MessageId", "OrderId", "State", "Error", "ExecutionId", "ParkingId", "Queue", "Order", "Status", "Copies"},
        "order of a listed parked message": (item["Order"] or {}).keys(),
        **{state: STATES[state]["Arguments"]["MessageBody"].keys() - OF_A_MESSAGE for state in sent},
    }
    assert {place: extra - set(FIELDS) for place, extra in found.items() if extra - set(FIELDS)} == {}


def test_orders_that_differ_in_any_field_are_not_the_same_order(apps: Apps) -> None:
    """The row of an order that was started by hand has no digest, and only the last four digits of the card number."""
    order, another = every_field(), every_field(other=True)
    answer(place_order.handler, post(order))
    fields = [name for name in SCHEMA["properties"] if name != "OrderId"]

    def repeated(change: Mapping[str, Any]) -> int:
        return int(place_order.handler(signed_in(post(order | change)), None)["statusCode"])

    assert {name: repeated({name: another[name]}) for name in fields} == dict.fromkeys(fields, 409)
    by_hand = {name: value for name, value in apps.row().items() if name != "Digest"}
    apps.table.put_item(Item=by_hand)
    assert repeated({}) == 200
    assert {name: repeated({name: another[name]}) for name in fields} == dict.fromkeys(fields, 409)


def test_the_workflow_parks_values_that_the_schema_refuses_in_any_field() -> None:
    """A workflow that was started by hand has not been through the API."""
    taken = [
        f"{name}: {value!r}"
        for name, field in SCHEMA["properties"].items()
        for value in just_outside(field)
        if walked(MACHINE, every_field() | {name: value})[0] != "Park the order"
    ]

    assert not taken


def test_an_order_without_an_optional_field_equals_one_with_its_default(apps: Apps) -> None:
    """The API shows the default of a missing field. Orders older than the field, and their digests, lack it."""
    answer(place_order.handler, post(an_order()))
    shown = answer(get_order.handler, {"pathParameters": {"OrderId": "A-1"}})

    for name in set(SCHEMA["properties"]) - set(SCHEMA["required"]):
        status, body = status_and_body(place_order.handler(signed_in(post(an_order(**{name: shown[name]}))), None))
        assert (name, status) == (name, 200), body


def test_the_digest_of_an_order_without_later_fields_does_not_change() -> None:
    digest = rules.digest(an_order(), key=b"a key for tests")

    assert digest == "7f15aef4195f9bfb3a2ddd5e0d523b295fa1644909a523d0a854dd15cf00a836"
