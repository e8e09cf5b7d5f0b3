"""Ends executions as AWS does. The engine (`services/stepfunctions.py`) differs:

- it does not know the TimeoutSeconds of a workflow (line 1774);
- an execution that somebody stops still waits to the end of its wait, and then makes the next attempt or goes on with
  the next state of a branch (lines 2046 and 2864);
- if a task of a stopped execution then fails, the execution counts as FAILED (line 1861).
"""

import contextlib
import contextvars
import functools
import json
import time
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.engine_patches import lines, waking
from local.engine_patches.waking import EndedError, Waits

timeouts = Waits()
"""When the running executions take too long. Apart from the other waits, as nothing waits for these."""


def apply() -> None:
    """Needs `waking`, and the patches that replace lines of these functions, first."""
    waking.waits.is_over = is_over
    # The states of a branch look at nothing but the branch.
    lines.replace(
        stepfunctions,
        "_run_sub_machine",
        "    while current_name:\n",
        '    while execution["status"] == "RUNNING" and current_name:\n',
    )
    lines.replace(
        stepfunctions,
        "_fail_execution",
        '    execution["status"] = "FAILED"\n',
        '    if execution["status"] != "RUNNING":\n        return\n    execution["status"] = "FAILED"\n',
    )
    stepfunctions._run_sub_machine = ending_quietly(stepfunctions._run_sub_machine)
    stepfunctions._run_execution = ending(stepfunctions._run_execution)
    stepfunctions._stop_execution = ending_waits(stepfunctions._stop_execution)


def ending(run: Callable[[str], None]) -> Callable[[str], None]:
    """Returns `run`, which runs one execution, changed to end it when it takes too long."""

    @functools.wraps(run)
    def run_to_the_end(arn: str) -> None:
        named = waking.execution.set(arn)
        timeout = Timeout(arn) if (limit := _limit_of(arn)) else None
        if timeout:
            timeouts.begin(timeout, time.time() + limit, arn)
        try:
            with contextlib.suppress(EndedError):
                run(arn)
        finally:
            if timeout:
                timeouts.forget(timeout)
            # A state may run another execution in the same thread.
            waking.execution.reset(named)

    return run_to_the_end


def ending_quietly(run: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `run`, which runs a branch, changed to return if the execution has ended. Nothing reads the result."""

    @functools.wraps(run)
    def run_quietly(*arguments: Any) -> Any:
        with contextlib.suppress(EndedError):
            return run(*arguments)

    return run_quietly


class Timeout:
    """Ends an execution whose time is over."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        # The engine finds things by the account of the thread.
        self._context = contextvars.copy_context()

    def set(self) -> None:
        self._context.copy().run(self._end)

    def _end(self) -> None:
        execution = stepfunctions._executions.get(self._arn)
        if not execution or execution["status"] != "RUNNING":
            return
        execution |= {"status": "TIMED_OUT", "stopDate": stepfunctions.now_iso()}
        stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
        stepfunctions._emit_execution_status_event(execution)
        waking.waits.end_of(self._arn)


def ending_waits(stop: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Returns `stop`, which stops an execution, changed to end the waits of the execution, too."""

    @functools.wraps(stop)
    def stop_all(data: dict[str, Any]) -> Any:
        answer = stop(data)
        if is_over(arn := str(data.get("executionArn"))):
            waking.waits.end_of(arn)
        return answer

    return stop_all


def is_over(arn: str) -> bool:
    """Whether an execution no longer runs. It may be one that the engine has forgotten."""
    execution = stepfunctions._executions.get(arn)
    return not execution or execution["status"] != "RUNNING"


def _limit_of(arn: str) -> float:
    """The TimeoutSeconds of an execution's workflow; 0 if it has none."""
    execution = stepfunctions._executions.get(arn) or {}
    version = stepfunctions._state_machine_versions.get(execution.get("stateMachineVersionArn")) or {}
    workflow = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
    return _limit({**workflow, **version}.get("definition", ""))


@functools.lru_cache(256)
def _limit(definition: str) -> float:
    try:
        return float(json.loads(definition).get("TimeoutSeconds", 0))
    except (ValueError, TypeError, AttributeError):
        # The engine itself says what is wrong with it.
        return 0
