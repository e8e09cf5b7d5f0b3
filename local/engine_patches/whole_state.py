"""Saves all services as they are at the same moment, and marks the saved state as complete.

When the engine stops, it saves its services one by one, while its executions go on. So an order could be in the saved
row but not in the saved queue. The engine leaves out a service that changes meanwhile, because it cannot copy it
(`core/persistence.py:201`). Without a mark, the commands cannot tell whether a stopped engine has saved everything or
was killed before.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ministack.core import persistence
from ministack.services import cloudformation

WHOLE = "whole"
"""Name of the file beside the folder of the state, which `local.saved` reads."""

ALONE_SECONDS = 5
"""For how long Python lets a thread run without a switch. Copying all services takes about a second."""
SETTLE_SECONDS = 0.05
"""Ten times Python's usual switch interval, so that each waiting thread has begun to wait for ALONE_SECONDS."""

TIMES = 5
"""The most attempts to save everything. A change in progress ends before the next attempt."""


class Failures(logging.Handler):
    """Counts the log entries about services that the engine could not save."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def apply() -> None:
    """Makes the engine save until everything is saved, and then leave the mark."""
    from ministack import app

    app.save_all = marked(app.save_all)


def marked(save_all: Callable[[Any], None]) -> Callable[[Any], None]:
    def save(services: Any) -> None:
        for _ in range(TIMES):
            failures = Failures()
            persistence.logger.addHandler(failures)
            save_all(at_one_moment(services))
            persistence.logger.removeHandler(failures)
            if not failures.count:
                (Path(persistence.STATE_DIR).parent / WHOLE).write_text(json.dumps(_stacks_on_their_way()))
                return

    return save


def at_one_moment(services: Mapping[str, Callable[[], Any]]) -> dict[str, Callable[[], Any]]:
    """Takes the states of all services while no other thread runs. Returns functions that return or raise the same."""
    with alone():
        return {name: _taken(get_state) for name, get_state in services.items()}


@contextmanager
def alone() -> Iterator[None]:
    """Lets no other thread of this process run inside the block, unless the block itself waits."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(ALONE_SECONDS)
    try:
        time.sleep(SETTLE_SECONDS)
        yield
    finally:
        sys.setswitchinterval(usual)


def _taken(get_state: Callable[[], Any]) -> Callable[[], Any]:
    try:
        state = get_state()
    except Exception as error:  # the engine logs it, and saves again
        failure = error

        def again() -> Any:
            raise failure

        return again
    return lambda: state


def _stacks_on_their_way() -> list[str]:
    return [
        stack["StackName"]
        for stack in cloudformation._stacks.all_values()
        if stack["StackStatus"].endswith("_IN_PROGRESS") and stack["StackStatus"] != "REVIEW_IN_PROGRESS"
    ]
