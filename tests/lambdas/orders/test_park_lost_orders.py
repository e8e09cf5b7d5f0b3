import json
from unittest.mock import Mock

import fastjsonschema
import pytest
from botocore.exceptions import EndpointConnectionError

from orders import looks, messages, park_lost_orders, table
from orders.looks import OVERDUE
from orders.park_lost_orders import NotParkedError, handler
from tests.support.aws_answers import refused
from tests.support.handlers.aws import client_of
from tests.support.handlers.order_rows import CLAIMED, NAME, row
from tests.support.orders import only

EXECUTION = f"arn:aws:states:us-east-1:123456789012:execution:orders:{NAME}"
EVENT = {"ExecutionId": EXECUTION, "Status": "TIMED_OUT"}

check_contract = fastjsonschema.compile(messages.schema("parked"))


def sends(monkeypatch: pytest.MonkeyPatch) -> list:
    """The batches of messages that are sent to the queue from now on."""
    sent: list = []
    sqs = client_of(looks, "sqs")
    monkeypatch.setattr(sqs, "send_message_batch", lambda *, QueueUrl, Entries: sent.append(Entries) or {})
    return sent


def looked_at(*order_ids: str) -> dict:
    """The event with which the queue makes the function look at orders."""
    return {"Records": [{"body": json.dumps({"OrderId": order_id})} for order_id in order_ids]}


def test_the_order_of_a_failed_execution_is_parked_with_the_error(order_table, parked):
    order_table.put_item(Item=row("A-1", ExecutionId=EXECUTION))
    order_table.put_item(Item=row("A-2", ExecutionName="other", ExecutionId="arn:other"))

    assert handler(EVENT, None) == {"Parked": 1}

    (message,) = parked.take_json()
    check_contract(message)
    assert (message["OrderId"], message["Error"], message["State"]) == ("A-1", "Execution.TIMED_OUT", None)
    assert (message["ExecutionId"], message["ParkingId"], message["Queue"]) == (EXECUTION, EXECUTION, None)
    assert only(message["Order"], "OrderId", "Name", "Price") == {"OrderId": "A-1", "Name": "Jo", "Price": "12.50"}
    assert (table.find("A-1")["Status"], table.find("A-2")["Status"]) == ("PARKED", "RECEIVED")


def test_the_order_of_an_execution_that_failed_before_it_took_the_claim_is_parked(order_table, parked):
    order_table.put_item(Item=row("A-1"))

    handler(EVENT, None)

    (message,) = parked.take_json()
    check_contract(message)
    assert (message["OrderId"], table.find("A-1")["Status"]) == ("A-1", "PARKED")


def test_a_failed_execution_without_a_row_is_parked_with_only_its_id(order_table, parked):
    handler(EVENT, None)

    (message,) = parked.take_json()
    check_contract(message)
    assert (message["OrderId"], message["Order"], message["ExecutionId"]) == (None, None, EXECUTION)


@pytest.mark.parametrize("status", ["FULFILLMENT_QUEUED", "ESCALATED", "PARKED"])
def test_an_execution_that_failed_after_its_order_was_settled_parks_nothing(status, order_table, parked):
    order_table.put_item(Item=row("A-1", ExecutionId=EXECUTION, Status=status))

    assert handler(EVENT, None) == {"Parked": 0}

    assert (parked.take_json(), table.find("A-1")["Status"]) == ([], status)


def test_an_order_that_was_started_by_hand_is_parked_with_the_id_of_its_failed_execution(order_table, parked):
    """The name of its execution does not lead to its row, so the row is parked later, when it is overdue."""
    execution = "arn:aws:states:us-east-1:123456789012:execution:orders:any name"
    order_table.put_item(Item=row("A-1", age=OVERDUE, ExecutionName="any name", ExecutionId=execution))

    handler({"ExecutionId": execution, "Status": "FAILED"}, None)
    handler(looked_at("A-1"), None)

    first, second = parked.take_json()
    assert (first["OrderId"], second["OrderId"], table.find("A-1")["Status"]) == (None, "A-1", "PARKED")
    assert first["ParkingId"] == second["ParkingId"] == execution


