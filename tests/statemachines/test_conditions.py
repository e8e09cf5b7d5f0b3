"""The conditions of the workflows' writes, evaluated by moto's DynamoDB: which rows an execution may change."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.support.orders import an_order
from tests.support.workflows.asl import evaluated_all, load, walked

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
