"""`GET /stop/{token}` and `POST /stop/{token}`: the recipient of an e-mail stops its reminder, without signing in."""

from datetime import UTC, datetime
from typing import Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from common import calls
from common.aws import error_name
from common.events import Event, request_id
from common.logs import logger_of
from feedback import stop_page
from feedback.refusal import is_refused, refused
from reminders import executions, journal, signed, stop_link, table
from reminders.reminder import BY_RECIPIENT, CANCELLED

Reply: TypeAlias = dict[str, Any]

ATTEMPTS = 3
"""The status may change between the read and the write: at most once or twice, when an occurrence is being sent."""

logger = logger_of(__name__)


@calls.recorded
def handler(event: Event, context: object) -> Reply:
    """Shows the page with the button, or stops the reminder if it is a POST.

    - 200: the page with the button; after a POST the page that says that the reminder is stopped, however often.
    - 404: the token is unknown, forged or has expired. The same page for all three.
    - 503: AWS failed. Nothing may be stopped yet.

    Only a POST stops it, because mail programs and scanners open every link. RFC 8058 lets mail programs send the POST
    themselves. Its body is ignored.
    """
    try:
        return _answered(event)
    except (ClientError, BotoCoreError) as error:
        id = request_id(event)
        logger.error("a call to AWS failed: %s", error_name(error), extra={"RequestId": id} if id else {})
        return _reply(503, stop_page.failed(), event)


def _answered(event: Event) -> Reply:
    now = datetime.now(UTC)
    token = signed.read((event.get("pathParameters") or {}).get("token") or "")
    row = table.find(token.reminder_id) if token else None
    if token is None or row is None or not stop_link.is_valid(token, row.get("StopKey"), now=now):
        return _reply(404, stop_page.invalid(), event)
    if event.get("httpMethod") != "POST":
        return _reply(200, stop_page.ask(row["Message"]), event)
    if not _is_stopped(token.reminder_id, now=now, request_id=request_id(event)):
        return _reply(503, stop_page.failed(), event)
    return _reply(200, stop_page.stopped(), event)


def _is_stopped(reminder_id: str, *, now: datetime, request_id: str | None) -> bool:
    """Cancels the reminder. If it is being sent or is over, it is never sent again. Safe to repeat.

    Returns False if the row changed at each attempt.
    """
    for _ in range(ATTEMPTS):
        row = table.find(reminder_id)
        if row is None or is_refused(row):
            return True
        if written := table.refuse(row, refused(row, BY_RECIPIENT, now=now)):
            if written["Status"] == CANCELLED:
                executions.stop_if_possible(written["ExecutionId"])
            journal.cancelled(written, request_id=request_id)
            return True
    return False


def _reply(status: int, page: str, event: Event) -> Reply:
    body = "" if event.get("httpMethod") == "HEAD" else page
    id = request_id(event)
    headers = {**stop_page.HEADERS, **({"X-Request-Id": id} if id else {})}
    return {"statusCode": status, "headers": headers, "body": body}