def test_one_execution_has_the_same_parking_id_in_every_message(order_table, parked, monkeypatch):
    order_table.put_item(Item=row("A-1", age=OVERDUE * 2, **CLAIMED))
    with monkeypatch.context() as broken:
        broken.setattr("orders.table.park", Mock(side_effect=refused("dynamodb", "PutItem", "throttled")))
        for event in (EVENT, looked_at("A-1"), {}):
            with pytest.raises(NotParkedError):
                handler(event, None)
    handler(looked_at("A-1"), None)
    handler(EVENT, None)

    messages = parked.take_json()
    assert [message["ParkingId"] for message in messages] == [NAME] * 4
    assert [message["ExecutionId"] for message in messages] == [EXECUTION, None, None, None]
    assert table.find("A-1")["Status"] == "PARKED"


def test_executions_of_one_name_that_were_started_by_hand_have_different_parking_ids(order_table, parked):
    for number in (1, 2):
        execution = f"arn:aws:states:us-east-1:123456789012:express:orders:mine:{number}"
        attributes = {"ExecutionName": "mine", "ExecutionId": execution}
        order_table.put_item(Item=row(f"A-{number}", age=OVERDUE * 2, **attributes))

    handler(looked_at("A-1", "A-2"), None)

    assert len({message["ParkingId"] for message in parked.take_json()}) == 2


def test_the_order_of_an_express_execution_is_found_by_the_name_in_its_id(order_table, parked):
    execution = f"arn:aws:states:us-east-1:123456789012:express:orders:{NAME}:0f8fad5b-d9cb-469f-a165-70867728950e"
    order_table.put_item(Item=row("A-1", ExecutionId=execution))

    assert handler({"ExecutionId": execution, "Status": "ABORTED"}, None) == {"Parked": 1}

    assert [message["OrderId"] for message in parked.take_json()] == ["A-1"]


@pytest.mark.parametrize("status", ["FULFILLMENT_QUEUED", "ESCALATED", "PARKED", "CLOSED", None])
def test_an_order_with_an_outcome_is_not_parked_and_nothing_is_logged(status, order_table, parked, to_check, caplog):
    """Most orders have their outcome by the time of the look. None is an order that was withdrawn."""
    if status:
        order_table.put_item(Item=row("A-1", age=OVERDUE * 2, Status=status))

    assert handler(looked_at("A-1"), None) == {"Parked": 0}

    assert (parked.take_json(), to_check.take_json(), caplog.records) == ([], [], [])


def test_a_younger_order_gets_another_look(order_table, parked, to_check, monkeypatch):
    """It was kept, or corrected, since the first message was sent."""
    sent = sends(monkeypatch)
    order_table.put_item(Item=row("A-1", age=OVERDUE / 2))
    order_table.put_item(Item=row("A-2", age=OVERDUE))

    assert handler(looked_at("A-1", "A-2"), None) == {"Parked": 1}

    ((look,),) = sent
    assert (json.loads(look["MessageBody"]), 0 < look["DelaySeconds"] <= 300) == ({"OrderId": "A-1"}, True)
    assert (table.find("A-1")["Status"], table.find("A-2")["Status"]) == ("RECEIVED", "PARKED")


def test_a_search_looks_at_the_whole_table_page_by_page(order_table, parked, to_check, monkeypatch):
    monkeypatch.setattr(park_lost_orders, "PAGE", 3)
    with order_table.batch_writer() as writer:
        for number in range(8):
            writer.put_item(Item=row(f"lost-{number}", age=OVERDUE * 2))
        writer.put_item(Item=row("young", age=OVERDUE / 2))
        writer.put_item(Item=row("done", age=OVERDUE * 2, Status="ESCALATED"))

    handler({}, None)
    while messages := to_check.messages():
        handler({"Records": [{"body": message["Body"]} for message in messages]}, None)

    assert sorted(message["OrderId"] for message in parked.take_json()) == [f"lost-{number}" for number in range(8)]
    assert (table.find("young")["Status"], table.find("done")["Status"]) == ("RECEIVED", "ESCALATED")


def test_a_search_goes_on_only_when_all_of_its_page_are_parked(order_table, parked, to_check, monkeypatch):
    monkeypatch.setattr(park_lost_orders, "PAGE", 1)
    for order_id in ("A-1", "A-2"):
        order_table.put_item(Item=row(order_id, age=OVERDUE * 2))
    with monkeypatch.context() as broken:
        broken.setattr("orders.table.park", Mock(side_effect=refused("dynamodb", "PutItem", "throttled")))
        with pytest.raises(NotParkedError):
            handler({}, None)

    assert to_check.take_json() == []


