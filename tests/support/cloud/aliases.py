"""Lets workflows call functions as a test has changed them. Workflows call the alias, which names a version."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def calling_the_latest(functions: Any, names: Iterable[str]) -> Iterator[None]:
    """Makes the alias of each of these functions call the function itself inside the block, with all its changes.

    `functions` is a client of Lambda. Functions without the alias stay unchanged.
    """
    usual = {
        name: alias["FunctionVersion"]
        for name in names
        for alias in functions.list_aliases(FunctionName=name)["Aliases"]
        if alias["Name"] == "live"
    }
    for name in usual:
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
    try:
        yield
    finally:
        for name, version in usual.items():
            functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
