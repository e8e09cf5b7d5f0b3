"""A story: what happened, in order, and how it is printed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from terminal import times
from terminal.text import printable
from tools.show import Column, Columns, Output
from tools.story.logs import USD_PER_GB, Found
from tools.story.moments import Moment

COLUMNS: Columns = {"when": Column("when", "time"), "took": Column("took", "time"), "what": "what happened"}


@dataclass(frozen=True, kw_only=True)
class Story:
    id: str
    status: str
    moments: Sequence[Moment]
    found: Found
    notes: Sequence[str] = field(default_factory=list)

    @property
    def in_order(self) -> list[Moment]:
        # Things that happened in the same millisecond stay in the order in which they are known.
        return sorted(self.moments, key=lambda moment: moment.at)


def show(story: Story, output: Output, *, is_free: bool) -> int:
    """Prints a story: a table for people, or one object for programs. `is_free` leaves out what the logs cost."""
    if output.as_json:
        output.fields(_as_json(story))
        return 0
    output.say(f"{printable(story.id)}: {printable(story.status)}")
    now = datetime.now(UTC)
    rows = [
        {
            "when": times.local(moment.at.isoformat(), now=now, milliseconds=True),
            "took": f"{moment.seconds:,.3f} s" if moment.seconds is not None else None,
            "what": [moment.what, *(f"{_label(name)} {_text(value)}" for name, value in moment.details.items())],
        }
        for moment in story.in_order
    ]
    output.rows(rows, COLUMNS, nothing="nothing is known about it")
    for note in _notes(story, is_free=is_free):
        output.say(note)
    return 0


def _notes(story: Story, *, is_free: bool) -> list[str]:
    notes = list(story.notes)
    if not story.found.is_complete:
        notes.append("The logs have more lines about it than one query returns.")
    if not is_free:
        gigabytes = story.found.bytes / 1e9
        notes.append(
            f"Logs Insights read {gigabytes * 1000:,.1f} MB around these times, for {gigabytes * USD_PER_GB:.4f} US "
            "dollars. --whole reads the whole time."
        )
    return notes


def _as_json(story: Story) -> dict[str, Any]:
    return {
        "id": story.id,
        "status": story.status,
        "events": [
            {
                "at": moment.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "what": moment.what,
                "seconds": moment.seconds,
                "details": dict(moment.details),
            }
            for moment in story.in_order
        ],
        "notes": list(story.notes),
        "bytesScanned": int(story.found.bytes),
    }


def _label(name: str) -> str:
    """`request` for `RequestId`, and `due at` for `DueAt`."""
    words = re.findall("[A-Z]?[a-z]+", name)
    return " ".join(word.lower() for word in words if word != "Id") or name


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
