import json
from urllib.parse import urljoin

import pytest

from common import codes
from orders import place_order, submission
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import API, OPERATOR, PERSON, post, refused_field, signed_in, status_and_body
from tests.support.handlers.faults import fault

CARD = "4111111111111111"
ORDER = {"OrderId": "A-1", "Name": "Jo O'Brien 🐈", "ItemName": "Keyboard", "Price": "12.50", "CC": CARD}

DEEP = '{"OrderId": ' + "[" * 8000 + "]" * 8000 + "}"
NOT_JSON = [
    "",
    "null",
    "[]",
    '"text"',
    "{",
    "{'OrderId': 1}",
    DEEP,
    json.dumps(ORDER) + "{}",
    json.dumps(ORDER | {"Price": float("nan")}),
    json.dumps(ORDER | {"Price": float("-inf")}),
    json.dumps(ORDER).replace('"12.50"', "9" * 5000),
    json.dumps(ORDER).replace('"12.50"', "1e99999999999999999999"),
    json.dumps(ORDER).replace('"Name"', '"OrderId": "A-2", "Name"'),
    json.dumps(ORDER | {"Name": "\ud800"}),
    json.dumps(ORDER | {"Name": "\ud800"}, ensure_ascii=False),
]


def handler(event, context, **claims):
    """The handler, called by PERSON where no `claims` say otherwise."""
    return place_order.handler(signed_in(event, **claims), context)


def test_an_order_is_recorded_and_its_workflow_started(order_table, order_workflow):
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
    assert json.loads(execution["input"]) == ORDER | {"Claimed": True}


def test_an_order_belongs_to_who_placed_it(order_table, order_workflow):
    handler(post(ORDER), None)

    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Owner"] == PERSON["sub"]
    (execution,) = order_workflow.executions()
    assert PERSON["sub"] not in execution["input"]


def test_who_has_not_signed_in_places_nothing(order_table, order_workflow):
    status, body = status_and_body(place_order.handler(post(ORDER), None))

    assert (status, body["error"]["code"]) == (401, "NotSignedIn")
    assert nothing_happened(order_table, order_workflow)


def test_the_very_same_order_of_another_person_is_refused_in_the_words_for_any_other(order_table, order_workflow):
    handler(post(ORDER), None)
    before = order_table.scan()["Items"]

    same, other = (handler(post(order), None, sub="somebody-else") for order in (ORDER, ORDER | {"Price": "1"}))

    assert status_and_body(same) == status_and_body(other)
    assert (same["statusCode"], same["headers"]) == (409, other["headers"])
    assert order_table.scan()["Items"] == before
    assert len(order_workflow.executions()) == 1


def test_a_claim_that_no_execution_has_taken_up_is_not_started_by_another_person(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, ExecutionName="claimed")

    assert handler(post(ORDER), None, sub="somebody-else")["statusCode"] == 409
    assert len(order_workflow.executions()) == 1


def test_an_operator_who_repeats_an_order_is_told_its_state_and_does_not_own_it(order_table, order_workflow):
    handler(post(ORDER), None)

    reply = handler(post(ORDER), None, **OPERATOR)

    assert status_and_body(reply)[0] == 200
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Owner"] == PERSON["sub"]


def test_the_same_order_again_is_told_that_it_was_closed_and_why(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, Status="CLOSED", Note="called her", ClosedBy="olga", ExecutionId="")

    status, body = status_and_body(handler(post(ORDER), None))

    assert (status, body["Status"], body["Note"], "ClosedBy" in body) == (200, "CLOSED", "called her", False)
    assert len(order_workflow.executions()) == 1


def test_the_card_number_is_not_in_the_table(order_table, order_workflow):
    handler(post(ORDER), None)

    assert CARD not in str(order_table.scan()["Items"])


