"""The logs of the engine and of the functions."""

import time
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from rich.console import Console

from local import homes
from local.cloud import Cloud
from local.errors import LocalError, NotRunningError
from local.processes import tail

LINES = 100
"""The most lines that are shown at first."""

LOOK_SECONDS = 0.5
"""How often `--follow` looks for new lines."""


def show(cloud: Cloud, console: Console, function: str | None, *, follow: bool) -> None:
    """Prints the end of the engine's log, or of a function's log. `follow` then prints new lines until an interrupt."""
    if function is None:
        if not homes.is_cloud(cloud.settings.home):
            raise NotRunningError
        lines = _of_engine(cloud)
    else:
        cloud.require_running()
        groups = cloud.functions()
        name = function_named(function, sorted(groups))
        lines = _of_function(cloud, groups[name])
    first = next(lines)
    if function is not None and not first:
        console.print(f"{name} has logged nothing yet")
    for line in first[-LINES:]:
        console.print(line, markup=False)
    while follow:
        time.sleep(LOOK_SECONDS)
        for line in next(lines):
            console.print(line, markup=False)


def _of_engine(cloud: Cloud) -> Iterator[list[str]]:
    """The last lines, and then each time the lines that are new since the last time."""
    log = cloud.engine.daemon.log
    place = log.stat().st_size if log.exists() else 0
    yield tail(log, lines=LINES).splitlines()
    while True:
        # A new engine begins a new log.
        size = log.stat().st_size if log.exists() else 0
        place = place if size >= place else 0
        with log.open("rb") as content:
            content.seek(place)
            new = content.read()
        whole = new[: new.rfind(b"\n") + 1]
        place += len(whole)
        yield whole.decode(errors="replace").splitlines()


def _of_function(cloud: Cloud, group: str) -> Iterator[list[str]]:
    """All lines, and then each time the lines that are new since the last time."""
    pages = cloud.engine.client("logs").get_paginator("filter_log_events")
    seen: set[tuple[Any, ...]] = set()
    newest = 0
    while True:
        found = [event for page in pages.paginate(logGroupName=group, startTime=newest) for event in page["events"]]
        new = [event for event in found if _identity(event) not in seen]
        seen |= set(map(_identity, new))
        newest = max((event["timestamp"] for event in found), default=newest)
        yield [event["message"].rstrip() for event in new]


def _identity(event: dict[str, Any]) -> tuple[Any, ...]:
    return event["timestamp"], event["logStreamName"], event["message"]


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
