"""The output of the commands: addresses and sign-ins, sent messages, and queues."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from local.addresses import reachable
from local.cloud import Cloud
from terminal import tables, times
from terminal.errors import naming_home
from terminal.statuses import coloured
from terminal.text import counted

NEXT = {
    "laptop page": "open the page in your browser",
    "laptop demo": "send sample orders and reminders",
    "laptop outbox": "see the mails and texts that were sent",
    "laptop status -v": "see all addresses and names",
}
"""The commands that people want after `up`."""


def status(cloud: Cloud) -> dict[str, Any]:
    """The state and the addresses of the cloud, as data for `laptop status --json`."""
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


def print_status(cloud: Cloud, console: Console, *, verbose: bool) -> None:
    """Prints what runs, the page and the sign-ins. `verbose` adds all names and addresses."""
    state = status(cloud)
    if state["places"]:
        _print_page(cloud, console)
    for name, address in (("engine", cloud.settings.endpoint), ("cache", cloud.settings.redis_url)):
        part = state[name]
        line = Text(f"{name:18} ").append_text(coloured(part["state"]))
        line.append(f" on {address}" if part["state"] == "running" else f"; its log: {part['log']}")
        console.print(line)
    if not state["places"]:
        if not cloud.running:
            console.print(_naming(cloud, "start it with `laptop up`"))
        return
    console.print(f"{'functions':18} run on Python {', '.join(state['functions']['python'])}")
    if not verbose:
        console.print(_naming(cloud, "\n`laptop status -v` shows all names, addresses and logs"))
        return
    console.line()
    places = state["places"]
    queues = {f"{channel}_queue": url for channel, url in places.pop("reminder_queues").items()}
    logs = {f"log_of_{name}": state[name]["log"] for name in ("engine", "cache")}
    for name, place in {**places, **queues, **logs}.items():
        if place is not None:
            console.print(f"{name.replace('_', ' '):18} {place}", markup=False)


def welcome(cloud: Cloud, console: Console) -> None:
    """Prints what people want first: the page, the sign-ins, and what they can do next."""
    _print_page(cloud, console)
    console.line()
    home = cloud.settings.other_home
    commands = {naming_home(f"`{command}", home).removeprefix("`"): does for command, does in NEXT.items()}
    width = max(18, *map(len, commands))
    for command, does in commands.items():
        console.print(f"{command:{width}} {does}", markup=False)


def _print_page(cloud: Cloud, console: Console) -> None:
    console.print(f"{'page':18} {cloud.places().site}")
    print_users(cloud, console)


def print_users(cloud: Cloud, console: Console) -> None:
    """Prints the demo users and their passwords."""
    for role, user in cloud.users().items():
        console.print(f"{f'sign in, {role}':18} {user.email} {user.password}", markup=False)


def outbox(cloud: Cloud, console: Console, *, as_json: bool) -> None:
    """Prints the mails, the text messages, and the topic's messages to its subscriber, oldest first."""
    cloud.require_running()
    sent = sorted(
        [
            *(
                _sent(
                    mail["Timestamp"],
                    "e-mail",
                    ", ".join(mail["To"]),
                    mail["Subject"],
                    reachable(cloud.settings.endpoint, mail["BodyText"]),
                )
                for mail in cloud.engine.mails()
            ),
            *(
                # Texts that an earlier version sent have no time.
                _sent(text.get("Timestamp", 0), "SMS", text["PhoneNumber"], "", text["Message"])
                for text in cloud.engine.texts()
            ),
            *(
                _sent(int(message["Attributes"]["SentTimestamp"]) / 1000, "topic", "subscribers", "", message["Body"])
                for message in cloud.topic_messages()
            ),
        ],
        key=lambda one: str(one["at"] or ""),
    )
    if as_json:
        print(to_json(sent))
        return
    if not sent:
        console.print(_naming(cloud, "nothing was sent yet: `laptop demo` sends some reminders"), markup=False)
    # A mail has several lines, and a link that is longer than most terminals are wide.
    _print_cards(
        console,
        ["sent", "by", "to", "subject", "text"],
        [
            [
                times.local(one["at"] or "time unknown", seconds=True),
                one["channel"],
                one["to"],
                plain(one["subject"]),
                plain(one["text"].rstrip()),
            ]
            for one in sent
        ],
    )


def _sent(at: float, channel: str, to: str, subject: str, text: str) -> dict[str, Any]:
    instant = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds") if at else None
    return {"at": instant, "channel": channel, "to": to, "subject": subject, "text": text}


SHOWN_FIELDS = {
    "OrderId": "order",
    "ItemName": "item",
    "Price": "price",
    "Reasons": "reasons",
    "State": "state",
    "Error": "error",
}
"""The fields of a message that `queues` shows, with their titles."""


def queues(cloud: Cloud, console: Console, *, as_json: bool) -> None:
    """Prints the messages in each queue, without removing them."""
    found = {name: cloud.engine.queued(url) for name, url in cloud.places().queues.items()}
    if as_json:
        print(to_json({name: [_message(one) for one in messages] for name, messages in found.items()}))
        return
    for name, messages in found.items():
        console.print(f"[bold]{name}[/bold]: {counted(len(messages), 'message')}")
        rows = [_fields(_message(one)) for one in messages]
        titles = [title for title in (*SHOWN_FIELDS.values(), "text", "since") if any(title in row for row in rows)]
        print_table(console, titles, [[row.get(title, "") for title in titles] for row in rows], nothing="")


def _message(message: dict[str, Any]) -> dict[str, Any]:
    """When the message was put into the queue, and its body: data, or text if somebody put it there by hand."""
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = message["Body"]
    at = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    return {"at": at.isoformat(timespec="milliseconds"), "body": body}


def _fields(message: dict[str, Any]) -> dict[str, str]:
    """The cells of a message by their titles."""
    at, body = times.local(message["at"]), message["body"]
    if not isinstance(body, dict) or not body.keys() & SHOWN_FIELDS.keys():
        return {"since": at, "text": body if isinstance(body, str) else json.dumps(body)}
    known = {title: body[name] for name, title in SHOWN_FIELDS.items() if body.get(name) not in (None, "", [])}
    return {"since": at} | {
        title: "\n".join(map(str, value)) if isinstance(value, list) else str(value) for title, value in known.items()
    }


TIMES = ("since", "sent", "started")
"""The titles of columns with times, which no table breaks."""


def print_table(
    console: Console,
    titles: Sequence[str],
    rows: Sequence[Sequence[str | Text]],
    *,
    title: str | None = None,
    nothing: str = "nothing",
) -> None:
    """Prints a table, or one card for each row if the terminal is too narrow for the table."""
    cells = [[cell if isinstance(cell, Text) else plain(cell.rstrip()) for cell in row] for row in rows]
    if not cells:
        if nothing:
            console.print(nothing, markup=False)
        return
    heading = title and plain(title)
    if table := tables.fitted(titles, cells, width=console.width, title=heading, unbroken=TIMES):
        console.print(table)
        return
    if title:
        console.print(Text(f"{heading}\n"), soft_wrap=True)
    _print_cards(console, titles, cells)


def _print_cards(console: Console, titles: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    for row in rows:
        console.print(tables.card(titles, row), soft_wrap=True)
        console.line()


def plain(text: str) -> str:
    """Untrusted text, with visible control characters."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def _naming(cloud: Cloud, sentence: str) -> str:
    return naming_home(sentence, cloud.settings.other_home)


def to_json(value: Any) -> str:
    return json.dumps(value, indent=2)