@pytest.mark.parametrize("card", [CARD, "4111 1111 1111 1111", "x" + CARD, "４１１１１１１１１１１１１１１１"])
@pytest.mark.parametrize("field", ["OrderId", "Name", "ItemName", "Price"])
def test_a_card_number_in_another_field_is_refused_without_repeating_it(field, card, order_table, order_workflow):
    reply = handler(post(ORDER | {field: card}), None)

    assert refused_field(reply) == field
    assert card not in reply["body"]
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("price", ["4111111111111111", "4.111111111111111e15", "4111111111111111.0"])
def test_a_card_number_is_no_price_in_any_notation(price, order_table, order_workflow):
    reply = handler(post(json.dumps(ORDER).replace('"12.50"', price)), None)

    assert refused_field(reply) == "Price"
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize(
    "price", ["1234567890123", "9999999999999.99", "x1234567890123", 1234567890123, 9007199254740991]
)
def test_a_price_with_many_digits_goes_through(price, order_table, order_workflow):
    assert status_and_body(handler(post(ORDER | {"Price": price}), None))[0] == 202
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Price"] == str(price)


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        (["OrderId", "Name"], ["411111111111", "1111"]),
        (["OrderId", "Name"], ["1111", "4111 1111 1111"]),
        (["OrderId", "ItemName"], ["4111-1111", "1111 1111"]),
        (["Name", "ItemName"], ["4111", "１１１１ １１１１ １１１１"]),
        (["Name", "ItemName"], ["11111", "41111111111"]),
        (["ItemName", "Price"], ["4111 1111 1111", 1111]),
        (["Name", "Price"], ["411111111111", "1111"]),
    ],
)
def test_a_card_number_in_two_fields_is_refused_in_both(fields, values, order_table, order_workflow):
    status, body = status_and_body(handler(post(ORDER | dict(zip(fields, values, strict=True))), None))

    assert (status, [one["field"] for one in body["error"]["details"]]) == (400, fields)
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize(
    "change",
    [
        {"Name": "Ward 3000", "ItemName": "1500 2500 3500 mm"},
        {"ItemName": "Lot 5500 1200 3400", "Price": "1200"},
        {"ItemName": "5500 1200 3400", "Price": "1200"},
        {"ItemName": "4006381333931", "Price": "120"},
        {"OrderId": "411111111111", "Price": "1111"},
        {"OrderId": "4111-1111-1111", "Price": "1111"},
        {"OrderId": "4111-1111", "Price": "111111.11"},
        {"ItemName": "4111 1111 1111", "Price": "11.11"},
        {"OrderId": "4111111111", "ItemName": "111111"},
        {"OrderId": "41111111", "ItemName": "11111111"},
    ],
)
def test_numbers_of_an_order_that_only_meet_go_through(change, order_table, order_workflow):
    assert status_and_body(handler(post(ORDER | change), None))[0] == 202


@pytest.mark.parametrize(
    ("price", "kept"),
    [
        ("0.000000000001", "0.000000000001"),
        (0.1 + 0.2, "0.30000000000000004"),
        (16000 / 3, "5333.333333333333"),
    ],
)
def test_zeros_before_a_small_price_and_what_a_float_adds_to_one_are_no_card_number(
    price, kept, order_table, order_workflow
):
    assert status_and_body(handler(post(ORDER | {"Price": price}), None))[0] == 202
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Price"] == kept


@pytest.mark.parametrize("price", ["1e20", "-1e17", "1e99999"])
def test_a_number_that_no_price_comes_near_is_refused_whatever_its_notation(price, order_table, order_workflow):
    assert refused_field(handler(post(json.dumps(ORDER).replace('"12.50"', price)), None)) == "Price"
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("control", ["\x00", "\t", "\n", "\x1f", "\x7f", "\ufffe", "\uffff"])
@pytest.mark.parametrize("field", ["Name", "ItemName"])
def test_what_no_queue_takes_is_refused_at_the_door(field, control, order_table, order_workflow):
    reply = handler(post(ORDER | {field: f"a{control}"}), None)

    assert refused_field(reply) == field
    assert nothing_happened(order_table, order_workflow)


def test_an_order_that_was_not_placed_here_is_compared_by_what_its_row_shows(order_table, order_workflow):
    handler(post(ORDER), None)
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    del row["Digest"], row["Owner"]
    order_table.put_item(Item=row | {"ExecutionId": "arn"})

    orders = ORDER, ORDER | {"CC": "4111111111112222"}
    by_operators = [handler(post(order), None, **OPERATOR)["statusCode"] for order in orders]

    assert by_operators == [200, 409]
    assert handler(post(ORDER), None)["statusCode"] == 409, "it is nobody's"


