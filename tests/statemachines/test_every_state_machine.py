import pytest

from tests.support.workflows.asl import STATE_MACHINES, load, states

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
    "reminder.asl.json": {
        "Timer",
        "ChoiceState",
        "EmailOnly",
        "SMSOnly",
        "EmailandSMS",
        "ParallelEmail",
        "ParallelSMS",
        "NextState",
        "wait_using_timestamp",
    },
}


@pytest.mark.parametrize("file_name", FILES)
def test_a_state_machine_says_what_it_is_for_and_when_it_gives_up(file_name):
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


@pytest.mark.parametrize("state", STATES)
def test_every_state_says_what_it_is_for(state):
    assert state["Comment"]


@pytest.mark.parametrize("task", TASKS)
def test_every_task_gives_up_at_some_time(task):
    assert task["TimeoutSeconds"] > 0


@pytest.mark.parametrize("task", TASKS)
def test_every_task_retries_whatever_error_it_meets_with_jitter_and_bounded_delays(task):
    *named, net = task["Retry"]

    assert set(net["ErrorEquals"]) == {"States.Timeout", "States.TaskFailed"}
    assert net["MaxAttempts"] >= 3
    assert (net["JitterStrategy"], net["BackoffRate"] > 1, net["MaxDelaySeconds"] > 0) == ("FULL", True, True)
    for retry in named:
        throttled = "Lambda.TooManyRequestsException" in retry["ErrorEquals"]
        assert retry["MaxAttempts"] == 0 or throttled, "before the net: what is not retried, and Lambda's trouble"


POINTLESS = {
    "arn:aws:states:::dynamodb:updateItem": {
        "DynamoDB.ConditionalCheckFailedException",
        "DynamoDB.ResourceNotFoundException",
    },
    "arn:aws:states:::sns:publish": {"SNS.InvalidParameterException"},
}
"""By the called service: the errors that the next attempt would meet too."""


@pytest.mark.parametrize("task", TASKS)
def test_what_would_fail_again_is_not_tried_again(task):
    not_retried = [error for retry in task["Retry"] if retry["MaxAttempts"] == 0 for error in retry["ErrorEquals"]]
    pointless = POINTLESS.get(task["Resource"], set())
    if "TopicArn" in task["Arguments"]:
        pointless = pointless | {"SNS.NotFoundException"}

    assert pointless <= set(not_retried)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_decides_for_what_nobody_thought_of_too(choice):
    assert choice["Default"]


@pytest.mark.parametrize("choice", CHOICES)
def test_no_choice_has_an_output(choice):
    """The laptop's engine ignores a Choice's own Output on Default."""
    assert not any("Output" in way for way in (choice, *choice["Choices"]))


def test_these_tests_see_tasks_and_choices():
    assert len(TASKS) >= 10 and len(CHOICES) >= 3
