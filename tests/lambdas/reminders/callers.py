"""Who calls the API in tests, as API Gateway tells of callers that have signed in with IAM."""

from collections.abc import Mapping
from typing import Any

JO, FLO = (f"arn:aws:iam::123456789012:user/{name}" for name in ("jo", "flo"))


def by(caller: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """`event` as this caller's."""
    return {**event, "requestContext": {"identity": {"userArn": caller}}}


def of(caller: str, reminder_id: str) -> dict[str, Any]:
    """A caller's request for the reminder that the path names."""
    return by(caller, {"pathParameters": {"reminderId": reminder_id}})
