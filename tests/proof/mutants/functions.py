"""Mutants of the functions' code, and the tests that can see each of them."""

import builtins
import functools
import gc
import importlib.abc
import importlib.util
import sys
import threading
import types
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from tests.proof.mutants.judge import SURVIVED, Loop, Verdict, forked, pytest_run, report, spread, verdict_of
from tests.proof.mutants.operators import Mutant, instrumented, mutants_of

ROOT = Path(__file__).parents[3]
TESTS = ("tests/lambdas",)
Key = tuple[str, str, int]
"""The file, the qualified name and the first line of a function."""


def files() -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("lambdas/*/*.py"))


def group(file: str) -> str:
    return file.split("/")[1]


class Code:
    """The syntax trees of the functions' code, their mutants, and the functions that Python has made of them."""

    def __init__(self, wanted: Iterable[str]) -> None:
        made = {file: mutants_of(ROOT, file) for file in wanted}
        self.trees = {file: tree for file, (tree, _) in made.items()}
        self.mutants = [mutant for _, mutants in made.values() for mutant in mutants]
        self.functions: dict[Key, list[types.FunctionType]] = {}

    def find_functions(self) -> None:
        self.functions = defaultdict(list)
        for one in gc.get_objects():
            if isinstance(one, types.FunctionType) and one.__code__.co_filename.startswith(f"{ROOT}/lambdas/"):
                self.functions[_key(one.__code__)].append(one)

    def swap(self, file: str, tree: Any) -> bool:
        """Gives all functions of a file their code in `tree`. Returns whether that was possible."""
        swaps = []
        codes = defaultdict(list)
        for code in _codes(compile(tree, str(ROOT / file), "exec")):
            codes[_key(code)].append(code)
        for key, made in codes.items():
            for function in self.functions.get(key, ()):
                if len(made) > 1:
                    return False
                if made[0].co_freevars != function.__code__.co_freevars:
                    return False
                swaps.append((function, made[0]))
        for function, code in swaps:
            function.__code__ = code
        return True


def _key(code: types.CodeType) -> Key:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield one
            yield from _codes(one)