def test_a_parked_claim_is_not_started_by_a_repeated_order(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, Status="PARKED", ExecutionName="never started")

    reply = handler(post(ORDER), None)

    status, body = status_and_body(reply)
    assert (status, body["Status"]) == (200, "PARKED")
    assert len(order_workflow.executions()) == 1


def test_the_same_order_again_answers_its_current_state_and_starts_nothing(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, Status="ESCALATED", ExecutionId="arn", ExecutionName="another's")

    reply = handler(post(ORDER), None)

    status, body = status_and_body(reply)
    assert (status, body["Status"], body["Card"]) == (200, "ESCALATED", {"Last4": "1111"})
    assert len(order_workflow.executions()) == 1


def test_a_claim_whose_workflow_did_not_start_is_started_under_the_claimed_name(order_table, order_workflow):
    handler(post(ORDER), None)
    (first,) = order_workflow.executions()
    outcome(order_table, ExecutionName="claimed")

    reply = handler(post(ORDER), None)

    assert status_and_body(reply)[0] == 200
    assert {one["name"] for one in order_workflow.executions()} == {first["name"], "claimed"}


def test_a_claim_that_another_request_has_started_is_not_withdrawn_by_the_one_that_made_it(order_table, order_workflow):
    """The first start fails late; meanwhile the caller has sent the order again."""
    again = []

    def send_again():
        again.append(handler(post(ORDER), None)["statusCode"])

    with fault(client_of(submission, "stepfunctions"), "StartExecution", "late", beside=send_again):
        assert handler(post(ORDER), None)["statusCode"] == 503

    assert again == [200]
    (execution,) = order_workflow.executions()
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["ExecutionName"] == execution["name"]


def test_a_start_that_is_repeated_and_fails_does_not_withdraw_what_was_accepted(
    order_table, order_workflow, monkeypatch
):
    assert handler(post(ORDER), None)["statusCode"] == 202
    monkeypatch.setenv("ORDER_WORKFLOW", f"{order_workflow.arn}-gone")

    assert handler(post(ORDER), None)["statusCode"] == 503
    assert order_table.scan()["Count"] == 1


def test_a_claim_that_is_started_again_has_the_time_of_a_new_one(order_table, order_workflow):
    handler(post(ORDER), None)
    outcome(order_table, ExecutionName="claimed", UpdatedAt="2026-11-21T04:00:00.000Z")

    handler(post(ORDER), None)

    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert row["UpdatedAt"] >= row["ReceivedAt"] > "2026-11-21T04:00:00.000Z"


def test_a_claim_that_is_withdrawn_just_now_is_not_started(order_table, order_workflow, monkeypatch):
    handler(post(ORDER), None)
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    order_table.put_item(Item=row | {"ExecutionName": "of the next request"})
    found = iter([row, row | {"ExecutionName": "of the next request"}, row, None])
    monkeypatch.setattr("orders.table.find", lambda order_id: next(found))

    replies = [handler(post(ORDER), None) for _ in range(2)]

    assert [(reply["statusCode"], reply["headers"].get("Retry-After")) for reply in replies] == [(503, "1")] * 2
    assert len(order_workflow.executions()) == 1


def test_a_claim_that_is_taken_up_just_now_is_not_started_again(order_table, order_workflow, monkeypatch):
    handler(post(ORDER), None)
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    taken = row | {"ExecutionName": "claimed", "ExecutionId": "arn"}
    order_table.put_item(Item=taken)
    found = iter([row | {"ExecutionName": "claimed"}, taken])
    monkeypatch.setattr("orders.table.find", lambda order_id: next(found))

    status, body = status_and_body(handler(post(ORDER), None))

    assert (status, body["State"]) == (200, "Are details Proper")
    assert len(order_workflow.executions()) == 1


