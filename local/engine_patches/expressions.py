"""Parses each JSONata expression once, and lets its evaluation take a second of the processor's time.

The engine (`services/stepfunctions.py:3088`) parses an expression at each evaluation, and makes a new parser for each
execution (`jsonata/jsonata.py:1932`). Both take longer than the evaluation.

It also ends an evaluation that began more than a second ago (`jsonata/timebox.py:75`). On a busy machine an evaluation
may wait that long for its turn, and a turned clock passes a second at once.
"""

import functools
import threading
import time
from typing import Any

from jsonata import parser, timebox
from jsonata.jsonata import Jsonata

KEPT = 2000
"""The most expressions that are kept. Our workflows have about 200."""


def apply(of: Any = Jsonata) -> None:
    """Gives all threads one parser that remembers what it has parsed, and counts a thread's time on the processor."""
    once = ParsesOnce()
    of.get_parser = staticmethod(lambda: once)
    timebox.Timebox.current_milli_time = staticmethod(lambda: round(time.thread_time() * 1000))


class ParsesOnce:
    """Takes the place of `jsonata.parser.Parser`. An evaluation only reads what it returns."""

    dbg = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parsed = functools.lru_cache(maxsize=KEPT)(lambda *arguments: parser.Parser().parse(*arguments))

    def parse(self, *arguments: Any) -> Any:
        with self._lock:
            return self._parsed(*arguments)
