import hashlib
import json
import logging
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient

from common.aws import BRIEFLY
from fulfillment import ship_order
from fulfillment.ship_order import handler, shipment_id
from tests.support.aws_answers import refused
from tests.support.data_model import examples, kinds
from tests.support.handlers import made
from tests.support.handlers.aws import ENVIRONMENT, client_of
from tests.support.handlers.events import REQUEST_ID

ORDER = {"OrderId": "A-1", "Name": "Zoë O'Brien", "ItemName": "Keyboard", "Price": "12.50", "ExecutionId": "arn"}
MILLISECONDS_LEFT = 20_000


class Context:
    """The context of an invocation that has just begun."""

    def get_remaining_time_in_millis(self) -> int:
        return MILLISECONDS_LEFT


def table(name: str, key: str) -> Any:
    definition = {
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    return made.table(name, definition)


@pytest.fixture(autouse=True)
def records() -> Any:
    """The idempotency records: one for each order that is being shipped or was shipped."""
    return table("idempotency", "id")


@pytest.fixture(autouse=True)
def shipments() -> Any:
    return table("shipments", "ShipmentId")


def ship(*bodies: Any) -> list[str]:
    """Calls the function with the messages `m0`, `m1`... as one batch. Returns the messages that failed."""
    batch = [
        {"messageId": f"m{n}", "body": body if isinstance(body, str) else json.dumps(body), "eventSource": "aws:sqs"}
        for n, body in enumerate(bodies)
    ]
    return [failure["itemIdentifier"] for failure in handler({"Records": batch}, Context())["batchItemFailures"]]


def replace_the_next_write(monkeypatch: pytest.MonkeyPatch, write: Callable[..., Any]) -> None:
    """Calls `write` with the next shipment. Powertools writes its records with the same client."""
    client = client_of(ship_order, "dynamodb")
    put = client.put_item

    def put_item(**arguments: Any) -> Any:
        if arguments["TableName"] != "shipments":
            return put(**arguments)
        monkeypatch.setattr(client, "put_item", put)
        return write(**arguments)

    monkeypatch.setattr(client, "put_item", put_item)


def refuse_the_next_shipment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the next write fail with a throttling error whose text quotes the order."""

    def refuse(**_: Any) -> Any:
        raise refused("dynamodb", "PutItem", "throttled", json.dumps(ORDER))

    replace_the_next_write(monkeypatch, refuse)


def test_an_order_is_shipped(shipments):
    before = datetime.now(UTC)

    assert ship(ORDER) == []

    (shipment,) = shipments.scan()["Items"]
    text = shipment.pop("ShippedAt")
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}\+00:00", text)
    shipped_at = datetime.fromisoformat(text)
    assert shipment.pop("ExpiresAt") == int(
        (shipped_at + timedelta(days=int(ENVIRONMENT["SHIPMENT_DAYS"]))).timestamp()
    )
    assert before.replace(microsecond=0) <= shipped_at <= datetime.now(UTC)
    assert shipment == {"ShipmentId": shipment_id("A-1"), "OrderId": "A-1", "ItemName": "Keyboard"}
    assert str(uuid.UUID(shipment["ShipmentId"])) == shipment["ShipmentId"]


def test_no_call_can_use_up_the_time_of_the_function(monkeypatch):
    timeouts = []
    call = BaseClient._make_api_call

    def noted(client: Any, *arguments: Any) -> Any:
        timeouts.append((client.meta.config.connect_timeout, client.meta.config.read_timeout))
        return call(client, *arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)

    assert ship(ORDER) == []
    assert set(timeouts) == {(BRIEFLY.connect_timeout, BRIEFLY.read_timeout)}


def test_the_data_model_shows_both_rows_as_they_are_stored(shipments, records):
    ship(ORDER)

    stored = [table.scan()["Items"][0] for table in (shipments, records)]
    assert [kinds(row) for row in examples("The rows of the example consumer")] == [kinds(row) for row in stored]


def test_a_copy_of_a_shipped_order_changes_nothing(shipments, records):
    assert ship(ORDER, ORDER) == []
    (first,) = shipments.scan()["Items"]

    assert ship({**ORDER, "ItemName": "Another keyboard"}) == []

    assert shipments.scan()["Items"] == [first]
    assert records.scan()["Count"] == 1


@pytest.mark.parametrize(("age", "is_shipped"), [(-60, False), (60, True)])
def test_a_new_order_with_the_id_of_an_expired_order_is_shipped(age, is_shipped, shipments):
    """DynamoDB deletes an expired shipment only some days later. `age` is in seconds since it expired."""
    expired = int(datetime.now(UTC).timestamp()) - age
    old = {"ShipmentId": shipment_id("A-1"), "OrderId": "A-1", "ItemName": "Lamp", "ExpiresAt": expired}
    shipments.put_item(Item=old)

    assert ship(ORDER) == []

    (shipment,) = shipments.scan()["Items"]
    assert (shipment["ItemName"] == "Keyboard") == is_shipped


def test_the_id_of_a_shipment_never_changes_because_it_tells_copies():
    assert shipment_id("A-1") == "b2b6c628-a529-55be-a693-95f254c0ef37"


@pytest.mark.parametrize("odd", [None, "", "4242424242424242"])
def test_only_the_id_of_a_request_is_logged_as_one(odd, capsys):
    """Somebody may send a message by hand."""
    ship(ORDER | {"RequestId": odd})

    assert [line for line in capsys.readouterr().out.splitlines() if "RequestId" in line or "4242" in line] == []


def test_a_stage_that_keeps_orders_for_ever_keeps_shipments_for_ever(shipments, monkeypatch):
    monkeypatch.setenv("SHIPMENT_DAYS", "")

    assert ship(ORDER) == []
    assert "ExpiresAt" not in shipments.scan()["Items"][0]


def test_a_copy_fails_while_its_order_is_being_shipped_and_succeeds_later(shipments, records, monkeypatch):
    inner = []

    def write_while_the_copy_comes(**arguments: Any) -> Any:
        inner.append(ship(ORDER))
        return client_of(ship_order, "dynamodb").put_item(**arguments)

    replace_the_next_write(monkeypatch, write_while_the_copy_comes)

    ship(ORDER)

    assert inner == [["m0"]]
    assert ship(ORDER) == []
    assert shipments.scan()["Count"] == 1


def test_an_order_whose_invocation_timed_out_is_shipped_by_the_next_attempt(shipments, records):
    ship(ORDER)
    (record,) = records.scan()["Items"]
    now = int(datetime.now(UTC).timestamp() * 1000)
    assert 0 < record["in_progress_expiration"] - now <= MILLISECONDS_LEFT
    shipments.delete_item(Key={"ShipmentId": shipment_id("A-1")})

    records.put_item(Item={**record, "status": "INPROGRESS"})
    assert ship(ORDER) == ["m0"]
    records.put_item(Item={**record, "status": "INPROGRESS", "in_progress_expiration": now - 1})
    assert ship(ORDER) == []

    assert shipments.scan()["Count"] == 1


def test_a_shipped_order_without_a_record_is_not_shipped_again(shipments, records):
    """The function timed out between the two writes, or the record has expired."""
    ship(ORDER)
    before = shipments.scan()["Items"]
    for record in records.scan()["Items"]:
        records.delete_item(Key={"id": record["id"]})

    assert ship(ORDER) == []

    assert shipments.scan()["Items"] == before


def test_an_order_whose_write_failed_is_shipped_by_the_next_attempt(shipments, monkeypatch):
    refuse_the_next_shipment(monkeypatch)

    assert ship(ORDER, {**ORDER, "OrderId": "A-2"}) == ["m0"]
    assert ship(ORDER) == []
    assert shipments.scan()["Count"] == 2


@pytest.mark.parametrize(
    "invalid",
    [
        "",
        "not JSON",
        '{"OrderId": "A-1"',
        "[" * 100_000,
        [],
        None,
        "null",
        {},
        {**ORDER, "OrderId": ""},
        {**ORDER, "OrderId": 7},
        {**ORDER, "Price": "-1"},
        {**ORDER, "Price": "12.50\n"},
        {**ORDER, "ItemName": "\ud800"},
        {name: value for name, value in ORDER.items() if name != "ExecutionId"},
    ],
)
def test_an_invalid_message_fails_and_the_others_are_shipped(invalid, shipments):
    assert ship({**ORDER, "OrderId": "before"}, invalid, {**ORDER, "OrderId": "after"}) == ["m1"]

    assert {shipment["OrderId"] for shipment in shipments.scan()["Items"]} == {"before", "after"}


def test_each_message_of_an_invalid_batch_fails():
    assert ship("not JSON", {}) == ["m0", "m1"]


def test_an_unknown_field_of_a_message_is_ignored(shipments):
    assert ship({**ORDER, "Currency": "EUR"}) == []

    assert shipments.scan()["Count"] == 1


def test_the_idempotency_record_holds_nothing_of_the_order(records):
    ship(ORDER)

    (record,) = records.scan()["Items"]
    assert record.keys() == {"id", "status", "expiration", "in_progress_expiration", "data"}
    assert (record["status"], record["data"]) == ("COMPLETED", "null")
    # A replaced function must find the records of the one before it.
    digest = hashlib.sha256(json.dumps("A-1").encode()).hexdigest()
    assert record["id"] == f"ship#{digest}"


def test_the_idempotency_record_outlives_every_copy_of_the_message(records):
    ship(ORDER)

    (record,) = records.scan()["Items"]
    left = int(record["expiration"]) - datetime.now(UTC).timestamp()
    assert 14 * 24 * 60 * 60 - 60 < left <= 14 * 24 * 60 * 60


def test_the_log_names_messages_and_orders_but_no_person(caplog, capsys, monkeypatch):
    caplog.set_level(logging.DEBUG, logger="fulfillment")
    caplog.set_level(logging.INFO)
    refuse_the_next_shipment(monkeypatch)

    ship(ORDER, ORDER | {"RequestId": REQUEST_ID}, {**ORDER, "Price": ORDER["Name"]}, "Zoë O'Brien")

    assert [record.getMessage() for record in caplog.records if record.name.startswith("fulfillment")] == [
        "message m0 was not shipped: ThrottlingException",
        "message m2: data.Price breaks the rule pattern",
        "message m3: is not JSON",
    ]
    said = capsys.readouterr().out
    assert json.loads(said) == {
        "message": "order shipped",
        "OrderId": "A-1",
        "ShipmentId": shipment_id("A-1"),
        "RequestId": REQUEST_ID,
    }
    assert not [text for text in ("Zoë", "Keyboard") if text in caplog.text + said]
