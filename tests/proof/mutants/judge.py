"""Runs tests against mutants in a warm process: pytest has collected the tests, and each mutant gets a fork of it.

The fork makes its change in memory, runs the tests that can see it, and stops at the first failure. No file
changes. See decision D255.
"""

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

KILLED, SURVIVED, STOPPED = "killed", "survived", "stopped"
LEAST_SECONDS, MOST_SECONDS = 20, 90
"""The processor seconds and the seconds after which a fork is stopped: its mutant runs for ever, or waits for ever."""
IMPORTED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
"""A warning about packages that a fork has from its parent."""
WIDE_SECONDS = 5.0
"""Each mutant gets tests for about as many seconds, the nearest tests first."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant. `by` names the test that failed."""

    result: str
    by: str = ""


def forked(work: Callable[[], Any], *, seconds: float = MOST_SECONDS, cpu: int = 0) -> Any:
    """Returns what `work` returns in a fork of this process, or None if the fork dies or takes too long.

    The fork has a process group of its own, and all of the group's processes are killed at the end.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.setpgid(0, 0)
            os.close(reading)
            if cpu:
                resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
            try:
                data = json.dumps(work()).encode()
            except Exception:
                data = json.dumps({"error": traceback.format_exc()}).encode()
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(data)
        os._exit(0)
    with contextlib.suppress(OSError):
        os.setpgid(child, child)
    os.close(writing)
    found = _read(reading, time.monotonic() + seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    made = json.loads(found) if found else None
    if isinstance(made, dict) and "error" in made:
        raise RuntimeError(made["error"])
    return made


def _read(pipe: int, until: float) -> bytes:
    parts: list[bytes] = []
    try:
        while (left := until - time.monotonic()) > 0:
            if select.select([pipe], [], [], left)[0]:
                if not (part := os.read(pipe, 1 << 20)):
                    return b"".join(parts)
                parts.append(part)
        return b""
    finally:
        os.close(pipe)


class Loop:
    """A plugin of pytest that runs `work` where pytest would run the tests that it has collected."""

    def __init__(self, work: Callable[["Loop"], None]) -> None:
        self._work = work
        self.items: list[pytest.Item] = []
        self.stay = False
        """Whether the fixtures of the session stay when a run of tests is over."""

    def pytest_sessionstart(self) -> None:
        from hypothesis import Phase, settings

        # A failure is enough here: nobody reads its smallest example. Equal examples make equal verdicts.
        settings.register_profile(
            "mutants",
            settings(),
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            database=None,
            derandomize=True,
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = session.items
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        try:
            self._work(self)
        except Exception:
            # pytest would keep it to itself.
            traceback.print_exc()
            raise
        return True

    def run(
        self,
        items: Sequence[pytest.Item],
        *,
        each: Callable[[pytest.Item, float], None] | None = None,
        failing: list[pytest.Item] | None = None,
    ) -> str:
        """Runs tests until one fails. Returns its name, or "" if all pass. With `failing`, it collects the failing
        tests there and goes on."""
        from _pytest.runner import runtestprotocol

        if not items:
            return ""
        # pytest ends the fixtures that the following test does not need.
        last = next((one for one in self.items if one is not items[-1]), None) if self.stay else None
        for item, following in zip(items, [*items[1:], last], strict=True):
            begun = time.perf_counter()
            reports = runtestprotocol(item, log=False, nextitem=following)
            if each:
                each(item, time.perf_counter() - begun)
            failed = next((one for one in reports if one.failed), None)
            if failed and failing is not None:
                failing.append(item)
            elif failed:
                if not self.stay:
                    with contextlib.suppress(BaseException):
                        item.session._setupstate.teardown_exact(None)
                return f"{item.nodeid} ({failed.when})"
        return ""


def pytest_run(paths: Iterable[str], plugin: object, *options: str) -> int:
    """Runs pytest in this process, without its output."""
    plugins = ("randomly", "cacheprovider", "terminal", "faulthandler")
    arguments = ["-o", "addopts=--import-mode=importlib", "--capture=sys", "-W", IMPORTED, "-m", "not long", *options]
    for name in plugins:
        arguments += ["-p", f"no:{name}"]
    return int(pytest.main([*arguments, *paths], plugins=[plugin]))


def spread(items: Iterable[pytest.Item], seconds: dict[str, float], near: Callable[[str], int]) -> list[pytest.Item]:
    """The tests for one mutant: the tests of the nearest file first, then the others, one of each file in turn.

    `near` ranks a test file; 0 is the file that is named after the mutated module.
    """
    by_file: dict[str, list[pytest.Item]] = {}
    for item in sorted(items, key=lambda one: seconds.get(one.nodeid, 0.1)):
        by_file.setdefault(item.nodeid.partition("::")[0], []).append(item)
    chosen: list[pytest.Item] = []
    spent = 0.0
    for file in [file for file in by_file if near(file) == 0]:
        chosen += by_file.pop(file)
    rows = [by_file[file] for file in sorted(by_file, key=near)]
    place = 0
    while rows and spent < WIDE_SECONDS:
        for row in rows:
            chosen.append(row[place])
            spent += seconds.get(row[place].nodeid, 0.1)
        place += 1
        rows = [row for row in rows if len(row) > place]
    return chosen


def adaptive(
    loop: Loop,
    mutants: Sequence[Any],
    seconds: dict[str, float],
    apply: Callable[[Any], None],
    sees: Callable[[pytest.Item, Any], bool] = lambda item, mutant: True,
) -> Iterator[tuple[Any, Verdict]]:
    """Judges mutants of documents: the tests that have killed most come first. `sees` says whether a test may see one.

    Raises RuntimeError if a test that notices a mutant also fails in a fork without any mutant.
    """
    kills: Counter[str] = Counter()
    alike: Counter[tuple[str, str]] = Counter()
    for mutant in mutants:
        kind = str(getattr(mutant, "group", ""))

        def cost(one: pytest.Item, kind: str = kind) -> float:
            return seconds.get(one.nodeid, 1.0) / (1 + 20 * kills[one.nodeid] + 200 * alike[kind, one.nodeid])

        # The quickest of all for a kill comes first. A test that has noticed mutants of the group is likely to do it
        # again.
        items = sorted((item for item in loop.items if sees(item, mutant)), key=cost)

        def work(mutant: Any = mutant, items: list[pytest.Item] = items) -> Any:
            apply(mutant)
            return [loop.run(items)]

        verdict = verdict_of(forked(work, seconds=600, cpu=300))
        if verdict.result == KILLED and not kills[verdict.by]:
            _check_without_a_mutant(loop, verdict.by)
        kills[verdict.by] += verdict.result == KILLED
        alike[kind, verdict.by] += verdict.result == KILLED
        report(mutant.name, verdict)
        yield mutant, verdict


def _check_without_a_mutant(loop: Loop, name: str) -> None:
    """Raises RuntimeError if a test by itself fails in a fork without any mutant: it would notice every mutant."""
    items = [item for item in loop.items if item.nodeid == name]
    if (failed := forked(lambda: [loop.run(items)], seconds=600)) != [""]:
        raise RuntimeError(f"a test fails in a fork without any mutant: {failed}")


def verdict_of(answer: Any) -> Verdict:
    """The verdict of a fork that answers with a list of the test that failed, or "" if none failed."""
    match answer:
        case None:
            return Verdict(STOPPED)
        case [""]:
            return Verdict(SURVIVED)
        case [str(test)]:
            return Verdict(KILLED, test.rpartition(" (")[0])
    raise ValueError(answer)


def report(name: str, verdict: Verdict) -> None:
    """Writes into the log of the part how far it is, and names survivors at once."""
    print(verdict.result, name, verdict.by, file=sys.stderr, flush=True)
