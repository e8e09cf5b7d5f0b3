"""Replaces single lines of the engine's functions."""

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any


class GoneError(RuntimeError):
    """The engine has the line no more: its new version has to be read, and the patch changed or dropped."""


def replace(module: ModuleType, function: str, line: str, by: str) -> None:
    """Puts `by` in the place of one line, or of a part of one, of a function of a module. Raises GoneError."""
    of_the_engine: Callable[..., Any] = getattr(module, function)
    source = inspect.getsource(of_the_engine)
    if source.count(line) != 1:
        raise GoneError(f"{module.__name__}.{function} has {line!r} {source.count(line)} times")
    file, number = inspect.getsourcefile(of_the_engine), of_the_engine.__code__.co_firstlineno
    # Empty lines before it: a traceback then names the lines of the file.
    exec(compile("\n" * (number - 1) + source.replace(line, by), file or "", "exec"), module.__dict__)
