"""The executions of the apps' workflows, as a list or state by state."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.console import Console

from local import deploy
from local.cloud import Cloud
from local.errors import LocalError
from local.show import print_table
from terminal import ids, times
from terminal.statuses import coloured

Execution = dict[str, Any]


def show(cloud: Cloud, console: Console, prefix: str, *, as_json: bool) -> None:
    """Prints the executions whose names begin with `prefix`. If all have the same name, prints them state by state."""
    found = sorted(
        (one for one in _all(cloud) if one["name"].startswith(prefix)), key=lambda execution: execution["startDate"]
    )
    if prefix and not found:
        raise LocalError(f"no execution has a name that starts with {prefix!r}: `laptop executions` lists them")
    # A reminder and its delivery have the same name.
    in_detail = bool(prefix) and len({execution["name"] for execution in found}) == 1
    if as_json:
        print(json.dumps([_as_json(cloud, one, in_detail) for one in found], indent=2))
    elif in_detail:
        for execution in found:
            _print_states(cloud, console, execution)
    else:
        _print_list(console, found)


def _all(cloud: Cloud) -> Iterator[Execution]:
    places, client = cloud.places(), cloud.engine.executions()
    known = {
        places.order_workflow: "orders",
        places.reminder_workflow: "reminders",
        places.reminder_delivery: "deliveries",
    }
    for construct, arn in deploy.resources(cloud.engine, "AWS::StepFunctions::StateMachine").items():
        for page in client.get_paginator("list_executions").paginate(stateMachineArn=arn):
            yield from ({"workflow": known.get(arn, construct), **execution} for execution in page["executions"])


def _print_list(console: Console, found: list[Execution]) -> None:
    short = ids.shortened(execution["name"] for execution in found)
    print_table(
        console,
        ["started", "workflow", "execution", "status", "lasted"],
        [
            [
                times.local(execution["startDate"].isoformat(), seconds=True),
                execution["workflow"],
                short[execution["name"]],
                coloured(execution["status"]),
                _lasted(execution),
            ]
            for execution in found
        ],
        nothing="no workflow has run yet: `laptop demo` runs some",
    )


def _print_states(cloud: Cloud, console: Console, execution: Execution) -> None:
    rows = [[_time(event["at"]), event["state"] or "", event["happened"]] for event in _history(cloud, execution)]
    title = f"{execution['workflow']}, {execution['name']}: {execution['status']}"
    print_table(console, ["at", "state", "what happened"], rows, title=title)


def _as_json(cloud: Cloud, execution: Execution, in_detail: bool) -> dict[str, Any]:
    stopped = execution.get("stopDate")
    shown = {
        "workflow": execution["workflow"],
        "name": execution["name"],
        "arn": execution["executionArn"],
        "status": execution["status"],
        "started": execution["startDate"].isoformat(),
        "stopped": stopped.isoformat() if stopped else None,
    }
    if in_detail:
        events = [{**event, "at": event["at"] and event["at"].isoformat()} for event in _history(cloud, execution)]
        shown["events"] = events
    return shown


def _history(cloud: Cloud, execution: Execution) -> list[dict[str, Any]]:
    """The ends and errors of states, and the start and the end of the execution."""
    rows: list[dict[str, Any]] = []
    pages = (
        cloud.engine.executions()
        .get_paginator("get_execution_history")
        .paginate(executionArn=execution["executionArn"])
    )
    state = None

    def add(at: datetime | None, happened: str) -> None:
        rows.append({"at": at, "state": state, "happened": happened})

    for event in (event for page in pages for event in page["events"]):
        details: dict[str, Any] = next((event[key] for key in event if key.endswith("EventDetails")), {})
        if event["type"].endswith("StateEntered"):
            state = details["name"]
        elif "error" in details:
            add(event["timestamp"], f"{event['type']}: {details['error']}")
        elif event["type"].endswith("StateExited"):
            add(event["timestamp"], "done")
            state = None
        elif event["type"].startswith("Execution"):
            add(event["timestamp"], event["type"].removeprefix("Execution").lower())
    if state:
        add(None, "now")
    return rows


def _time(instant: datetime | None) -> str:
    return f"{instant.astimezone():%H:%M:%S}.{instant.microsecond // 1000:03}" if instant else ""


def _lasted(execution: Execution) -> str:
    stopped = execution.get("stopDate")
    return f"{(stopped - execution['startDate']).total_seconds():.1f} s" if stopped else ""
