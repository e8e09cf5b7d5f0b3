"""The output of the commands: addresses, sent messages, queues, executions and logs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from rich.console import Console
from rich.text import Text

from local import homes
from local.cloud import Cloud
from local.errors import LocalError, NotRunningError
from local.processes import tail
from terminal import tables

LOG_LINES = 100
NAMED = 5


def status(cloud: Cloud) -> dict[str, Any]:
    """The state and the addresses of the cloud, as data for `python -m local status --json`."""
    parts = {}
    for part in (cloud.engine, cloud.cache):
        process = part.daemon.process()
        state = "running" if process else "died" if part.daemon.died() else "stopped"
        parts[part.daemon.name.removeprefix("the ")] = {
            "state": state,
            "pid": process.pid if process else None,
            "log": str(part.daemon.log),
        }
    if not cloud.running:
        return {**parts, "functions": None, "places": None, "users": None}
    people = {role: {"email": user.email, "password": user.password} for role, user in cloud.users().items()}
    places = asdict(cloud.places())
    return {**parts, "functions": {"python": sorted(cloud.engine.pythons())}, "places": places, "users": people}


def print_status(cloud: Cloud, console: Console) -> None:
    state = status(cloud)
    for name in ("engine", "cache"):
        part = state[name]
        process = f"process {part['pid']}, " if part["pid"] else ""
        console.print(f"{name:18} {part['state']}, {process}log {part['log']}", highlight=False)
    if state["functions"]:
        console.print(f"{'functions':18} run on Python {', '.join(state['functions']['python'])}", highlight=False)
    places = state["places"] or {}
    queues = {f"{channel}_queue": url for channel, url in places.pop("reminder_queues", {}).items()}
    for name, place in {**places, **queues}.items():
        if place is not None:
            console.print(f"{name.replace('_', ' '):18} {place}", highlight=False)
    if state["users"]:
        print_users(cloud, console)


def print_users(cloud: Cloud, console: Console) -> None:
    """Prints the demo users and their passwords."""
    for role, user in cloud.users().items():
        console.print(f"{f'sign in, {role}':18} {user.email} {user.password}", highlight=False)


def outbox(cloud: Cloud, console: Console) -> None:
    """Prints the mails, the text messages, and the topic's messages to its subscriber."""
    cloud.require_running()
    _print(
        console,
        ["channel", "to", "subject", "text"],
        [
            *(["e-mail", ", ".join(mail["To"]), mail["Subject"], mail["BodyText"]] for mail in cloud.engine.mails()),
            *(["SMS", text["PhoneNumber"], "", text["Message"]] for text in cloud.engine.texts()),
            *(["topic", "subscribers", "", message["Body"]] for message in cloud.topic_messages()),
        ],
        title="outbox",
    )


def queues(cloud: Cloud, console: Console) -> None:
    """Prints the messages in each queue, without removing them."""
    for name, url in cloud.places().queues.items():
        messages = cloud.engine.queued(url)
        console.print(f"[bold]{name}[/bold]: {len(messages)}")
        for message in messages:
            try:
                console.print_json(message["Body"], indent=None)
            except ValueError:
                # Somebody may have put the message there by hand.
                console.print(_text(message["Body"]))


def executions(cloud: Cloud, console: Console, name: str | None) -> None:
    """Prints the executions of the workflows, or one of them state by state."""
    places = cloud.places()
    found = [
        {"workflow": workflow, **execution}
        for workflow, arn in (
            ("orders", places.order_workflow),
            ("reminders", places.reminder_workflow),
            ("deliveries", places.reminder_delivery),
        )
        for page in cloud.engine.executions().get_paginator("list_executions").paginate(stateMachineArn=arn)
        for execution in page["executions"]
    ]
    if name is None:
        rows = [
            [execution["workflow"], execution["name"], execution["status"], f"{execution['startDate']:%H:%M:%S}"]
            for execution in sorted(found, key=lambda execution: execution["startDate"])
        ]
        _print(console, ["workflow", "name", "status", "started"], rows)
        return
    named = [execution for execution in found if execution["name"].startswith(name)]
    if not named:
        raise LocalError(f"no execution has a name that starts with {name!r}: `python -m local executions` lists them")
    if len(named) > 1:
        some = ", ".join(sorted({execution["name"] for execution in named})[:NAMED])
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        raise LocalError(
            f"{len(named)} executions have a name that starts with {name!r}: {some}{more}. Type more of the name"
        )
    [execution] = named
    _print(
        console,
        ["at", "state", "what happened"],
        _history(cloud, execution),
        title=_plain(f"{execution['name']}: {execution['status']}"),
    )


