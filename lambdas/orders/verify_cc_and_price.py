"""`VerifyCCAndPrice`: the state "Are details Proper" of the order workflow."""

import os
from collections.abc import Mapping
from typing import Any, cast

from orders.rules import CardRule, reasons_to_escalate


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Whether the order's card and price are in order.

    `event` is the order as it came in; anything else has reasons too. The answer is
    `{"Status": 1 | 0, "Reasons": [...]}`, Reasons out of orders.rules.REASONS; no part of the order is repeated in it.
    """
    order = event if isinstance(event, Mapping) else {}
    reasons = reasons_to_escalate(order, card_rule=cast(CardRule, os.environ["CARD_RULE"]))
    return {"Status": 0 if reasons else 1, "Reasons": reasons}
