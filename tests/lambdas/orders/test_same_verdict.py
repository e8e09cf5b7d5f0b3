"""The API and the workflow's first states accept the same orders: one test gives both the same random orders.

A workflow that was started by hand has not been through the API. It reads only the digits 0 to 9, at most 15 of them in
a number, and ignores unknown fields. So it accepts some inputs that the API refuses. It never refuses an order that the
API has accepted.
"""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import http
from orders import submission
from orders.rules import SPLITS
from tests.support.handlers.events import post
from tests.support.orders import an_order
from tests.support.workflows.asl import load, walked

MACHINE = load("order_fulfillment.asl.json")
ORDER = an_order(CC="4242424242424242")

CARD, AMEX = "4242424242424242", "378282246310005"
DIGEST = "31234567891234567890abcdefabcdef"
PIECES = [
    *("4242", "5500", "1200", "3400", "0000", "3782", "822463", "10005", "42424242", "424242424242", "7", "0", "13"),
    *(CARD, CARD[:-1], CARD[:-1] + "3", AMEX, "30569309025904", "4222222222222", "6200123456789012345", "9" * 20),
    *("4006381333931", "20261121040000123", "2026-11-25", "1795629780"),
    *("550e8400-e29b-41d4-a716-446655440000", "42424242-4242-4242-4242-42424242424a", DIGEST, DIGEST.upper(), CARD * 2),
    *(
        " ",
        "  ",
        "    ",
        "-",
        ".",
        ", ",
        "/",
        "_",
        "x",
        " x ",
        "a",
        "F",
        "e",
        "E+",
        "é",
        "🐈",
        "\u00a0",
        "\u200b",
        "\u202e",
    ),
    *("٤٢٤٢", "４２４２", "𝟒𝟐𝟒𝟐", "٠", "²", "①"),
    *(
        "DE89 3704 0044 0532 0130 00",
        "AT61 1904 3002 3457 3201",
        "9405 5036 9930 0123 4567 89",
        "+36",
        "4000 3500",
        "39",
    ),
]
CONTROLS = ["\x00", "\n", "\t", "\x1f", "\x7f", "\x85", "\ufffe", "\uffff"]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    st.tuples(st.sampled_from(PIECES), st.sampled_from(CONTROLS)).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.builds(
        lambda one, length: (one * length)[:length], st.sampled_from("x7🐈"), st.sampled_from([0, 1, 32, 33, 200, 201])
    ),
)
order_ids = st.one_of(
    texts,
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
    st.lists(st.sampled_from([one for one in PIECES if one.isascii() and one.isprintable()]), max_size=6).map("-".join),
    st.uuids().map(str),
    st.builds(lambda one, length: one * length, st.sampled_from("a7_"), st.sampled_from([63, 64, 65])),
)
numbers = st.one_of(
    st.integers(-(10**22), 10**22),
    st.integers(10**11, 10**13),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-(10**13), 10**13, places=4, allow_nan=False).map(float),
    st.builds(lambda digits, power: digits * 10.0**power, st.integers(1, 10**13), st.integers(-40, 0)),
    st.sampled_from([1e20, 1e21, 4.24e15, 0.1 + 0.2, 1.1 * 3, -0.0, 2**53 + 1, 2**63, 1e-7, 999999999999.9999]),
)
prices = st.one_of(texts, numbers, st.from_regex(r"-?[0-9]{1,14}([.][0-9]{0,6})?", fullmatch=True))
odd = st.one_of(
    st.none(), st.booleans(), st.lists(st.just(CARD), max_size=2), st.dictionaries(st.just("CC"), st.text())
)

# Only some fields of a valid order are changed. If all fields were odd, one reason to refuse would hide the others.
changes = st.fixed_dictionaries({}, optional={"Name": texts, "ItemName": texts, "Price": prices})
orders = st.one_of(
    changes.map(lambda change: ORDER | change),
    order_ids.map(lambda order_id: ORDER | {"OrderId": order_id}),
    texts.map(lambda card: ORDER | {"CC": card}),
)


@st.composite
def odd_orders(draw: st.DrawFn) -> Any:
    """Orders in which one field is missing or has another type."""
    order = {**ORDER, "Price": draw(prices)}
    field = draw(st.sampled_from(list(ORDER)))
    value = draw(st.one_of(odd, numbers, st.just("missing")))
    return {name: one for name, one in order.items() if name != field} | ({} if value == "missing" else {field: value})


def accepted_by_api(order: Any) -> dict[str, Any] | None:
    """The input with which the API would start the workflow. None if the API refuses the order."""
    try:
        return submission.order_in(post(order))
    except http.RequestError as error:
        assert error.status == 400
        return None


def accepted_by_workflow(order: Any) -> bool:
    """Whether the workflow accepts an order. Like the API, it reads the order from JSON."""
    place, _ = walked(MACHINE, json.loads(json.dumps(order)))
    return place == "Update the order table"


