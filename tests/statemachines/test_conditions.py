"""The conditions of the workflows' writes, evaluated by moto's DynamoDB: which rows an execution may change."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer
from moto import mock_aws

from tests.support.orders import an_order
from tests.support.workflows.asl import evaluated, evaluated_all, load, walked

MINE, ANOTHER = "arn:mine", "arn:another"
CONTEXT = {
    "Execution": {"Id": MINE, "Name": "my-name", "StartTime": "2026-11-26T09:17:47.123Z"},
    "State": {"EnteredTime": "2026-11-26T09:17:48.123Z"},
}
ROW = "row"
WRITTEN, REFUSED = True, False


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        for key in ("OrderId", "ReminderId"):
            client.create_table(
                TableName=key,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        yield client


def writes(dynamodb: Any, state: Any, key: str, row: dict[str, str] | None, state_input: Any, **variables: Any) -> bool:
    """Returns whether `state` changes the row. `key` is the name of the table's key; None is a missing row."""
    dynamodb.delete_item(TableName=key, Key={key: {"S": ROW}})
    if row is not None:
        dynamodb.put_item(TableName=key, Item={key: {"S": ROW}, **{name: {"S": one} for name, one in row.items()}})
    arguments = evaluated_all(state["Arguments"], state_input, context=CONTEXT, **variables)
    try:
        dynamodb.update_item(**{**arguments, "TableName": key})
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return REFUSED
    return WRITTEN


REMINDERS, ORDERS = load("reminder.asl.json")["States"], load("order_fulfillment.asl.json")["States"]


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ({"Status": "SCHEDULED", "ExecutionId": MINE}, WRITTEN),
        ({"Status": "SCHEDULED", "ExecutionId": ANOTHER}, REFUSED),
        ({"Status": "SCHEDULED"}, REFUSED),
        ({"Status": "SENDING", "ExecutionId": MINE}, REFUSED),
        ({"Status": "SENT", "ExecutionId": MINE}, REFUSED),
        ({"Status": "CANCELLED", "ExecutionId": MINE}, REFUSED),
        (None, REFUSED),
    ],
)
def test_a_failure_is_written_only_if_the_reminder_still_waits_for_this_execution(dynamodb, row, outcome):
    given = {"ReminderId": ROW, "Reason": "x"}

    assert writes(dynamodb, REMINDERS["Record the failure"], "ReminderId", row, given) == outcome


ORDER = {"order": walked(load("order_fulfillment.asl.json"), an_order(OrderId=ROW))[1]["order"]}
CLAIMED = {"Status": "RECEIVED", "ExecutionName": "my-name"}


@pytest.mark.parametrize(
    ("row", "by_hand", "by_the_api"),
    [
        (None, WRITTEN, REFUSED),
        (CLAIMED, WRITTEN, WRITTEN),
        ({**CLAIMED, "ExecutionId": MINE}, WRITTEN, WRITTEN),
        ({**CLAIMED, "ExecutionId": ANOTHER}, REFUSED, REFUSED),
        ({**CLAIMED, "ExecutionName": "another-name"}, REFUSED, REFUSED),
        ({**CLAIMED, "Status": "PARKED"}, REFUSED, REFUSED),
        ({**CLAIMED, "Status": "CLOSED", "ExecutionId": ""}, REFUSED, REFUSED),
    ],
)
def test_an_execution_takes_its_own_claim_and_one_started_by_hand_also_takes_a_new_order(
    dynamodb, row, by_hand, by_the_api
):
    state, card = ORDERS["Update the order table"], {"CC": "4242424242424242"}

    for claimed, outcome in ((False, by_hand), (True, by_the_api)):
        assert writes(dynamodb, state, "OrderId", row, card, claimed=claimed, **ORDER) == outcome


@pytest.mark.parametrize(
    ("row", "outcome", "parked"),
    [
        ({"Status": "RECEIVED", "ExecutionId": MINE}, WRITTEN, WRITTEN),
        ({"Status": "RECEIVED", "ExecutionId": ANOTHER}, REFUSED, REFUSED),
        (CLAIMED, REFUSED, WRITTEN),
        ({**CLAIMED, "ExecutionId": ANOTHER}, REFUSED, REFUSED),
        ({**CLAIMED, "ExecutionName": "another-name"}, REFUSED, REFUSED),
        (None, REFUSED, REFUSED),
    ],
)
def test_only_an_orders_own_execution_writes_its_outcome(dynamodb, row, outcome, parked):
    ends = {"outcome": "ESCALATED", "reasons": ["PRICE_NOT_POSITIVE"], "queue": "ParkedQueue"}
    ends |= {"change": ", Todo = :todo", "values": {":todo": {"S": "ESCALATED#3"}}}
    ends |= dict.fromkeys(("checkedAt", "queuedAt"), "2026-11-21T04:00:00.999Z")

    assert writes(dynamodb, ORDERS["Record the outcome"], "OrderId", row, {}, **ORDER, **ends) == outcome
    assert writes(dynamodb, ORDERS["Record that it is parked"], "OrderId", row, {}, rowId=ROW, **ends) == parked


