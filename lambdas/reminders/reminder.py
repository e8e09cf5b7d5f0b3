"""Turns a reminder's request into its row, into the workflow's data and into the API's answer. Pure."""

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from common.times import timestamp
from reminders.channels import HIDDEN, channels_of, preference_of
from reminders.due import Due, from_utc_text, local_text, utc_text

Row: TypeAlias = dict[str, Any]

SCHEDULED, SENDING, CANCELLED = "SCHEDULED", "SENDING", "CANCELLED"
SENT, PARTLY_SENT, FAILED = "SENT", "PARTLY_SENT", "FAILED"
OVER = (SENT, PARTLY_SENT, FAILED)
"""The statuses in which an occurrence ends. A repeated reminder then schedules its next occurrence."""
STATUSES = (SCHEDULED, SENDING, CANCELLED, *OVER)

BY_RECIPIENT = "stopped by its recipient"
"""The `Reason` of a CANCELLED reminder that somebody stopped with the link of its e-mail."""

NOBODY = "workflow"
"""The `Owner` of reminders that were started by hand, without the API. No caller has this id."""

OF_A_PERSON = "person#"
"""The keys of the table's rows that are counts of a person begin with this. The id of a reminder has no `#`: it is a
UUID, or the name of an execution. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

CARRIED = ("message", "subject", "channels", *HIDDEN, "repeat")
"""The fields of a request that travel through the workflow and the queues. See decision D037."""

BY_OWNER, BY_STATUS, BY_TEXT = "ByOwner", "ByStatus", "ByText"
"""Indexes of the table. Their keys are Owner and DueAt, Status and DueAt, and TEXT_ID."""

LEASE, RESULT = "{}Lease", "{}Result"
"""Fields of a row while it is SENDING, such as `EmailLease` and `EmailResult`: until when a function may send by the
channel, and how it went. Only a reminder with several channels has results."""

CLAIMED = "ClaimedAt"
"""The field of a row with the time of the first claim of its occurrence."""

FEEDBACK = "{}Feedback"
"""Fields of a row such as `EmailFeedback`: what SES or SNS reported about a message after they had accepted it. JSON
text with `kind`, `at` and `occurrence`."""

UNDELIVERED, REJECTED, BOUNCED, COMPLAINED = "UNDELIVERED", "REJECTED", "BOUNCED", "COMPLAINED"
"""The kinds of feedback: the message did not arrive, SES found something dangerous in it, the recipient's mail server
accepts no mail for this address, and the recipient has marked the mail as spam. See decision D199."""

FEEDBACK_CHANNELS = ("email", "sms")

TEXT_ID, TEXT_OCCURRENCE = "TextId", "TextOccurrence"
"""The fields of a row with the id that SNS gave to its last text message, and the occurrence that it was for."""

LEASE_TIME = timedelta(seconds=120)
"""How long one attempt may send and record. It is longer than the function's timeout, and shorter than the time until a
message becomes visible again after an attempt that died."""

SLICE = timedelta(days=364)
"""The longest wait of one execution, which lives at most a year. For a later reminder another execution waits on.

