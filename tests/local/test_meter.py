"""How the laptop cloud counts what AWS would bill, on the engine's own functions."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ministack.services import dynamodb

from local.meter import counter, database, messages, workflows

TABLE = "Things"
KB = 1024

Call = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    counter.reset()
    yield
    counter.reset()


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Calls the engine's DynamoDB, which has one table with an index, and counts as the laptop cloud does."""
    monkeypatch.setattr(dynamodb, "_set_item", database.watched_set(dynamodb._set_item))
    monkeypatch.setattr(dynamodb, "_remove_item", database.watched_remove(dynamodb._remove_item))

    def called(operation: str, data: dict[str, Any]) -> dict[str, Any]:
        handler = getattr(dynamodb, operation)
        if count := database.COUNTS.get(operation):
            handler = database.counting(handler, count)
        answer: dict[str, Any] = json.loads(handler(data)[2])
        return answer

    key = {"AttributeName": "Id", "KeyType": "HASH"}
    of_index = {"AttributeName": "Status", "KeyType": "HASH"}
    called(
        "_create_table",
        {
            "TableName": TABLE,
            "KeySchema": [key],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("Id", "Status")],
            "BillingMode": "PAY_PER_REQUEST",
            "GlobalSecondaryIndexes": [
                {"IndexName": "ByStatus", "KeySchema": [of_index], "Projection": {"ProjectionType": "KEYS_ONLY"}}
            ],
        },
    )
    yield called
    called("_delete_table", {"TableName": TABLE})


def an_item(id: str = "a", **attributes: str) -> dict[str, Any]:
    return {"Id": {"S": id}, **{name: {"S": value} for name, value in attributes.items()}}


def put(call: Call, item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return call("_put_item", {"TableName": TABLE, "Item": item, **more})


def written() -> dict[str, float]:
    return counter.counts().get("dynamodb.write", {})


def read() -> dict[str, float]:
    return counter.counts().get("dynamodb.read", {})


def test_a_write_counts_for_the_table_and_for_each_index_that_changes(call: Call) -> None:
    put(call, an_item(Status="NEW"))
    assert written() == {TABLE: 1, f"{TABLE}/ByStatus": 1}

    update = {"UpdateExpression": "SET Note = :note", "ExpressionAttributeValues": {":note": {"S": "x" * KB}}}
    call("_update_item", {"TableName": TABLE, "Key": an_item(), **update})
    assert written() == {TABLE: 3, f"{TABLE}/ByStatus": 1}

    call("_delete_item", {"TableName": TABLE, "Key": an_item()})
    assert written() == {TABLE: 5, f"{TABLE}/ByStatus": 2}


def test_a_refused_condition_costs_what_the_found_item_costs(call: Call) -> None:
    put(call, an_item(Note="x" * 2 * KB))
    counter.reset()

    answer = put(call, an_item(), ConditionExpression="attribute_not_exists(Id)")

    assert answer["__type"].endswith("ConditionalCheckFailedException")
    assert written() == {TABLE: 3}


def test_an_invalid_request_costs_nothing(call: Call) -> None:
    put(call, {"Status": {"S": "no key"}})

    assert written() == {}


def test_each_item_of_a_batch_counts_by_itself(call: Call) -> None:
    items = [an_item("a"), an_item("b", Status="NEW")]

    call("_batch_write_item", {"RequestItems": {TABLE: [{"PutRequest": {"Item": item}} for item in items]}})
    keys = [an_item("a"), an_item("b"), an_item("missing")]
    call("_batch_get_item", {"RequestItems": {TABLE: {"Keys": keys, "ConsistentRead": True}}})

    assert written() == {TABLE: 2, f"{TABLE}/ByStatus": 1}
    assert read() == {TABLE: 3}


def test_a_transaction_counts_twice_also_if_a_condition_cancels_it(call: Call) -> None:
    action = {"Put": {"TableName": TABLE, "Item": an_item(), "ConditionExpression": "attribute_not_exists(Id)"}}

    for _ in range(2):
        call("_transact_write_items", {"TransactItems": [action]})

    assert written() == {TABLE: 4}


def test_a_read_counts_what_it_reads(call: Call) -> None:
    put(call, an_item(Note="x" * 5 * KB))

    call("_get_item", {"TableName": TABLE, "Key": an_item(), "ConsistentRead": True})
    assert read() == {TABLE: 2}

    call("_get_item", {"TableName": TABLE, "Key": an_item("missing")})
    assert read() == {TABLE: 2.5}


def test_a_query_of_an_index_counts_what_the_index_holds(call: Call) -> None:
    put(call, an_item(Status="NEW", Note="x" * 9 * KB))
    condition = {
        "KeyConditionExpression": "#s = :s",
        "ExpressionAttributeNames": {"#s": "Status"},
        "ExpressionAttributeValues": {":s": {"S": "NEW"}},
    }

    call("_query", {"TableName": TABLE, "IndexName": "ByStatus", **condition})

    assert read() == {f"{TABLE}/ByStatus": 0.5}


def test_the_root_user_does_not_count(call: Call) -> None:
    token = counter.uncounted.set(True)
    try:
        put(call, an_item())
    finally:
        counter.uncounted.reset(token)

    assert written() == {}


@pytest.mark.parametrize(
    ("seconds", "megabytes", "gb_seconds"),
    [
        # 50 MB of AWS, the definition and the input, in chunks of 64 MB and steps of 100 ms.
        (0.03, 0, 0.1 * 64 / 1024),
        (0.31, 0, 0.4 * 64 / 1024),
        (0.1, 15, 0.1 * 128 / 1024),
    ],
)
def test_an_express_execution_is_billed_in_chunks_and_steps(seconds: float, megabytes: int, gb_seconds: float) -> None:
    workflow = {"definition": "x" * megabytes * KB * KB}

    assert workflows.gb_seconds(seconds, workflow, {"input": "{}"}) == pytest.approx(gb_seconds)


@pytest.mark.parametrize(("bytes", "requests"), [(0, 1), (64 * KB, 1), (64 * KB + 1, 2), (256 * KB, 4)])
def test_a_message_is_a_request_for_each_64_kb(bytes: int, requests: int) -> None:
    assert messages.chunks(bytes) == requests
