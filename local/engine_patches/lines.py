"""Replaces single lines of the engine's functions."""

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any


class GoneError(RuntimeError):
    """The engine has the line no more: its new version has to be read, and the patch changed or dropped."""


def replace(module: ModuleType, function: str, line: str, by: str) -> None:
    """Puts `by` in the place of one line, or of a part of one, of a function of a module. Raises GoneError."""
    before: Callable[..., Any] = getattr(module, function)
    source: str = getattr(before, "source", None) or inspect.getsource(before)
    if source.count(line) != 1:
        raise GoneError(f"{module.__name__}.{function} has {line!r} {source.count(line)} times")
    source = source.replace(line, by)
    # Empty lines before it: a traceback then names a line that is near in the file.
    above = "\n" * (before.__code__.co_firstlineno - 1)
    exec(compile(above + source, inspect.getsourcefile(before) or "", "exec"), module.__dict__)
    getattr(module, function).source = source
