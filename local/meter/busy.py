"""What the engine is still working on. A test compares counts when there is nothing left."""

import time
from typing import Any

from ministack.services import dynamodb, lambda_svc, sqs, stepfunctions


def reasons() -> list[str]:
    """One line for each thing that still runs or waits for a function; waiting executions do not count."""
    found = []
    calls, _ = lambda_svc.executions_in_flight()
    if calls:
        found.append(f"{calls} calls of functions")
    for execution in list(stepfunctions._executions._data.values()):
        if execution["status"] == "RUNNING" and _state(execution) != "WaitStateEntered":
            found.append(f"execution {execution['name']}")
    for account, region, mapping in lambda_svc._iter_all_esms():
        source = str(mapping.get("EventSourceArn", ""))
        if not mapping.get("Enabled", True):
            continue
        if ":dynamodb:" in source:
            found += unread(mapping, account, region)
        elif ":sqs:" in source:
            queue = sqs._queue_by_arn(source) or {}
            ready = [one for one in queue.get("messages", ()) if not _delayed(one)]
            if ready:
                found.append(f"{len(ready)} messages of {source.rpartition(':')[2]}")
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
