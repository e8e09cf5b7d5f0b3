"""`GET /reminders/{reminderId}`."""

from common import http
from reminders.owner import own_row
from reminders.reminder import shown


@http.api
def handler(event: http.Event) -> http.Reply:
    """The caller's reminder, or anybody's for operators: 200, or 404 for one that is unknown or somebody else's."""
    return http.reply(200, shown(own_row(event, or_operator=True)))
