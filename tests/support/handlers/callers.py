"""The callers of the APIs in tests."""

from collections.abc import Mapping
from typing import Any

from common.caller import OPERATORS
from tests.support.handlers.events import signed_in

JO, FLO, OLGA = (f"6f1c2d3e-0000-4000-8000-0000000000{digits}" for digits in ("01", "02", "03"))

CLAIMS = {
    JO: {"email": "jo@example.com", "phone_number": "+4915112345678"},
    OLGA: {"email": "olga@example.com", "cognito:groups": OPERATORS},
}
"""The other claims of each caller's token. Flo has none; Olga is an operator."""


def by(caller: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """`event` as a request of this caller."""
    return signed_in(dict(event), sub=caller, **CLAIMS.get(caller, {}))


def of(caller: str, reminder_id: str) -> dict[str, Any]:
    """A caller's request with this reminder id in the path."""
    return by(caller, {"pathParameters": {"reminderId": reminder_id}})
