"""How long each state tries, and which errors it does not retry. Each number is written down once more here, so that
nobody changes one without a reason."""

from typing import Any

import pytest

from tests.support.workflows.asl import load, states

ORDERS, WAITING, DELIVERING = "order_fulfillment.asl.json", "reminder.asl.json", "reminder_delivery.asl.json"
TASKS = [
    pytest.param(file, name, state, id=f"{file}-{name}")
    for file in (ORDERS, WAITING, DELIVERING)
    for name, state in states(load(file))
    if state["Type"] == "Task"
]

SECONDS = {ORDERS: 3, WAITING: 30, DELIVERING: 10}
OTHER_SECONDS = {"Are details Proper": 6, "Record the failure": 10}
"""The timeouts of tasks, in seconds. A check that the function could not end in time would be called again."""


def retry(errors: list[str], interval: int, attempts: int, longest: int) -> dict[str, Any]:
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": interval,
        "BackoffRate": 2,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": longest,
        "JitterStrategy": "FULL",
    }


ALL = ["States.Timeout", "States.TaskFailed"]
LAST = {ORDERS: retry(ALL, 1, 4, 10), WAITING: retry(ALL, 2, 8, 60), DELIVERING: retry(ALL, 1, 6, 30)}
"""An order has to be settled within a minute. A reminder that waits has more time than one that is due."""

REFUSED = {
    "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException", "DynamoDB.ResourceNotFoundException"],
    "MaxAttempts": 0,
}
INVALID = {"ErrorEquals": ["InvalidInputError", "ReminderTakenError"], "MaxAttempts": 0}
BEFORE: dict[str, list[dict[str, Any]]] = {
    "Update the order table": [REFUSED],
    "Record the outcome": [REFUSED],
    "Record that it is parked": [REFUSED],
    "Record the failure": [REFUSED],
    "Look for the claim": [{"ErrorEquals": ["DynamoDB.ResourceNotFoundException"], "MaxAttempts": 0}],
    "Check the reminder": [INVALID],
    "Check the timestamp": [INVALID],
    "Are details Proper": [
        retry(
            [
                "Lambda.ClientExecutionTimeoutException",
                "Lambda.ServiceException",
                "Lambda.AWSLambdaException",
                "Lambda.SdkClientException",
                "Lambda.TooManyRequestsException",
            ],
            2,
            5,
            16,
        )
    ],
}
"""The retriers before the last one, by task."""


@pytest.mark.parametrize(("file", "name", "state"), TASKS)
def test_a_task_tries_as_often_and_as_long_as_the_table_says(file, name, state):
    assert state["Retry"] == [*BEFORE.get(name, []), LAST[file]]
    assert state["TimeoutSeconds"] == OTHER_SECONDS.get(name, SECONDS[file])


def test_each_workflow_has_its_timeout():
    """Express executions may take five minutes. A reminder may wait for a year, and a leap day."""
    assert {file: load(file)["TimeoutSeconds"] for file in (ORDERS, WAITING, DELIVERING)} == {
        ORDERS: 290,
        WAITING: 366 * 86_400,
        DELIVERING: 270,
    }
