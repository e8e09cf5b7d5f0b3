"""How long the row of an order is kept. See decision D181."""

import os
from datetime import datetime, timedelta

EXPIRES_AT = "ExpiresAt"
"""When DynamoDB may delete the row, in seconds since 1970. The row of an order that waits for an operator has none."""

MESSAGE_DAYS = 14
"""SQS keeps a message at most this long, including its time in the dead-letter queue."""


def expiry(now: datetime, *, setting: str = "ORDER_DAYS") -> dict[str, int]:
    """The attribute of a row that is kept for some days from `now` on. Empty if the stage keeps orders for ever.

    `setting` is the environment variable with the days. The workflow writes the attribute on the row of an order that
    was started by hand.
    """
    days = os.environ[setting]
    return {EXPIRES_AT: int((now + timedelta(days=int(days))).timestamp())} if days else {}
