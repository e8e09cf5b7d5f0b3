"""Writes down which permissions the engine checked, and which calls workflows made. Runs in the engine's process.

Nothing happens until a test asks for it at ASKED. tests/support/cloud/asked.py is the client.

See decision D254.
"""

import functools
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import stepfunctions

from tests.support.engine.paths import ASKED


class Record:
    """What has happened since a test began to watch."""

    def __init__(self) -> None:
        self.on = False
        self.checks: set[tuple[str, str, str, bool]] = set()
        """The role, the action, the resource, and whether the role was allowed it."""
        self.calls: set[tuple[str, str, str]] = set()
        """The workflow, the integration, and the arguments as JSON."""
        self.lock = threading.Lock()

    def begin(self) -> None:
        with self.lock:
            self.on, self.checks, self.calls = True, set(), set()

    def end(self) -> None:
        with self.lock:
            self.on, self.checks, self.calls = False, set(), set()


record = Record()
_seen = threading.local()


def apply() -> None:
    iam_evaluator.evaluate = _evaluating(iam_evaluator.evaluate)
    iam_evaluator.enforce = _enforcing(iam_evaluator.enforce)
    stepfunctions._execute_task = _in_a_workflow(stepfunctions._execute_task)
    stepfunctions._invoke_resource_with_timeout = _calling(stepfunctions._invoke_resource_with_timeout)
    app._handle_admin_config_request = _answering(app._handle_admin_config_request)


Function = Callable[..., Any]


def _evaluating(evaluate: Function) -> Function:
    @functools.wraps(evaluate)
    def evaluated(ctx: Any, *policies: Any) -> Any:
        if getattr(_seen, "request", None) is None:
            # The first one is about the role's policies. Those of the resource follow.
            _seen.request = ctx
        return evaluate(ctx, *policies)

    return evaluated


def _enforcing(enforce: Function) -> Function:
    @functools.wraps(enforce)
    def enforced(*arguments: Any, **more: Any) -> Any:
        if not record.on:
            return enforce(*arguments, **more)
        _seen.request = None
        refusal = enforce(*arguments, **more)
        if request := _seen.request:
            role = request.principal_arn.split("/")[1] if ":assumed-role/" in request.principal_arn else ""
            with record.lock:
                record.checks.add((role, request.action, request.resource_arn, refusal is None))
        return refusal

    return enforced


def _in_a_workflow(execute: Function) -> Function:
    @functools.wraps(execute)
    def executed(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        _seen.workflow = execution["stateMachineArn"]
        return execute(state_def, raw_input, execution, ctx)

    return executed


def _calling(invoke: Function) -> Function:
    @functools.wraps(invoke)
    def called(resource: str, data: Any, timeout: Any) -> Any:
        if record.on:
            with record.lock:
                record.calls.add((_seen.workflow, resource.partition(":::")[2], json.dumps(data, default=str)))
        return invoke(resource, data, timeout)

    return called


def _answering(handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(handle)
    async def handled(path: str, method: str, body: bytes) -> Any:
        if path != ASKED:
            return await handle(path, method, body)
        if method == "POST":
            record.begin()
        elif method == "DELETE":
            record.end()
        with record.lock:
            found = {"checks": sorted(record.checks), "calls": sorted(record.calls)}
        return 200, {"Content-Type": "application/json"}, json.dumps(found).encode()

    return handled
