"""Turns a reminder's request into its row, into the workflow's data and into the API's answer. Pure."""

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from common.times import timestamp
from reminders import sms
from reminders.channels import HIDDEN, channels_of, preference_of
from reminders.due import Due, from_utc_text, local_text, utc_text

Row: TypeAlias = dict[str, Any]

SCHEDULED, SENDING, CANCELLED = "SCHEDULED", "SENDING", "CANCELLED"
SENT, PARTLY_SENT, FAILED = "SENT", "PARTLY_SENT", "FAILED"
OVER = (SENT, PARTLY_SENT, FAILED)
"""The statuses in which an occurrence ends. A repeated reminder then schedules its next occurrence."""
STATUSES = (SCHEDULED, SENDING, CANCELLED, *OVER)

CARRIED = ("message", "subject", "channels", "preference", *HIDDEN, "repeat")
"""The fields of a request that one execution passes to the next. See decision D037."""

BY_OWNER, BY_STATUS = "ByOwner", "ByStatus"
"""Indexes of the table. Their keys are Owner and DueAt, and Status and DueAt."""

SLICE = timedelta(days=364)
"""The longest wait of one execution, which lives at most a year. For a later reminder another execution waits on.

See decision D044.
"""


def row_of(
    request: Mapping[str, Any], due: Due, *, reminder_id: str, owner: str, now: datetime, kept: timedelta
) -> Row:
    """Returns the row of a new reminder. The row expires `kept` after the reminder is due."""
    channels = channels_of(request)
    return {
        "ReminderId": reminder_id,
        "Owner": owner,
        "Message": request["message"],
        "Channels": channels,
        "Preference": preference_of(channels),
        **{name.capitalize(): hide(request[name]) for name, hide in HIDDEN.items() if name in request},
        **({"Repeat": json.dumps(request["repeat"])} if "repeat" in request else {}),
        "FirstDueAt": utc_text(due.instant),
        **due_fields(due.instant, number=1, now=now, kept=kept),
        "TimeZone": due.zone,
        "Status": SCHEDULED,
        "CreatedAt": timestamp(now),
    }


def due_fields(instant: datetime, *, number: int, now: datetime, kept: timedelta) -> Row:
    """Returns the fields of a row that change from one occurrence to the next."""
    return {
        "DueAt": utc_text(instant),
        "Occurrence": number,
        "UpdatedAt": timestamp(now),
        # DynamoDB's time to live counts in seconds since 1970.
        "ExpiresAt": int((instant + kept).timestamp()),
    }


def for_the_workflow(request: Mapping[str, Any], row: Row, *, now: datetime) -> dict[str, Any]:
    """Returns the workflow's data: the request, addresses included, and how long to wait.

    - `waitUntil`: the time when the reminder is due. It is earlier if one execution cannot wait so long; then `goOn` is
      true.
    - `waitSeconds`: the time left until then, because an execution may begin long after the request. It is None if the
      request has no `waitSeconds`, or if `goOn` is true.
    - `next`: the input of the following execution, which waits on, or waits for the next occurrence.
    - `preference`: for running executions of an earlier version, which keep their old definition.

    See decision D036.
    """
    channels = channels_of(request)
    due = from_utc_text(row["DueAt"])
    waited = from_utc_text(request["waitedUntil"]) if "waitedUntil" in request else now
    until = min(due, max(now, waited) + SLICE)
    left = max(0, math.ceil((due - now).total_seconds()))
    in_seconds = "waitSeconds" in request and until == due
    return {
        **_carried(request),
        "channels": channels,
        "preference": preference_of(channels),
        "text": sms.text_of(request["message"]),
        "reminderId": row["ReminderId"],
        "waitSeconds": min(int(request["waitSeconds"]), left) if in_seconds else None,
        "waitUntil": utc_text(until),
        "goOn": until < due,
        "next": to_go_on(request, row) | ({"waitedUntil": utc_text(until)} if until < due else {}),
    }


def failed(reason: str, *, now: datetime) -> Row:
    """Returns the changes in the row of a reminder that failed."""
    return {"Status": FAILED, "Reason": reason, "UpdatedAt": timestamp(now)}


def to_go_on(request: Mapping[str, Any], row: Row) -> dict[str, Any]:
    """Returns the input of another execution of the reminder. It waits until the row's DueAt and then sends.

    That execution can claim the row only if the row still names the execution in `after`, or still names no execution.
    """
    return {
        **_carried(request),
        "reminderId": row["ReminderId"],
        **({"after": row["ExecutionId"]} if "ExecutionId" in row else {}),
    }


def first_execution(row: Row, workflow: str) -> str:
    """Returns the ARN of a reminder's first execution. Its name is the reminder's id."""
    return f"{workflow.replace(':stateMachine:', ':execution:')}:{row['ReminderId']}"


def request_on(row: Row) -> dict[str, Any]:
    """Returns the part of the request that the row contains. The row hides addresses and has no subject."""
    repeated = {"repeat": json.loads(row["Repeat"])} if "Repeat" in row else {}
    return {"message": row["Message"], "channels": channels_on(row), **repeated}


def channels_on(row: Row) -> list[str]:
    """Returns the channels of a row. A row of an earlier version has only a preference."""
    return channels_of({"channels": row.get("Channels"), "preference": row["Preference"]})


def first_due(row: Row) -> Due:
    return Due(from_utc_text(row["FirstDueAt"]), row["TimeZone"])


def shown(row: Row) -> dict[str, Any]:
    """Returns a reminder in the form that the API shows."""
    optional = {**{name.capitalize(): name for name in HIDDEN}, "Reason": "reason"}
    return {
        **scheduled(row),
        "message": row["Message"],
        "preference": row["Preference"],
        "occurrence": int(row["Occurrence"]),
        "updatedAt": row["UpdatedAt"],
        **{name: row[field] for field, name in optional.items() if row.get(field)},
        **({"repeat": json.loads(row["Repeat"])} if "Repeat" in row else {}),
    }


def scheduled(row: Row) -> dict[str, Any]:
    """Returns the fields of the answer to a new reminder."""
    return {
        "reminderId": row["ReminderId"],
        "dueAt": row["DueAt"],
        "dueAtLocal": local_text(from_utc_text(row["DueAt"]), row["TimeZone"]),
        "timeZone": row["TimeZone"],
        "status": row["Status"],
        "channels": channels_on(row),
    }


def _carried(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in CARRIED if name in request}