def is_read_the_same_way(order: Any) -> bool:
    """Whether both read the same digits: only 0 to 9 without invisible marks, and at most 15 digits in a number."""
    price = order.get("Price")
    written = (one for one in json.dumps(order, ensure_ascii=False) if not one.isascii())
    return all(unicodedata.category(one) not in ("Cf", "Mn", "Me", "Nd", "No") for one in written) and (
        not isinstance(price, float) or float(f"{price:.15g}") == price
    )


@settings(max_examples=200)
@given(st.one_of(orders, odd_orders()))
@example(ORDER | {"ItemName": "Lot 5500 1200 3400", "Price": "1200"})
@example(ORDER | {"OrderId": "4242-4242-4242", "Price": "4242"})
@example(ORDER | {"OrderId": "4242", "ItemName": "424242424242"})
@example(ORDER | {"ItemName": "4242 4242 4242", "Price": "42.42"})
@example(ORDER | {"Name": "Ward 3000", "ItemName": "1500 2500 3500 mm"})
@example(ORDER | {"OrderId": "4000-1111", "Name": "2222 3333"})
@example(ORDER | {"Name": "4242424242424242aaaaaaaaaaaaaaaa"})
@example(ORDER | {"OrderId": "4242-42424242-4242"})
@example(ORDER | {"Name": "4242424242-424242", "ItemName": "4242424.242424242"})
@example(ORDER | {"Price": 1e20})
@example(ORDER | {"Price": 0.1 + 0.2})
@example(ORDER | {"Price": 2**53 + 1})
@example(ORDER | {"Price": 4000000000000002})
@example(ORDER | {"Price": 36000000000008.5})
@example(ORDER | {"Price": 2**53 - 1})
@example(ORDER | {"Price": 4242424242424242})
@example(ORDER | {"Price": 0.4242424242424242})
@example(ORDER | {"Price": 4242.0, "ItemName": "4242-4242-4242"})
@example(ORDER | {"Name": "4242\u200b4242 4242 4243"})
@example(ORDER | {"Name": "DE12 5001 0517 5407 3249 31"})
@example(ORDER | {"Name": "12a4242 4242 4242 4243"})
@example(ORDER | {"Price": 621191256769.3125})
@example(ORDER | {"Price": 621191256769.3344})
@example(ORDER | {"Price": "123456789012.3456\n"})
@example(ORDER | {"Name": f"{CARD}٤٤٤٤"})
def test_the_api_and_the_workflow_give_an_order_the_same_verdict(order: Any) -> None:
    # Also if the verdicts may differ: the workflow must fail for no order.
    started_with, by_hand = accepted_by_api(order), accepted_by_workflow(order)

    if started_with is not None:
        assert by_hand, "the workflow refuses an order that the API accepts"
        assert accepted_by_workflow(started_with), "the workflow refuses the input with which the API starts it"
    elif is_read_the_same_way(order):
        assert not by_hand, "the workflow accepts an order that the API refuses"


@pytest.mark.parametrize(
    "change",
    [
        {"OrderId": CARD[:8] + "-4242-4242-a242-0000000000ab"},
        {"OrderId": CARD + "a" * 16},
        {"OrderId": CARD + "a" * 48},
        {"OrderId": "4" * 32},
        {"Name": "9" * 20},
        {"Name": "6 2 0 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 0 8"},
        {"Name": "9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9"},
        {"Name": "Sizes 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44"},
        {"Name": "030 1234567, 030 7654321"},
        {"Name": "x4242 4242 4242 4243"},
        {"Name": "3 0 5 6 9 3 0 9 0 2 5 9 0 5"},
        {"Name": "10 0000 0000 0000 08"},
        {"OrderId": CARD[:8] + "-4242-4242-g242-0000000000ab"},
        {"OrderId": CARD[:8] + "-4242-4242-4242-42424242424a4242424242424243"},
        {"OrderId": "S4-20261125-0000016"},
        {"OrderId": "5-1795629780-00008"},
        {"OrderId": "4500012345-000018"},
        {"OrderId": "424242-4242424242"},
        {"Name": "23-11-2026-27-11-2026"},
        {"Name": "36 38 40 42 44 46 48"},
        {"Name": "SIRET 391 774 566 00018"},
        {"Name": "+36 30 123 4567 8900"},
        {"Name": "4000 3500 2500 1800"},
        # Each has the first digits, the length and the check digit of a card number.
        {"Name": "+36+39+825+9791+90744"},
        {"Name": "4643710862044 103"},
        {"Name": "45076 240911-84934"},
        {"Name": "2650 2300 9600 2300"},
        {"Name": "300622 4829 1910"},
        {"Name": "36 2029 03 18 1246"},
        {"Name": "36 13 03 2030 3244"},
        {"Name": "38 12 24 2027 8820"},
        {"Name": "302 808 783 97423"},
        {"Name": "36 41 44 50 56 58 59"},
        {"Name": "4504588847-451678"},
        {"Name": "4242 4242-424242 42"},
        {"Name": "6200123456789012345"},
        {"Name": "3056930902590"},
        {"Name": "IBAN DE89 3704 0044 0532 0130 00"},
        {"Name": "DK50 0040 0440 1162 43"},
        {"Name": "9405 5036 9930 0123 4567 89"},
        {"ItemName": "353003113333000"},
        {"Price": "1" * 13},
        {"Price": 1234567890123},
        {"Price": 9007199254740991},
        {"Price": "123456789012.3456"},
        {"Price": "3.6300000000000003"},
        {"Price": "1.234567890123"},
        {"Price": 1.23456789012e-7},
        {"Price": 1.2345678901e-10},
        {"Price": 2.2250738585e-313},
        {"Price": 5e-324},
        {"Price": "1.23456789012"},
        {"Price": 1.2345678901e-7},
        {"Price": 1.2345678901e-8},
        {"Price": 1.234567890e-10},
        {"Price": 12345678901.23456},
        {"Price": 123456789012.3456},
        {"Price": -999999999999.9999},
        {"Price": 12345678901.2345},
        {"Price": -0.0000424242424242},
    ],
)
def test_both_accept_numbers_that_only_resemble_a_card_number(change: dict[str, Any]) -> None:
    assert accepted_by_api(ORDER | change) is not None
    assert accepted_by_workflow(ORDER | change)


