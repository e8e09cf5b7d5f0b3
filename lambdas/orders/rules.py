"""The rules of an order. Pure: no clock, no environment, no AWS."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias
from uuid import UUID

from common.cards import groups_of, is_identifier, is_split_card, looks_like_card, passes_luhn

CardRule: TypeAlias = Literal["length", "luhn"]

_UNIQUE = 12
"""The length of the random part in the name of an execution. It makes the names of one order's executions differ."""

_SMALLEST, _LARGEST = -6, 15
"""Numbers between these powers of ten are written in plain digits. JSONata, too, uses an exponent for smaller ones."""

_INEXACT = re.compile("^-?[0-9]{1,13}[.]0*(9{7}|[1-9][0-9]*(0{7}|3{7}|6{7}|9{7}))[0-9]*$")
"""A sum or a third of floats, such as 19.990000000000002. The digits after its point are not a card number."""

CARD_NOT_16_DIGITS = "CARD_NOT_16_DIGITS"
CARD_CHECKSUM_WRONG = "CARD_CHECKSUM_WRONG"
PRICE_NOT_A_DECIMAL = "PRICE_NOT_A_DECIMAL"
PRICE_NOT_POSITIVE = "PRICE_NOT_POSITIVE"

REASONS = {
    CARD_NOT_16_DIGITS: "The card number does not have exactly 16 digits.",
    CARD_CHECKSUM_WRONG: "The card number's check digit is wrong.",
    PRICE_NOT_A_DECIMAL: "The price is not a decimal number such as 80000 or 12.50.",
    PRICE_NOT_POSITIVE: "The price is not above zero.",
}
"""Every reason to escalate an order, in words."""


def reasons_to_escalate(order: Mapping[str, Any], *, card_rule: CardRule) -> list[str]:
    """The keys of REASONS that apply to `order`. An empty list means a good order.

    `CC` and `Price` may be missing or of any type. An odd value is a reason, never an error.
    """
    return _card_reasons(order.get("CC"), card_rule) + _price_reasons(order.get("Price"))


def is_order_id(text: str) -> bool:
    """Whether `text` is a valid OrderId: it fits order.schema.json and does not contain a card number."""
    return bool(re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text)) and not _holds_card("OrderId", text)


def fields_with_card(order: Mapping[str, Any]) -> list[str]:
    """The fields other than CC that contain a card number, or the pairs of fields that make one together.

    `Price` is text or a number, as in the request.

    See decision D029.
    """
    alone = [name for name, value in order.items() if name != "CC" and _holds_card(name, value)]
    together = [pair for pair in SPLITS if not alone and _is_split(order, *pair)]
    return alone or [name for name in order if any(name in pair for pair in together)]


SPLITS = [
    ("OrderId", "Name"),
    ("Name", "OrderId"),
    ("Name", "ItemName"),
    ("ItemName", "Name"),
    ("Name", "Price"),
    ("Price", "Name"),
    ("OrderId", "ItemName"),
    ("ItemName", "Price"),
]
"""Pairs of fields that are searched for one card number: its first part in the first field, the rest in the second.
Pairs with `Name` are searched in both orders, because a name rarely consists of digits. The other fields often do."""


def _is_split(order: Mapping[str, Any], first: str, second: str) -> bool:
    """Whether a card number begins in the first field and ends in the second, and neither contains a letter.

    In a pair without `Name`, only groups of four count, as cards print them. Otherwise one in ten pairs of ordinary
    numbers would count, because its check digit is right by chance.
    """
    begins, ends = (_texts(order.get(name, "")) for name in (first, second))
    may_be_any = "Name" in (first, second)
    return any(
        is_split_card(begin, end) and (may_be_any or _are_printed(begin, end, is_price=second == "Price"))
        for begin in begins
        for end in ends
    )


def _are_printed(begin: str, end: str, *, is_price: bool) -> bool:
    """Whether both texts are groups of four digits. A price must be one group."""
    if is_price and not re.fullmatch("[0-9]{4}", end):
        return False
    return {len(group) for group in groups_of(begin) + groups_of(end)} == {4}


def _texts(value: Any) -> list[str]:
    """A field as it is stored. A number also as the workflow reads it."""
    return [price_text(value), rounded_text(value)] if isinstance(value, Decimal) else [str(value)]


