"""The messages of the queues, as `SendReminder` reads them."""

import json
from typing import Any

import pytest

from sending.messages import BadMessageError, read

REMINDER = {"reminderId": "r-1", "waitUntil": "2027-01-27T08:00:00Z", "message": "Feed the cat"}
FOUND: dict[str, Any] = {"ExecutionId": "arn:this", "Channel": "sms", "Reminder": REMINDER}


def test_a_message_names_its_reminder_and_what_it_waited_for():
    message = read(json.dumps(FOUND), receives=3)

    assert (message.execution, message.channel, message.receives) == ("arn:this", "sms", 3)
    assert (message.reminder_id, message.waited_until) == ("r-1", "2027-01-27T08:00:00Z")
    assert message.reminder == REMINDER


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        "7",
        "[]",
        "{}",
        *(json.dumps({name: value for name, value in FOUND.items() if name != missing}) for missing in FOUND),
        json.dumps(FOUND | {"Reminder": "text"}),
        json.dumps(FOUND | {"Reminder": []}),
        json.dumps(FOUND | {"Reminder": {"reminderId": "r-1"}}),
        json.dumps(FOUND | {"Reminder": {"waitUntil": "2027-01-27T08:00:00Z"}}),
    ],
)
def test_a_message_without_its_fields_is_refused(body):
    with pytest.raises(BadMessageError, match="^has no execution, channel or reminder$"):
        read(body, receives=1)


@pytest.mark.parametrize(
    "found",
    [
        FOUND | {"ExecutionId": None},
        FOUND | {"Channel": "fax"},
        FOUND | {"Reminder": REMINDER | {"reminderId": 7}},
        FOUND | {"Reminder": REMINDER | {"waitUntil": 7}},
    ],
)
def test_a_message_with_an_invalid_field_is_refused(found):
    with pytest.raises(BadMessageError, match="^has an invalid execution, channel or reminder$"):
        read(json.dumps(found), receives=1)
