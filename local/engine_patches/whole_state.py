"""State that says of itself that it is whole.

The engine saves its services one by one when it stops, and leaves out one that cannot be copied, since it changes
meanwhile (`core/persistence.py:201`). From outside nothing tells whether an engine that is gone has saved all that it
held, or was killed before.
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
"""How often all is saved at most. Between two times a change that was under way has come to its end."""


class Failures(logging.Handler):
    """Counts what the engine says of services that it could not save."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def apply() -> None:
    """Has the engine save until all is saved, and mark it."""
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