def test_an_order_whose_workflow_has_run_is_neither_started_again_nor_withdrawn(order_table, order_workflow):
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
def test_another_order_with_the_same_id_is_refused_and_the_first_untouched(change, order_table, order_workflow):
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


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
def test_what_is_not_an_order_in_json_is_refused_and_nothing_written(body, order_table, order_workflow):
    reply = handler(post(body), None)

    assert status_and_body(reply)[0] == 400
    assert CARD not in reply["body"]
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("missing", ORDER)
def test_a_missing_field_is_named(missing, order_table, order_workflow):
    order = {name: value for name, value in ORDER.items() if name != missing}

    reply = handler(post(order), None)

    assert refused_field(reply) == missing
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("unknown", [{"CVV": "987"}, {"Claimed": False}, {"__proto__": {}}, {"ExecutionId": CARD}])
def test_an_unknown_field_is_named_and_its_value_not_repeated(unknown, order_table, order_workflow):
    reply = handler(post(ORDER | unknown), None)

    assert refused_field(reply) in unknown
    assert CARD not in reply["body"] and "987" not in reply["body"]
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("value", [None, True, 7, 1.5, [], {}, [CARD], {"CC": CARD}])
@pytest.mark.parametrize("field", ["OrderId", "Name", "ItemName", "CC"])
def test_a_field_that_is_no_text_is_refused_without_repeating_it(field, value, order_table, order_workflow):
    reply = handler(post(ORDER | {field: value}), None)

    assert refused_field(reply) == field
    assert CARD not in reply["body"]
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("price", [None, True, [], {}, "1" * 33])
def test_a_price_is_text_or_a_number(price, order_table, order_workflow):
    assert refused_field(handler(post(ORDER | {"Price": price}), None)) == "Price"
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("value", ["", "x" * 201])
@pytest.mark.parametrize("field", ["Name", "ItemName"])
def test_names_have_a_length(field, value, order_table, order_workflow):
    assert refused_field(handler(post(ORDER | {field: value}), None)) == field
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("card", [CARD + " " * 17, CARD * 3])
def test_an_oversized_card_number_is_refused_without_repeating_it(card, order_table, order_workflow):
    reply = handler(post(ORDER | {"CC": card}), None)

    assert refused_field(reply) == "CC"
    assert CARD not in reply["body"]
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize(
    "order_id", ["", "-a", "a" * 65, "a/b", "..", "a b", "a\n", "a%2F", "a#", "é", "١", "a\u202eb", "{% $states %}"]
)
def test_an_order_id_is_short_plain_text(order_id, order_table, order_workflow):
    assert refused_field(handler(post(ORDER | {"OrderId": order_id}), None)) == "OrderId"
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("odd", ["@@", "'\"\\", "李雷", "שלום", "$.x", "{% $states.input %}", "States.Format('{}')"])
def test_odd_but_valid_text_is_kept_as_it_came(odd, order_table, order_workflow):
    reply = handler(post(ORDER | {"Name": odd, "Price": odd, "CC": odd}), None)

    assert status_and_body(reply)[0] == 202
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (row["Name"], row["Price"], row["CardLast4"]) == (odd, odd, "")
    (execution,) = order_workflow.executions()
    assert json.loads(execution["input"]) == ORDER | {"Name": odd, "Price": odd, "CC": odd, "Claimed": True}


def test_a_failing_workflow_service_withdraws_the_claim_and_asks_to_try_again(order_table, caplog):
    reply = handler(post(ORDER), None)

    status, body = status_and_body(reply)
    assert (status, body["error"]["code"]) == (503, "Unavailable")
    assert reply["headers"]["Retry-After"] == "1"
    assert order_table.scan()["Items"] == []
    assert CARD not in reply["body"] + caplog.text


def test_a_failing_table_asks_to_try_again(order_workflow, caplog):
    reply = handler(post(ORDER), None)

    assert status_and_body(reply)[0] == 503
    assert reply["headers"]["Retry-After"] == "1"
    assert order_workflow.executions() == []
    assert CARD not in reply["body"] + caplog.text


def outcome(order_table, **attributes: str) -> None:
    """Writes to the order's row what its workflow would write."""
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    order_table.put_item(Item=row | attributes)


def nothing_happened(order_table, order_workflow) -> bool:
    return order_table.scan()["Items"] == [] and order_workflow.executions() == []


def test_a_number_with_more_digits_than_a_price_has_is_refused(order_table, order_workflow):
    event = post(ORDER | {"Price": 0.12})
    event["body"] = event["body"].replace("0.12", f"0.{'12' * 20}")

    status, body = status_and_body(handler(event, None))

    assert status == 400
    assert body["error"]["details"] == [codes.TOO_MANY_DIGITS(longest=32).of("Price")]
    assert nothing_happened(order_table, order_workflow)
