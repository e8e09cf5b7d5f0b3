"""How rows and messages look in the copy of a person's data."""

import json
from decimal import Decimal

import pytest

from account.document import WITHHELD, shown, shown_message

CARD = "4242424242424242"


def test_a_row_is_shown_sorted_with_whole_numbers_and_without_what_is_withheld():
    row = {"Price": "12.50", "ExpiresAt": Decimal(7), "Reasons": ["x"], "Later": True, **dict.fromkeys(WITHHELD, "x")}

    found = shown(row)

    assert list(found.items()) == [("ExpiresAt", 7), ("Later", True), ("Price", "12.50"), ("Reasons", ["x"])]
    assert json.dumps(found)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (CARD, "#"),
        (f"pay {CARD} now", "pay # now"),
        ([CARD, [CARD, 7]], ["#", ["#", 7]]),
        ({CARD: {"a": CARD}}, {"#": {"a": "#"}}),
        (12.5, 12.5),
        (int(CARD[:13]), int(CARD[:13])),
        (None, None),
        (True, True),
        (float("inf"), "inf"),
        (Decimal("1" * 40), "1" * 40),
        (Decimal("12.5"), "12.5"),
    ],
    ids=str,
)
def test_a_message_is_shown_without_card_numbers_and_with_numbers_that_json_has(value, seen):
    body = {"OrderId": "A-1", "Odd": value, **dict.fromkeys(WITHHELD, "x")}

    assert shown_message("ParkedQueue", body) == {"queue": "ParkedQueue", "body": {"OrderId": "A-1", "Odd": seen}}
