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

from local.engine_patches import due, endings, waking
from tests.support.names import unique
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
    # Other tests may have left waits.
    monkeypatch.setattr(waking, "waits", waking.Waits())
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
        arn = unique("e")
        execution: dict[str, Any] = dict(zip(names, (arn, "w", "n", ""), strict=True))
        execution |= {"input": "{}", "events": [], "status": "RUNNING", "stopDate": None, "sync": True}
        # Executions of other tests may still run.
        monkeypatch.setattr(stepfunctions, "_executions", type(stepfunctions._executions)())
        stepfunctions._executions[arn] = execution
        execution["thread"] = thread = threading.Thread(target=stepfunctions._run_execution, args=(arn,), daemon=True)
        thread.start()
        return execution

    return started


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, patched: bool) -> list[Callable[[], object]]:
    """What the calls of tasks do. Each call takes the first one out, and then fails."""
    planned: list[Callable[[], object]] = []

    def call(*_: Any) -> None:
        planned.pop(0)()
        raise stepfunctions._ExecutionError("Down", "It does not answer.")

    monkeypatch.setattr(stepfunctions, "_invoke_resource", call)
    return planned


def waits() -> None:
    eventually(waking.waits.all)


def stop() -> None:
    [arn] = stepfunctions._executions
    stepfunctions._stop_execution({"executionArn": arn})


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
    start: Run, calls: list[Callable[[], object]], patched: bool
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
    start: Run, calls: list[Callable[[], object]], patched: bool
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
    start: Run, calls: list[Callable[[], object]], patched: bool
) -> None:
    calls.append(stop)
    execution = start({"A": {**TASK, "End": True}})

    assert ended(execution)[0] == ("ABORTED" if patched else "FAILED")


def test_a_stopped_execution_begins_no_wait(start: Run, calls: list[Callable[[], object]], patched: bool) -> None:
    """Its call fails after the stop. So the wait of the Retry begins after the stop."""
    calls += [stop, lambda: None]
    execution = start({"A": {**TASK, "Retry": AGAIN, "End": True}})

    if not patched:
        waits()
    else:
        execution["thread"].join(60)
        assert waking.waits.all() == []
    assert ended(execution)[0] == ("ABORTED" if patched else "FAILED")


def test_the_history_of_an_execution_ends_with_its_end(
    start: Run, calls: list[Callable[[], object]], patched: bool
) -> None:
    calls.append(stop)
    execution = start({"A": {**TASK, "End": True}})

    assert (ended(execution)[1] == "ExecutionAborted") is patched


MAP = {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": {"StartAt": "B", "States": {"B": {**WAIT, "End": True}}}}
ALL_WAIT = {"StartAt": "B", "States": {"B": {**WAIT, "End": True}}}
ONE_MAP = {"StartAt": "B", "States": {"B": {**MAP, "End": True}}}


@pytest.mark.parametrize(
    ("state", "number"),
    [
        ({"Type": "Parallel", "Branches": [ALL_WAIT, ALL_WAIT]}, 2),
        (MAP, 3),
        ({"Type": "Parallel", "Branches": [ALL_WAIT, ONE_MAP, ALL_WAIT]}, 5),
    ],
    ids=["parallel", "map", "a map in a branch"],
)
def test_each_thread_of_an_execution_waits(start: Run, patched: bool, state: dict[str, Any], number: int) -> None:
    execution = start({"A": {**state, "End": True}})
    eventually(waking.waits.all, until=lambda found: len(found) == number)

    if patched:
        eventually(lambda: endings.threads.of(execution["executionArn"]), until=lambda found: found == number)
        assert {wait.execution for wait in waking.waits.all()} == {execution["executionArn"]}
    assert ended(execution)[0] == "SUCCEEDED"
    assert endings.threads.of(execution["executionArn"]) == 1


def test_an_execution_works_while_one_of_its_branches_works(
    start: Run, calls: list[Callable[[], object]], patched: bool
) -> None:
    goes_on = threading.Event()
    calls.append(lambda: goes_on.wait(60))
    works = {"StartAt": "C", "States": {"C": {**TASK, "End": True}}}
    execution = start({"A": {"Type": "Parallel", "Branches": [ALL_WAIT, works], "End": True}})
    waits()

    works_on = [line for line in due.unsettled() if line.startswith("execution ")]

    goes_on.set()
    assert works_on == ["execution n"]
    assert ended(execution)[0] == "FAILED"
    assert endings.threads.of(execution["executionArn"]) == 1


def test_an_execution_that_only_waits_works_on_nothing(start: Run, patched: bool) -> None:
    execution = start({"A": {"Type": "Parallel", "Branches": [ALL_WAIT, ALL_WAIT], "End": True}})
    eventually(waking.waits.all, until=lambda found: len(found) == 2)

    works_on = [line for line in due.unsettled() if line.startswith("execution ")]

    # Without the patch nobody knows whose waits these are.
    assert works_on == ([] if patched else ["execution n"])
    ended(execution)


def test_an_invalid_parallel_state_leaves_no_threads_counted(start: Run) -> None:
    execution = start({"A": {"Type": "Parallel", "Branches": [ALL_WAIT, {"StartAt": "no such state"}], "End": True}})

    assert ended(execution)[0] == "FAILED"
    assert endings.threads.of(execution["executionArn"]) == 1