@pytest.mark.parametrize(
    "change",
    [
        {"Price": None},
        {"Name": None},
        {"ExecutionName": None},
        {"Price": None, "ItemName": None, "ExecutionName": None},
        {"Price": 12},
        {"ExecutionId": 7},
        {"UpdatedAt": None},
    ],
)
@pytest.mark.parametrize("look", [looked_at("A-1"), {}], ids=["look", "search"])
def test_a_damaged_row_is_parked_once(look, change, order_table, parked):
    changed = row("A-1", age=OVERDUE * 2) | change
    order_table.put_item(Item={name: value for name, value in changed.items() if value is not None})

    assert handler(look, None) == {"Parked": 1}
    assert handler(look, None) == {"Parked": 0}

    (message,) = parked.take_json()
    check_contract(message)
    assert (message["OrderId"], table.find("A-1")["Status"]) == ("A-1", "PARKED")


def test_an_order_that_cannot_be_parked_does_not_stop_the_others(order_table, parked, monkeypatch):
    send = client_of(park_lost_orders, "sqs").send_message

    def refuse_the_first(*, MessageBody: str, **arguments: str) -> object:
        if '"older"' in MessageBody:
            raise EndpointConnectionError(endpoint_url="")
        return send(MessageBody=MessageBody, **arguments)

    monkeypatch.setattr(client_of(park_lost_orders, "sqs"), "send_message", refuse_the_first)
    order_table.put_item(Item=row("older", age=OVERDUE * 3))
    order_table.put_item(Item=row("old", age=OVERDUE * 2))

    with pytest.raises(NotParkedError, match="1 of 2"):
        handler(looked_at("older", "old"), None)

    assert [message["OrderId"] for message in parked.take_json()] == ["old"]


def test_a_search_parks_overdue_orders_starting_with_the_oldest(order_table, parked):
    for order_id, age in {"old": OVERDUE * 2, "older": OVERDUE * 3, "young": OVERDUE / 2}.items():
        order_table.put_item(Item=row(order_id, age=age))
    order_table.put_item(Item=row("done", age=OVERDUE * 2, Status="ESCALATED"))

    assert handler({}, None) == {"Parked": 2}

    found = parked.take_json()
    for message in found:
        check_contract(message)
    assert [(message["OrderId"], message["Error"]) for message in found] == [
        ("older", "NoOutcomeError"),
        ("old", "NoOutcomeError"),
    ]
    states = {name: table.find(name)["Status"] for name in ("old", "older", "young", "done")}
    assert states == {"old": "PARKED", "older": "PARKED", "young": "RECEIVED", "done": "ESCALATED"}


def test_an_order_that_the_queue_refused_is_parked_by_the_next_look(order_table, parked, monkeypatch):
    order_table.put_item(Item=row("A-1", age=OVERDUE * 2))
    with monkeypatch.context() as broken:
        broken.setenv("PARKED_QUEUE", "https://sqs.us-east-1.amazonaws.com/123456789012/gone")
        with pytest.raises(NotParkedError, match="1 of 1"):
            handler(looked_at("A-1"), None)

    assert table.find("A-1")["Status"] == "RECEIVED"
    assert handler(looked_at("A-1"), None) == {"Parked": 1}
    assert [message["OrderId"] for message in parked.take_json()] == ["A-1"]


def test_each_row_is_read_just_before_it_is_parked(order_table, parked, monkeypatch):
    """While the first order is parked, the second one is settled."""
    for order_id in ("A-1", "A-2"):
        order_table.put_item(Item=row(order_id, age=OVERDUE * 2))
    park = table.park

    def settles_the_other(found, *, now):
        order_table.put_item(Item=row("A-2", age=OVERDUE * 2, Status="FULFILLMENT_QUEUED"))
        return park(found, now=now)

    monkeypatch.setattr(table, "park", settles_the_other)

    assert handler(looked_at("A-1", "A-2"), None) == {"Parked": 1}

    assert [message["OrderId"] for message in parked.take_json()] == ["A-1"]


def test_a_row_of_a_search_that_was_just_settled_is_not_parked(order_table, parked, monkeypatch):
    """A search reads pages that may be out of date."""
    old = row("A-1", age=OVERDUE * 2)
    order_table.put_item(Item=old | {"Status": "ESCALATED"})
    monkeypatch.setattr("orders.table.received", lambda **_: ([old], None))

    assert handler({}, None) == {"Parked": 0}

    assert parked.take_json() == []
    assert table.find("A-1")["Status"] == "ESCALATED"
