"""Conditional writes in one step.

On AWS a conditional write is one step. The engine checks the condition, then writes (`services/dynamodb.py`, in each
of WRITES). Workflows and requests run in separate threads. So two of them may find the same condition true, and a
reminder could be both sent and cancelled.
"""

import functools
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ministack.services import dynamodb

WRITES = ("_put_item", "_update_item", "_delete_item", "_transact_write_items")


def apply(module: ModuleType = dynamodb) -> None:
    """Makes each of the module's writes wait until the one before it has ended."""
    lock = threading.RLock()

    def one_at_a_time(write: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @functools.wraps(write)
        def locked(data: Any) -> Any:
            with lock:
                return write(data)

        return locked

    for name in WRITES:
        setattr(module, name, one_at_a_time(getattr(module, name)))
