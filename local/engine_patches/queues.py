"""Makes changes of a queue wait for each other.

On AWS no message is lost, and a message that is received is hidden from others in the same step. The engine's send adds
to the list of messages (`services/sqs.py:731`), while a receive or a delete of another thread replaces this list by a
copy (lines 830, 1133, 1402 and 2026): a message that was sent meanwhile is lost. Two receives may return one message
(line 1305).
"""

import functools
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ministack.services import sqs

ACTIONS = (
    *("_act_send_message", "_act_send_message_batch", "_act_delete_message", "_act_delete_message_batch"),
    *("_act_change_visibility", "_act_change_visibility_batch", "_act_purge_queue"),
)
STEPS = (
    *("_collect_msgs", "_dlq_sweep", "_expire_retained", "_refresh_counts"),
    *("_receive_messages_for_esm", "_delete_messages_for_esm"),
)


def apply(module: ModuleType = sqs) -> None:
    """Makes each of ACTIONS and STEPS wait until the one before it has ended."""
    lock = threading.RLock()

    def one_at_a_time(change: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(change)
        def locked(*arguments: Any) -> Any:
            with lock:
                return change(*arguments)

        return locked

    for name in (*ACTIONS, *STEPS):
        setattr(module, name, one_at_a_time(getattr(module, name)))
    for action, handler in module._HANDLERS.items():
        if handler.__name__ in ACTIONS:
            module._HANDLERS[action] = getattr(module, handler.__name__)