def _history(cloud: Cloud, execution: dict[str, Any]) -> list[list[str]]:
    rows = []
    pages = (
        cloud.engine.executions()
        .get_paginator("get_execution_history")
        .paginate(executionArn=execution["executionArn"])
    )
    state = ""
    for event in (event for page in pages for event in page["events"]):
        details: dict[str, Any] = next((event[key] for key in event if key.endswith("EventDetails")), {})
        if event["type"].endswith("StateEntered"):
            state = details["name"]
        elif "error" in details:
            rows.append([_time(event["timestamp"]), state, f"{event['type']}: {details['error']}"])
        elif event["type"].endswith("StateExited"):
            rows.append([_time(event["timestamp"]), state, "done"])
            state = ""
        elif event["type"].startswith("Execution"):
            rows.append([_time(event["timestamp"]), "", event["type"].removeprefix("Execution").lower()])
    if state:
        rows.append(["", state, "now"])
    return rows


def logs(cloud: Cloud, console: Console, function: str | None) -> None:
    """Prints the end of the engine's log, or of a function's log."""
    if function is None:
        if not homes.is_cloud(cloud.settings.home):
            raise NotRunningError
        console.print(tail(cloud.engine.daemon.log, lines=LOG_LINES), markup=False, highlight=False)
        return
    cloud.require_running()
    groups = cloud.functions()
    name = function_named(function, sorted(groups))
    pages = cloud.engine.client("logs").get_paginator("filter_log_events").paginate(logGroupName=groups[name])
    events = [event for page in pages for event in page["events"]]
    if not events:
        console.print(f"{name} has logged nothing yet", highlight=False)
    for event in events[-LOG_LINES:]:
        console.print(event["message"].rstrip(), markup=False, highlight=False)


def function_named(text: str, names: Sequence[str]) -> str:
    """Returns the name that `text` means: the whole name, its end or any other part, in upper or lower case.

    A whole name wins over an end, and an end over any other part. Raises LocalError if no name or several names fit.
    The message suggests names.
    """
    wanted = "".join(text.split()).casefold()
    low = {name.casefold(): name for name in names}
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: name == wanted,
        lambda name: name.endswith(wanted),
        lambda name: wanted in name,
    )
    found: list[str] = []
    for test in tests if wanted else ():
        found = [name for key, name in low.items() if test(key)]
        if len(found) == 1:
            return found[0]
        if found:
            raise LocalError(f"{text!r} may be {', '.join(found[:-1])} or {found[-1]}: name one of them")
    # The user may have misspelt a whole name or a part of one.
    near = {
        name: max(SequenceMatcher(None, wanted, key[start:]).ratio() for start in range(max(1, len(key) - 3)))
        for key, name in low.items()
    }
    nearest = [name for name in sorted(near, key=lambda name: -near[name])[:3] if near[name] > 0.6]
    known = f"did you mean {' or '.join(nearest)}?" if nearest else f"the functions are {', '.join(names)}"
    raise LocalError(f"there is no function {text!r}; {known}")


def _print(console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """Prints a table. If the table would break a word, such as an id, prints each row line by line instead."""
    rows = [[_plain(cell.rstrip()) for cell in row] for row in rows]
    if table := tables.fitted(titles, rows, width=console.width, title=title):
        console.print(table)
        return
    for part in [*filter(None, [title]), *(tables.line_by_line(titles, row) for row in rows)]:
        console.print(Text(f"{part}\n"), soft_wrap=True)


def _text(text: str) -> Text:
    """Untrusted text, shown without styles."""
    return Text(_plain(text))


def _plain(text: str) -> str:
    """Untrusted text, with visible control characters."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def _time(instant: datetime) -> str:
    return f"{instant:%H:%M:%S}.{instant.microsecond // 1000:03}"


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2)
