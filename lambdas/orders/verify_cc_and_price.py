"""`VerifyCCAndPrice`: the state "Are details Proper" of the order workflow."""

import os
from collections.abc import Mapping
from typing import Any, cast

from orders.rules import CardRule, reasons_to_escalate


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Checks the card number and the price in `event`. Returns the verdict, `{"Status": 1 | 0, "Reasons": [...]}`.

    Status is 1 for a good order, and 0 with the REASONS that apply. An event that is not an order has reasons, too.
    The verdict contains no part of the order.
    """
    order = event if isinstance(event, Mapping) else {}
    reasons = reasons_to_escalate(order, card_rule=cast(CardRule, os.environ["CARD_RULE"]))
    return {"Status": 0 if reasons else 1, "Reasons": reasons}
