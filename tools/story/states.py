"""The states that an execution entered, and how long it was in each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tools.story.logs import Line


@dataclass(frozen=True, kw_only=True)
class State:
    name: str
    entered: datetime
    left: datetime | None = None
    """None if the execution is in it now, or if it failed there."""

    error: str = ""

    @property
    def seconds(self) -> float | None:
        return (self.left - self.entered).total_seconds() if self.left else None


def of_history(events: Iterable[Mapping[str, Any]]) -> list[State]:
    """The states in the history of an execution."""
    return list(_states(_from_history(events)))


def of_log(lines: Iterable[Line]) -> list[State]:
    """The states in the log of a workflow. Empty if it logs only failures."""
    return list(_states((line.at, str(line.fields["type"]), _details(line)) for line in lines if _is_of_workflow(line)))


def _is_of_workflow(line: Line) -> bool:
    return "execution_arn" in line.fields and "type" in line.fields


def _details(line: Line) -> Mapping[str, Any]:
    details = line.fields.get("details")
    return details if isinstance(details, dict) else {}


def _from_history(events: Iterable[Mapping[str, Any]]) -> Iterator[tuple[datetime, str, Mapping[str, Any]]]:
    for event in events:
        details: Mapping[str, Any] = next((event[key] for key in event if key.endswith("EventDetails")), {})
        yield event["timestamp"], str(event["type"]), details


def _states(events: Iterable[tuple[datetime, str, Mapping[str, Any]]]) -> Iterator[State]:
    now: State | None = None
    for at, type, details in events:
        if type.endswith("StateEntered"):
            now = State(name=str(details.get("name")), entered=at)
        elif now and type.endswith("StateExited"):
            yield replace(now, left=at)
            now = None
        elif now and details.get("error"):
            # A retry follows, or a Catch, or the end.
            now = replace(now, error=str(details["error"]))
    if now:
        yield now
