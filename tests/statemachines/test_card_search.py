"""Each rule of the order workflow's search for card numbers decides at least one of these orders."""

import base64
import re

import pytest

from common.cards import looks_like_card, passes_luhn
from orders.rules import SPLITS
from tests.support.orders import an_order
from tests.support.workflows.asl import evaluated, load, states, walked

MACHINE = load("order_fulfillment.asl.json")
STATES = dict(states(MACHINE))
ORDER = an_order(CC="4242424242424242")


def is_found(**changes) -> bool:
    place, variables = walked(MACHINE, ORDER | changes)
    failure = variables.get("failure", {})
    assert place == ("Park the order" if failure else "Update the order table")
    assert failure in ({}, {"State": "Is it an order", "Error": "CardNumberInTextError"}), failure
    return bool(failure)


def iban(country: str, account: str, *, right: bool) -> str:
    """An IBAN in groups of four, with the right check digits (ISO 13616-1) or with the next ones."""
    check = 98 - int("".join(str(int(one, 36)) for one in f"{account}{country}00")) % 97
    text = f"{country}{check if right else check % 96 + 1:02}{account}"
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def valid(digits: str) -> str:
    """The digits with their check digit."""
    return next(f"{digits}{last}" for last in range(10) if passes_luhn(f"{digits}{last}"))


def grouped(digits: str, sizes: list[int], separator: str) -> str:
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    return separator.join(digits[end - size : end] for end, size in zip(ends, sizes, strict=True))


VISA, AMEX, DINERS = valid("424242424242424"), valid("37828224631000"), valid("3056930902590")
LONG = valid("420000000000001234")
TEXTS = [
    (" ".join("9" * 20), False),
    (" ".join("9" * 21), True),
    (" ".join("9" * 3 + VISA), True),
    (" ".join("9" * 4 + VISA), True),
    (" ".join("9" + DINERS), True),
    (" ".join("9" + LONG), True),
    (" ".join(VISA + "9" * 3), True),
    (f"7 {grouped(VISA, [4, 4, 4, 4], ' ')}", True),
    (f"{grouped(VISA, [4, 4, 4, 4], ' ')} 7", True),
    (AMEX[:-1] + "6", True),
    (grouped(AMEX, [4, 6, 5], "-"), True),
    (grouped(AMEX[:-1] + "6", [4, 6, 5], "-"), True),
    (grouped(AMEX[:-1] + "6", [4, 6, 5], "_"), True),
    (grouped(AMEX[:-1] + "6", [4, 6, 5], "/"), False),
    (grouped(VISA[:-1] + "3", [4, 4, 4, 4], "-"), True),
    (grouped(VISA[:-1] + "3", [5, 5, 6], "-"), False),
    (grouped(VISA, [5, 5, 6], "-"), True),
    (grouped(VISA, [5, 5, 6], ", "), True),
    (grouped(VISA, [5, 5, 6], " - "), True),
    (f"{grouped(VISA, [5, 5, 6], '-')}, 7", True),
    (f"{grouped(VISA, [5, 5, 6], ', ')} - 7", True),
    (f"{grouped(VISA, [5, 5, 6], ', ')}; 7", False),
    ("30-31-32-33-34-35-41", False),
    ("30-31-32-34-33-35-41", True),
    ("42424-24242 424242", False),
    (grouped(VISA, [10, 6], "-"), False),
    (grouped(VISA, [8, 8], "-"), True),
    (grouped(VISA, [10, 6], ", "), True),
    (grouped(VISA, [12, 4], " "), True),
    (grouped(VISA, [13, 3], " "), False),
    (grouped(DINERS, [3, 3, 3, 5], " "), False),
    (grouped(DINERS, [5, 3, 3, 3], " "), True),
    (grouped(LONG, [4, 4, 4, 4, 3], " "), True),
    (f"7 {grouped(LONG, [4, 4, 4, 4, 3], ' ')}", True),
    (f"{grouped(LONG[:16], [4, 4, 4, 4], ' ')} 9999 {LONG[16:]}", False),
    (f"7 {grouped(LONG, [6, 13], ' ')}", True),
    (grouped(valid("4200420042004250"[:15]), [4, 4, 4, 4], " "), True),
    (f"+{VISA}", True),
    (f"+{VISA[:-1]}3", True),
    (f"+{valid('361234567890123')}", True),
    (f"+{AMEX}", False),
    (f"+{grouped(VISA, [5, 5, 6], '+')}", False),
    (f"+{DINERS}", False),
    (f"x{VISA}", True),
    (f"x{VISA[:-1]}3", False),
    (VISA[:-1] + "3", True),
    (f"pay {iban('DE', VISA + '00', right=True)} now", False),
    (f"pay {iban('DE', VISA + '00', right=False)} now", True),
    (f"pay {iban('DE', VISA + '90', right=True)} now", False),
    (f"pay {iban('AT', VISA, right=True)} now", False),
    (f"pay {iban('GB', 'WEST' + VISA, right=True)} now", False),
    (f"pay {iban('GB', 'WEST' + VISA, right=False)} now", True),
]


