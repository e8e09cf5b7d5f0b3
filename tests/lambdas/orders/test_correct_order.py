import json
from urllib.parse import urljoin

import pytest

from orders import close_order, correct_order, place_order, table
from orders.correct_order import handler
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import (
    API,
    OPERATOR,
    PERSON,
    REQUEST_ID,
    post,
    refused_field,
    signed_in,
    status_and_body,
)
from tests.support.handlers.faults import fault
from tests.support.orders import an_order, only

ANOTHER = {**PERSON, "sub": "6f1c2d3e-0000-4000-8000-00000000000c"}
CARD = "4111111111111111"
ORDER = an_order(Price="0", CC=CARD)
CORRECTED = ORDER | {"Price": "12.50"}


def put(order, *, path: str = "A-1", by=OPERATOR):
    return handler(signed_in(post(order) | {"pathParameters": {"OrderId": path}}, **by), None)


@pytest.fixture
def escalated(order_table, order_workflow):
    """The row of ORDER, which the workflow has escalated."""
    place_order.handler(signed_in(post(ORDER)), None)
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    row |= {"Status": "ESCALATED", "Reasons": ["PRICE_NOT_POSITIVE"], "ExecutionId": "arn"}
    order_table.put_item(Item=row)
    return row


@pytest.mark.parametrize("status", ["ESCALATED", "PARKED"])
def test_an_escalated_or_parked_order_can_be_corrected(status, escalated, order_table, order_workflow):
    order_table.put_item(Item=escalated | {"Status": status, "RequestId": "of the request that placed it"})

    reply = put(CORRECTED)

    assert status_and_body(reply) == (202, {"OrderId": "A-1", "Status": "RECEIVED"})
    assert urljoin(f"{API}/orders/A-1", reply["headers"]["Location"]) == f"{API}/orders/A-1"
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (row["Price"], row["Status"], row["Reasons"]) == ("12.50", "RECEIVED", [])
    assert row["ReceivedAt"] == escalated["ReceivedAt"]
    assert "ExecutionId" not in row, "the new execution takes the claim"
    newest = {one["name"]: json.loads(one["input"]) for one in order_workflow.executions()}
    assert newest[row["ExecutionName"]] == CORRECTED | {"Claimed": True, "RequestId": REQUEST_ID}
    assert row["RequestId"] == REQUEST_ID
    assert CARD not in str(row)


def test_a_correction_keeps_the_owner(escalated, order_table, order_workflow):
    put(CORRECTED)

    assert escalated["Owner"] == PERSON["sub"] != OPERATOR["sub"]
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Owner"] == PERSON["sub"]


def test_an_order_without_an_owner_has_none_after_its_correction(escalated, order_table, order_workflow):
    by_hand = {name: value for name, value in escalated.items() if name not in ("Owner", "Digest")}
    order_table.put_item(Item=by_hand)

    assert status_and_body(put(CORRECTED))[0] == 202
    assert "Owner" not in order_table.get_item(Key={"OrderId": "A-1"})["Item"]


@pytest.mark.parametrize(("by", "shown"), [(PERSON, "owner"), (OPERATOR, "operator")])
@pytest.mark.parametrize("status", ["ESCALATED", "PARKED"])
def test_the_owner_and_operators_may_correct_an_order(by, shown, status, escalated, order_table, order_workflow):
    order_table.put_item(Item=escalated | {"Status": status})

    assert status_and_body(put(CORRECTED, by=by))[0] == 202

    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (row["CorrectedBy"], row["CorrectedAt"]) == (by["sub"], row["UpdatedAt"])
    said = status_and_body(put(CORRECTED, by=by))[1]
    assert only(said, "CorrectedBy", "CorrectedAt") == {"CorrectedBy": shown, "CorrectedAt": row["CorrectedAt"]}
    assert by["sub"] not in str(said)


@pytest.mark.parametrize("by_hand", [False, True])
def test_another_persons_order_looks_unknown_and_is_not_corrected(by_hand, escalated, order_table, order_workflow):
    row = {name: value for name, value in escalated.items() if not (by_hand and name in ("Owner", "OwnPart"))}
    order_table.put_item(Item=row)
    unknown = put(CORRECTED | {"OrderId": "A-2"}, path="A-2", by=ANOTHER)

    # In the fulfillment queue the owner gets 409.
    for found in (row, row | {"Status": "CLOSED"}, row | {"Status": "PARKED", "Queue": "OrderFulfillmentQueue"}):
        order_table.put_item(Item=found)
        for order in (ORDER, CORRECTED):
            assert put(order, by=ANOTHER) == unknown
        assert order_table.get_item(Key={"OrderId": "A-1"})["Item"] == found
    assert unknown["statusCode"] == 404
    assert len(order_workflow.executions()) == 1


