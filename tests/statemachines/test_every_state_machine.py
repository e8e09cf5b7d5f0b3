import re

import pytest

from tests.support.workflows.asl import STATE_MACHINES, load, states
from tests.support.workflows.functions import timeout_of

FILES = sorted(path.name for path in STATE_MACHINES.glob("*.asl.json"))
STATES = [
    pytest.param(state, id=f"{file_name}-{name}") for file_name in FILES for name, state in states(load(file_name))
]
TASKS = [param for param in STATES if param.values[0]["Type"] == "Task"]
CHOICES = [param for param in STATES if param.values[0]["Type"] == "Choice"]

# Only workflows that come from an original have names to keep.
ORIGINAL_NAMES = {
    "order_fulfillment.asl.json": {
        "Update the order table",
        "Are details Proper",
        "Put message in Queue",
        "Put message in order OrderFulfillment Queue",
        "Put message in order Escalation Queue",
    },
    "reminder.asl.json": {"Timer", "wait_using_timestamp"},
    "reminder_delivery.asl.json": {
        "ChoiceState",
        "EmailOnly",
        "SMSOnly",
        "EmailandSMS",
        "ParallelEmail",
        "ParallelSMS",
        "NextState",
    },
}


@pytest.mark.parametrize("file_name", FILES)
def test_every_state_machine_has_a_comment_and_a_timeout(file_name):
    machine = load(file_name)

    assert machine["Comment"]
    assert machine["TimeoutSeconds"] > 0


@pytest.mark.parametrize("file_name", ORIGINAL_NAMES)
def test_the_original_state_names_are_kept(file_name):
    names = {name for name, _ in states(load(file_name))}

    assert ORIGINAL_NAMES[file_name] <= names


@pytest.mark.parametrize("file_name", FILES)
def test_a_state_name_is_used_once(file_name):
    names = [name for name, _ in states(load(file_name))]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("file_name", "table"),
    {"order_fulfillment.asl.json": "${OrderTable}", "reminder.asl.json": "${ReminderTable}"}.items(),
)
def test_a_workflow_uses_only_its_own_table(file_name, table):
    found = {
        state["Arguments"]["TableName"]
        for _, state in states(load(file_name))
        if "dynamodb" in state.get("Resource", "")
    }

    assert found == {table}


@pytest.mark.parametrize("file_name", ["order_fulfillment.asl.json", "reminder.asl.json"])
def test_a_key_of_a_table_is_a_text(file_name):
    keys = [state["Arguments"]["Key"] for _, state in states(load(file_name)) if "Key" in state.get("Arguments", {})]

    assert keys and all(list(value) == ["S"] for key in keys for value in key.values())


def test_a_task_that_sends_a_message_passes_nothing_on():
    found = [state for _, state in states(load("order_fulfillment.asl.json")) if "sqs" in state.get("Resource", "")]

    assert [state["Output"] for state in found] == [{}, {}, {}]


NAMES = {name for file_name in FILES for name, _ in states(load(file_name))}


@pytest.mark.parametrize("state", STATES)
def test_a_failure_has_its_state_and_its_error(state):
    """Operators read both in a parked message."""
    assigned = [rule.get("Assign", {}) for rule in (state, *state.get("Choices", ()), *state.get("Catch", ()))]
    failures = [one["failure"] for one in assigned if isinstance(one.get("failure"), dict)]

    assert [set(one) for one in failures] == [{"State", "Error"}] * len(failures)
    assert {one["State"] for one in failures} <= NAMES


@pytest.mark.parametrize("state", STATES)
def test_the_name_of_an_error_says_that_it_is_one(state):
    """Alarms, logs and parked messages show only the name."""
    failures = [one.get("Assign", {}).get("failure") for one in (state, *state.get("Choices", ()))]
    failures += [state] if state["Type"] == "Fail" else []
    names = [one.get("Error", "") for one in failures if one]

    assert [name for name in names if not re.fullmatch("([A-Z][a-z]+)+Error", name)] == []


@pytest.mark.parametrize("file_name", ["order_fulfillment.asl.json", "reminder.asl.json"])
def test_an_execution_that_succeeds_says_what_became_of_its_input(file_name):
    ends = {name: set(state["Output"]) for name, state in load(file_name)["States"].items() if state.get("End")}

    # An order's id is in the output only if its row has the outcome.
    assert ends.pop("Record the outcome", {"OrderId", "Outcome"}) == {"OrderId", "Outcome"}
    assert set(map(frozenset, ends.values())) == {frozenset({"Outcome"})}


def test_the_delivery_of_a_reminder_passes_nothing_on():
    """An answer of a channel would only make an execution's data larger, which AWS bills."""
    found = {
        name: state["Output"] for name, state in load("reminder_delivery.asl.json")["States"].items() if "Next" in state
    }

    assert found == dict.fromkeys(found, {})


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_comment(state):
    assert state["Comment"]


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_timeout(task):
    assert task["TimeoutSeconds"] > 0


@pytest.mark.parametrize("task", TASKS)
def test_every_task_retries_every_error_with_jitter_and_bounded_delays(task):
    *named, net = task["Retry"]

    assert set(net["ErrorEquals"]) == {"States.Timeout", "States.TaskFailed"}
    assert net["MaxAttempts"] >= 3
    assert (net["JitterStrategy"], net["BackoffRate"] > 1, net["MaxDelaySeconds"] > 0) == ("FULL", True, True)
    for retry in named:
        throttled = "Lambda.TooManyRequestsException" in retry["ErrorEquals"]
        assert retry["MaxAttempts"] == 0 or throttled, (
            "only errors that are not retried, and Lambda's own, may come before the retry of all errors"
        )


POINTLESS = {
    "arn:aws:states:::dynamodb:updateItem": {
        "DynamoDB.ConditionalCheckFailedException",
        "DynamoDB.ResourceNotFoundException",
    },
    "arn:aws:states:::dynamodb:getItem": {"DynamoDB.ResourceNotFoundException"},
}
"""The errors that a retry would meet again, by called service."""


@pytest.mark.parametrize("task", TASKS)
def test_permanent_errors_are_not_retried(task):
    not_retried = [error for retry in task["Retry"] if retry["MaxAttempts"] == 0 for error in retry["ErrorEquals"]]

    assert POINTLESS.get(task["Resource"], set()) <= set(not_retried)


READS = [task for task in TASKS if task.values[0]["Resource"] == "arn:aws:states:::dynamodb:getItem"]


@pytest.mark.parametrize("task", READS)
def test_a_read_sees_every_earlier_write(task):
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html"""
    assert task["Arguments"]["ConsistentRead"] is True


CALLS = [task for task in TASKS if task.values[0]["Resource"] == "arn:aws:states:::lambda:invoke"]


@pytest.mark.parametrize("task", CALLS)
def test_a_task_waits_longer_than_its_function_may_run(task):
    """So the workflow gets the function's own error, and no attempt runs beside the next one."""
    assert task["TimeoutSeconds"] > timeout_of(task)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_has_a_default(choice):
    assert choice["Default"]


@pytest.mark.parametrize("choice", CHOICES)
def test_no_choice_has_an_output(choice):
    """The engine ignores the Output of a Choice whose Default applies."""
    assert not any("Output" in way for way in (choice, *choice["Choices"]))


def test_these_tests_find_tasks_and_choices():
    assert len(TASKS) >= 10 and len(CHOICES) >= 3 and len(CALLS) >= 3 and READS
