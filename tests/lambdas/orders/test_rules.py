from decimal import Decimal
from uuid import UUID

import pytest

from orders.rules import (
    digest,
    execution_name,
    fields_with_card,
    is_order_id,
    last4,
    order_id_in,
    price_text,
    reasons_to_escalate,
    rounded_text,
)

CARD = "4111111111111111"
WRONG_CHECKSUM = "4111111111111112"


@pytest.mark.parametrize(
    "price", ["80000", "1", "12.50", "0.0001", "007", "999999999999.9999", 5, 12.5, 0.0001, 1e3, 1e11]
)
def test_a_decimal_above_zero_is_a_good_price(price):
    assert reasons_to_escalate({"CC": CARD, "Price": price}, card_rule="length") == []


@pytest.mark.parametrize("price", ["0", "-0", "0.00", "-0.0", "-123", "-0.01", 0, -1, -0.0, -12.5])
def test_a_price_of_zero_or_less_is_escalated(price):
    assert reasons_to_escalate({"CC": CARD, "Price": price}, card_rule="length") == ["PRICE_NOT_POSITIVE"]


@pytest.mark.parametrize(
    "price",
    [
        "",
        " ",
        " 5 ",
        "5\n",
        "+5",
        "5.",
        ".5",
        "--5",
        "12,50",
        "1_000",
        "12.50505",
        "1000000000000",
        "1e3",
        "NaN",
        "Infinity",
        "-inf",
        "0x10",
        "٣",
        "５",
        "²",
        "1" * 5000,
        10**12,
        10**4000,
        1e-7,
        1e300,
        float("nan"),
        float("inf"),
        True,
        False,
        None,
        [],
        ["5"],
        {},
    ],
    ids=lambda price: repr(price)[:12],
)
def test_a_price_that_is_not_a_plain_decimal_is_escalated(price):
    assert reasons_to_escalate({"CC": CARD, "Price": price}, card_rule="length") == ["PRICE_NOT_A_DECIMAL"]


@pytest.mark.parametrize("rule", ["length", "luhn"])
@pytest.mark.parametrize(
    "card",
    [
        "",
        "123412345678",
        CARD[:-1],
        CARD + "1",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        CARD + "\n",
        " " + CARD,
        "４１１１１１１１１１１１１１１１",
        "٤" * 16,
        "²" * 16,
        "x" * 16,
        int(CARD),
        float(CARD),
        True,
        None,
        [CARD],
        list(CARD),
        {"CC": CARD},
    ],
    ids=lambda card: repr(card)[:12],
)
def test_a_card_number_that_is_not_16_digits_is_escalated_by_either_rule(card, rule):
    assert reasons_to_escalate({"CC": card, "Price": "1"}, card_rule=rule) == ["CARD_NOT_16_DIGITS"]


@pytest.mark.parametrize("card", [CARD, "5555555555554444", "6011111111111117", "3530111333300000"])
@pytest.mark.parametrize("rule", ["length", "luhn"])
def test_cards_for_testing_pass_either_rule(card, rule):
    assert reasons_to_escalate({"CC": card, "Price": "1"}, card_rule=rule) == []


@pytest.mark.parametrize("card", [WRONG_CHECKSUM, "4111111111111101", "1234123456785678", "0" * 16])
def test_only_the_luhn_rule_checks_the_check_digit(card):
    order = {"CC": card, "Price": "1"}

    assert reasons_to_escalate(order, card_rule="length") == []
    assert reasons_to_escalate(order, card_rule="luhn") == ["CARD_CHECKSUM_WRONG"]


@pytest.mark.parametrize("digit", range(16))
def test_the_luhn_rule_notices_any_single_wrong_digit(digit):
    wrong = str((int(CARD[digit]) + 1) % 10)
    card = CARD[:digit] + wrong + CARD[digit + 1 :]

    assert reasons_to_escalate({"CC": card, "Price": "1"}, card_rule="luhn") == ["CARD_CHECKSUM_WRONG"]


@pytest.mark.parametrize("card", [CARD, CARD[-12:], "9" * 15 + CARD[-4:]])
def test_the_last_four_digits_of_a_card_are_shown(card):
    assert last4(card) == "1111"


