"""Which orders the API accepts: their JSON, each field, and card numbers outside CC."""

import json

import pytest

from common import codes
from tests.support.handlers.events import post, refused_field, status_and_body
from tests.support.handlers.placing import CARD, ORDER, handler, nothing_happened

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


@pytest.mark.parametrize("card", [CARD, "4111 1111 1111 1111", "x" + CARD, "４１１１１１１１１１１１１１１１"])
@pytest.mark.parametrize("field", ["OrderId", "Name", "ItemName", "Price"])
def test_a_card_number_in_another_field_is_refused_without_repeating_it(field, card, order_table, order_workflow):
    reply = handler(post(ORDER | {field: card}), None)

    assert refused_field(reply) == field
    assert card not in reply["body"]
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("price", ["4111111111111111", "4.111111111111111e15", "4111111111111111.0"])
def test_a_card_number_as_a_price_is_refused_in_any_notation(price, order_table, order_workflow):
    reply = handler(post(json.dumps(ORDER).replace('"12.50"', price)), None)

    assert refused_field(reply) == "Price"
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize(
    "price", ["1234567890123", "9999999999999.99", "x1234567890123", 1234567890123, 9007199254740991]
)
def test_a_price_with_many_digits_is_accepted(price, order_table, order_workflow):
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
def test_numbers_in_two_fields_that_only_resemble_a_card_number_are_accepted(change, order_table, order_workflow):
    assert status_and_body(handler(post(ORDER | change), None))[0] == 202


@pytest.mark.parametrize(
    ("price", "kept"),
    [
        ("0.000000000001", "0.000000000001"),
        (0.1 + 0.2, "0.30000000000000004"),
        (16000 / 3, "5333.333333333333"),
    ],
)
def test_small_prices_and_sums_of_floats_are_not_taken_for_card_numbers(price, kept, order_table, order_workflow):
    assert status_and_body(handler(post(ORDER | {"Price": price}), None))[0] == 202
    assert order_table.get_item(Key={"OrderId": "A-1"})["Item"]["Price"] == kept


@pytest.mark.parametrize("price", ["1e20", "-1e17", "1e99999"])
def test_a_price_that_is_far_too_large_is_refused_in_any_notation(price, order_table, order_workflow):
    assert refused_field(handler(post(json.dumps(ORDER).replace('"12.50"', price)), None)) == "Price"
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("control", ["\x00", "\t", "\n", "\x1f", "\x7f", "\ufffe", "\uffff"])
@pytest.mark.parametrize("field", ["Name", "ItemName"])
def test_characters_that_sqs_does_not_accept_are_refused(field, control, order_table, order_workflow):
    reply = handler(post(ORDER | {field: f"a{control}"}), None)

    assert refused_field(reply) == field
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
def test_a_body_that_is_not_an_order_in_json_is_refused(body, order_table, order_workflow):
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
def test_a_field_that_is_not_text_is_refused_without_repeating_it(field, value, order_table, order_workflow):
    reply = handler(post(ORDER | {field: value}), None)

    assert refused_field(reply) == field
    assert CARD not in reply["body"]
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("price", [None, True, [], {}, "1" * 33])
def test_a_price_must_be_text_or_a_number(price, order_table, order_workflow):
    assert refused_field(handler(post(ORDER | {"Price": price}), None)) == "Price"
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("value", ["", "x" * 201])
@pytest.mark.parametrize("field", ["Name", "ItemName"])
def test_a_name_must_have_1_to_200_characters(field, value, order_table, order_workflow):
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
def test_an_order_id_must_be_short_plain_text(order_id, order_table, order_workflow):
    assert refused_field(handler(post(ORDER | {"OrderId": order_id}), None)) == "OrderId"
    assert nothing_happened(order_table, order_workflow)


@pytest.mark.parametrize("odd", ["@@", "'\"\\", "李雷", "שלום", "$.x", "{% $states.input %}", "States.Format('{}')"])
def test_odd_but_valid_text_is_stored_unchanged(odd, order_table, order_workflow):
    reply = handler(post(ORDER | {"Name": odd, "Price": odd, "CC": odd}), None)

    assert status_and_body(reply)[0] == 202
    row = order_table.get_item(Key={"OrderId": "A-1"})["Item"]
    assert (row["Name"], row["Price"], row["CardLast4"]) == (odd, odd, "")
    (execution,) = order_workflow.executions()
    assert ORDER | {"Name": odd, "Price": odd, "CC": odd} == {
        name: value for name, value in json.loads(execution["input"]).items() if name in ORDER
    }


def test_a_price_with_too_many_digits_is_refused(order_table, order_workflow):
    event = post(ORDER | {"Price": 0.12})
    event["body"] = event["body"].replace("0.12", f"0.{'12' * 20}")

    status, body = status_and_body(handler(event, None))

    assert status == 400
    assert body["error"]["details"] == [codes.TOO_MANY_DIGITS(longest=32).of("Price")]
    assert nothing_happened(order_table, order_workflow)
