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
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.engine_patches import lines, waking
from local.engine_patches.waking import EndedError, Waits

timeouts = Waits()
"""When the running executions take too long. Kept apart, because no thread sleeps until then."""


class Threads:
    """Counts the threads of each execution that run or wait, and not those that only wait for other threads to end."""

    def __init__(self) -> None:
        self._more: Counter[str] = Counter()
        self._lock = threading.Lock()

    def of(self, arn: str) -> int:
        return 1 + self._more[arn]

    def change(self, arn: str, by: int) -> None:
        with self._lock:
            self._more[arn] += by
            if not self._more[arn]:
                del self._more[arn]


threads = Threads()

_counted: contextvars.ContextVar[list[int] | None] = contextvars.ContextVar("counted", default=None)
"""The branches that were counted before they began, and that have not ended."""


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
    stepfunctions._run_parallel_branches = counting(stepfunctions._run_parallel_branches, branches=_branches)
    stepfunctions._run_map_items = counting(stepfunctions._run_map_items, branches=lambda _: 0)
    stepfunctions._add_event = only_of_running(stepfunctions._add_event)
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
    def run_quietly(states: Any, start_at: Any, given: Any, execution: dict[str, Any], ctx: Any) -> Any:
        arn, counted = execution["executionArn"], _counted.get()
        threads.change(arn, 1 if counted is None else 0)
        try:
            with contextlib.suppress(EndedError):
                return run(states, start_at, given, execution, ctx)
        finally:
            threads.change(arn, -1)
            if counted is not None:
                counted.pop()

    return run_quietly


def counting(run: Callable[..., Any], *, branches: Callable[[dict[str, Any]], int]) -> Callable[..., Any]:
    """Returns `run`, which runs the branches of a state, changed to count their threads instead of this one.

    `branches` says how many begin at once. Otherwise each is counted when it begins.
    """

    @functools.wraps(run)
    def counted(state: dict[str, Any], given: Any, execution: dict[str, Any], ctx: Any) -> Any:
        arn, left = execution["executionArn"], list(range(branches(state)))
        before = _counted.set(left or None)
        threads.change(arn, len(left) - 1)
        try:
            return run(state, given, execution, ctx)
        finally:
            # After an error, some have never begun.
            threads.change(arn, 1 - len(left))
            _counted.reset(before)

    return counted


def _branches(state: dict[str, Any]) -> int:
    return len(state.get("Branches", ()))


def only_of_running(add_event: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `add_event`, changed to add nothing to the history of an execution that has ended, but its end."""

    @functools.wraps(add_event)
    def added(execution: dict[str, Any], event_type: str, details: Any = None) -> Any:
        if execution.get("status", "RUNNING") == "RUNNING" or event_type.startswith("Execution"):
            return add_event(execution, event_type, details)
        return None

    return added


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
