"""All tasks of a workflow retry alike. test_every_state_machine.py has the rules for each retrier, and the tests of the
workflows compare the sum of all attempts with the timeout."""

import pytest

from tests.support.workflows.asl import load, states

FILES = ["order_fulfillment.asl.json", "reminder.asl.json", "reminder_delivery.asl.json"]

OF_LAMBDA = {
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
}
"""The errors of Lambda itself that AWS recommends to retry:
https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception"""


def tasks(file: str) -> dict[str, dict]:
    return {name: dict(state) for name, state in states(load(file)) if state["Type"] == "Task"}


@pytest.mark.parametrize("file", FILES)
def test_all_tasks_of_a_workflow_have_the_same_last_retrier(file):
    last = [state["Retry"][-1] for state in tasks(file).values()]

    assert last == [last[0]] * len(last)


@pytest.mark.parametrize("file", FILES)
def test_all_tasks_that_call_the_same_service_have_the_same_timeout(file):
    timeouts: dict[str, set[float]] = {}
    for state in tasks(file).values():
        timeouts.setdefault(state["Resource"].split(":")[-2], set()).add(state["TimeoutSeconds"])

    assert {service: len(found) for service, found in timeouts.items()} == dict.fromkeys(timeouts, 1)


@pytest.mark.parametrize("file", FILES)
def test_only_a_missing_table_a_refused_condition_and_the_functions_own_errors_are_not_retried(file):
    permanent = {
        *("DynamoDB.ConditionalCheckFailedException", "DynamoDB.ResourceNotFoundException"),
        *("InvalidInputError", "ReminderTakenError"),
    }

    for state in tasks(file).values():
        for retry in state["Retry"]:
            if retry["MaxAttempts"] == 0:
                assert set(retry) == {"ErrorEquals", "MaxAttempts"}
                assert set(retry["ErrorEquals"]) <= permanent


def test_the_check_of_an_order_waits_longer_for_lambda_than_for_other_errors():
    own, last = tasks("order_fulfillment.asl.json")["Are details Proper"]["Retry"]

    assert set(own["ErrorEquals"]) == OF_LAMBDA | {"Lambda.TooManyRequestsException"}
    for field in ("IntervalSeconds", "MaxAttempts", "MaxDelaySeconds"):
        assert own[field] > last[field]
    assert (own["BackoffRate"], own["JitterStrategy"]) == (last["BackoffRate"], last["JitterStrategy"])
