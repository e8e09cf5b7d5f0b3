"""The rows of a person, as a copy of their data shows them. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from common.cards import without_cards

WITHHELD = frozenset(
    {
        # The id of the account again.
        "Owner",
        "OwnPart",
        # The status again, for an index.
        "Todo",
        # Keyed digests, which mean nothing without the key.
        "Digest",
        "RequestDigest",
        # A random text of one request.
        "Claim",
        # A key. It signs the links with which recipients stop a reminder.
        "StopKey",
        # They contain the number of the AWS account.
        "ExecutionId",
        "After",
        # The ids of operators. CorrectedBy may also be the id of the account itself.
        "ClosedBy",
        "CorrectedBy",
    }
)
"""The attributes of rows that a copy leaves out. It has all others, also those that are added later."""


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of an order or of a reminder, without WITHHELD."""
    return {name: _plain(value) for name, value in sorted(row.items()) if name not in WITHHELD}


def shown_message(queue: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A message, without WITHHELD, and with `#` for each card number: somebody may have sent it by hand."""
    return {"queue": queue, "body": _without_cards({name: body[name] for name in body if name not in WITHHELD})}


def _without_cards(value: Any) -> Any:
    match value:
        case str():
            return without_cards(value)
        case list():
            return [_without_cards(one) for one in value]
        case dict():
            return {without_cards(name): _without_cards(one) for name, one in value.items()}
        case Decimal() | float() if isinstance(value, Decimal) or not isfinite(value):
            # A very long integer, NaN or Infinity. The answer can have them only as text.
            return str(value)
    return value


def _plain(value: Any) -> Any:
    # DynamoDB's numbers come as Decimal. All our numbers are whole.
    return int(value) if isinstance(value, Decimal) else value