@pytest.mark.parametrize(
    "card", ["", "1111", CARD[-11:], "9" * 20, CARD + "\n", "4111 1111 1111 1111", "١" * 16, None, 4111]
)
def test_a_value_that_is_not_a_card_number_has_no_last_four_digits(card):
    assert last4(card) == ""


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (" 12.50 ", " 12.50 "),
        ("1e3", "1e3"),
        (5, "5"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1e3"), "1000"),
        (Decimal("1.5E-3"), "0.0015"),
        (Decimal("-0.0"), "-0.0"),
        (Decimal("123456789012.3456"), "123456789012.3456"),
        (Decimal("0.30000000000000004"), "0.30000000000000004"),
        (Decimal("12.5000000000000"), "12.5000000000000"),
        (Decimal("3.3000000000000003"), "3.3000000000000003"),
        (Decimal("0.0000424242424242"), "0.0000424242424242"),
        (Decimal("0.0000012345678901234567"), "0.0000012345678901234567"),
        (Decimal("1234567890123456.7"), "1234567890123456.7"),
        (Decimal("12345678901234567"), "12345678901234567"),
        (Decimal("0.0000001"), "1E-7"),
        (Decimal("1.23456789010E-7"), "1.2345678901E-7"),
        (Decimal("1.23456789E-999999"), "1.23456789E-999999"),
        (Decimal("5E-324"), "4.94065645841247E-324"),
        (Decimal("1.2345678901234E+999999"), "1.2345678901234E+999999"),
        (Decimal("1e999999"), "1E+999999"),
        (Decimal("1e-999999"), "1E-999999"),
    ],
)
def test_a_price_is_stored_unchanged_or_in_plain_digits(price, text):
    assert price_text(price) == text


@pytest.mark.parametrize("order_id", ["A-1", "a" * 64, "550e8400-e29b-41d4-a716-446655440000"])
def test_the_name_of_an_execution_contains_its_order_id(order_id):
    name = execution_name(order_id, unique=UUID(int=7))

    assert order_id_in(name) == order_id
    assert len(name) <= 77


def test_the_name_of_an_execution_that_runs_during_an_upgrade_still_leads_to_its_order():
    assert order_id_in("A-1-0123456789ab") == "A-1"


def test_the_names_of_an_orders_executions_differ():
    assert len({execution_name("A-1", unique=UUID(int=number << 88)) for number in range(3)}) == 3


@pytest.mark.parametrize("name", ["", "mine", "A-1", "550e8400-e29b-41d4-a716", "-0123456789ab", "A-1-0123456789AB"])
def test_a_name_that_the_api_did_not_choose_has_no_order_id(name):
    assert order_id_in(name) is None


@pytest.mark.parametrize(
    ("field", "value", "holds"),
    [
        ("OrderId", "31234567891234567890abcdefabcdef", False),
        ("OrderId", "550e8400-e29b-41d4-a716-446655440000", False),
        # In any other field these identifiers would count as a card number.
        ("OrderId", "53033190-7660-45b1-99e1-7b552e94525c", False),
        ("OrderId", "61773097-1066-43d1-bbe5-bb98f3938c34", False),
        ("OrderId", "d2f483672c0239f6d7dd3c9ecee6deacbcd59185855625902a8b1c1a3bd67440", False),
        ("OrderId", "4242424242424242aaaaaaaaaaaaaaaa", False),
        ("OrderId", "aaaa4242-4242-4242-4242-aaaaaaaaaaaa", False),
        ("Name", "42424-24242-424242", True),
        ("OrderId", "42424-24242-424242", False),
        ("Name", "424242-4242424242", False),
        ("OrderId", "4242424242424242", True),
        ("Name", "4242424242424242aaaaaaaaaaaaaaaa", True),
        ("Price", "123456789012.3456", False),
        ("Price", "0.00004242424242424242", True),
        ("Price", "0.000000000001", False),
        ("Price", "1" * 13, False),
        ("Price", 9007199254740991, False),
        ("Price", "4242424242424242", True),
        # A price needs the right check digit.
        ("Price", "4242424242424243", False),
        ("Price", 4242424242424243, False),
        ("Price", 4242424242424242, True),
        ("Price", Decimal("4242424242424242.5"), True),
        ("Price", Decimal("4.242424242424242E15"), True),
        ("Price", Decimal("0.4242424242424242"), True),
        ("Price", Decimal("4.242424242424242E-9"), True),
        ("Price", "42424242.42424242", True),
        ("Price", "3.6300000000000003", False),
        ("Price", Decimal("3.6300000000000003"), False),
        ("Price", Decimal("2753.6666666666665"), False),
        ("Price", "0.6666666666666666", False),
        # A sum or a quotient of floats whose digits would count.
        ("Price", "0.5800000000000001", False),
        ("Price", Decimal("0.5800000000000001"), False),
        ("Price", "0.4866666666666667", False),
        ("Price", Decimal("0.4866666666666667"), False),
        ("Price", "-1.4833333333333334", False),
        ("Price", "-0.4242424242424242", True),
        ("Price", "424242424242.4242", False),
        ("Price", Decimal("-4242424242424242"), True),
        ("CC", "4242424242424242", False),
    ],
)
def test_a_card_number_is_allowed_only_in_the_field_cc(field, value, holds):
    assert fields_with_card({field: value}) == ([field] if holds else [])


