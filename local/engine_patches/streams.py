"""Makes streams continue after a restart.

The engine saves how far each function has read a table's stream (`services/lambda_svc.py:650`), but not the stream
(`get_state` in `services/dynamodb.py:126`). After a restart the stream is empty, and the saved position is far beyond
its end. So the engine does not call the functions for thousands of changes.

The engine also waits 50 ms after it has looked for changes and found none (`services/lambda_svc.py:7484`). Any message
in any queue makes it look.
"""

import copy
from types import ModuleType
from typing import Any

from ministack.services import dynamodb, lambda_svc

KEPT = ("_stream_records", "_stream_trimmed")


def apply(module: ModuleType = dynamodb) -> None:
    """Makes the engine save the records of streams, too, and read them at once."""
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0
    kept_before, restore = module.get_state, module.load_persisted_state

    def get_state() -> dict[str, Any]:
        return {**kept_before(), **{name: copy.deepcopy(getattr(module, name)) for name in KEPT}}

    def load_persisted_state(data: dict[str, Any]) -> None:
        restore(data)
        for name in KEPT:
            getattr(module, name).update((data or {}).get(name, {}))

    # To mypy a module has only what it defines; MiniStack has no types.
    module.get_state, module.load_persisted_state = get_state, load_persisted_state  # type: ignore[attr-defined]
