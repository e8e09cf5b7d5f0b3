"""One thing that happened to an order or a reminder."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tools.story.logs import Line
from tools.story.states import State

IDS = ("OrderId", "ReminderId", "ExecutionId", "RequestId", "requestId")
SHOWN = (
    *("By", "Outcome", "Reasons", "Status", "Code", "Problems", "Reason", "Fields", "Kind", "Detail", "Occurrence"),
    *("DueAt", "Queue", "Moved", "Failed", "Call", "Error", "Cache", "errorType"),
)
"""The fields of a line that a story shows. All others stay in the log."""

SEEN = ("WARN", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What happened at a time, how long it took, and what else is known."""

    at: datetime
    what: str
    seconds: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def time_in(row: Mapping[str, Any], name: str) -> datetime | None:
    """A time of a row; None if it is missing or is not a time."""
    try:
        found = datetime.fromisoformat(str(row[name]))
    except (KeyError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def of_states(states: Iterable[State]) -> Iterator[Moment]:
    for state in states:
        details = {"Error": state.error} if state.error else {}
        now = "" if state.left or state.error else ", now"
        yield Moment(at=state.entered, what=f"state: {state.name}{now}", seconds=state.seconds, details=details)


def of_line(line: Line, *, request_id: str | None) -> Moment | None:
    """What a line says. None if the states say it already, or if it says nothing to people."""
    fields = line.fields
    details = {name: fields[name] for name in SHOWN if fields.get(name) not in (None, "")}
    if (id := fields.get("RequestId")) and id != request_id:
        details["RequestId"] = id
    if "execution_arn" in fields or "_aws" in fields and "message" not in fields:
        return None
    if "resourcePath" in fields:
        return _of_access_log(line)
    message = line.text("message") or line.text("errorMessage")
    if message is None:
        return None
    if fields.get("level") in SEEN:
        return Moment(at=line.at, what=f"{line.source}: {message}", details=details)
    seconds = next((fields[name] for name in ("Seconds", "SecondsLate") if _is_number(fields.get(name))), None)
    if _is_number(fields.get("Milliseconds")):
        seconds = fields["Milliseconds"] / 1000
    return Moment(at=line.at, what=message, seconds=seconds, details=details)


def _of_access_log(line: Line) -> Moment:
    fields = line.fields
    took = str(fields.get("responseLatency", ""))
    return Moment(
        at=line.at,
        what=f"{fields.get('httpMethod')} {fields['resourcePath']} was answered {fields.get('status')}",
        seconds=int(took) / 1000 if took.isascii() and took.isdecimal() else None,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