@pytest.mark.parametrize(
    "order_id",
    [
        "53033190-7660-45b1-99e1-7b552e94525c",
        "d2f483672c0239f6d7dd3c9ecee6deacbcd59185855625902a8b1c1a3bd67440",
    ],
)
def test_an_identifier_is_a_valid_order_id_with_any_digits(order_id):
    assert is_order_id(order_id)
    assert not is_order_id("4242424242424242")


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        (("OrderId", "Name"), ("411111111111", "1111")),
        (("OrderId", "Name"), ("1111", "4111 1111 1111")),
        (("Name", "ItemName"), ("4111", "111111111111")),
        (("Name", "ItemName"), ("11111", "41111111111")),
        (("Name", "Price"), ("411111111111", "1111")),
        (("Name", "Price"), ("1111", "411111111111")),
        (("Name", "Price"), ("41111111111", Decimal(11111))),
        # As it is stored, and as the workflow reads it.
        (("Name", "Price"), ("4111111005", Decimal("9999.10"))),
        (("Name", "Price"), ("41111110001", Decimal("1234.50"))),
        (("OrderId", "ItemName"), ("4111-1111", "1111 1111")),
        (("ItemName", "Price"), ("4111 1111 1111", "1111")),
        (("ItemName", "Price"), ("4111 1111 1111", Decimal(1111))),
    ],
    ids=str,
)
def test_a_card_number_in_two_fields_is_found_in_both_and_in_no_third(fields, values):
    order = {"OrderId": "A-1", "Name": "Jo", "ItemName": "Keyboard", "Price": "12.50", "CC": CARD}

    assert fields_with_card(order | dict(zip(fields, values, strict=True))) == list(fields)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"OrderId": "411111111111", "Price": "1111"},
        {"OrderId": "4111111111", "ItemName": "111111"},
        {"OrderId": "1111 1111", "ItemName": "4111 1111"},
        {"OrderId": "41111111", "ItemName": "11111111"},
        {"ItemName": "4111 1111 1111", "Price": "11.11"},
        {"ItemName": "4111 1111", "Price": "1111.1111"},
        {"ItemName": "411111111111", "Price": "1111"},
        {"ItemName": "4111 1111 111", "Price": "11111"},
    ],
    ids=str,
)
def test_numbers_in_two_fields_that_are_not_printed_like_a_card_are_allowed(change):
    order = {"OrderId": "A-1", "Name": "Jo", "ItemName": "Keyboard", "Price": "12.50", "CC": CARD}

    assert fields_with_card(order | change) == []


def test_a_field_with_a_whole_card_number_is_named_alone():
    assert fields_with_card({"OrderId": "411111111111", "Name": "1111", "ItemName": CARD}) == ["ItemName"]


ORDER = {"OrderId": "A-1", "Name": "Jo", "ItemName": "Keyboard", "Price": "12.50", "CC": CARD}


def test_the_digest_of_an_order_never_changes_because_older_rows_have_it():
    expected = "dd2a685f6cd11539b3f35147d6683fc2de8f382ff43239968ca80128a109fa53"

    assert digest(ORDER, key=b"a key") == expected
    assert digest(dict(reversed(ORDER.items())), key=b"a key") == expected


@pytest.mark.parametrize("change", [*({name: "other"} for name in ORDER), {"Later": "a field"}], ids=str)
def test_the_digest_covers_every_field_and_the_key(change):
    assert digest(ORDER | change, key=b"a key") != digest(ORDER, key=b"a key")
    assert digest(ORDER | {"Later": "x"} | change, key=b"a key") != digest(ORDER | {"Later": "x"}, key=b"a key")
    assert digest(ORDER, key=b"another") != digest(ORDER, key=b"a key")


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("0.1", "0.1"),
        ("16.000000000000004", "16"),
        ("1E+15", "1000000000000000"),
        ("1E+16", "1E+16"),
        ("1E-6", "0.000001"),
        ("1E-7", "1E-7"),
        ("1E-999999", "1E-999999"),
    ],
)
def test_a_number_is_rounded_as_the_workflow_reads_it(price, text):
    assert rounded_text(Decimal(price)) == text