class Judge:
    """Judges mutants: first which tests reach each statement, then which test fails for each mutant."""

    def __init__(self, code: Code, mutants: Sequence[Mutant], tests: Sequence[str] = TESTS) -> None:
        self.code = code
        self.tests = tests
        self.mutants = mutants
        self.verdicts: dict[str, Verdict] = {}
        self.reached: dict[tuple[str, int], list[str]] = {}
        self.seconds: dict[str, float] = {}
        self.packages: list[str] = []
        self.failed = ""

    def record(self, mutant: Mutant, verdict: Verdict) -> None:
        self.verdicts[mutant.name] = verdict
        report(mutant.name, verdict)

    def in_functions(self, loop: Loop) -> None:
        """Judges the mutants of code that runs in tests, by swapping the code of functions."""
        self.code.find_functions()
        items = {item.nodeid: item for item in loop.items}
        found = forked(lambda: self._baseline(loop), seconds=7200)
        self.failed = found["failed"]
        self.seconds = found["seconds"]
        self.reached = {(file, number): tests for file, number, tests in found["reached"]}
        self.packages = [name for name, module in sys.modules.items() if _is_package(module)]
        if self.failed:
            return
        self._warm(loop)
        gc.collect()
        gc.freeze()
        for mutant in self.mutants:
            if mutant.statement is None:
                continue
            tests = self.reached.get((mutant.file, mutant.statement), [])
            chosen = spread([items[one] for one in tests], self.seconds, functools.partial(near, mutant.file))
            verdict = self._judge(loop, mutant, chosen)
            if verdict:
                self.record(mutant, verdict)

    def _warm(self, loop: Loop) -> None:
        """Runs one test of each file in this process, so that no fork has to import what moto imports late.

        Not the tests of orders, because they leave threads, and a fork has none.
        """
        firsts = {item.path: item for item in loop.items if "orders" not in item.path.parts}
        loop.run([*firsts.values()])
        if threading.active_count() > 1:
            raise RuntimeError(f"a test leaves a thread: {threading.enumerate()}")

    def _judge(self, loop: Loop, mutant: Mutant, chosen: list[pytest.Item]) -> Verdict | None:
        def work() -> Any:
            mutant.change()
            if not self.code.swap(mutant.file, self.code.trees[mutant.file]):
                return ["import"]
            return [loop.run(chosen)]

        if not chosen:
            return Verdict(SURVIVED, "no test reaches it")
        expected = sum(self.seconds.get(one.nodeid, 0.1) for one in chosen)
        answer = forked(work, seconds=300 + 10 * expected, cpu=int(20 + 4 * expected))
        return None if answer == ["import"] else verdict_of(answer)

    def everything(self) -> None:
        """Judges all mutants. The tests are collected in a fork, so that this process can import everything again."""

        def collected() -> Any:
            status = pytest_run(self.tests, Loop(self.in_functions))
            if status not in (0, 5):
                raise RuntimeError(f"pytest ended with status {status}")
            return {
                "failed": self.failed,
                "verdicts": {name: astuple(one) for name, one in self.verdicts.items()},
                "seconds": self.seconds,
                "reached": [[*key, tests] for key, tests in self.reached.items()],
                "packages": self.packages,
            }

        found = forked(collected, seconds=36_000)
        if found is None or found["failed"] or not found["seconds"]:
            raise RuntimeError(f"the tests fail without any mutant: {found and found['failed']}")
        self.verdicts = {name: Verdict(*one) for name, one in found["verdicts"].items()}
        self.reached = {(file, number): tests for file, number, tests in found["reached"]}
        self.seconds, self.packages = found["seconds"], found["packages"]
        self.at_import()

    def _baseline(self, loop: Loop) -> dict[str, Any]:
        """Runs all tests once, and notes which of them reach which statement."""
        reached: dict[tuple[str, int], set[str]] = defaultdict(set)
        seconds: dict[str, float] = {}
        now: set[tuple[str, int]] = set()
        for file, tree in self.code.trees.items():
            builtins.__dict__[marker := f"__reached_{abs(hash(file))}__"] = lambda number, file=file: now.add(
                (file, number)
            )
            marked = instrumented(tree, marker)
            if not self.code.swap(file, marked):
                raise ValueError(f"the functions of {file} cannot be told apart")

        def each(item: pytest.Item, took: float) -> None:
            seconds[item.nodeid] = took
            for one in now:
                reached[one].add(item.nodeid)
            now.clear()

        failed = loop.run(loop.items, each=each)
        return {
            "failed": failed,
            "seconds": seconds,
            "reached": [(file, number, sorted(tests)) for (file, number), tests in reached.items()],
        }

    def at_import(self) -> None:
        """Judges the mutants of code that runs at import: each fork imports everything again."""
        for name in self.packages:
            try:
                importlib.import_module(name)
            except Exception:
                continue
        _share_models()
        gc.collect()
        gc.freeze()
        left = [one for one in self.mutants if one.name not in self.verdicts]
        if left and forked(lambda: pytest_run(self._files_for(left[0].file), _First()), seconds=1800) != 0:
            raise RuntimeError("tests fail without any mutant after everything was imported again")
        for mutant in left:
            tests = self._files_for(mutant.file)

            def work(mutant: Mutant = mutant, tests: list[str] = tests) -> Any:
                mutant.change()
                sys.meta_path.insert(0, _Mutated(mutant.file, self.code.trees[mutant.file]))
                for number in range(len(tests)):
                    first = _First()
                    status = pytest_run(tests[number : number + 1], first, "-x")
                    if status:
                        return [first.failed or f"{tests[number]} (collection)"]
                return [""]

            self.record(mutant, verdict_of(forked(work, seconds=1200, cpu=120)))

    def _files_for(self, file: str) -> list[str]:
        """The test files that reach a module or have its name, the nearest first."""
        named = {test.partition("::")[0] for test in self.seconds}
        # No test reaches a module that has only constants.
        count: dict[str, int] = defaultdict(int, {test: 0 for test in named if near(file, test) == 0})
        for (reached, _), tests in self.reached.items():
            if reached == file:
                for test in tests:
                    count[test.partition("::")[0]] += 1
        ranked = sorted(count, key=lambda one: (near(file, one), -count[one]))
        return ranked[:6] or ["tests/lambdas/test_imports.py"]


def near(file: str, test_file: str) -> int:
    """How near a test file is to a module: 0 if it has its name, 1 if it is in its folder, else 2."""
    module, test = Path(file), Path(test_file)
    if test.stem == f"test_{module.stem}":
        return 0
    return 1 if test.parent.name == module.parent.name else 2


class _First:
    """Keeps the name of the first test that fails."""

    failed = ""

    def pytest_sessionstart(self) -> None:
        Loop(lambda _: None).pytest_sessionstart()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = f"{report.nodeid} ({report.when})"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = f"{report.nodeid} (collection)"


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a syntax tree."""

    def __init__(self, file: str, tree: Any) -> None:
        self._path = ROOT / file
        self._name = ".".join(self._path.relative_to(ROOT / "lambdas").with_suffix("").parts).removesuffix(".__init__")
        self._tree = tree

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self._name:
            return None
        found = [str(self._path.parent)] if self._path.stem == "__init__" else None
        return importlib.util.spec_from_file_location(name, self._path, loader=self, submodule_search_locations=found)

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        exec(compile(self._tree, str(self._path), "exec"), module.__dict__)


def _is_package(module: Any) -> bool:
    file = getattr(module, "__file__", None) or ""
    return "/site-packages/" in file and "pytest" not in file


def _share_models() -> None:
    """Lets forks share the service models that botocore has loaded."""
    import botocore.session

    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
