"""Replaces single lines of the engine's functions."""

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any


class GoneError(RuntimeError):
    """The engine no longer has the line. Read its new version, and change or drop the patch."""


def replaced(source: str, line: str, by: str, *, where: str) -> str:
    """Returns `source` with one line, or a part of one, replaced with `by`. Raises GoneError."""
    if source.count(line) != 1:
        raise GoneError(f"{where} has {line!r} {source.count(line)} times")
    return source.replace(line, by)


def replace(module: ModuleType, function: str, line: str, by: str) -> None:
    """Replaces one line, or a part of one, in a function of a module with `by`. Raises GoneError."""
    before: Callable[..., Any] = getattr(module, function)
    source: str = getattr(before, "source", None) or inspect.getsource(before)
    source = replaced(source, line, by, where=f"{module.__name__}.{function}")
    # With empty lines above, a traceback names nearly the right line of the file.
    above = "\n" * (before.__code__.co_firstlineno - 1)
    exec(compile(above + source, inspect.getsourcefile(before) or "", "exec"), module.__dict__)
    getattr(module, function).source = source
