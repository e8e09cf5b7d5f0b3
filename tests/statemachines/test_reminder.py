import pytest

from reminders.rules import ADDRESSES
from reminders.when import LONGEST_WAIT
from tests.statemachines.asl import load, longest_path, next_states, states

MACHINE = load("reminder.asl.json")
STATES = dict(states(MACHINE))


def test_a_reminder_of_the_longest_wait_is_still_sent():
    assert LONGEST_WAIT.total_seconds() + longest_path(MACHINE) <= MACHINE["TimeoutSeconds"]


def test_either_form_of_time_has_its_wait():
    waits = STATES["Which wait"]

    assert [choice["Next"] for choice in waits["Choices"]] == ["Timer", "wait_using_timestamp"]
    assert STATES["Timer"]["Seconds"] == "{% $number($states.input.waitSeconds) %}"
    assert STATES["wait_using_timestamp"]["Timestamp"] == "{% $states.input.timestamp %}"


def test_every_preference_of_the_api_has_its_state():
    choices = {choice["Next"]: choice["Condition"] for choice in STATES["ChoiceState"]["Choices"]}

    for preference, state in zip(ADDRESSES, choices, strict=True):
        assert f"$states.input.preference = '{preference}'" in choices[state]


@pytest.mark.parametrize("name", ["Which wait", "ChoiceState"])
def test_what_is_no_reminder_fails_by_name(name):
    failure = STATES[STATES[name]["Default"]]

    assert (failure["Type"], failure["Error"]) == ("Fail", "InvalidReminderError")


@pytest.mark.parametrize("name", ["EmailOnly", "ParallelEmail"])
def test_an_email_is_asked_for_in_the_form_of_the_function(name):
    assert STATES[name]["Arguments"]["Payload"] == {"Input": "{% $states.input %}"}


@pytest.mark.parametrize("name", ["EmailOnly", "ParallelEmail"])
def test_a_rejected_email_is_not_sent_again(name):
    first, *_ = STATES[name]["Retry"]

    assert "MessageRejected" in first["ErrorEquals"]
    assert first["MaxAttempts"] == 0


def test_both_channels_are_used_at_once():
    starts = [branch["StartAt"] for branch in STATES["EmailandSMS"]["Branches"]]

    assert starts == ["ParallelEmail", "ParallelSMS"]


@pytest.mark.parametrize("name", ["EmailOnly", "SMSOnly", "EmailandSMS", "Publish to the topic"])
def test_every_channel_ends_alike(name):
    assert next_states(STATES[name]) == ["NextState"]
