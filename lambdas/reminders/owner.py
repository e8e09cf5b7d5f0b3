"""Whose a reminder is. The one place that knows how callers sign in."""

import re

from common import http
from reminders import table
from reminders.reminder import Row

NOBODY = "workflow"
"""Owns what was started by hand, without the API; no caller is called so."""


def owner_of(event: http.Event) -> str:
    """The caller's IAM identity. Raises RequestError where there is none."""
    identity = (event.get("requestContext") or {}).get("identity") or {}
    if not identity.get("userArn"):
        raise http.RequestError(403, "NotSignedIn", "Sign in with IAM.")
    # Whoever assumes a role without naming the session is given another name each time, and is the same caller.
    return re.sub("/botocore-session-[0-9]+$", "", str(identity["userArn"]))


def own_row(event: http.Event) -> Row:
    """The row that the path names. Raises RequestError, the same one for another person's as for none."""
    owner, reminder_id = owner_of(event), event["pathParameters"]["reminderId"]
    row = table.find(reminder_id) if 0 < len(reminder_id) <= table.LONGEST_ID else None
    if row is None or row["Owner"] != owner:
        raise http.RequestError(404, "NotFound", "There is no such reminder.")
    return row
