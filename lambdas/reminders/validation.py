"""Validates the request for a reminder, for the API and for the workflow."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from common import codes
from common.cards import is_split_card, looks_like_card
from common.codes import Detail
from common.shape import WHOLE, Shape
from reminders import recurrence
from reminders.channels import CHANNELS, PREFERENCES, addresses_of, channels_of
from reminders.due import MOST_SECONDS, Due, due_at, zone_of
from reminders.errors import InvalidReminderError, Problems


def _across(request: Mapping[str, Any]) -> Iterator[Detail]:
    """Yields the problems of several fields together. Every field may have a value of any type."""
    if "channels" not in request and "preference" not in request:
        yield codes.MISSING().of("channels")
    yield from _named_twice(request)


def _across_a_change(change: Mapping[str, Any]) -> Iterator[Detail]:
    """Yields the problems of several fields of a change together. Every field may have a value of any type."""
    if not change:
        yield codes.EMPTY().of(WHOLE)
    for name in ("waitSeconds", "timestamp", "fold"):
        if "sendNow" in change and name in change:
            yield codes.AT_MOST_ONE_OF(fields=["sendNow", name]).of(WHOLE)
    yield from _named_twice(change)


def _named_twice(request: Mapping[str, Any]) -> Iterator[Detail]:
    """Yields a problem if the channels are in `channels` and in `preference`, even if both name the same ones."""
    channels, preference = request.get("channels"), request.get("preference")
    if isinstance(channels, list) and isinstance(preference, str) and preference in PREFERENCES:
        known = [channel for channel in CHANNELS if channel in channels]
        # If the list contains anything unknown, the schema has already reported it.
        if len(known) == len(channels) > 0:
            are_the_same = known == PREFERENCES[preference]
            problem = (
                codes.EITHER_OF(fields=["preference", "channels"]) if are_the_same else codes.DIFFERS_FROM_CHANNELS()
            )
            yield problem.of("preference")


# SNS refuses characters that XML 1.0 cannot contain, so no channel accepts them: https://aws.amazon.com/sns/faqs/.
# See decision D058.
_FORMS = {
    "message": codes.CONTROL_CHARACTERS(),
    "channels": codes.NOT_CHANNELS(allowed=list(CHANNELS)),
    "waitSeconds": codes.NOT_WHOLE_NUMBER(smallest=0, largest=MOST_SECONDS),
    "email": codes.NOT_AN_EMAIL_ADDRESS(),
    "phone": codes.NOT_A_PHONE_NUMBER(),
    "subject": codes.NOT_ONE_LINE(),
    "repeat.every": codes.NOT_AN_INTERVAL(),
}
_TEXTS = {"message", "subject"}
SHAPE = Shape.of(Path(__file__).with_name("reminder.schema.json"), forms=_FORMS, texts=_TEXTS, across=_across)
CHANGE = Shape.of(
    Path(__file__).with_name("reminder_change.schema.json"), forms=_FORMS, texts=_TEXTS, across=_across_a_change
)

OURS = {"reminderId", "requestId", "waitUntil", "after", "waitedUntil"}
"""The fields that the API and the functions add to a request when they start the workflow.

The last two are in the inputs of executions that started before the workflow had its present states.
"""


def by_hand(given: object) -> dict[str, Any]:
    """Returns the request in the input of an execution that was started by hand. Raises ShapeError if it is invalid.

    If it names no channel, the reminder goes to the topic, as in the original app.
    """
    if not isinstance(given, dict) or given.keys() & {"channels", "preference"}:
        return SHAPE.fitted(given)
    return SHAPE.fitted({**given, "preference": "topic"})


def given_to_the_workflow(given: object) -> dict[str, Any]:
    """Returns the request in the input of any execution, without OURS. Raises ShapeError if it is invalid."""
    if isinstance(given, dict) and "reminderId" in given:
        return SHAPE.fitted({name: value for name, value in given.items() if name not in OURS})
    return by_hand(given)


def checked(request: Mapping[str, Any], *, now: datetime) -> Due:
    """Returns when the reminder is due. Raises InvalidReminderError if it breaks a rule that is not in the schema."""
    problems = Problems()
    with problems.collected():
        check_addresses(request)
    with problems.collected():
        due = due_of(request, now=now)
    problems.refuse()
    return due


def due_of(request: Mapping[str, Any], *, now: datetime) -> Due:
    """Returns when the reminder is due. Checks everything but its addresses. Raises InvalidReminderError."""
    problems = Problems()
    with problems.collected():
        check_message(request)
    with problems.collected():
        due = due_at(request, now=now)
        if "repeat" in request:
            recurrence.check(request["repeat"], due, zone=zone_of(request))
    problems.refuse()
    return due


def check_message(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError if a text of the reminder is invalid, or if a channel would refuse the message."""
    problems = Problems()
    with problems.collected():
        check_texts(request)
    for channel in channels_of(request):
        with problems.collected():
            CHANNELS[channel].check_message(request["message"])
    problems.refuse()


def check_texts(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError if a text of the reminder, or its e-mail address, looks like a card number.

    `phone` is not searched, because it always has the form of a phone number: a plus and at most 15 digits.
    """
    problems = Problems()
    for field in ("message", "subject", "email"):
        with problems.collected():
            if looks_like_card(request.get(field, ""), odd_groups=field != "email"):
                raise InvalidReminderError(field, codes.LOOKS_LIKE_CARD())
    with problems.collected():
        message, subject = request["message"], request.get("subject", "")
        if is_split_card(message, subject) or is_split_card(subject, message):
            raise InvalidReminderError("subject", codes.MAKES_CARD_WITH(fields=["message"]))
    problems.refuse()


def check_addresses(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError if a channel needs an address and the request has none."""
    problems = Problems()
    for field, channel in addresses_of(channels_of(request)).items():
        with problems.collected():
            if field not in request:
                raise InvalidReminderError(field, codes.NEEDED_FOR_CHANNEL(channel=channel))
    problems.refuse()