def test_the_search_for_a_claim_reads_only_the_name_of_the_execution(dynamodb):
    state = ORDERS["Look for the claim"]
    dynamodb.put_item(TableName="OrderId", Item={name: {"S": one} for name, one in {**CLAIMED, "OrderId": ROW}.items()})

    found = dynamodb.get_item(**{**evaluated_all(state["Arguments"], rowId=ROW), "TableName": "OrderId"})

    assert found["Item"] == {"ExecutionName": {"S": "my-name"}}
    assert evaluated(state["Output"]["ExecutionName"], result=found) == "my-name"


ENTERED, STARTED = CONTEXT["State"]["EnteredTime"], CONTEXT["Execution"]["StartTime"]


def row_after(dynamodb: Any, state: Any, key: str, row: dict[str, str] | None, state_input: Any, **known: Any) -> Any:
    """Returns what `state` leaves in the table."""
    assert writes(dynamodb, state, key, row, state_input, **known) == WRITTEN
    item = dynamodb.get_item(TableName=key, Key={key: {"S": ROW}})["Item"]
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


@pytest.mark.parametrize(
    "before", [None, {**CLAIMED, "Todo": "PARKED#3", "ReceivedAt": "before", "UpdatedAt": "before"}]
)
def test_the_first_write_of_an_order_sets_its_whole_row(dynamodb, before):
    state, card = ORDERS["Update the order table"], {"CC": "4242424242421111"}

    found = row_after(dynamodb, state, "OrderId", before, card, claimed=before is not None, **ORDER)

    assert found == {
        **ORDER["order"],
        "CardLast4": "1111",
        "Status": "RECEIVED",
        "Reasons": [],
        "ReceivedAt": "before" if before else ENTERED,
        "UpdatedAt": "before" if before else ENTERED,
        "ExecutionName": "my-name",
        "ExecutionId": MINE,
    }


def test_the_outcome_of_an_order_is_on_its_row(dynamodb):
    state, before = ORDERS["Record the outcome"], {"Status": "RECEIVED", "ExecutionId": MINE, "ExpiresAt": "soon"}
    ends = evaluated_all(ORDERS["Put message in order Escalation Queue"]["Assign"], {}, context=CONTEXT)

    found = row_after(
        dynamodb, state, "OrderId", before, {}, **ORDER, **ends, reasons=["PRICE_NOT_POSITIVE"], checkedAt="then"
    )

    assert found.pop("Todo").startswith("ESCALATED#")
    assert found == {
        "OrderId": ROW,
        "ExecutionId": MINE,
        "Status": "ESCALATED",
        "Reasons": ["PRICE_NOT_POSITIVE"],
        "UpdatedAt": ENTERED,
        "StartedAt": STARTED,
        "CheckedAt": "then",
        "QueuedAt": ENTERED,
    }


def test_a_parked_order_has_its_status_and_its_queue_on_its_row(dynamodb):
    state, before = ORDERS["Record that it is parked"], {**CLAIMED, "ExpiresAt": "soon"}

    found = row_after(dynamodb, state, "OrderId", before, {}, rowId=ROW, queue="EscalationQueue")

    assert found.pop("Todo").startswith("PARKED#")
    assert found == {
        "OrderId": ROW,
        "ExecutionName": "my-name",
        "Status": "PARKED",
        "Queue": "EscalationQueue",
        "UpdatedAt": ENTERED,
    }


def test_a_failed_reminder_has_its_status_and_its_reason_on_its_row(dynamodb):
    before = {"Status": "SCHEDULED", "ExecutionId": MINE}
    given = {"ReminderId": ROW, "Reason": "the delivery was not started: X"}

    found = row_after(dynamodb, REMINDERS["Record the failure"], "ReminderId", before, given)

    assert found == {
        "ReminderId": ROW,
        "ExecutionId": MINE,
        "Status": "FAILED",
        "Reason": "the delivery was not started: X",
        "UpdatedAt": ENTERED,
    }
