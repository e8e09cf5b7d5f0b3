import json
from urllib.parse import urljoin

import pytest

from orders import place_order, submission
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import API, OPERATOR, PERSON, REQUEST_ID, post, status_and_body
from tests.support.handlers.faults import fault
from tests.support.handlers.placing import CARD, ORDER, handler, nothing_happened


def test_a_new_order_is_recorded_and_its_workflow_started(order_table, order_workflow):
    reply = handler(post(ORDER), None)

    assert status_and_body(reply) == (202, {"OrderId": "A-1", "Status": "RECEIVED"})
    assert urljoin(f"{API}/orders", reply["headers"]["Location"]) == f"{API}/orders/A-1"
    assert reply["headers"]["Access-Control-Allow-Origin"] == "*"
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (row["Name"], row["Price"], row["CardLast4"], row["Status"]) == (
        "Jo O'Brien 🐈",
        "12.50",
        "1111",
        "RECEIVED",
    )
    (execution,) = order_workflow.executions()
    assert execution["name"] == row["ExecutionName"]
    assert json.loads(execution["input"]) == ORDER | {"Claimed": True, "RequestId": REQUEST_ID}
    assert row["RequestId"] == REQUEST_ID


def test_an_order_belongs_to_the_caller_who_placed_it(order_table, order_workflow):
    handler(post(ORDER), None)

    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Owner"] == PERSON["sub"]
    (execution,) = order_workflow.executions()
    assert PERSON["sub"] not in execution["input"]


def test_an_anonymous_caller_cannot_place_an_order(order_table, order_workflow):
    status, body = status_and_body(place_order.handler(post(ORDER), None))

    assert (status, body["error"]["code"]) == (401, "NotSignedIn")
    assert nothing_happened(order_table, order_workflow)


def test_the_same_order_of_another_person_gives_the_same_answer_as_a_different_order(order_table, order_workflow):
    handler(post(ORDER), None)
    before = order_table.scan()["Items"]

    same, other = (handler(post(order), None, sub="somebody-else") for order in (ORDER, ORDER | {"Price": "1"}))

    assert status_and_body(same) == status_and_body(other)
    assert (same["statusCode"], same["headers"]) == (409, other["headers"])
    assert order_table.scan()["Items"] == before
    assert len(order_workflow.executions()) == 1


def test_another_person_cannot_start_a_waiting_claim(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, ExecutionName="claimed")

    assert handler(post(ORDER), None, sub="somebody-else")["statusCode"] == 409
    assert len(order_workflow.executions()) == 1


def test_an_operator_who_repeats_an_order_sees_it_and_does_not_become_its_owner(order_table, order_workflow):
    handler(post(ORDER), None)

    reply = handler(post(ORDER), None, **OPERATOR)

    assert status_and_body(reply)[0] == 200
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Owner"] == PERSON["sub"]


def test_repeating_a_closed_order_shows_the_note(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, Status="CLOSED", Note="called her", ClosedBy="olga", ExecutionId="")

    status, body = status_and_body(handler(post(ORDER), None))

    assert (status, body["Status"], body["Note"], "ClosedBy" in body) == (200, "CLOSED", "called her", False)
    assert len(order_workflow.executions()) == 1


def test_the_card_number_is_not_in_the_table(order_table, order_workflow):
    handler(post(ORDER), None)

    assert CARD not in str(order_table.scan()["Items"])


def test_an_order_that_was_started_by_hand_is_compared_by_the_fields_of_its_row(order_table, order_workflow):
    handler(post(ORDER), None)
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    del row["Digest"], row["Owner"]
    order_table.put_item(Item=row | {"ExecutionId": "arn"})

    orders = ORDER, ORDER | {"CC": "4111111111112222"}
    by_operators = [handler(post(order), None, **OPERATOR)["statusCode"] for order in orders]

    assert by_operators == [200, 409]
    assert handler(post(ORDER), None)["statusCode"] == 409, "it has no owner"


def test_repeating_an_order_does_not_start_a_parked_claim(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, Status="PARKED", ExecutionName="never started")

    reply = handler(post(ORDER), None)

    status, body = status_and_body(reply)
    assert (status, body["Status"]) == (200, "PARKED")
    assert len(order_workflow.executions()) == 1


def test_repeating_an_order_returns_its_current_state_and_starts_nothing(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, Status="ESCALATED", ExecutionId="arn", ExecutionName="of-another-request")

    reply = handler(post(ORDER), None)

    status, body = status_and_body(reply)
    assert (status, body["Status"], body["Card"]) == (200, "ESCALATED", {"Last4": "1111"})
    assert len(order_workflow.executions()) == 1


def test_repeating_an_order_starts_a_waiting_claim_under_the_claimed_name(order_table, order_workflow):
    handler(post(ORDER), None)
    (first,) = order_workflow.executions()
    outcome(order_table, ExecutionName="claimed")

    reply = handler(post(ORDER), None)

    assert status_and_body(reply)[0] == 200
    assert {one["name"] for one in order_workflow.executions()} == {first["name"], "claimed"}


