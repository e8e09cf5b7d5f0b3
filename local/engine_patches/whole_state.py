"""Marks the saved state as complete.

When the engine stops, it saves its services one by one. It leaves out a service that changes meanwhile, because it
cannot copy it (`core/persistence.py:201`). Without a mark, the commands cannot tell whether a stopped engine has saved
everything or was killed before.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import persistence
from ministack.services import cloudformation

WHOLE = "whole"
"""Name of the file beside the folder of the state, which `local.saved` reads."""

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
            save_all(services)
            persistence.logger.removeHandler(failures)
            if not failures.count:
                (Path(persistence.STATE_DIR).parent / WHOLE).write_text(json.dumps(_stacks_on_their_way()))
                return

    return save


def _stacks_on_their_way() -> list[str]:
    return [
        stack["StackName"]
        for stack in cloudformation._stacks.all_values()
        if stack["StackStatus"].endswith("_IN_PROGRESS") and stack["StackStatus"] != "REVIEW_IN_PROGRESS"
    ]
