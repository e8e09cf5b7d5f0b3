"""The edges of a state machine, and the way that AWS takes through a task that fails."""

import pytest

from tests.support.workflows.asl import STATE_MACHINES, load, states
from tests.support.workflows.edges import attempts, course, edges, named_errors
from tests.support.workflows.errors import errors_of, is_uncertain

TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::dynamodb:updateItem",
    "Retry": [
        {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 2},
        {"ErrorEquals": ["States.TaskFailed"]},
    ],
    "Catch": [{"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException", "States.Timeout"], "Next": "C"}],
    "Next": "C",
}
INNER = {"StartAt": "F", "States": {"F": {"Type": "Fail"}}}
MACHINE = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Choice", "Choices": [{"Next": "B"}, {"Next": "C"}], "Default": "C"},
        "B": TASK,
        "C": {"Type": "Map", "ItemProcessor": INNER, "End": True},
    },
}


def test_the_edges_are_all_ways_out_of_all_states() -> None:
    assert sorted(edges(MACHINE)) == [
        "A: Choices[0]",
        "A: Choices[1]",
        "A: Default",
        "A: StartAt",
        "B: Catch[0]",
        "B: Next",
        "B: Retry[0] does not retry",
        "B: Retry[1] gives up",
        "B: Retry[1] retries",
        "B: Retry[2] gives up",
        "B: Retry[2] retries",
        "B: uncaught",
        "C: End",
        "C: uncaught",
        "F: Fail",
        "F: StartAt",
    ]


def test_each_error_that_a_retry_or_a_catch_names_is_listed() -> None:
    assert named_errors(MACHINE) == {
        "B: Retry[0] takes DynamoDB.ConditionalCheckFailedException",
        "B: Retry[1] takes States.Timeout",
        "B: Retry[2] takes States.TaskFailed",
        "B: Catch[0] takes DynamoDB.ConditionalCheckFailedException",
        "B: Catch[0] takes States.Timeout",
    }


@pytest.mark.parametrize(
    ("error", "times", "ways"),
    [
        ("DynamoDB.ConditionalCheckFailedException", 9, ["Retry[0] does not retry", "Catch[0]"]),
        ("States.Timeout", 1, ["Retry[1] retries", "Next"]),
        ("States.Timeout", 2, ["Retry[1] retries", "Retry[1] retries", "Next"]),
        ("States.Timeout", 3, ["Retry[1] retries", "Retry[1] retries", "Retry[1] gives up", "Catch[0]"]),
        ("Any", 3, ["Retry[2] retries"] * 3 + ["Next"]),
        ("Any", 4, ["Retry[2] retries"] * 3 + ["Retry[2] gives up", "uncaught"]),
        ("States.Runtime", 1, ["uncaught"]),
        ("Any", 0, ["Next"]),
    ],
)
def test_a_failing_task_is_retried_then_caught(error: str, times: int, ways: list[str]) -> None:
    assert course("B", TASK, error=error, times=times) == [f"B: {way}" for way in ways]


def test_the_attempts_are_those_of_the_first_retry_that_takes_the_error() -> None:
    found = {error: attempts(TASK, error) for error in ("States.Timeout", "Any", "States.Runtime")}

    assert found == {"States.Timeout": 3, "Any": 4, "States.Runtime": 1}
    assert attempts(TASK, "DynamoDB.ConditionalCheckFailedException") == 1


def test_the_errors_of_a_task_have_the_names_that_aws_gives_them() -> None:
    found = errors_of(TASK)

    assert {
        "DynamoDB.InternalServerErrorException",
        "DynamoDB.ThrottlingException",
        "DynamoDB.AmazonDynamoDBException",
        "DynamoDB.SdkClientException",
        "States.Timeout",
        "States.Runtime",
    } <= found
    assert "States.ALL" not in found


TASKS = [
    pytest.param(state, id=name)
    for file in sorted(STATE_MACHINES.glob("*.asl.json"))
    for name, state in states(load(file.name))
    if state["Type"] == "Task"
]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_retries_and_catches_only_errors_that_can_happen(task) -> None:
    named = {error for kind in ("Retry", "Catch") for one in task.get(kind, []) for error in one["ErrorEquals"]}

    assert named - errors_of(task) <= {"States.ALL"}


@pytest.mark.parametrize(
    ("error", "uncertain"),
    [
        ("States.Timeout", True),
        ("SQS.SdkClientException", True),
        ("DynamoDB.InternalServerErrorException", True),
        ("DynamoDB.ConditionalCheckFailedException", False),
        ("Lambda.TooManyRequestsException", False),
    ],
)
def test_aws_may_have_made_a_call_that_timed_out_or_lost_its_answer(error: str, uncertain: bool) -> None:
    assert is_uncertain(error) is uncertain
