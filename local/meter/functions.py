"""Counts the invocations of functions, their time, and their log lines."""

import functools
import math
from collections.abc import Callable
from time import perf_counter
from typing import Any

from ministack.services import lambda_svc

from costs import logs
from local.engine_patches.workers import FunctionProcess
from local.meter import counter

METRICS = '{"_aws":'
"""How the lines of common/metrics.py begin."""


def apply() -> None:
    FunctionProcess._answer = _timed(FunctionProcess._answer)  # type: ignore[method-assign]
    FunctionProcess.invoke = _counting(FunctionProcess.invoke)  # type: ignore[method-assign]
    lambda_svc._emit_lambda_logs = _counting_lines(lambda_svc._emit_lambda_logs)


def levels() -> dict[str, str]:
    """The level of each function's platform lines."""
    configs = [one["config"] for one in list(lambda_svc._functions._data.values())]
    return {one["FunctionName"]: (one.get("LoggingConfig") or {}).get("SystemLogLevel") or "INFO" for one in configs}


def _timed(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Notes how long the process took for each answer: first for its import, if it was new, then for the call."""

    @functools.wraps(answer)
    def timed(self: Any, *arguments: Any, **more: Any) -> Any:
        began = perf_counter()
        try:
            return answer(self, *arguments, **more)
        finally:
            self.seconds = [*getattr(self, "seconds", ()), perf_counter() - began]

    return timed


def _counting(invoke: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(invoke)
    def counted(self: Any, event: Any, *arguments: Any, **more: Any) -> Any:
        self.seconds = []
        result = invoke(self, event, *arguments, **more)
        function, gigabytes = self.config["FunctionName"], self.config.get("MemorySize", 128) / 1024
        *init, seconds = self.seconds or [0.0]
        # The caller may be the root user, who does not count. The invocation does.
        token = counter.uncounted.set(False)
        try:
            counter.add("lambda.request", function)
            # AWS rounds up to whole milliseconds.
            counter.add("lambda.gb_second", function, math.ceil(seconds * 1000) / 1000 * gigabytes)
            if init:
                counter.add("lambda.cold_start", function)
                counter.add("lambda.init_gb_second", function, math.ceil(init[0] * 1000) / 1000 * gigabytes)
        finally:
            counter.uncounted.reset(token)
        return result

    return counted


@functools.cache
def _platform_bytes(level: str, function: str, status: str) -> int:
    return logs.size(logs.platform_lines(level, function_version=function, status=status))


def _counting_lines(emit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(emit)
    def counted(function: Any, request_id: str, text: str, error: bool, *rest: Any, **more: Any) -> Any:
        config = function.get("config") or function
        name, lines = config["FunctionName"], text.splitlines() if text else []
        token = counter.uncounted.set(False)
        try:
            metrics = [line for line in lines if line.startswith(METRICS)]
            others = [line for line in lines if not line.startswith(METRICS)]
            counter.add("logs.metric_byte", name, logs.size(metrics))
            counter.add("logs.function_line", name, len(others))
            counter.add("logs.function_byte", name, logs.size(map(logs.function_line, others)))
            for level in logs.SYSTEM_LEVELS:
                bytes = _platform_bytes(level, config["FunctionArn"], "error" if error else "success")
                counter.add("logs.platform_byte", f"{name}/{level}", bytes)
        finally:
            counter.uncounted.reset(token)
        return emit(function, request_id, text, error, *rest, **more)

    return counted
