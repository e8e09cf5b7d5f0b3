"""Which texts the order workflow searches for a card number. Its first two states make them."""

import pytest

from tests.support.workflows.asl import evaluated, load

STATES = load("order_fulfillment.asl.json")["States"]
FIRST = STATES["Is it an order"]["Assign"]
SECOND = STATES["Are there enough digits for a card"]["Choices"][0]["Assign"]


def text_of(price) -> str:
    return evaluated(FIRST["texts"][2], {"Price": price})


def digits_of(price) -> str:
    return evaluated(FIRST["digitsOfPrice"], {"Price": price})


DIGEST = "31234567891234567890abcdefabcdef"


@pytest.mark.parametrize(
    ("order_id", "is_searched"),
    [
        ("A-1", True),
        ("550e8400-e29b-41d4-a716-446655440000", False),
        ("550E8400-E29B-41D4-A716-446655440000", False),
        ("550e8400-e29b-41d4-a716-44665544000", True),
        ("550e8400-e29b-41d4-446655440000", True),
        ("550e8400-e29b-41d4-a716-44665544000g", True),
        (DIGEST, False),
        (DIGEST.upper(), False),
        (DIGEST[1:], True),
        (DIGEST * 2, False),
        ("1" * 32, True),
        ("11111111-1111-1111-1111-111111111111", True),
    ],
)
def test_an_order_id_is_searched_unless_it_is_a_uuid_or_a_digest(order_id, is_searched):
    assert evaluated(FIRST["texts"][0], {"OrderId": order_id}) == (order_id if is_searched else "")


def test_the_name_and_the_item_are_one_text_without_double_blanks():
    found = evaluated(FIRST["texts"][1], {"Name": "Ann \u2003 Lee", "ItemName": "lamp\u00a0\u00a07"})

    assert found == "Ann Lee x lamp 7"


@pytest.mark.parametrize(
    ("price", "text"),
    [
        *((one, one) for one in ("", "7", "80000", "12.50", "-12.50", "1.42", "00.42", "10.042", "0", ".5")),
        ("0.42", "42"),
        ("-0.42", "42"),
        ("0.0042", "42"),
        ("0.0", ""),
        ("42 \u2003 42", "42 42"),
        *((number, "") for number in (0, 7, 12.5, 0.42, 10**14)),
    ],
)
def test_a_price_is_searched_if_it_is_text_without_the_zeros_before_its_first_digit(price, text):
    assert text_of(price) == text


@pytest.mark.parametrize("digit", "0369")
@pytest.mark.parametrize("before", ["1", "-1", "1" * 13])
@pytest.mark.parametrize("zeros", ["", "0"])
def test_a_sum_of_floats_is_not_searched(digit, before, zeros):
    """Its digits after the point repeat a 0, 3, 6 or 9 at least seven times."""
    price = f"{before}.{zeros}1{digit * 6}"

    assert text_of(price) == price
    assert text_of(f"{price}{digit}") == ""
    assert text_of(f"{price}{digit}2") == ""


@pytest.mark.parametrize(
    ("price", "is_searched"),
    [
        ("1.9999999", False),
        ("1.09999999", False),
        ("1.999999", True),
        ("1.11111111", True),
        (f"{'1' * 14}.10000000", True),
        (".10000000", True),
        ("1.10000000x", True),
    ],
)
def test_only_a_number_is_a_sum_of_floats(price, is_searched):
    assert text_of(price) == (price if is_searched else "")


@pytest.mark.parametrize(
    ("price", "digits"),
    [
        (10**13, "10000000000000"),
        (-(10**13), "10000000000000"),
        (10**13 - 1, ""),
        (10000000000001.5, "10000000000001"),
        (1234567800000042, "1234567800000042"),
        (2**53 - 1, str(2**53 - 1)),
        *((one, "") for one in (0, 1, -1, 1.5, 12345)),
        (0.5, "5"),
        (-0.0042, "42"),
        (4.2e-10, "42"),
        *((one, "") for one in ("", "7", "0.5", str(10**13))),
    ],
)
def test_the_digits_of_a_number_are_searched_if_it_is_large_or_less_than_1(price, digits):
    assert digits_of(price) == digits


@pytest.mark.parametrize("digit", "0369")
def test_the_digits_of_a_number_are_one_more_text_unless_it_is_a_sum_of_floats(digit):
    few, many = f"1{digit * 6}2", f"1{digit * 7}2"

    def searched(price) -> list[str]:
        order = {"Price": evaluated("{% $string($price) %}", price=price)}
        texts = ["A-1", "Ann x lamp", ""]
        return evaluated(SECOND["texts"], order=order, texts=texts, digitsOfPrice=digits_of(price))

    assert searched(float(f"0.{few}")) == ["A-1", "Ann x lamp", "", few]
    assert searched(float(f"-0.{many}")) == ["A-1", "Ann x lamp", "", ""]
    assert searched(int(f"{many}00000")) == ["A-1", "Ann x lamp", "", f"{many}00000"]
