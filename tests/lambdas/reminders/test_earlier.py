"""The request of a reminder, as the input of its execution has it."""

import json
from typing import Any

import pytest

from reminders import executions
from reminders.earlier import before, request_in
from tests.support.handlers.reminder_rows import DAILY, REPEATED, REQUEST, TOPIC, execution_of, row

CHANNELS = {name: value for name, value in REQUEST.items() if name != "preference"} | {"channels": ["email", "sms"]}


def execution(given: Any) -> dict[str, Any]:
    return {"executionArn": "arn", "input": given if isinstance(given, str) else json.dumps(given)}


@pytest.mark.parametrize(
    ("given", "request_"),
    [
        (CHANNELS | {"reminderId": "r-1", "waitUntil": "2027-01-27T08:00:00Z"}, CHANNELS),
        (REQUEST | {"reminderId": "r-1", "waitSeconds": 60}, REQUEST),
        # The execution was started by hand, so it has no id.
        (REQUEST | {"waitSeconds": 60}, REQUEST),
    ],
)
def test_the_input_of_an_execution_has_the_addresses(given, request_):
    found = request_in(execution(given), row())

    assert found is not None
    assert found.items() >= request_.items()


@pytest.mark.parametrize(
    "given",
    [
        "no JSON",
        "7",
        "[]",
        "{}",
        CHANNELS | {"reminderId": "r-2"},
        CHANNELS | {"message": "another"},
        CHANNELS | {"subject": 7},
        CHANNELS | {"channels": ["email"]},
    ],
)
def test_an_input_that_does_not_fit_the_row_has_no_addresses(given):
    assert request_in(execution(given), row()) is None
    assert request_in(None, row()) is None


def test_an_input_with_another_rule_does_not_fit():
    weekly = {**CHANNELS, "repeat": {"every": "1w"}}

    assert request_in(execution(weekly), row(request=REPEATED)) is None
    assert request_in(execution(weekly | {"repeat": DAILY}), row(request=REPEATED)) == weekly | {"repeat": DAILY}


@pytest.mark.parametrize("given", [None, execution("no JSON"), execution({"message": "another"}), {"executionArn": ""}])
def test_a_row_is_enough_for_a_reminder_without_addresses(given):
    made = row(request=TOPIC | {"subject": "Cat", "repeat": DAILY})

    assert request_in(given, made) == {
        "message": TOPIC["message"],
        "channels": ["topic"],
        "subject": "Cat",
        "repeat": DAILY,
    }


def test_the_execution_before_one_that_has_not_started_is_found(reminder_workflow):
    executions.start(execution_of("r-1"), REQUEST)

    found = before({"After": execution_of("r-1")})

    assert found and json.loads(found["input"]) == REQUEST
    assert before({"After": execution_of("forgotten")}) is None
    assert before({}) is None