_DIGESTED_FIRST = ("OrderId", "Name", "ItemName", "Price", "CC")
"""The fields that every digest covers. Do not change this list: older rows have digests of only these fields. A later
field is covered only if the order has it."""


def digest(order: Mapping[str, Any], *, key: bytes) -> str:
    """A keyed digest of the whole order, card number included. Without the key it reveals nothing.

    A plain hash would not protect the card number. Few of its digits are unknown, so all can be tried in seconds.

    See decision D009.
    """
    first = [order[name] for name in _DIGESTED_FIRST]
    further = {name: order[name] for name in sorted(order.keys() - set(_DIGESTED_FIRST))}
    text = json.dumps([*first, further] if further else first)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def execution_name(order_id: str, *, unique: UUID) -> str:
    """The name of an execution for an order. It has at most 77 characters; Step Functions allows 80.

    See decision D010.
    """
    return f"{order_id}-{unique.hex[:_UNIQUE]}"


def order_id_in(name: str) -> str | None:
    """The OrderId in the name of an execution, or None if execution_name did not make the name."""
    order_id = name[: -_UNIQUE - 1]
    return order_id if is_order_id(order_id) and re.fullmatch("-[0-9a-f]+", name[-_UNIQUE - 1 :]) else None


def last4(card: object) -> str:
    """The last four digits of a card number. Empty unless `card` has 12 to 19 digits and nothing else."""
    return card[-4:] if isinstance(card, str) and re.fullmatch("[0-9]{12,19}", card) else ""


def price_text(price: str | int | Decimal) -> str:
    """`price` as it is stored: text unchanged, a number in plain digits (`1e3` -> `1000`) if its size allows that.

    A number keeps all its digits, even `0.30000000000000004` from a client that adds floats. The order is escalated,
    and a person decides. Only a number below 0.000001 is rounded to 15 digits.
    """
    if not isinstance(price, Decimal):
        return str(price)
    return rounded_text(price) if price.adjusted() < _SMALLEST else _written(price)


def rounded_text(price: Decimal) -> str:
    """A number as the workflow reads it: a float, rounded to 15 digits."""
    rounded = Decimal(f"{float(price):.15g}").normalize()
    return _written(rounded or price)


def _written(price: Decimal) -> str:
    return format(price, "f") if _SMALLEST <= price.adjusted() <= _LARGEST else str(price)


def _holds_card(field: str, value: Any) -> bool:
    match field:
        case "OrderId":
            # See decision D028.
            return not is_identifier(value) and looks_like_card(value, odd_groups=False)
        case "Price" if isinstance(value, str):
            digits = re.sub(r"^-?0\.0*", "", value)
            return not _INEXACT.search(value) and looks_like_card(digits, any_check_digit=False)
        case "Price":
            return _holds_card("Price", price_text(value)) or any(
                looks_like_card(digits, any_check_digit=False) and not _INEXACT.search(f"0.{digits}")
                for digits in _digits_of(Decimal(value))
            )
        case _:
            return looks_like_card(str(value))


def _digits_of(price: Decimal) -> list[str]:
    """The digits of a number that may be a card number: those before its point, or all digits if it is less than 1."""
    if abs(price) >= 1:
        return [str(int(abs(price)))]
    return ["".join(map(str, one.as_tuple().digits)) for one in (price, Decimal(rounded_text(price)))]


def _card_reasons(card: object, card_rule: CardRule) -> list[str]:
    if not isinstance(card, str) or not re.fullmatch("[0-9]{16}", card):
        return [CARD_NOT_16_DIGITS]
    # Zeros have a valid check digit, but are not a card number.
    if card_rule == "luhn" and not (passes_luhn(card) and set(card) != {"0"}):
        return [CARD_CHECKSUM_WRONG]
    return []


def _price_reasons(price: object) -> list[str]:
    if isinstance(price, int | float) and not isinstance(price, bool):
        # As the workflow writes it on the row.
        price = rounded_text(Decimal(str(price)))
    if not isinstance(price, str) or not _is_decimal(price):
        return [PRICE_NOT_A_DECIMAL]
    return [] if Decimal(price) > 0 else [PRICE_NOT_POSITIVE]


def _is_decimal(text: str) -> bool:
    return bool(re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,4})?", text))