def test_a_request_does_not_withdraw_its_claim_if_another_request_has_started_it(order_table, order_workflow):
    """The first start arrives late, after the caller has sent the order again."""
    again = []

    def send_again():
        again.append(handler(post(ORDER), None)["statusCode"])

    with fault(client_of(submission, "stepfunctions"), "StartExecution", "late", beside=send_again):
        assert handler(post(ORDER), None)["statusCode"] == 503

    assert again == [200]
    (execution,) = order_workflow.executions()
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["ExecutionName"] == execution["name"]


def test_a_repeated_start_that_fails_does_not_withdraw_the_accepted_order(order_table, order_workflow, monkeypatch):
    assert handler(post(ORDER), None)["statusCode"] == 202
    monkeypatch.setenv("ORDER_WORKFLOW", f"{order_workflow.arn}-gone")

    assert handler(post(ORDER), None)["statusCode"] == 503
    assert order_table.scan()["Count"] == 1


def test_a_claim_that_is_started_again_gets_the_current_time(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, ExecutionName="claimed", UpdatedAt="2026-11-21T04:00:00.000Z")

    handler(post(ORDER), None)

    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert row["UpdatedAt"] >= row["ReceivedAt"] > "2026-11-21T04:00:00.000Z"


def test_a_claim_that_was_just_withdrawn_is_not_started(order_table, order_workflow, monkeypatch):
    handler(post(ORDER), None)
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    order_table.put_item(Item=row | {"ExecutionName": "of the next request"})
    found = iter([row, row | {"ExecutionName": "of the next request"}, row, None])
    monkeypatch.setattr("orders.table.find", lambda order_id: next(found))

    replies = [handler(post(ORDER), None) for _ in range(2)]

    assert [(reply["statusCode"], reply["headers"].get("Retry-After")) for reply in replies] == [(503, "1")] * 2
    assert len(order_workflow.executions()) == 1


def test_a_claim_that_an_execution_has_just_taken_is_not_started_again(order_table, order_workflow, monkeypatch):
    handler(post(ORDER), None)
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    taken = row | {"ExecutionName": "claimed", "ExecutionId": "arn"}
    order_table.put_item(Item=taken)
    found = iter([row | {"ExecutionName": "claimed"}, taken])
    monkeypatch.setattr("orders.table.find", lambda order_id: next(found))

    status, body = status_and_body(handler(post(ORDER), None))

    assert (status, body["State"]) == (200, "Are details Proper")
    assert len(order_workflow.executions()) == 1


def test_an_order_whose_execution_has_ended_is_neither_started_again_nor_withdrawn(order_table, order_workflow):
    handler(post(ORDER), None)
    order_workflow.stop()

    reply = handler(post(ORDER), None)

    assert status_and_body(reply)[0] == 200
    assert len(order_workflow.executions()) == 1
    assert "Item" in order_table.get_item(Key={"OrderId": "A-1"})


@pytest.mark.parametrize(
    "change",
    [
        {"Name": "Mallory"},
        {"ItemName": "Mouse"},
        {"Price": "1"},
        {"CC": "4111111111112222"},
        {"CC": "4222222222221111"},
        {"CC": ""},
    ],
)
def test_a_different_order_with_the_same_id_is_refused_and_the_first_stays_unchanged(
    change, order_table, order_workflow
):
    handler(post(ORDER), None)
    before = order_table.scan()["Items"]

    reply = handler(post(ORDER | change), None)

    status, body = status_and_body(reply)
    assert (status, body["error"]["code"]) == (409, "Conflict")
    assert order_table.scan()["Items"] == before
    assert len(order_workflow.executions()) == 1


def test_the_same_price_in_another_notation_is_the_same_order(order_table, order_workflow):
    handler(post(json.dumps(ORDER).replace('"12.50"', "1e3")), None)

    reply = handler(post(ORDER | {"Price": 1000}), None)

    status, body = status_and_body(reply)
    assert (status, body["Price"]) == (200, "1000")


def test_if_step_functions_fails_the_claim_is_withdrawn_and_the_caller_is_asked_to_try_again(order_table, caplog):
    reply = handler(post(ORDER), None)

    status, body = status_and_body(reply)
    assert (status, body["error"]["code"]) == (503, "Unavailable")
    assert reply["headers"]["Retry-After"] == "1"
    assert order_table.scan()["Items"] == []
    assert CARD not in reply["body"] + caplog.text


def test_if_the_table_fails_the_caller_is_asked_to_try_again(order_workflow, caplog):
    reply = handler(post(ORDER), None)

    assert status_and_body(reply)[0] == 503
    assert reply["headers"]["Retry-After"] == "1"
    assert order_workflow.executions() == []
    assert CARD not in reply["body"] + caplog.text


def outcome(order_table, **attributes: str) -> None:
    """Changes attributes of the order's row, as the workflow or a function would."""
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    order_table.put_item(Item=row | attributes)
