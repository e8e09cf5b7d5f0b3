"""Makes streams continue after a restart, and functions wait for the batching window of their stream.

The engine saves how far each function has read a table's stream (`services/lambda_svc.py:650`), but not the stream
(`get_state` in `services/dynamodb.py:126`). After a restart the stream is empty, and the saved position is far beyond
its end. So the engine does not call the functions for thousands of changes.

The engine also waits 50 ms after it has looked for changes and found none (`services/lambda_svc.py:7484`). Any message
in any queue makes it look.

It ignores `MaximumBatchingWindowInSeconds` (`services/lambda_svc.py:7928`): it calls the function for each change.

A filter that asks for a missing field within an object matches no record that lacks the object
(`services/lambda_svc.py:3726`). On AWS it matches.
"""

import copy
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeAlias

from ministack.services import dynamodb, lambda_svc

KEPT = ("_stream_records", "_stream_trimmed")

Match: TypeAlias = Callable[[dict[str, Any], Any], bool]
"""Whether a filter's pattern matches a record."""


def apply(module: ModuleType = dynamodb) -> None:
    """Makes the engine save the records of streams, too, and read them at once."""
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0
    lambda_svc._match_esm_filter = matching(lambda_svc._match_esm_filter)
    kept_before, restore, every = module.get_state, module.load_persisted_state, lambda_svc._iter_all_esms

    def get_state() -> dict[str, Any]:
        return {**kept_before(), **{name: copy.deepcopy(getattr(module, name)) for name in KEPT}}

    def load_persisted_state(data: dict[str, Any]) -> None:
        restore(data)
        for name in KEPT:
            getattr(module, name).update((data or {}).get(name, {}))

    def without_waiting() -> Iterator[tuple[str, str, dict[str, Any]]]:
        yield from (found for found in every() if not waits(found[2]))

    lambda_svc._iter_all_esms = without_waiting
    # To mypy a module has only what it defines; MiniStack has no types.
    module.get_state, module.load_persisted_state = get_state, load_persisted_state  # type: ignore[attr-defined]


def matching(match: Match) -> Match:
    """Matches as `match` does, and also a pattern that only asks for missing fields of a missing object."""

    def matched(record: dict[str, Any], pattern: Any) -> bool:
        missing = [name for name, inner in pattern.items() if name not in record and _asks_for_nothing(inner)]
        return match(record, {name: inner for name, inner in pattern.items() if name not in missing})

    return matched


def _asks_for_nothing(pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return all(map(_asks_for_nothing, pattern.values()))
    return bool(pattern == [{"exists": False}])


def waits(mapping: dict[str, Any]) -> bool:
    """Whether a function's window is still open: the next change of its stream is not older than the window.

    On AWS a full batch also ends the window.
    """
    if not _window(mapping):
        return False
    ends = closes(mapping)
    return ends is None or time.time() < ends


def closes(mapping: dict[str, Any]) -> float | None:
    """When a function's window ends, in seconds since 1970. None if it has no window, or its stream no change."""
    if not (window := _window(mapping)):
        return None
    table = mapping["EventSourceArn"].partition("/stream/")[0].rpartition("/")[2]
    position = lambda_svc._dynamodb_stream_positions.get(mapping["UUID"], 0)
    following = dynamodb.stream_records_since(table, position, 1)
    return float(following[0]["dynamodb"]["ApproximateCreationDateTime"] + window) if following else None


def _window(mapping: dict[str, Any]) -> float:
    window = mapping.get("MaximumBatchingWindowInSeconds")
    return float(window) if window and ":dynamodb:" in mapping.get("EventSourceArn", "") else 0
