"""Turns the clock of a whole Python process: its system time is the real time and some nanoseconds more.

`time.time`, `datetime.now` and their relatives follow in every module, but not a name that a module bound with
`from time import time` before the first turn. `time.monotonic`, `time.perf_counter`, sleeping
and timeouts keep the real time. A process whose clock was never turned runs Python's own functions.

The engine and the processes of functions use it. They may run different versions of Python, so this module needs
nothing but the standard library. See decision D257.
"""

import ctypes
import datetime
import gc
import time
from collections.abc import Callable
from typing import Any

SECOND = 1_000_000_000

LATEST = 7_258_118_400 * SECOND
"""The beginning of 2200. Some programs cannot represent all times that Python can."""

FASTEST = 100_000
"""How many times as fast as the real time a clock may run."""

real_ns = time.time_ns
"""The real time in nanoseconds since 1970."""

_ahead = 0


def ahead() -> int:
    """How many nanoseconds this process's clock is ahead of the real time."""
    return _ahead


def turn(nanoseconds: int) -> None:
    """Makes this process's clock so many nanoseconds ahead of the real time."""
    global _ahead
    if nanoseconds and time.time_ns is real_ns:
        _install()
    _ahead = nanoseconds


def now_ns() -> int:
    """The time of this process's clock in nanoseconds since 1970."""
    return real_ns() + _ahead


def _now() -> float:
    return now_ns() / SECOND


def _install() -> None:
    """Replaces Python's functions that return the system time, or use it if they get no time."""
    of_a_time = {name: getattr(time, name) for name in ("gmtime", "localtime", "ctime")}
    for name, before in of_a_time.items():
        setattr(time, name, _with_default(before))
    strftime, asctime, clock_gettime, clock_gettime_ns = (
        *(time.strftime, time.asctime),
        *(time.clock_gettime, time.clock_gettime_ns),
    )
    realtime = time.CLOCK_REALTIME

    def now(cls: type[datetime.datetime], tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return cls.fromtimestamp(_now(), tz)

    def utcnow(cls: type[datetime.datetime]) -> datetime.datetime:
        return cls.fromtimestamp(_now(), datetime.UTC).replace(tzinfo=None)

    time.strftime = lambda form, at=None: strftime(form, time.localtime() if at is None else at)
    time.asctime = lambda at=None: asctime(time.localtime() if at is None else at)
    time.clock_gettime = lambda clock: _now() if clock == realtime else clock_gettime(clock)
    time.clock_gettime_ns = lambda clock: now_ns() if clock == realtime else clock_gettime_ns(clock)
    time.time = _now
    time.time_ns = now_ns
    # Nobody can replace the class: modules have imported it, and test for it. So its own methods are replaced.
    methods = gc.get_referents(datetime.datetime.__dict__)[0]
    methods |= {"now": classmethod(now), "utcnow": classmethod(utcnow)}
    # Python remembers methods that it has looked up.
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))


def _with_default(before: Callable[[float], Any]) -> Callable[..., Any]:
    return lambda seconds=None: before(_now() if seconds is None else seconds)
