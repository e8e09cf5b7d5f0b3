"""Bounds what the engine keeps about work that is done. By itself it keeps everything until it is reset:

- all executions, with their histories (`services/stepfunctions.py:872`);
- each version of a function, with its code (`services/lambda_svc.py:5970`);
- a log stream for each call of a function (`services/lambda_svc.py:5045`);
- the records of streams for 24 hours (`services/dynamodb.py:862`).

It also writes about ten lines into its own log for each order.

An order takes about 20 KB of this, so an engine would need more and more memory. It also would need more and more time
to save its state when it stops.

Rows and messages are data, so they have no bound. See decision D162.
"""

import functools
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs, dynamodb, lambda_svc, stepfunctions

EXECUTIONS = 2000
"""The executions that ended last keep their histories."""

VERSIONS = 20
"""The versions of a function that stay. Each `up` with changed code publishes one, whose code has 140 KB."""

LOG_STREAMS = 1000
"""How many log streams each log group keeps. Each call of a function has its own."""

STREAM_RECORDS = 10_000
"""The records that each stream keeps. `UpdateCache` is never that many behind."""


def apply() -> None:
    """Makes the engine forget old histories, log streams and records. Needs the patches of the same functions first."""
    stepfunctions._run_execution = Histories(EXECUTIONS).bounded(stepfunctions._run_execution)
    lambda_svc._publish_version = bounded_versions(lambda_svc._publish_version)
    lambda_svc._emit_lambda_logs = bounded_logs(lambda_svc._emit_lambda_logs)
    dynamodb._trim_stream_records = bounded_records(dynamodb._trim_stream_records)
    for module in (lambda_svc, stepfunctions):
        module.logger.setLevel(logging.WARNING)


class Histories:
    """The executions that have ended, oldest first, as far as they have their histories."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ended: deque[str] | None = None
        self._lock = threading.Lock()

    def bounded(self, run: Callable[[str], None]) -> Callable[[str], None]:
        """Returns `run`, which runs one execution, changed to forget old ones afterwards."""

        @functools.wraps(run)
        def run_and_forget(arn: str) -> None:
            try:
                run(arn)
            finally:
                self._end(arn)

        return run_and_forget

    def _end(self, arn: str) -> None:
        executions = stepfunctions._executions
        with self._lock:
            if self._ended is None:
                # An earlier engine may have saved some.
                before = [one for one in executions.values() if one["stopDate"] and one["executionArn"] != arn]
                self._ended = deque(one["executionArn"] for one in sorted(before, key=lambda one: str(one["stopDate"])))
            self._ended.append(arn)
            while len(self._ended) > self._limit:
                _forget(self._ended.popleft())


def _forget(arn: str) -> None:
    """Forgets an Express execution. A Standard one loses its history: its name must not be used a second time."""
    if ":express:" in arn:
        stepfunctions._executions.pop(arn, None)
    elif execution := stepfunctions._executions.get(arn):
        execution["events"] = []


def bounded_versions(publish: Callable[..., Any], *, limit: int = VERSIONS) -> Callable[..., Any]:
    """Returns `publish`, which publishes a version of a function, changed to remove the oldest that no alias names."""

    @functools.wraps(publish)
    def publish_and_forget(name: str, data: Any) -> Any:
        answer = publish(name, data)
        function = lambda_svc._functions.get(name) or {"aliases": {}, "versions": {}}
        named = {alias["FunctionVersion"] for alias in function["aliases"].values()}
        for old in sorted(function["versions"], key=int)[:-limit]:
            if old not in named:
                del function["versions"][old]
        return answer

    return publish_and_forget


def bounded_logs(emit: Callable[..., None], *, limit: int = LOG_STREAMS) -> Callable[..., None]:
    """Returns `emit`, which logs one call of a function, changed to remove the function's oldest log streams."""

    @functools.wraps(emit)
    def emit_and_forget(function: dict[str, Any], *arguments: Any, **options: Any) -> None:
        emit(function, *arguments, **options)
        config = function.get("config") or function
        name = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
        streams = cloudwatch_logs._log_groups.get(name, {}).get("streams", {})
        # Rarely, and then many at once: somebody may be listing the streams.
        if len(streams) > limit * 1.2:
            for old in list(streams)[:-limit]:
                streams.pop(old, None)

    return emit_and_forget


def bounded_records(trim: Callable[..., None], *, limit: int = STREAM_RECORDS) -> Callable[..., None]:
    """Returns `trim`, which removes old records of a table's stream, changed to leave at most `limit`."""

    @functools.wraps(trim)
    def trim_more(table: str, *, account_id: str | None = None, region: str | None = None) -> None:
        trim(table, account_id=account_id, region=region)
        records = dynamodb._live_stream_records(table, account_id, region)
        if (surplus := len(records) - limit) <= 0:
            return
        trimmed = dynamodb._trimmed_count(table, account_id, region) + surplus
        del records[:surplus]
        if account_id is None or region is None:
            dynamodb._stream_trimmed[table] = trimmed
        else:
            dynamodb._stream_trimmed.set_scoped(account_id, region, table, trimmed)

    return trim_more
