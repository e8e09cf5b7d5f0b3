"""The helpers of the tests are in tests/support. So everybody finds them, and no test depends on another test."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from local.settings import PROJECT
from tests.support import waiting
from tests.support.waiting import eventually

TESTS = PROJECT / "tests"
TRACES = TESTS / "e2e" / "test_traces.py"
"""The ids in this file have digits on purpose: the search for card numbers must not find these ids."""
PROGRAMS = ("contract", "corpora", "drill", "facts", "proof", "rehearsal")
"""Folders with a program, such as `python -m tests.contract`, and its modules."""
OURS = {
    path.stem
    for root in (PROJECT, PROJECT / "lambdas")
    for path in root.iterdir()
    if path.suffix == ".py" or path.is_dir()
}
"""The first names in imports of the project's modules."""

MOVE = "Helpers of tests live in tests/support (tests/README.md says what is where). Move there:"


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    """The nodes of a module of tests that can import, read or replace a name."""
    interesting = (ast.Import, ast.ImportFrom, ast.Attribute, ast.Call)
    return tuple(node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, interesting))


def modules(file: Path) -> Iterator[str]:
    """Yields the full names of the test modules that `file` imports."""
    for node in nodes(file):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.startswith("tests."))
            case ast.ImportFrom(level=0, module=str(module), names=names) if module.partition(".")[0] == "tests":
                yield from (module, *(f"{module}.{one.name}" for one in names))
            case ast.ImportFrom(level=level) if level:
                yield f"relatively, in line {node.lineno}"


def is_a_test(module: str) -> bool:
    """Whether pytest loads the module by itself, as it loads tests and conftests."""
    name = module.rpartition(".")[2]
    is_a_file = TESTS.parent.joinpath(*module.split(".")).with_suffix(".py").is_file()
    return (name == "conftest" or name.startswith("test_")) and is_a_file


def test_nothing_is_imported_from_a_conftest_or_from_a_test() -> None:
    found = [
        f"{file.relative_to(PROJECT)} imports {module}"
        for file in sorted(TESTS.rglob("*.py"))
        for module in modules(file)
        if is_a_test(module) or " " in module
    ]

    assert not found, "\n".join([MOVE, *found])


def test_every_other_module_is_in_support_or_in_the_folder_of_a_program() -> None:
    found = [
        path
        for file in sorted(TESTS.rglob("*.py"))
        if (path := file.relative_to(TESTS)).parts[0] not in ("support", *PROGRAMS)
        and file.name != "conftest.py"
        and not file.name.startswith("test_")
    ]

    assert not found, "\n".join([MOVE, *(f"tests/{path}" for path in found)])


def test_conftests_have_only_fixtures_and_hooks() -> None:
    found = [
        f"{node.name} of {file.relative_to(PROJECT)}"
        for file in sorted(TESTS.rglob("conftest.py"))
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef)
        or (isinstance(node, ast.FunctionDef) and not any("pytest." in ast.unparse(one) for one in node.decorator_list))
    ]

    assert not found, "\n".join([MOVE, *found])


def private_names(file: Path) -> Iterator[str]:
    """Yields the private names of our modules that `file` imports, reads or replaces."""
    imported: set[str] = set()
    for node in nodes(file):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in OURS:
            imported |= {one.asname or one.name for one in node.names}
            yield from (f"{node.module}.{one.name}" for one in node.names if is_private(one.name))
    for node in nodes(file):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in imported and is_private(attribute):
                yield f"{name}.{attribute}"
            case ast.Call(
                func=ast.Attribute(attr="setattr"),
                args=[ast.Name(id=name), ast.Constant(value=str(attribute)), *_],
            ) if name in imported and is_private(attribute):
                yield f"{name}.{attribute}"


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_tests_use_no_private_names_of_the_code() -> None:
    found = [
        f"{file.relative_to(PROJECT)}: {name}" for file in sorted(TESTS.rglob("*.py")) for name in private_names(file)
    ]

    assert not found, "\n".join(["Test it from outside, or give it a public name:", *found])


def test_waiting_returns_the_awaited_value() -> None:
    numbers, texts = iter([None, 0, 3, 7]), iter([None, "", "found"])

    assert eventually(lambda: next(numbers), until=lambda number: number > 5, every=0) == 7
    assert eventually(lambda: next(texts), every=0) == "found"


def test_a_timeout_shows_the_last_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.01)

    with pytest.raises(AssertionError, match=r"timed out after 0.01 seconds; last seen: \{'Status': 'RECEIVED'\}"):
        eventually(lambda: {"Status": "RECEIVED"}, until=lambda row: row["Status"] == "PARKED", every=0.001)


def test_no_id_of_a_test_run_can_look_like_a_card_number() -> None:
    found = [
        f"{file.relative_to(PROJECT)}:{number}: {line.strip()}"
        for file in sorted(TESTS.rglob("*.py"))
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if re.search(r"uuid4\(\)\.hex(?!\[:[0-9]\]|\[:1[0-2]\])", line) and file not in (Path(__file__), TRACES)
    ]

    assert not found, "\n".join(["Use tests.support.names.unique: its names hold no digits.", *found])
