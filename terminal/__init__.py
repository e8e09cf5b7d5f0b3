"""Shared by all command lines of the project: how they run and end, their errors and their tables."""

import sys
from types import TracebackType


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Handles Ctrl-C during imports, when `program.run` cannot handle it yet."""
    if issubclass(kind, KeyboardInterrupt):
        print("error: interrupted", file=sys.stderr)
        raise SystemExit(130)
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _end
