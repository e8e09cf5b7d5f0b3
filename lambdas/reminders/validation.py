"""What is asked for, checked: the same for whoever asks, the API or the workflow."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from common import codes
from common.cards import is_split_card, looks_like_card
from common.shape import Shape
from reminders import recurrence, sms
from reminders.channels import ADDRESSES, CHANNEL_OF
from reminders.due import MOST_SECONDS, Due, due_at, zone_of
from reminders.errors import InvalidReminderError, Problems

# SNS refuses characters that XML 1.0 cannot contain, so no channel accepts them: https://aws.amazon.com/sns/faqs/.
SHAPE = Shape.of(
    Path(__file__).with_name("reminder.schema.json"),
    forms={
        "message": codes.CONTROL_CHARACTERS(),
        "waitSeconds": codes.NOT_WHOLE_NUMBER(smallest=0, largest=MOST_SECONDS),
        "email": codes.NOT_AN_EMAIL_ADDRESS(),
        "phone": codes.NOT_A_PHONE_NUMBER(),
        "subject": codes.NOT_ONE_LINE(),
        "repeat.every": codes.NOT_AN_INTERVAL(),
    },
    texts={"message", "subject"},
)

OURS = {"reminderId", "after", "waitedUntil"}
"""The fields that the API, or an earlier execution, adds to a request when it starts the workflow."""


def given_to_the_workflow(given: object) -> dict[str, Any]:
    """The request in an execution's input, without OURS. Raises ShapeError if the input is not a valid reminder.

    Without a preference, a reminder that somebody started by hand goes to the topic, as it always did.
    """
    if not isinstance(given, dict):
        return SHAPE.fitted(given)
    by_hand = {} if "reminderId" in given else {"preference": "topic"}
    ours = OURS if "reminderId" in given else set()
    return SHAPE.fitted({**by_hand, **{name: value for name, value in given.items() if name not in ours}})


def checked(asked: Mapping[str, Any], *, now: datetime) -> Due:
    """When the reminder is due. Raises InvalidReminderError if it breaks a rule that the schema does not contain."""
    problems = Problems()
    with problems.collected():
        check_addresses(asked)
    with problems.collected():
        due = due_of(asked, now=now)
    problems.refuse()
    return due


def due_of(asked: Mapping[str, Any], *, now: datetime) -> Due:
    """When the reminder is due. Checks everything except its addresses. Raises InvalidReminderError."""
    problems = Problems()
    with problems.collected():
        check_texts(asked)
    with problems.collected():
        if asked["preference"] in ("sms", "both"):
            sms.check(asked["message"])
    with problems.collected():
        due = due_at(asked, now=now)
        if "repeat" in asked:
            recurrence.check(asked["repeat"], due, zone=zone_of(asked))
    problems.refuse()
    return due


def check_texts(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError if a text of the reminder, or its address, holds what looks like a card number.

    `phone` needs no search: its form, a plus and at most 15 digits, is a phone number's.
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
    """Raises InvalidReminderError where the preferred channel has no address to send to."""
    problems = Problems()
    for field in ADDRESSES[request["preference"]]:
        with problems.collected():
            if field not in request:
                raise InvalidReminderError(field, codes.NEEDED_FOR_CHANNEL(channel=CHANNEL_OF[field]))
    problems.refuse()
