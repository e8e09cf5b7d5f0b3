"""Starting, stopping and finding executions of the reminder workflow."""

import json
import logging
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reminders import executions
from tests.support.aws_answers import refused
from tests.support.handlers.aws import client_of, states
from tests.support.handlers.reminder_rows import execution_of

GIVEN = {"message": "Feed the cat 🐈"}
UNKNOWN = execution_of("unknown")
CLIENT = client_of(executions, "stepfunctions")


def test_the_first_execution_has_the_reminders_id_as_its_name(reminder_workflow):
    assert executions.first_of("r-1") == reminder_workflow.arn.replace(":stateMachine:", ":execution:") + ":r-1"


def test_each_later_execution_has_a_name_of_its_own():
    first, second = (executions.another_of({"ReminderId": "r-1"}) for _ in range(2))

    assert first != second
    assert all(re.fullmatch(re.escape(execution_of("r-1")) + "-[0-9a-f]{8}", one) for one in (first, second))


def test_an_execution_starts_with_its_input(reminder_workflow):
    assert executions.start(execution_of("r-1"), GIVEN) is True

    (execution,) = reminder_workflow.executions()
    assert (execution["executionArn"], json.loads(execution["input"])) == (execution_of("r-1"), GIVEN)
    assert "🐈" in execution["input"]


def test_an_execution_that_has_ended_is_not_started_again(reminder_workflow):
    executions.start(execution_of("r-1"), GIVEN)
    executions.stop(execution_of("r-1"))

    assert not executions.start(execution_of("r-1"), GIVEN)
    assert not executions.start(execution_of("r-1"), {"message": "another"})
    assert len(reminder_workflow.executions()) == 1


def test_an_execution_is_found_with_its_status(reminder_workflow):
    executions.start(execution_of("r-1"), GIVEN)

    found = executions.found(execution_of("r-1"))

    assert found and (found["status"], json.loads(found["input"])) == ("RUNNING", GIVEN)


@pytest.mark.parametrize("arn", [UNKNOWN, "no ARN"])
def test_an_execution_that_aws_does_not_know_is_neither_found_nor_stopped(arn, reminder_workflow):
    assert executions.found(arn) is None
    assert not executions.stop(arn)


def test_a_running_execution_is_stopped_and_a_stopped_one_stays_so(reminder_workflow):
    executions.start(execution_of("r-1"), GIVEN)

    assert [executions.stop(execution_of("r-1")) for _ in range(2)] == [True, True]
    assert [one["status"] for one in reminder_workflow.executions()] == ["ABORTED"]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes Step Functions answer an error to each call that stops an execution."""

    def set_(code: str) -> None:
        def fails(**_: Any) -> None:
            raise refused("stepfunctions", "StopExecution", code)

        monkeypatch.setattr(CLIENT, "stop_execution", fails)

    return set_


def test_a_call_that_hangs_ends_within_the_time_of_an_api_function():
    config = CLIENT.meta.config

    assert (config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"] <= 8


def test_an_execution_that_has_ended_by_itself_counts_as_stopped(answers):
    answers("ValidationException")

    assert executions.stop(execution_of("r-1"))


def test_an_execution_that_may_still_run_is_an_error(answers):
    answers("ThrottlingException")

    with pytest.raises(ClientError):
        executions.stop(execution_of("r-1"))


def test_an_execution_that_no_row_needs_is_stopped_if_possible(reminder_workflow, answers, caplog):
    executions.start(execution_of("r-1"), GIVEN)
    executions.stop_if_possible(execution_of("r-1"))
    assert [one["status"] for one in states.list_executions(stateMachineArn=reminder_workflow.arn)["executions"]] == [
        "ABORTED"
    ]
    caplog.set_level(logging.INFO)
    answers("ThrottlingException")

    executions.stop_if_possible(execution_of("r-1"))

    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("INFO", "an execution was not stopped: ThrottlingException")
    ]