def test_an_owner_reads_nothing_about_the_operators_work(escalated, order_table, order_workflow):
    order_table.put_item(Item=escalated | {"Status": "PARKED", "Queue": "OrderFulfillmentQueue"})

    status, body = status_and_body(put(CORRECTED, by=PERSON))

    assert (status, body["error"]["message"]) == (409, correct_order.ALREADY_ACCEPTED)


def meanwhile(monkeypatch, do):
    """Makes somebody else `do` something after the next request has read the row."""
    read = table.find

    def find(order_id):
        found = read(order_id)
        monkeypatch.setattr(table, "find", read)
        do()
        return found

    monkeypatch.setattr(table, "find", find)


@pytest.mark.parametrize(("first", "second"), [(PERSON, OPERATOR), (OPERATOR, PERSON)])
def test_of_two_different_corrections_at_once_one_is_sent(
    first, second, escalated, order_table, order_workflow, monkeypatch
):
    """The owner and an operator correct the order at the same moment."""
    faster: list[int] = []
    meanwhile(monkeypatch, lambda: faster.append(put(CORRECTED, by=first)["statusCode"]))

    slower = put(CORRECTED | {"Price": "13"}, by=second)

    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (faster, slower["statusCode"]) == ([202], 409)
    assert (row["CorrectedBy"], row["Price"]) == (first["sub"], "12.50")
    assert [one["name"] for one in order_workflow.executions()][1:] == [row["ExecutionName"]]


def test_the_same_correction_of_both_at_once_is_sent_once(escalated, order_table, order_workflow, monkeypatch):
    faster: list[int] = []
    meanwhile(monkeypatch, lambda: faster.append(put(CORRECTED, by=OPERATOR)["statusCode"]))

    slower = put(CORRECTED, by=PERSON)

    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (faster, slower["statusCode"], row["CorrectedBy"]) == ([202], 200, OPERATOR["sub"])
    assert [one["name"] for one in order_workflow.executions()][1:] == [row["ExecutionName"]]


def close():
    event = post({"note": "not wanted"}) | {"pathParameters": {"OrderId": "A-1"}}
    return close_order.handler(signed_in(event, **OPERATOR), None)["statusCode"]


def test_an_order_that_an_operator_closes_at_the_same_moment_is_not_corrected(
    escalated, order_table, order_workflow, monkeypatch
):
    meanwhile(monkeypatch, close)

    assert put(CORRECTED, by=PERSON)["statusCode"] == 409
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Status"] == "CLOSED"
    assert len(order_workflow.executions()) == 1


def test_an_order_that_its_owner_corrects_at_the_same_moment_is_not_closed(
    escalated, order_table, order_workflow, monkeypatch
):
    meanwhile(monkeypatch, lambda: put(CORRECTED, by=PERSON))

    assert close() == 409
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (row["Status"], row["CorrectedBy"]) == ("RECEIVED", PERSON["sub"])
    assert len(order_workflow.executions()) == 2


def test_a_repeated_correction_returns_the_order_and_starts_nothing(escalated, order_workflow):
    put(CORRECTED)

    reply = put(CORRECTED)

    status, body = status_and_body(reply)
    assert (status, body["Status"]) == (200, "RECEIVED")
    assert len(order_workflow.executions()) == 2


def test_an_escalated_order_that_is_sent_unchanged_is_not_started_again(escalated, order_workflow):
    reply = put(ORDER)

    status, body = status_and_body(reply)
    assert (status, body["Status"]) == (200, "ESCALATED")
    assert len(order_workflow.executions()) == 1


def test_a_parked_order_can_be_sent_again_unchanged(escalated, order_table, order_workflow):
    order_table.put_item(Item=escalated | {"Status": "PARKED"})

    assert status_and_body(put(ORDER))[0] == 202
    assert len(order_workflow.executions()) == 2


def test_a_correction_whose_first_request_failed_is_started_by_sending_it_again(escalated, order_table, order_workflow):
    with fault(client_of(table, "dynamodb"), "PutItem", "lost"):
        assert put(CORRECTED)["statusCode"] == 503
    assert len(order_workflow.executions()) == 1

    status, body = status_and_body(put(CORRECTED))

    assert (status, body["Status"], body["Price"]) == (200, "RECEIVED", "12.50")
    newest = order_workflow.executions()[-1]
    assert newest["name"] == order_table.get_item(Key={"OrderId": "A-1"})["Item"]["ExecutionName"]
    assert json.loads(newest["input"]) == CORRECTED | {"Claimed": True, "RequestId": REQUEST_ID}


