"""The events and metrics that the functions of the API and ParkLostOrders print."""

from typing import Any

import pytest

from orders import (
    close_order,
    correct_order,
    measures,
    park_lost_orders,
    place_order,
    redrive_dead_letters,
    remove_parked,
    update_cache,
)
from orders.looks import OVERDUE
from tests.support.handlers.events import OPERATOR, PERSON, REQUEST_ID, post, signed_in
from tests.support.handlers.lines import events, printed, values
from tests.support.handlers.lookups import get
from tests.support.handlers.order_rows import ROW, row
from tests.support.orders import an_order
from tests.support.queues import Queue

ANOTHER_REQUEST = "0b9f7c52-6a3e-4a51-9f0e-3c8d1b2a4e5f"
SECRETS = ("4111111111111111", *(an_order()[name] for name in ("Name", "ItemName", "Price")), PERSON["email"])


def asked(event: dict[str, Any], request_id: str = REQUEST_ID, **claims: str) -> dict[str, Any]:
    """A request with this id, for the order A-1."""
    found = signed_in({"pathParameters": {"OrderId": "A-1"}, **event}, **claims)
    return found | {"requestContext": found["requestContext"] | {"requestId": request_id}}


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    """Returns the lines since the last call, after a check that they have nothing of an order or a person."""

    def found() -> list[dict[str, Any]]:
        said = printed(capsys)
        assert not [secret for secret in SECRETS if secret in str(said)]
        return said

    return found


def test_a_new_order_is_received(order_table, order_workflow, lines):
    place_order.handler(asked(post(an_order(CC=SECRETS[0]))), None)

    assert lines() == [{"message": "order received", "OrderId": "A-1", "RequestId": REQUEST_ID}]


def test_a_refused_and_a_repeated_order_are_not_received(order_table, order_workflow, lines):
    place_order.handler(asked(post(an_order())), None)
    order_table.update_item(
        Key={"OrderId": "A-1"},
        UpdateExpression="SET ExecutionId = :id",
        ExpressionAttributeValues={":id": "arn"},
    )
    lines()

    place_order.handler(asked(post(an_order())), None)
    place_order.handler(asked(post(an_order(Name="Other"))), None)

    assert "order received" not in [one["message"] for one in lines()]


def test_an_order_that_is_started_again_has_the_id_of_its_own_request(order_table, order_workflow, lines):
    place_order.handler(asked(post(an_order())), None)

    place_order.handler(asked(post(an_order()), ANOTHER_REQUEST), None)

    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["RequestId"] == ANOTHER_REQUEST
    assert [one["RequestId"] for one in lines()] == [REQUEST_ID, ANOTHER_REQUEST]


@pytest.mark.parametrize(("claims", "by"), [(PERSON, "owner"), (OPERATOR, "operator")])
def test_a_correction_names_who_made_it_but_no_person(claims, by, order_table, order_workflow, lines):
    order_table.put_item(Item=ROW | {"Status": "PARKED"})

    correct_order.handler(asked(post(an_order()), **claims), None)

    assert lines() == [{"message": "order corrected", "OrderId": "A-1", "RequestId": REQUEST_ID, "By": by}]


def test_an_order_is_closed_once(order_table, lines):
    order_table.put_item(Item=ROW | {"Status": "PARKED"})

    for _ in range(2):
        close_order.handler(asked(post({"note": "no"}), **OPERATOR), None)

    assert lines() == [{"message": "order closed", "OrderId": "A-1", "RequestId": REQUEST_ID}]


def test_dead_letters_are_redriven(dead_letters, lines):
    dead_letters["ESCALATION_DEAD_LETTERS"].put({"OrderId": "A-1"})

    redrive_dead_letters.handler(asked({"pathParameters": {"Queue": "EscalationQueue"}}, **OPERATOR), None)

    assert lines() == [
        {
            "message": "dead letters redriven",
            "Queue": "EscalationQueue",
            "Moved": 1,
            "Failed": 0,
            "RequestId": REQUEST_ID,
        }
    ]


def test_a_parked_message_is_removed(parked: Queue, lines):
    [message_id] = parked.put({"OrderId": "A-1", "Name": "Jo"})

    remove_parked.handler(asked({"pathParameters": {"MessageId": message_id}}, **OPERATOR), None)

    assert lines() == [{"message": "parked message removed", "OrderId": "A-1", "RequestId": REQUEST_ID}]


def test_each_lookup_counts_as_what_the_cache_did(stored, redis_cache, monkeypatch, lines):
    get("A-1")
    miss = lines()
    get("A-1")
    hit = lines()
    monkeypatch.delenv("REDIS_URL")
    get("A-1")
    bypass = lines()

    measured = (measures.CACHE_MISSES, measures.CACHE_HITS, measures.CACHE_BYPASSES)
    counts = [[values(one, measure) for measure in measured] for one in (miss, hit, bypass)]
    assert counts == [[[1], [], []], [[], [1], []], [[], [], [1]]]
    assert events(miss) == [{"message": "order cached", "OrderId": "A-1", "RequestId": REQUEST_ID}]
    assert events(hit) == events(bypass) == []


def test_a_lookup_of_an_unknown_order_does_not_log_its_id(order_table, redis_cache, lines):
    """Somebody may type anything there."""
    get("Ada-Byron")

    said = lines()
    assert values(said, measures.CACHE_MISSES) == [1]
    assert "Ada-Byron" not in str(said)


@pytest.mark.parametrize(("id", "shown"), [(REQUEST_ID, REQUEST_ID), ("ada@example.com", None)])
def test_a_change_that_is_written_to_the_cache_has_the_id_of_its_row(id, shown, redis_cache, lines):
    image = {name: {"S": value} for name, value in ROW.items() if isinstance(value, str)}
    image |= {"Reasons": {"L": []}, "RequestId": {"S": id}}
    change = {"Keys": {"OrderId": image["OrderId"]}, "NewImage": image}

    update_cache.handler({"Records": [{"eventName": "MODIFY", "dynamodb": change}]}, None)

    [said] = lines()
    assert (said["message"], said["OrderId"], said.get("RequestId")) == ("order cached", "A-1", shown)


def test_lost_orders_are_counted(order_table, parked, lines):
    for order_id in ("A-1", "A-2"):
        order_table.put_item(Item=row(order_id, age=OVERDUE * 2, RequestId=REQUEST_ID))

    park_lost_orders.handler({}, None)

    assert values(lines(), measures.LOST) == [2]
    assert [message["RequestId"] for message in parked.take_json()] == [REQUEST_ID] * 2


def test_nothing_is_counted_if_no_order_is_lost(order_table, parked, lines):
    park_lost_orders.handler({}, None)

    assert lines() == []
