"""Makes changes of a queue wait for each other, and shows messages again after a start.

On AWS no message is lost, and a message that is received is hidden from others in the same step. The engine's send adds
to the list of messages (`services/sqs.py:731`), while a receive or a delete of another thread replaces this list by a
copy (lines 830, 1133, 1402 and 2026): a message that was sent meanwhile is lost. Two receives may return one message
(line 1305).

On AWS a queue never stops. The engine saves when each message becomes visible again, and restores this time when it
starts (`services/sqs.py:78`). But a stop also ends the functions that had received messages, so nobody works on these
messages any more. Without the patch they would stay hidden until their visibility timeout is over.
"""

import functools
import threading
import time
from collections.abc import Callable
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


def apply(module: Any = sqs) -> None:
    """Makes each of ACTIONS and STEPS wait until the one before it has ended, and shows restored messages."""
    module.load_persisted_state = shown_again(module.load_persisted_state, module)
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


def shown_again(load: Callable[[Any], None], module: Any) -> Callable[[Any], None]:
    """Returns `load`, changed to make the restored messages visible that somebody had received.

    Messages that nobody has received yet keep the delay that they were sent with.
    """

    @functools.wraps(load)
    def loaded(state: Any) -> None:
        load(state)
        for queue in module._queues.all_values():
            for message in queue["messages"]:
                if message.get("receive_count"):
                    message["visible_at"] = time.time()

    return loaded
