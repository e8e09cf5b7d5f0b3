"""Makes streams continue after a restart, and functions wait for the batching window of their stream.

The engine saves how far each function has read a table's stream (`services/lambda_svc.py:650`), but not the stream
(`get_state` in `services/dynamodb.py:126`). After a restart the stream is empty, and the saved position is far beyond
its end. So the engine does not call the functions for thousands of changes.

The engine also waits 50 ms after it has looked for changes and found none (`services/lambda_svc.py:7484`). Any message
in any queue makes it look.

It ignores `MaximumBatchingWindowInSeconds` (`services/lambda_svc.py:7928`): it calls the function for each change.
"""

import copy
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from ministack.services import dynamodb, lambda_svc

KEPT = ("_stream_records", "_stream_trimmed")


def apply(module: ModuleType = dynamodb) -> None:
    """Makes the engine save the records of streams, too, and read them at once."""
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0
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


def waits(mapping: dict[str, Any]) -> bool:
    """Whether a function's window is still open: the next change of its stream is not older than the window.

    On AWS a full batch also ends the window.
    """
    window = mapping.get("MaximumBatchingWindowInSeconds")
    source = mapping.get("EventSourceArn", "")
    if not window or ":dynamodb:" not in source:
        return False
    table = source.partition("/stream/")[0].rpartition("/")[2]
    position = lambda_svc._dynamodb_stream_positions.get(mapping["UUID"], 0)
    following = dynamodb.stream_records_since(table, position, 1)
    return not following or time.time() < following[0]["dynamodb"]["ApproximateCreationDateTime"] + window
