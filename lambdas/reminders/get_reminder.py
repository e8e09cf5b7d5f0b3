"""`GET /reminders/{reminderId}`."""

from common import http
from reminders.owner import own_row
from reminders.reminder import shown


@http.api
def handler(event: http.Event) -> http.Reply:
    """Returns a reminder: 200 if the caller set it or is an operator, 404 if it is unknown or another person set it."""
    return http.reply(200, shown(own_row(event, or_operator=True)))
