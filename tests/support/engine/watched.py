"""Writes down the edges that executions take, and makes the calls of states fail. Runs in the engine's process.

Nothing happens until a test asks for it at PATH. The test names an execution by a marker: any text that is in the input
of the execution. The definitions stay as they are deployed. tests/support/cloud/watched.py is the client.

See decision D244.
"""

import functools
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.services import stepfunctions

from tests.support.engine.paths import PATH

Fault = dict[str, Any]


class Watch:
    """What a test has asked for, and what has happened since."""

    def __init__(self) -> None:
        self.on = False
        self.plan: dict[str, list[Fault]] = {}
        """The faults by state."""
        self.taken: dict[str, dict[str, Any]] = {}
        """By execution: its workflow, its input, the edges that it took, and the errors that a Retry or Catch took."""
        self.failed: dict[tuple[str, str], int] = {}
        """How many attempts have failed, by execution and state."""
        self.lock = threading.Lock()

    def begin(self, faults: list[Fault]) -> None:
        """Watches from now on, and forgets what happened before. Without faults, calls only succeed or fail by
        themselves."""
        plan: dict[str, list[Fault]] = {}
        for fault in faults:
            plan.setdefault(fault["state"], []).append(fault)
        with self.lock:
            self.on, self.plan, self.taken, self.failed = True, plan, {}, {}

    def end(self) -> None:
        with self.lock:
            self.on, self.plan, self.taken, self.failed = False, {}, {}, {}

    def note(self, ctx: dict[str, Any], way: str, *, kind: str = "edges", state: str | None = None) -> None:
        if self.on:
            with self.lock:
                self._of(ctx["Execution"]["Id"])[kind].append(f"{state or ctx['State']['Name']}: {way}")

    def _of(self, arn: str) -> dict[str, Any]:
        if arn not in self.taken:
            execution = stepfunctions._executions[arn]
            workflow = execution["stateMachineArn"].rpartition(":")[2]
            self.taken[arn] = {"workflow": workflow, "input": execution["input"], "edges": [], "errors": []}
        found: dict[str, Any] = self.taken[arn]
        return found

    def fault(self, ctx: dict[str, Any], *, dies: bool) -> Fault | None:
        """The fault that the current attempt of a state meets. `dies`: whether a fault that ends the execution counts,
        or a fault of a call."""
        state, arn = ctx["State"]["Name"], ctx["Execution"]["Id"]
        planned = self.plan.get(state, ())
        if not planned:
            return None
        text = json.dumps(ctx["Execution"]["Input"], ensure_ascii=False)
        fault = next((one for one in planned if one["dies"] is dies and one["marker"] in text), None)
        if fault:
            with self.lock:
                number = self.failed[arn, state] = self.failed.get((arn, state), 0) + 1
            return fault if number <= fault["times"] else None
        return None


class _Task(threading.local):
    """The task, or the Choice, that this thread is running."""

    ctx: dict[str, Any] | None = None
    caught = False
    rules = 0
    matched = False


watch, _task = Watch(), _Task()


def apply() -> None:
    """Wraps the engine's functions. They do nothing else until `Watch.begin`."""
    for name, wrap in (
        ("_run_sub_machine", _entering),
        ("_run_execution", _starting),
        ("_execute_pass", _passing),
        ("_execute_wait", _passing),
        ("_execute_choice", _choosing),
        ("_evaluate_jsonata_choice_rule", _counting_rules),
        ("_execute_task", _working),
        ("_execute_map", _working),
        ("_execute_parallel", _working),
        ("_find_matching_retrier", _retrying),
        ("_find_matching_catcher", _catching),
        ("_fail_state_error", _failing),
        ("_invoke_resource_with_timeout", _calling),
    ):
        setattr(stepfunctions, name, wrap(getattr(stepfunctions, name)))
    app._handle_admin_config_request = _answering(app._handle_admin_config_request)


Function = Callable[..., Any]


def _starting(run: Function) -> Function:
    @functools.wraps(run)
    def started(arn: str) -> Any:
        execution = stepfunctions._executions.get(arn)
        workflow = stepfunctions._state_machines.get((execution or {}).get("stateMachineArn"))
        if execution and workflow:
            first = json.loads(workflow["definition"])["StartAt"]
            watch.note({"Execution": {"Id": arn}}, "StartAt", state=first)
        return run(arn)

    return started


def _entering(run: Function) -> Function:
    @functools.wraps(run)
    def entered(states: Any, start_at: str, input_data: Any, execution: Any, ctx: Any) -> Any:
        watch.note(ctx, "StartAt", state=start_at)
        return run(states, start_at, input_data, execution, ctx)

    return entered


def _die_if_planned(ctx: dict[str, Any]) -> None:
    if watch.fault(ctx, dies=True):
        watch.note(ctx, "dies", kind="errors")
        raise stepfunctions._ExecutionError("States.Runtime", "a test wants this execution to end here")