See decision D044.
"""

SLICE_OF_A_LONGER_WAIT = SLICE - timedelta(days=1)
"""The first of two waits. The second one is a day or longer, so a clock that is wrong by a minute does no harm."""


def row_of(
    request: Mapping[str, Any],
    due: Due,
    *,
    reminder_id: str,
    execution: str,
    owner: str,
    stop_key: str,
    now: datetime,
    kept: timedelta,
    request_id: str | None = None,
) -> Row:
    """Returns the row of a new reminder. The row expires `kept` after the reminder is due.

    `execution` is the ARN of the only execution whose message sends the reminder. `stop_key` signs the link in its
    e-mails. `request_id` is the id of the API's request; a reminder that was started by hand has none.
    """
    return {
        "ReminderId": reminder_id,
        "Owner": owner,
        **request_fields(request),
        "FirstDueAt": utc_text(due.instant),
        **due_fields(due.instant, number=1, now=now, kept=kept),
        "TimeZone": due.zone,
        "Status": SCHEDULED,
        "ExecutionId": execution,
        "StopKey": stop_key,
        "CreatedAt": timestamp(now),
        **({"RequestId": request_id} if request_id else {}),
    }


def request_fields(request: Mapping[str, Any]) -> Row:
    """Returns the fields of a row that show the request. The addresses are hidden."""
    channels = channels_of(request)
    return {
        "Message": request["message"],
        **({"Subject": request["subject"]} if "subject" in request else {}),
        "Channels": channels,
        "Preference": preference_of(channels),
        **{name.capitalize(): hide(request[name]) for name, hide in HIDDEN.items() if name in request},
        **({"Repeat": json.dumps(request["repeat"])} if "repeat" in request else {}),
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


def execution_input(request: Mapping[str, Any], row: Row, *, now: datetime, waited_until: str = "") -> dict[str, Any]:
    """Returns the input of an execution of the workflow: the request, addresses included, and how long to wait.

    - `waitUntil`: the time when the reminder is due, or SLICE_OF_A_LONGER_WAIT from now if one execution cannot wait so
      long. `SendReminder` then starts the next execution, with the end of this one's wait in `waited_until`.
    - `waitSeconds`: the seconds until then, if the request has `waitSeconds`. They lead to the first due time only.
    """
    channels = channels_of(request)
    due = from_utc_text(row["DueAt"])
    start = max(now, from_utc_text(waited_until)) if waited_until else now
    until = due if due - start <= SLICE else start + SLICE_OF_A_LONGER_WAIT
    left = max(0, math.ceil((until - now).total_seconds()))
    in_seconds = "waitSeconds" in request and row["DueAt"] == row["FirstDueAt"]
    return {
        **{name: request[name] for name in CARRIED if name in request},
        "channels": channels,
        "reminderId": row["ReminderId"],
        **({"requestId": row["RequestId"]} if "RequestId" in row else {}),
        "waitUntil": utc_text(until),
        **({"waitSeconds": min(int(request["waitSeconds"]), left)} if in_seconds else {}),
    }


def failed(reason: str, *, now: datetime) -> Row:
    """Returns the changes in the row of a reminder that failed."""
    return {"Status": FAILED, "Reason": reason, "UpdatedAt": timestamp(now)}


def execution_arn(workflow: str, name: str) -> str:
    """Returns the ARN of the execution `name` of a Standard workflow. It is known before the execution starts.

    `workflow` is the ARN of the workflow, or of one of its aliases, which the execution's ARN does not contain.
    """
    return f"{without_alias(workflow).replace(':stateMachine:', ':execution:')}:{name}"


def without_alias(workflow: str) -> str:
    """Returns the workflow's own ARN, for the ARN of the workflow or of one of its aliases."""
    return ":".join(workflow.split(":")[:7])


def another_name(row: Row, *, suffix: str) -> str:
    """Returns the name of a later execution of the reminder. A name has at most 80 characters.

    The first execution has the reminder's id as its name.
    """
    return f"{row['ReminderId'][: 79 - len(suffix)]}-{suffix}"


def results_on(row: Row) -> list[str] | None:
    """Returns the result of each channel: a reason, or an empty text if it has sent. None if one is still missing."""
    names = [RESULT.format(channel.capitalize()) for channel in channels_on(row)]
    return None if any(row.get(name) is None for name in names) else [row[name] for name in names]


def outcome(results: list[str], *, now: datetime) -> Row:
    """Returns the changes in the row of a reminder whose channels have these results."""
    reasons = [reason for reason in results if reason]
    status = SENT if not reasons else FAILED if len(reasons) == len(results) else PARTLY_SENT
    return {"Status": status, "Reason": "; ".join(reasons), "UpdatedAt": timestamp(now)}


def request_on(row: Row) -> dict[str, Any]:
    """Returns the part of the request that the row contains. The row hides addresses.

    A row of an earlier version has no subject, even if the reminder has one.
    """
    subject = {"subject": row["Subject"]} if "Subject" in row else {}
    repeated = {"repeat": json.loads(row["Repeat"])} if "Repeat" in row else {}
    return {"message": row["Message"], "channels": channels_on(row), **subject, **repeated}


def channels_on(row: Row) -> list[str]:
    """Returns the channels of a row. A row of an earlier version has only a preference."""
    return channels_of({"channels": row.get("Channels"), "preference": row["Preference"]})


def feedback_on(row: Row, channel: str) -> dict[str, Any] | None:
    """Returns the feedback about a message by the channel: its `kind`, `at` and `occurrence`. None without any."""
    text = row.get(FEEDBACK.format(channel.capitalize()))
    return json.loads(text) if text else None


def bounces(row: Row, channel: str) -> bool:
    """Returns whether the address of the channel accepts no messages, as far as we know."""
    return (feedback_on(row, channel) or {}).get("kind") == BOUNCED


def first_due(row: Row) -> Due:
    return Due(from_utc_text(row["FirstDueAt"]), row["TimeZone"])


def shown(row: Row) -> dict[str, Any]:
    """Returns a reminder in the form that the API shows."""
    optional = {"Subject": "subject", **{name.capitalize(): name for name in HIDDEN}, "Reason": "reason"}
    feedback = {channel: found for channel in FEEDBACK_CHANNELS if (found := feedback_on(row, channel))}
    return {
        **scheduled(row),
        "message": row["Message"],
        "preference": row["Preference"],
        "occurrence": int(row["Occurrence"]),
        "updatedAt": row["UpdatedAt"],
        **{name: row[field] for field, name in optional.items() if row.get(field)},
        **({"repeat": json.loads(row["Repeat"])} if "Repeat" in row else {}),
        **({"feedback": feedback} if feedback else {}),
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
