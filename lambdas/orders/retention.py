"""How long the row of an order is kept. See decision D181."""

from datetime import datetime, timedelta

EXPIRES_AT = "ExpiresAt"
"""When DynamoDB may delete the row, in seconds since 1970. The row of an order that waits for an operator has none."""

MESSAGE_DAYS = 14
"""SQS keeps a message at most this long, including its time in the dead-letter queue."""


def expiry(now: datetime, *, days: str) -> dict[str, int]:
    """The attribute of a row that is kept for `days` from `now` on. Empty if `days` is empty: it is kept for ever.

    The workflow writes the attribute on the row of an order that was started by hand.
    """
    return {EXPIRES_AT: int((now + timedelta(days=int(days))).timestamp())} if days else {}
