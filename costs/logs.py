"""The log lines that AWS writes and the laptop cloud does not: composed in AWS's documented form, without sending them.

Only AWS can tell their exact bytes. The metric `IncomingBytes` of each log group gives them.

See decision D153.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

LEVELS = ("ALL", "ERROR", "FATAL")
"""Levels of a workflow's log. A level has the events of the levels after it, too.
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-log-level"""

SYSTEM_LEVELS = ("INFO", "WARN")
"""Levels of the platform's lines of a function."""

BY_LEVEL = ("logs.workflow_byte", "logs.workflow_event", "logs.platform_byte")
"""Units that are counted for every level, as if it were the deployed one: `PlaceOrder/INFO` and `PlaceOrder/WARN`."""

FATAL = {"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"}

ACCESS = {
    "requestId": "00000000-0000-0000-0000-000000000000",
    "httpMethod": "POST",
    "resourcePath": "/orders/{OrderId}",
    "status": "202",
    "responseLatency": "50",
    "errorType": "-",
}
"""The fields of our APIs' access log, with usual values."""


def levels_of(event_type: str) -> tuple[str, ...]:
    """The levels of a workflow's log that have an event of this type."""
    if event_type in FATAL:
        return LEVELS
    failed = event_type.endswith(("Failed", "TimedOut", "Aborted")) or event_type == "FailStateEntered"
    return LEVELS[:2] if failed else LEVELS[:1]


def workflow_event(execution: str, event_type: str, details: Mapping[str, Any], *, id: int = 10) -> str:
    """A log event of a workflow whose log leaves out inputs and outputs."""
    event = {
        "id": str(id),
        "type": event_type,
        "details": dict(details),
        "redrive_count": "0",
        "previous_event_id": str(id - 1),
        "event_timestamp": "1795737600000",
        "execution_arn": execution,
    }
    return _compact(event)


def platform_lines(level: str, *, function_version: str, status: str = "success") -> list[str]:
    """The lines that Lambda writes about one call.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    request, time = "00000000-0000-0000-0000-000000000000", "2026-11-27T00:00:00.000Z"
    metrics = {"durationMs": 12.345, "billedDurationMs": 13, "memorySizeMB": 512, "maxMemoryUsedMB": 100}
    failed = status != "success"
    lines = []
    if level == "INFO":
        start = {"requestId": request, "functionArn": function_version, "version": "$LATEST"}
        lines.append({"time": time, "type": "platform.start", "record": start})
    if level == "INFO" or failed:
        report = {"requestId": request, "metrics": metrics, "status": status}
        lines.append({"time": time, "type": "platform.report", "record": report})
    if failed:
        done = {"requestId": request, "status": status, "metrics": {"durationMs": 12.345, "producedBytes": 100}}
        lines.append({"time": time, "type": "platform.runtimeDone", "record": done})
    return [_compact(line) for line in lines]


def function_line(text: str) -> str:
    """A line that a function logs, in Lambda's JSON format. A JSON object has that format already."""
    if text.startswith("{"):
        return text
    line = {
        "timestamp": "2026-11-27T00:00:00Z",
        "level": "WARNING",
        "message": text,
        "logger": "root",
        "requestId": "00000000-0000-0000-0000-000000000000",
    }
    return json.dumps(line, ensure_ascii=False)


def access_line() -> str:
    """A line of an API's access log."""
    return _compact(ACCESS)


def size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) for line in lines)


def _compact(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
