"""Writes a line into the log for each event of a reminder, and its metrics. A line has no address and no text."""

import logging
from datetime import UTC, datetime
from typing import Any

from common import logs
from common.metrics import Measure, emit
from reminders import mask, measures, settings
from reminders.due import from_utc_text
from reminders.reminder import CANCELLED, FAILED, Row

logger = logs.logger_of(__name__)


def note(event: str, row: Row, *, level: int = logging.INFO, request_id: str | None = None, **fields: Any) -> None:
    """Writes the line of an event. `request_id` is the id of a later request, such as a cancellation."""
    # The id of a reminder that was started by hand is its execution's name, which may contain an address.
    known: dict[str, Any] = {name: mask.text(row[name]) for name in ("ReminderId", "ExecutionId") if name in row}
    if request_id := request_id or row.get("RequestId"):
        known["RequestId"] = request_id
    if level == logging.INFO:
        logs.event(event, **known, **fields)
    else:
        # Only the logger's lines have a level.
        logger.log(level, event, extra={**known, **fields})


def count(*counted: Measure) -> None:
    """Emits 1 for each metric."""
    _emit(dict.fromkeys(counted, 1))


def scheduled(row: Row) -> None:
    note("reminder scheduled", row, DueAt=row["DueAt"])
    count(measures.SCHEDULED)


def cancelled(row: Row, *, request_id: str | None = None) -> None:
    """Notes that somebody has stopped the reminder. If it is being sent, only its repetitions are cancelled."""
    note("reminder cancelled", row, request_id=request_id, Status=row["Status"])
    if row["Status"] == CANCELLED:
        count(measures.CANCELLED)


def ended(row: Row, status: str, reason: str, *, now: datetime) -> None:
    """Notes how an occurrence has ended. `row` is the row while it was being sent."""
    if status == CANCELLED:
        cancelled({**row, "Status": status})
        return
    if status == FAILED:
        # The alarm ReminderFailed counts the field `failed`.
        note("reminder failed", row, level=logging.ERROR, Reason=reason, failed=1)
        count(measures.FAILED)
        return
    late = max(0.0, round((now.astimezone(UTC) - from_utc_text(row["DueAt"])).total_seconds(), 3))
    partly: dict[str, Any] = {"Reason": reason} if reason else {}
    note("reminder sent", row, Status=status, Occurrence=int(row.get("Occurrence", 1)), SecondsLate=late, **partly)
    is_late = int(late > measures.LATE_AFTER_SECONDS)
    _emit({measures.SENT: 1, measures.SECONDS_LATE: late, measures.SENT_LATE: is_late})


def _emit(values: dict[Measure, Any]) -> None:
    emit(values, stage=settings.stage(), at=datetime.now(UTC))
