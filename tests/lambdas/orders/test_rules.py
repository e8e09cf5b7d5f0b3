from decimal import Decimal
from uuid import UUID

import pytest

from orders.rules import (
    execution_name,
    fields_with_card,
    is_order_id,
    last4,
    order_id_in,
    price_text,
    reasons_to_escalate,
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
    assert len(name) <= 80


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