@pytest.mark.parametrize(
    "change",
    [
        {"OrderId": CARD + "a" * 15},
        {"OrderId": CARD + "a" * 49},
        {"Name": "6200123456789012347"},
        {"Name": "42424242 42424242"},
        {"Name": "4242424242    424242"},
        {"Name": "622202 1234567890128"},
        {"Name": "4242 4242 4242 4242 12/27"},
        {"Name": "2026 4242 4242 4242 4242"},
        {"Name": "4242" + " " * 30 + "4242    4242    4242"},
        {"Name": "42424242", "ItemName": "4242 4242"},
        {"Name": "4242", "ItemName": "424242424242"},
        {"OrderId": "424242424242", "Name": "4242"},
        {"OrderId": "4242", "ItemName": "4242 4242 4242"},
        {"OrderId": "4242-4242-4242", "ItemName": "4242"},
        {"ItemName": "4242 4242 4242", "Price": 4242},
        {"ItemName": "4242 4242 4242", "Price": "4242"},
        {"Price": "4242424242424242.00"},
        {"Price": 4242424242424242},
        {"Price": "4242 4242 4242 4242"},
        {"Price": 2**53},
        {"Name": "6 2 0 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 7"},
        {"Name": "4 2 4 2 4 2 4 2   4 2 4 2 4 2 4 2"},
        {"Name": "3 0 5 6 9 3 0 9 0 2 5 9 0 4"},
        {"Name": "4 9 9 9 9 9 9 9 9 9 9 9 9 9 9 6"},
        {"Name": "2026, 4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2"},
        {"Name": "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2 (2)"},
        {"ItemName": "7-4-2-4-2-4-2-4-2-4-2-4-2-4-2-4-2-9"},
        {"ItemName": "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2, 3 7 8 2 8 2 2 4 6 3 1 0 0 0 5"},
        {"ItemName": "424242 4242424242, 555555 5555554444"},
        {"Name": "9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9"},
        {"ItemName": "11 - 42 4242 4242 4242 42"},
        {"Name": "3782-822463-10006"},
        {"Name": "3056-930902-5904"},
        {"Name": "no. 4242 4242 4242 4243."},
        {"Name": "4242 4242 4242 4242 123"},
        {"Name": "4242 4242 4242 4242 1234"},
        {"Price": -0.0000378282246310005},
        {"Name": "2026 4242424242424243"},
        {"Name": "7 6200 1234 5678 9012 347"},
        {"Name": "675939825979190746"},
        {"Name": "42424242, 42424242 - 7"},
        {"Name": "42424242 - 42424242"},
        {"OrderId": "A", "Name": "30569309025904", "Price": "x"},
        *({first: AMEX[:10], second: AMEX[10:]} for first, second in SPLITS if "Name" in (first, second)),
    ],
)
def test_both_refuse_numbers_that_may_be_a_card_number(change: dict[str, Any]) -> None:
    assert accepted_by_api(ORDER | change) is None
    assert not accepted_by_workflow(ORDER | change)


@pytest.mark.parametrize(
    "change",
    [{"Name": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"}, {"ItemName": "４２４２ ４２４２ ４２４２ ４２４２"}, {"Note": "a field more"}]
    + [
        {"Price": 0.00004242424242424242},
        {"Name": "④②④②④②④②④②④②④②④②"},
        {"Name": "⁴²⁴²", "ItemName": "4" + "24" * 5 + "2"},
    ],
)
def test_the_workflow_accepts_these_orders_although_the_api_refuses_them(change: dict[str, Any]) -> None:
    assert accepted_by_api(ORDER | change) is None
    assert accepted_by_workflow(ORDER | change)
