"""Parses each JSONata expression once, and lets its evaluation take a second of the processor's time.

The engine (`services/stepfunctions.py:3088`) parses an expression at each evaluation, and makes a new parser for each
execution (`jsonata/jsonata.py:1932`). Both take longer than the evaluation.

It also ends an evaluation that began more than a second ago (`jsonata/timebox.py:75`). On a busy machine an evaluation
may wait that long for its turn, and a turned clock passes a second at once. And it reads the time twice at each part of
an expression.
"""

import functools
import itertools
import threading
import time
from typing import Any

from jsonata import jexception, parser
from jsonata.jsonata import Jsonata

KEPT = 2000
"""The most expressions that are kept. Our workflows have about 200."""
PARTS = 100
"""After so many parts of an expression the time is read. Reading it takes as long as evaluating a part."""


def apply(of: Any = Jsonata) -> None:
    """Gives all threads one parser that remembers what it has parsed, and counts a thread's time on the processor."""
    once, bounded = ParsesOnce(), of.Frame.set_runtime_bounds
    of.get_parser = staticmethod(lambda: once)

    def set_runtime_bounds(frame: Any, timeout: int | None, depth: int | None) -> None:
        if timeout is None or depth is not None:
            # The engine always gives a time, and no depth.
            bounded(frame, timeout, depth)
            return
        end, number = time.thread_time() + timeout / 1000, itertools.count(1)

        def begun(*_: Any) -> None:
            if not next(number) % PARTS and time.thread_time() > end:
                raise jexception.JException("D1012", -1, timeout)

        frame.set_evaluate_entry_callback(begun)
        # Otherwise each part looks for it in all frames.
        frame.set_evaluate_exit_callback(None)

    of.Frame.set_runtime_bounds = set_runtime_bounds


class ParsesOnce:
    """Takes the place of `jsonata.parser.Parser`. An evaluation only reads what it returns."""

    dbg = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parsed = functools.lru_cache(maxsize=KEPT)(lambda *arguments: parser.Parser().parse(*arguments))

    def parse(self, *arguments: Any) -> Any:
        with self._lock:
            return self._parsed(*arguments)
