"""The life of a reminder."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reminders.reminder import CANCELLED, NOBODY, SCHEDULED, SENDING
from stacks.names import REMINDERS
from tools.deployment import Deployment
from tools.story import logs, moments, states
from tools.story.logs import Line
from tools.story.moments import Moment, time_in
from tools.story.states import State
from tools.story.story import Story

TABLE = "ReminderTableName"
TIMES = ("CreatedAt", "DueAt", "ClaimedAt", "UpdatedAt", "RefusedAt")
FEEDBACK = {"EmailFeedback": "SES reported about the mail", "SmsFeedback": "SNS reported about the text"}
ENDS = ("reminder sent", "reminder failed", "reminder cancelled")
TOLD = {
    "reminder scheduled": "the API received it",
    "reminder changed": "its owner changed it",
    "reminder sent": "sent",
    "reminder failed": "failed",
    "reminder cancelled": "cancelled",
}
"""The words for the events in the log."""


def find(deployment: Deployment, reminder_id: str) -> Mapping[str, Any] | None:
    """The row of a reminder; None if there is none."""
    return deployment.row(REMINDERS, TABLE, {"ReminderId": reminder_id})


def of(deployment: Deployment, row: Mapping[str, Any], *, whole: bool) -> Story:
    """The story of the reminder with this row. Reads the logs around its times, or from its first time if `whole`."""
    now = datetime.now(UTC)
    reminder_id, request_id = str(row["ReminderId"]), row.get("RequestId")
    times = [at for name in TIMES if (at := time_in(row, name))]
    ids = [id for id in (reminder_id, request_id) if id]
    found = logs.read(deployment, REMINDERS, ids, logs.spans(times, now=now, whole=whole or deployment.is_laptop))
    execution = str(row.get("ExecutionId") or "")
    entered = states.of_history(deployment.history(execution))
    # On AWS the delivery is Express, and has no history.
    delivery = deployment.output(REMINDERS, "ReminderDeliveryArn")
    entered += states.of_history(deployment.history_of(delivery, execution.rpartition(":")[2]))
    return Story(
        id=reminder_id, status=str(row["Status"]), moments=list(_moments(row, found.lines, entered)), found=found
    )


def _moments(row: Mapping[str, Any], lines: Sequence[Line], entered: Sequence[State]) -> Iterator[Moment]:
    logged = {str(line.fields.get("message")) for line in lines}
    yield from _of_row(row, logged, entered)
    yield from moments.of_states(entered)
    for line in lines:
        said = moments.of_line(line, request_id=row.get("RequestId"))
        message = str(line.fields.get("message"))
        if said and message != "reminder scheduled":
            late = ", late by" if message == "reminder sent" else ""
            what = f"{TOLD.get(message, said.what)}{late}"
            details = {name: value for name, value in said.details.items() if value != row["Status"]}
            yield Moment(at=said.at, what=what, seconds=said.seconds, details=details)


def _of_row(row: Mapping[str, Any], logged: set[str], entered: Sequence[State]) -> Iterator[Moment]:
    created, due, claimed, updated, refused = (time_in(row, name) for name in TIMES)
    if created:
        request = {"RequestId": row["RequestId"]} if row.get("RequestId") else {}
        by_hand = row.get("Owner") == NOBODY
        what = "somebody started it by hand" if by_hand else "the API received it"
        # Without the API, the execution itself writes the row.
        at = min([created, *(state.entered for state in entered)]) if by_hand else created
        yield Moment(at=at, what=what, details=request)
    was_never_due = row["Status"] == CANCELLED and bool(due and updated and updated < due)
    if due and not was_never_due:
        number = int(row.get("Occurrence", 1))
        yield Moment(at=due, what="due" if number == 1 else f"due, occurrence {number}")
    if claimed:
        late = (claimed - due).total_seconds() if due else None
        yield Moment(at=claimed, what="claimed by its sender", seconds=late)
    if refused and "reminder cancelled" not in logged:
        yield Moment(at=refused, what="its recipient stopped it")
    if updated and row["Status"] not in (SCHEDULED, SENDING) and not logged & set(ENDS):
        reason = {"Reason": row["Reason"]} if row.get("Reason") else {}
        yield Moment(at=updated, what=str(row["Status"]).lower().replace("_", " "), details=reason)
    for name, what in FEEDBACK.items():
        if (reported := _feedback(row.get(name))) and not logged & {"mail bounced", "mail complained", "text rejected"}:
            yield Moment(at=reported[0], what=what, details={"Kind": reported[1]})


def _feedback(text: Any) -> tuple[datetime, str] | None:
    try:
        found = json.loads(text)
        return datetime.fromisoformat(found["at"]), str(found["kind"])
    except (KeyError, TypeError, ValueError):
        return None