def _passing(execute: Function) -> Function:
    @functools.wraps(execute)
    def passed(state_def: Any, raw_input: Any, ctx: Any = None) -> Any:
        _die_if_planned(ctx)
        output, to = execute(state_def, raw_input, ctx)
        watch.note(ctx, "Next" if to else "End")
        return output, to

    return passed


def _choosing(execute: Function) -> Function:
    @functools.wraps(execute)
    def chosen(state_def: Any, raw_input: Any, ctx: Any = None) -> Any:
        _die_if_planned(ctx)
        _task.rules, _task.matched = 0, False
        output, to = execute(state_def, raw_input, ctx)
        watch.note(ctx, f"Choices[{_task.rules - 1}]" if _task.matched else "Default")
        return output, to

    return chosen


def _counting_rules(evaluate: Function) -> Function:
    @functools.wraps(evaluate)
    def evaluated(*arguments: Any) -> Any:
        _task.matched = bool(evaluate(*arguments))
        _task.rules += 1
        return _task.matched

    return evaluated


def _working(execute: Function) -> Function:
    @functools.wraps(execute)
    def worked(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        name = ctx["State"]["Name"]
        try:
            _die_if_planned(ctx)
            _task.ctx, _task.caught = ctx, False
            output, to = execute(state_def, raw_input, execution, ctx)
        except stepfunctions._ExecutionError:
            watch.note(ctx, "uncaught", state=name)
            raise
        finally:
            caught, _task.ctx = _task.caught, None
        if not caught:
            watch.note(ctx, "Next" if to else "End", state=name)
        return output, to

    return worked


def _retrying(find: Function) -> Function:
    @functools.wraps(find)
    def found(retriers: Any, error: str, retry_counts: Any) -> Any:
        answer = find(retriers, error, retry_counts)
        matching = _first(retriers, error)
        if matching is not None and _task.ctx:
            most = retriers[matching].get("MaxAttempts", 3)
            way = "retries" if answer[0] is not None else "gives up" if most else "does not retry"
            watch.note(_task.ctx, f"Retry[{matching}] {way}")
            _note_error(f"Retry[{matching}]", retriers[matching], error)
        return answer

    return found


def _catching(find: Function) -> Function:
    @functools.wraps(find)
    def found(catchers: Any, error: str) -> Any:
        catcher = find(catchers, error)
        if catcher is not None and _task.ctx:
            number = next(n for n, one in enumerate(catchers) if one is catcher)
            watch.note(_task.ctx, f"Catch[{number}]")
            _note_error(f"Catch[{number}]", catcher, error)
            _task.caught = True
        return catcher

    return found


def _first(rules: list[dict[str, Any]], error: str) -> int | None:
    matching = (n for n, one in enumerate(rules) if stepfunctions._error_matches(one["ErrorEquals"], error))
    return next(matching, None)


def _note_error(rule: str, one: dict[str, Any], error: str) -> None:
    """Notes which of the names of a Retry or Catch took the error."""
    named = [error] if error in one["ErrorEquals"] else ["States.TaskFailed", "States.ALL"]
    taking = next(name for name in named if name in one["ErrorEquals"])
    watch.note(_task.ctx or {}, f"{rule} takes {taking}", kind="errors")


def _failing(error_of: Function) -> Function:
    @functools.wraps(error_of)
    def failed(state_def: Any, raw_input: Any, ctx: Any = None) -> Any:
        watch.note(ctx, "Fail")
        return error_of(state_def, raw_input, ctx)

    return failed


def _calling(invoke: Function) -> Function:
    @functools.wraps(invoke)
    def called(resource: str, data: Any, timeout: Any) -> Any:
        fault = watch.fault(_task.ctx, dies=False) if _task.ctx else None
        if fault and fault["answer"] is not None:
            return {"StatusCode": 200, "Payload": fault["answer"]}
        if fault and not fault["after"]:
            raise _error(fault)
        answer = invoke(resource, data, timeout)
        if fault:
            raise _error(fault)
        return answer

    return called


def _error(fault: Fault) -> Exception:
    # A timeout has no cause. The cause of a function's error is JSON.
    cause = json.dumps({"errorType": fault["error"], "errorMessage": "a test wants this failure"})
    error: Exception = stepfunctions._ExecutionError(
        fault["error"], None if fault["error"] == "States.Timeout" else cause
    )
    return error


def _answering(handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(handle)
    async def handled(path: str, method: str, body: bytes) -> Any:
        if path != PATH:
            return await handle(path, method, body)
        if method == "POST":
            watch.begin(json.loads(body)["faults"])
        elif method == "DELETE":
            watch.end()
        with watch.lock:
            return 200, {"Content-Type": "application/json"}, json.dumps(watch.taken).encode()

    return handled
