"""`RecordFeedback`: writes onto a reminder's row what became of its message after SES or SNS had accepted it."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from common import calls, logs
from feedback.effects import effects
from feedback.reports import TextReport, UnknownReportError, mail_report, text_reports
from reminders import executions, journal, mail_tag, measures, table
from reminders.reminder import BOUNCED, COMPLAINED, REJECTED, TEXT_ID, TEXT_OCCURRENCE, UNDELIVERED, Row

ATTEMPTS = 3
"""The row may change between the read and the write: at most once or twice, when an occurrence is being sent."""

WRITTEN_AFTER = timedelta(seconds=10)
"""SNS may report before `SendReminder` has written the id of the text. By then it has."""

MAIL_EVENTS = {
    BOUNCED: ("mail bounced", measures.MAILS_BOUNCED),
    UNDELIVERED: ("mail bounced", measures.MAILS_BOUNCED),
    COMPLAINED: ("mail complained", measures.MAILS_COMPLAINED),
    REJECTED: ("mail rejected", measures.MAILS_REJECTED),
}

logger = logs.logger_of(__name__)


class RowChangesError(Exception):
    """The row changed at each attempt. Lambda calls the function again."""


@calls.recorded
def handler(event: Mapping[str, Any], context: object) -> None:
    """Records an event of SES about a mail, or lines of CloudWatch Logs about text messages.

    A report counts even if its reminder is unknown, deleted or has another address since: then it changes no row. A
    report on a row that comes again changes nothing and counts once.

    Raises the errors of AWS, and RowChangesError. Lambda then calls the function again.
    """
    try:
        if "awslogs" in event:
            _record_texts(list(text_reports(event)))
        else:
            _record_mail(event)
    except UnknownReportError as error:
        # Another call would find the same.
        logger.error("%s", error)


def _record_mail(event: Mapping[str, Any]) -> None:
    report = mail_report(event)
    message, measure = MAIL_EVENTS[report.kind]
    tag = report.tag
    if tag and (row := table.find(tag.reminder_id)) and mail_tag.is_valid(tag, row.get("StopKey")):
        if changed := _changed(row, "email", report.kind, occurrence=tag.number):
            journal.note(message, changed, Kind=report.kind, Detail=report.detail, Occurrence=tag.number)
            journal.count(measure)
        return
    logs.event(message, Kind=report.kind, Detail=report.detail)
    journal.count(measure)


def _record_texts(reports: list[TextReport]) -> None:
    latest = datetime.now(UTC)
    for report in reports:
        row = _row_of(report, latest)
        if row is None:
            # A text of an earlier occurrence, or one that another application has sent from this account.
            logs.event("another text was rejected")
        elif changed := _changed(row, "sms", UNDELIVERED, occurrence=int(row[TEXT_OCCURRENCE])):
            journal.note("text rejected", changed, Occurrence=int(row[TEXT_OCCURRENCE]))
            journal.count(measures.TEXTS_REJECTED)


def _row_of(report: TextReport, latest: datetime) -> Row | None:
    """Returns the row with the report's text. `latest` is a time after which no report in hand can be from."""
    reminder_id = table.with_text(report.text_id)
    if reminder_id is None:
        left = min(report.at, latest) + WRITTEN_AFTER - datetime.now(UTC)
        if left <= timedelta():
            return None
        time.sleep(left.total_seconds())
        reminder_id = table.with_text(report.text_id)
    row = table.find(reminder_id) if reminder_id else None
    # The index lags.
    return row if row and row.get(TEXT_ID) == report.text_id else None


def _changed(row: Row, channel: str, kind: str, *, occurrence: int) -> Row | None:
    """Writes what a report about a message changes, and returns the row. None if it changes nothing.

    Raises RowChangesError.
    """
    for _ in range(ATTEMPTS):
        changes = effects(row, channel, kind, occurrence=occurrence, now=datetime.now(UTC))
        if not changes:
            return None
        if written := table.refuse(row, changes):
            if "Status" in changes:
                executions.stop_if_possible(written["ExecutionId"])
            if "Status" in changes or "Stopped" in changes:
                journal.cancelled(written)
            return written
        found = table.find(row["ReminderId"])
        if found is None or found.get("StopKey") != row.get("StopKey"):
            return None
        row = found
    raise RowChangesError
