"""What the engine is still working on. A test compares counts when there is nothing left."""

import time
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb, lambda_svc, sqs, stepfunctions

Test = Callable[[dict[str, Any]], bool]


def reasons() -> list[str]:
    """One line for each thing that still runs or waits for a function; waiting executions do not count."""
    return lines(
        calls=lambda_svc.executions_in_flight()[0],
        is_waiting=lambda execution: _state(execution) == "WaitStateEntered",
        is_ready=lambda message: not _delayed(message),
    )


def lines(*, calls: int, is_waiting: Test, is_ready: Test, rests: Test = lambda _: False) -> list[str]:
    """One line for the calls of functions, and one for each execution, table and queue that the engine works on.

    `is_waiting` says whether an execution only waits, `is_ready` whether a message is ready for its function, and
    `rests` whether nobody reads for an event source mapping now.
    """
    found = [f"{calls} calls of functions"] if calls else []
    for execution in list(stepfunctions._executions._data.values()):
        if execution["status"] == "RUNNING" and not is_waiting(execution):
            found.append(f"execution {execution['name']}")
    for account, region, mapping in lambda_svc._iter_all_esms():
        source = str(mapping.get("EventSourceArn", ""))
        if not mapping.get("Enabled", True) or rests(mapping):
            continue
        if ":dynamodb:" in source:
            found += unread(mapping, account, region)
        elif queue := sqs._queue_by_arn(source):
            if ready := sum(is_ready(message) for message in queue["messages"]):
                found.append(f"{ready} messages of {queue['name']}")
    return found


def unread(mapping: dict[str, Any], account: str, region: str) -> list[str]:
    """A line about the changes of a table that a function has not read yet. Empty if it has read all of them."""
    table = mapping["EventSourceArn"].split("/")[1]
    read = lambda_svc._dynamodb_stream_positions.get(mapping["UUID"])
    end = dynamodb.stream_end_position(table, account_id=account, region=region)
    return [f"{end - read} records of {table}"] if read is not None and read < end else []


def _state(execution: dict[str, Any]) -> str:
    return str(execution["events"][-1]["type"]) if execution["events"] else ""


def _delayed(message: dict[str, Any]) -> bool:
    """Whether the message has never been received, and is not yet visible."""
    return not message.get("receive_count") and message.get("visible_at", 0) > time.time()
