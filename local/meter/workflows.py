"""Counts the states of workflows, Express requests with their time, and the log events that AWS would write."""

import functools
import math
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any

from ministack.services import stepfunctions

from costs import logs
from local.engine_patches import lines
from local.meter import counter

STATE = '        ctx["State"] = {"Name": current_name, "EnteredTime": now_iso(), "RetryCount": 0}\n'
"""In `_run_sub_machine`, which writes no events about the states of a Map or Parallel state."""

MEGABYTE = 1024 * 1024
BASE = 50 * MEGABYTE
CHUNK = 64 * MEGABYTE
"""AWS bills an Express execution in chunks of 64 MB, for 50 MB, the definition and the payload.
https://aws.amazon.com/step-functions/pricing/"""


class _State(threading.local):
    """How often the current state of this thread has called its task."""

    attempts = 0


_state = _State()


def apply() -> None:
    stepfunctions._meter_entered = _entered
    lines.replace(
        stepfunctions,
        "_run_sub_machine",
        STATE,
        f"{STATE}        _meter_entered(execution, state_type, current_name)\n",
    )
    stepfunctions._add_event = _counting_events(stepfunctions._add_event)
    stepfunctions._run_execution = _counting_execution(stepfunctions._run_execution)
    for name in ("_run_parallel_branches", "_run_map_items"):
        setattr(stepfunctions, name, _counting_retries(getattr(stepfunctions, name)))


def levels() -> dict[str, str]:
    """The level of each workflow's log. CloudFormation's form of the setting has other capitals."""
    found = {}
    for workflow in list(stepfunctions._state_machines._data.values()):
        settings = workflow.get("loggingConfiguration") or {}
        found[workflow["name"]] = str(settings.get("level") or settings.get("Level") or "OFF")
    return found


def _counting_events(add_event: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(add_event)
    def counted(execution: Any, event_type: str, details: Any = None) -> Any:
        what: dict[str, Any] = next(iter((details or {}).values()), {})
        if event_type.endswith("StateEntered"):
            _count_entered(execution, what["name"])
        elif event_type == "TaskScheduled":
            _state.attempts += 1
            if _state.attempts > 1:
                _count_transition(execution)
        _count_event(execution, event_type, what)
        if event_type == "TaskScheduled":
            _count_event(execution, "TaskStarted", what)
        return add_event(execution, event_type, details)

    return counted


def _entered(execution: Any, state_type: str, name: str) -> None:
    _count_entered(execution, name)
    for end in ("Entered", "Exited"):
        _count_event(execution, f"{state_type}State{end}", {"name": name})


def _count_entered(execution: Any, state: str) -> None:
    _state.attempts = 0
    counter.add("states.entered", f"{_name(execution)}/{state}")
    _count_transition(execution)


def _count_transition(execution: Any) -> None:
    if not _is_express(execution):
        counter.add("states.transition", _name(execution))


def _count_event(execution: Any, event_type: str, details: dict[str, Any]) -> None:
    """Inputs and outputs are left out of our logs."""
    kept = tuple((name, str(value)) for name, value in details.items() if name not in ("input", "output"))
    size = _size_of_event(event_type, kept) + len(execution["executionArn"])
    workflow = _name(execution)
    for level in logs.levels_of(event_type):
        counter.add("logs.workflow_event", f"{workflow}/{level}")
        counter.add("logs.workflow_byte", f"{workflow}/{level}", size)


@functools.lru_cache(maxsize=1024)
def _size_of_event(event_type: str, details: tuple[tuple[str, str], ...]) -> int:
    """The bytes of an event without the execution's ARN, which is the only part that most events differ in."""
    return logs.size([logs.workflow_event("", event_type, dict(details))])


def _counting_execution(run: Callable[[str], None]) -> Callable[[str], None]:
    @functools.wraps(run)
    def counted(execution_arn: str) -> None:
        # The thread has the context of the caller, who may be the root user. The execution counts.
        counter.uncounted.set(False)
        execution = stepfunctions._executions.get(execution_arn)
        workflow = stepfunctions._state_machines.get((execution or {}).get("stateMachineArn"))
        if execution and workflow:
            _count_event(execution, "ExecutionStarted", {"roleArn": workflow["roleArn"]})
        began = perf_counter()
        try:
            run(execution_arn)
        finally:
            if execution and workflow and workflow["type"] == "EXPRESS":
                counter.add("states.express_request", _name(execution))
                seconds = perf_counter() - began
                counter.add("states.express_gb_second", _name(execution), gb_seconds(seconds, workflow, execution))

    return counted


def gb_seconds(seconds: float, workflow: dict[str, Any], execution: dict[str, Any]) -> float:
    """What AWS bills for an Express execution: steps of 100 ms, and chunks of 64 MB."""
    return billed_milliseconds(seconds) / 1000 * billed_megabytes(workflow, execution) / 1024


def billed_milliseconds(seconds: float) -> int:
    return max(1, math.ceil(seconds * 10)) * 100


def billed_megabytes(workflow: dict[str, Any], execution: dict[str, Any]) -> int:
    bytes = BASE + len(workflow["definition"].encode()) + len(execution["input"].encode())
    return math.ceil(bytes / CHUNK) * CHUNK // MEGABYTE


def _counting_retries(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def counted(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        if ctx["State"]["RetryCount"]:
            _count_transition(execution)
        return run(state_def, raw_input, execution, ctx)

    return counted


def _name(execution: dict[str, Any]) -> str:
    return str(execution["stateMachineArn"].rpartition(":")[2])


def _is_express(execution: dict[str, Any]) -> bool:
    return ":express:" in execution["executionArn"]
