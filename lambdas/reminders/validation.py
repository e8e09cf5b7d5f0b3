"""What is asked for, checked: the same for whoever asks, the API or the workflow."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from common.cards import is_split_card, looks_like_card
from common.shape import LINES, ONE_LINE, Shape
from reminders import recurrence, sms
from reminders.channels import ADDRESSES
from reminders.due import MOST_SECONDS, Due, due_at, zone_of
from reminders.errors import InvalidReminderError, Problems

# SNS refuses characters that XML 1.0 cannot contain, so no channel accepts them: https://aws.amazon.com/sns/faqs/.
SHAPE = Shape.of(
    Path(__file__).with_name("reminder.schema.json"),
    words={
        "message": LINES,
        "waitSeconds": f"must be a whole number from 0 to {MOST_SECONDS}",
        "email": "must be one e-mail address such as ada@example.com",
        "phone": "must be a phone number with its country code, such as +15555550100",
        "subject": ONE_LINE,
        "repeat.every": recurrence.FORM,
    },
    texts={"message", "subject"},
)

WITHOUT_CARD = "leave it out, or write only its last four digits"

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
                raise InvalidReminderError(field, f"looks like a card number: {WITHOUT_CARD}")
    with problems.collected():
        message, subject = request["message"], request.get("subject", "")
        if is_split_card(message, subject) or is_split_card(subject, message):
            raise InvalidReminderError("subject", f"makes a card number together with the message: {WITHOUT_CARD}")
    problems.refuse()


def check_addresses(request: Mapping[str, Any]) -> None:
    """Raises InvalidReminderError where the preferred channel has no address to send to."""
    problems = Problems()
    for field in ADDRESSES[request["preference"]]:
        with problems.collected():
            if field not in request:
                raise InvalidReminderError(field, f"is needed for the preference {request['preference']}")
    problems.refuse()
