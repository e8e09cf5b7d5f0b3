"""How executions end. These tests run the engine's own code in this process, without the patch and with it."""

import inspect
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from ministack import app
from ministack.services import lambda_svc, stepfunctions

from local.engine_patches import endings, waking
from tests.support.waiting import eventually

HOUR = 3600
WAIT = {"Type": "Wait", "Seconds": HOUR}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Arguments": {}}
AGAIN = [{"ErrorEquals": ["Down"], "IntervalSeconds": 60, "MaxAttempts": 1}]

Run = Callable[..., dict[str, Any]]


@pytest.fixture(params=[False, True], ids=["the engine itself", "patched"])
def patched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the engine is patched. Without the patch, its waits also end when a test ends them."""
    for name, value in list(vars(stepfunctions).items()):
        if inspect.isfunction(value):
            monkeypatch.setattr(stepfunctions, name, value)
    monkeypatch.setattr(lambda_svc, "invoke_async_with_retry", lambda_svc.invoke_async_with_retry)
    monkeypatch.setattr(app, "_handle_pre_body_request", app._handle_pre_body_request)
    monkeypatch.setattr(waking.waits, "is_over", waking.waits.is_over)
    monkeypatch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 1)
    waking.apply()
    if request.param:
        endings.apply()
    return bool(request.param)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, patched: bool) -> Run:
    """Starts an execution of a workflow whose first state is A, in a thread. Returns it."""

    def started(states: dict[str, Any], **settings: Any) -> dict[str, Any]:
        definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "A", "States": states, **settings})
        monkeypatch.setitem(stepfunctions._state_machines, "w", {"name": "w", "definition": definition})
        names = ("executionArn", "stateMachineArn", "name", "startDate")
        execution: dict[str, Any] = dict(zip(names, ("e", "w", "n", ""), strict=True))
        execution |= {"input": "{}", "events": [], "status": "RUNNING", "stopDate": None, "sync": True}
        monkeypatch.setitem(stepfunctions._executions, "e", execution)
        execution["thread"] = thread = threading.Thread(target=stepfunctions._run_execution, args=("e",), daemon=True)
        thread.start()
        return execution

    return started


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, patched: bool) -> list[Callable[[], None]]:
    """What the calls of tasks do. Each call takes the first one out, and then fails."""
    planned: list[Callable[[], None]] = []

    def call(*_: Any) -> None:
        planned.pop(0)()
        raise stepfunctions._ExecutionError("Down", "It does not answer.")

    monkeypatch.setattr(stepfunctions, "_invoke_resource", call)
    return planned


def waits() -> None:
    eventually(waking.waits.all)


def stop() -> None:
    stepfunctions._stop_execution({"executionArn": "e"})


def ended(execution: dict[str, Any]) -> tuple[str, str]:
    """The status, and the type of the last event, when the execution does nothing any more."""

    def still_runs() -> bool:
        waking.waits.end()
        return bool(execution["thread"].is_alive())

    eventually(still_runs, until=lambda runs: not runs)
    return execution["status"], execution["events"][-1]["type"]


def test_a_workflow_has_a_timeout(start: Run, patched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    real, ahead = time.time, [0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    execution = start({"A": {**WAIT, "End": True}}, TimeoutSeconds=600)
    waits()

    ahead[0] = 590
    endings.timeouts.end_due()
    early = execution["status"]
    ahead[0] = 610
    endings.timeouts.end_due()

    expected = ("TIMED_OUT", "ExecutionTimedOut") if patched else ("SUCCEEDED", "ExecutionSucceeded")
    assert (early, ended(execution)) == ("RUNNING", expected)
    assert "cause" not in execution
    assert endings.timeouts.all() == []


def test_an_execution_in_time_has_no_timeout_left(start: Run) -> None:
    execution = start({"A": {**WAIT, "End": True}}, TimeoutSeconds=HOUR)
    waits()

    assert ended(execution) == ("SUCCEEDED", "ExecutionSucceeded")
    assert endings.timeouts.all() == []


def test_a_stopped_execution_waits_no_longer(start: Run, patched: bool) -> None:
    execution = start({"A": {**WAIT, "End": True}})
    waits()

    stop()

    if patched:
        execution["thread"].join(60)
        assert waking.waits.all() == []
    assert waking.waits.all() or patched
    assert ended(execution) == ("ABORTED", "ExecutionAborted" if patched else "WaitStateExited")


def test_a_stopped_execution_makes_no_further_attempt(
    start: Run, calls: list[Callable[[], None]], patched: bool
) -> None:
    attempts: list[int] = []
    calls += [lambda: attempts.append(1), lambda: attempts.append(2)]
    execution = start({"A": {**TASK, "Retry": AGAIN, "End": True}})
    waits()

    stop()

    # The engine's own code fails it after the second attempt.
    assert ended(execution)[0] == ("ABORTED" if patched else "FAILED")
    assert attempts == ([1] if patched else [1, 2])


def test_a_stopped_execution_runs_no_further_state_of_a_branch(
    start: Run, calls: list[Callable[[], None]], patched: bool
) -> None:
    attempts: list[int] = []
    calls.append(lambda: attempts.append(1))
    branch = {"StartAt": "B", "States": {"B": {**WAIT, "Next": "C"}, "C": {**TASK, "End": True}}}
    execution = start({"A": {"Type": "Parallel", "Branches": [branch], "End": True}})
    waits()

    stop()

    assert ended(execution)[0] == ("ABORTED" if patched else "FAILED")
    assert attempts == ([] if patched else [1])


def test_a_task_that_fails_after_the_stop_does_not_change_the_status(
    start: Run, calls: list[Callable[[], None]], patched: bool
) -> None:
    calls.append(stop)
    execution = start({"A": {**TASK, "End": True}})

    assert ended(execution)[0] == ("ABORTED" if patched else "FAILED")
