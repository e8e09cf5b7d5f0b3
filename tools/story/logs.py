"""Reads the lines about one thing from the log groups of a stack, with CloudWatch Logs Insights."""

import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from terminal.errors import CommandError
from tools.deployment import Deployment

AROUND = timedelta(minutes=15)
"""How long before and after a time of the row the logs are read. Events may be written six minutes late."""

USD_PER_GB = 0.005
"""https://aws.amazon.com/cloudwatch/pricing/, Logs Insights in us-east-1."""

MOST = 1000
"""The most lines that one query returns."""

MOST_GROUPS = 50
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html"""

QUERY_SECONDS = 120
POLL_SECONDS = 0.5
ENDED = ("Complete", "Failed", "Cancelled", "Timeout", "Unknown")

Span = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a log: JSON, as our functions, Lambda, API Gateway and Step Functions write it."""

    at: datetime
    source: str
    """The function, API or workflow that wrote it, by its construct id."""

    fields: dict[str, Any]

    def text(self, name: str) -> str | None:
        value = self.fields.get(name)
        return value if isinstance(value, str) and value else None


@dataclass(frozen=True, kw_only=True)
class Found:
    """The lines, oldest first, and the bytes that AWS bills for looking."""

    lines: list[Line]
    bytes: float = 0
    is_complete: bool = True
    """False if there were more lines than MOST."""


def spans(times: Iterable[datetime], *, now: datetime, whole: bool) -> list[Span]:
    """The spans of time around `times`, merged and in order. If `whole`, one span from the first time until now."""
    known = sorted(times)
    if not known:
        return []
    if whole:
        return [(known[0] - AROUND, now)]
    found: list[Span] = []
    for begin, end in ((at - AROUND, min(at + AROUND, now)) for at in known if at - AROUND < now):
        if found and begin <= found[-1][1]:
            begin, end = found[-1][0], max(end, found.pop()[1])
        found.append((begin, end))
    return found


def read(
    deployment: Deployment,
    stack: str,
    ids: Sequence[str],
    within: Sequence[Span],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Found:
    """The lines of the stack's log groups that contain one of `ids`. Raises CommandError if a query fails."""
    groups = deployment.log_groups(stack)
    pattern = "|".join(re.escape(id).replace("/", r"\/") for id in ids)
    query = f"fields @timestamp, @message, @log | filter @message like /{pattern}/ | sort @timestamp | limit {MOST}"
    lines: list[Line] = []
    scanned, complete = 0.0, True
    names = sorted(groups)
    for begin, end in within:
        for first in range(0, len(names), MOST_GROUPS):
            answer = _answer(deployment.client("logs"), query, names[first : first + MOST_GROUPS], begin, end, pause)
            scanned += answer.get("statistics", {}).get("bytesScanned", 0)
            complete = complete and len(answer["results"]) < MOST
            lines += filter(None, (_line(row, groups) for row in answer["results"]))
    return Found(lines=sorted(lines, key=lambda line: line.at), bytes=scanned, is_complete=complete)


def _answer(
    client: Any, query: str, groups: list[str], begin: datetime, end: datetime, pause: Callable[[float], None]
) -> dict[str, Any]:
    id = client.start_query(
        logGroupNames=groups, startTime=int(begin.timestamp()), endTime=int(end.timestamp()) + 1, queryString=query
    )["queryId"]
    deadline = time.monotonic() + QUERY_SECONDS
    while True:
        answer: dict[str, Any] = client.get_query_results(queryId=id)
        if answer["status"] in ENDED:
            break
        if time.monotonic() > deadline:
            raise CommandError("Logs Insights did not answer within two minutes: run the command again")
        pause(POLL_SECONDS)
    if answer["status"] != "Complete":
        raise CommandError(f"Logs Insights ended the query as {answer['status']}: run the command again")
    return answer


def _line(row: list[dict[str, str]], groups: dict[str, str]) -> Line | None:
    """A result of Logs Insights. None for a line that is not JSON, such as the engine's own about a call."""
    found = {field["field"]: field["value"] for field in row}
    try:
        fields = json.loads(found["@message"])
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    # AWS writes `ACCOUNT:GROUP`.
    group = found.get("@log", "").partition(":")[2] or found.get("@log", "")
    return Line(at=_time(fields, found["@timestamp"]), source=groups.get(group, group), fields=fields)


def _time(fields: dict[str, Any], written: str) -> datetime:
    """When the line was written: its own time if it has one, otherwise the time at which CloudWatch got it."""
    try:
        if "event_timestamp" in fields:
            return datetime.fromtimestamp(int(fields["event_timestamp"]) / 1000, UTC)
        return datetime.fromisoformat(str(fields["timestamp"]))
    except (KeyError, ValueError):
        return datetime.fromisoformat(written).replace(tzinfo=UTC)