@pytest.mark.parametrize(("text", "found"), TEXTS)
def test_a_name_holds_a_card_number_or_not_as_in_the_api(text, found):
    assert (is_found(Name=text), looks_like_card(text)) == (found, found)


def test_each_group_of_digits_begins_a_window_of_at_most_five_groups():
    _, found = walked(MACHINE, ORDER | {"OrderId": "A", "Name": "1 22-333, 4444.55555 666666", "Price": "x"})

    assert found["windows"] == [
        "1 22 333 4444 55555 ",
        "22 333 4444 55555 666666 ",
        "333 4444 55555 666666 ",
        "4444 55555 666666 ",
        "55555 666666 ",
        "666666 ",
    ]


@pytest.mark.parametrize(("first", "second"), SPLITS)
def test_two_fields_that_make_one_card_number_are_found(first, second):
    # No card number begins with 1, so the two parts make one in this order only.
    groups = re.findall("....", valid("424242421111111"))
    begin, end = (
        " ".join(part) for part in ((groups[:3], groups[3:]) if second == "Price" else (groups[:2], groups[2:]))
    )
    if first == "OrderId":
        begin = begin.replace(" ", "-")
    if second == "OrderId":
        end = end.replace(" ", "-")
    others = {"OrderId": "A-1", "Name": "Ann", "ItemName": "lamp", "Price": "1"}

    assert is_found(**others | {first: begin, second: end})
    assert not is_found(**others | {first: f"a {begin}" if first != "OrderId" else f"a-{begin}", second: end})


@pytest.mark.parametrize("digit", "0123456789")
def test_a_number_that_issuers_use_counts_only_with_its_check_digit(digit):
    condition = STATES["Does it hold a card number"]["Choices"][2]["Condition"]
    right = valid("4" + digit * 14)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)

    assert [evaluated(condition, issued=[[], [one]]) for one in (right, wrong)] == [True, False]


def test_odd_groups_in_an_order_id_are_not_a_card_number():
    assert not is_found(OrderId=grouped(VISA, [5, 5, 6], "-"))


@pytest.mark.parametrize(("separator", "after"), [("-", ", 7"), (", ", " - 7"), (" - ", "")])
def test_a_price_is_searched_for_odd_groups(separator, after):
    assert is_found(Price=grouped(VISA, [5, 5, 6], separator) + after)


# The workflow reads the digits of a number in two halves.
@pytest.mark.parametrize("number", [valid("424242428765432"), valid("424242420000123"), VISA])
def test_a_price_that_is_a_number_is_searched(number):
    assert is_found(Price=int(number))
    assert not is_found(Price=int(number) + 1)


def test_a_number_with_a_wrong_check_digit_counts_in_an_order_id_and_not_in_a_price():
    for wrong in (f"{VISA[:-1]}3", grouped(f"{VISA[:-1]}3", [4, 4, 4, 4], "-")):
        assert is_found(OrderId=wrong)
        assert not is_found(Price=wrong)


@pytest.mark.parametrize(
    "order_id",
    [
        "42424242-4242-4242-4242-42424242424a",
        "aaaa4242-4242-4242-4242-aaaaaaaaaaaa",
        "4242424242424242aaaaaaaaaaaaaaaa",
        "4242424242424242" * 3 + "a" * 16,
    ],
)
def test_a_uuid_or_a_digest_is_not_searched(order_id):
    assert not is_found(OrderId=order_id)
    assert is_found(Name=VISA)


@pytest.mark.parametrize(
    ("field", "letter", "longest"), [("orderId", "a", 64), ("orderId", "A", 17), ("rowId", "A", 64)]
)
def test_an_id_is_kept_with_invalid_input_unless_it_is_too_long(field, letter, longest):
    given = {"Claimed": True, "OrderId": letter * longest}

    assert evaluated(STATES["Not an order"]["Assign"][field], given) == letter * longest
    assert evaluated(STATES["Not an order"]["Assign"][field], given | {"OrderId": letter * (longest + 1)}) is None


@pytest.mark.parametrize(
    ("order_id", "kept"),
    [
        ("1", True),
        ("A", True),
        ("1" * 12, True),
        ("1" * 13, False),
        ("4242-4242-4242", True),
        ("4242-4242-4242-4", False),
        ("4.2.4.2.4.2.4.2.4", True),
        (".".join(VISA), False),
        (base64.b64encode(VISA.encode()).decode().strip("="), False),
        (base64.b64encode(base64.b64encode(f"x{VISA}".encode())).decode().strip("="), False),
        ("a-long-id-without-capital-letters", True),
        ("A-long-id-with-a-capital-letter", False),
        (VISA.encode().hex(), False),
    ],
)
def test_the_id_of_invalid_input_is_kept_unless_it_may_hold_a_card_number(order_id, kept):
    found = evaluated(STATES["Not an order"]["Assign"]["orderId"], {"OrderId": order_id})

    assert found == (order_id if kept else None)