def test_a_correction_that_boto3_writes_twice_is_started(escalated, order_table, order_workflow, monkeypatch):
    """The second write fails, because it finds the row that the first one wrote."""
    claim_again = table.claim_again
    monkeypatch.setattr(table, "claim_again", lambda *given, **named: claim_again(*given, **named) and False)

    assert status_and_body(put(CORRECTED))[0] == 200

    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert order_workflow.executions()[-1]["name"] == row["ExecutionName"]


def test_a_correction_that_cannot_be_started_again_is_kept(escalated, order_table, order_workflow, monkeypatch):
    put(CORRECTED)
    monkeypatch.setenv("ORDER_WORKFLOW", f"{order_workflow.arn}-gone")

    assert put(CORRECTED)["statusCode"] == 503
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Price"] == "12.50"


def test_a_parked_order_in_the_fulfillment_queue_is_not_corrected(escalated, order_table, order_workflow):
    parked = escalated | {"Status": "PARKED", "Queue": "OrderFulfillmentQueue"}
    order_table.put_item(Item=parked)

    for order in (ORDER, CORRECTED):
        status, body = status_and_body(put(order))
        assert (status, body["error"]["code"]) == (409, "Conflict")
        assert "OrderFulfillmentQueue already" in body["error"]["message"]
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"] == parked
    assert len(order_workflow.executions()) == 1


def test_a_parked_order_in_the_escalation_queue_is_corrected_like_an_escalated_one(
    escalated, order_table, order_workflow
):
    order_table.put_item(Item=escalated | {"Status": "PARKED", "Queue": "EscalationQueue"})

    status, body = status_and_body(put(ORDER))
    assert (status, body["Status"], body["Queue"]) == (200, "PARKED", "EscalationQueue")
    assert len(order_workflow.executions()) == 1

    assert put(CORRECTED)["statusCode"] == 202
    assert "Queue" not in order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert len(order_workflow.executions()) == 2


@pytest.mark.parametrize("status", ["RECEIVED", "FULFILLMENT_QUEUED", "CLOSED"])
def test_an_order_that_is_neither_escalated_nor_parked_is_not_corrected(status, escalated, order_table, order_workflow):
    order_table.put_item(Item=escalated | {"Status": status})

    reply = put(CORRECTED)

    code, body = status_and_body(reply)
    assert (code, body["error"]["code"]) == (409, "Conflict")
    assert body["error"]["message"] == correct_order.NOT_CORRECTABLE
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"] == escalated | {"Status": status}
    assert len(order_workflow.executions()) == 1


def test_a_closed_order_that_is_sent_unchanged_is_not_started_again(escalated, order_table, order_workflow):
    order_table.put_item(Item=escalated | {"Status": "CLOSED"})

    assert status_and_body(put(ORDER))[0] == 409
    assert len(order_workflow.executions()) == 1


def test_an_unknown_order_is_not_corrected(order_table, order_workflow):
    assert status_and_body(put(CORRECTED))[0] == 404
    assert order_table.scan()["Items"] == []


def test_the_path_and_the_body_must_have_the_same_order_id(escalated, order_workflow):
    assert refused_field(put(CORRECTED, path="A-2")) == "OrderId"
    assert len(order_workflow.executions()) == 1


def test_an_invalid_correction_changes_nothing(escalated, order_table):
    assert refused_field(put(CORRECTED | {"Name": CARD})) == "Name"
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"] == escalated


def test_only_one_of_two_corrections_at_once_is_accepted(escalated, order_table, monkeypatch):
    """This request read the row before the other one wrote it."""
    order_table.put_item(Item=escalated | {"ExecutionName": "of-another-request"})
    monkeypatch.setattr("orders.table.find", lambda order_id: escalated)

    status, body = status_and_body(put(CORRECTED))

    assert (status, body["error"]["code"]) == (409, "Conflict")
    assert body["error"]["message"] == correct_order.CHANGED
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["ExecutionName"] == "of-another-request"


def test_an_order_is_restored_if_the_workflow_does_not_start(escalated, order_table, monkeypatch):
    monkeypatch.setenv("ORDER_WORKFLOW", "arn:aws:states:us-east-1:123456789012:stateMachine:gone")

    assert status_and_body(put(CORRECTED))[0] == 503
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"] == escalated
