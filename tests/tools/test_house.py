"""The rules of docs/changing.md#what-may-import-what. A part imports only parts below it, so there is no circle."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from local.settings import PROJECT

FUNCTIONS = {
    "account",
    "common",
    "feedback",
    "fulfillment",
    "identity",
    "orders",
    "publishing",
    "reminders",
    "sending",
    "sweep",
}
MAY_IMPORT = {
    "tools": {"app", "stacks", "local", "terminal", "costs"} | FUNCTIONS,
    "benchmarks": {"stacks", "local", "terminal", "costs"} | FUNCTIONS,
    "app": {"stacks"},
    "local": {"stacks", "terminal", "costs"} | FUNCTIONS,
    "stacks": FUNCTIONS,
    "terminal": {"common", "reminders"},
    "costs": set(),
    "account": {"common", "orders", "reminders"},
    "feedback": {"common", "reminders"},
    "fulfillment": {"common", "orders"},
    "identity": {"common"},
    "orders": {"common"},
    "publishing": {"common"},
    "reminders": {"common"},
    "sending": {"common", "reminders"},
    "sweep": {"common", "reminders"},
    "common": set(),
}
"""Each part, and the parts below it that it may import. The tests may import everything."""

CALL_AWS = {
    *("account.held", "account.person", "account.settings"),
    *(
        "common.calls",
        "common.http",
        "orders.cache",
        "orders.looks",
        "orders.operator_queues",
        "orders.redis_client",
        "orders.submission",
        "orders.table",
    ),
    *(
        "reminders.allowance",
        "reminders.executions",
        "reminders.readiness",
        "sending.senders",
        "reminders.settings",
        "reminders.table",
    ),
}
"""The modules of the functions that call AWS or read the environment, in addition to the handlers.

All other modules are rules: they take the clock, ids and settings as arguments, so tests need no simulated AWS.
"""

OF_THE_LAPTOP = {"tools.laptop", "tools.versions", "tools.dashboards.__main__", "tools.dashboards.picture"}
"""The only modules of `tools` that import `local`. So the command lines work for a stage on AWS without the packages of
the laptop cloud. `versions` is only for `make test`, and `dashboards` draws figures of the laptop cloud."""


def files() -> dict[str, Path]:
    """The project's modules by their names, without the tests."""
    folders = {name: PROJECT / ("lambdas" if name in FUNCTIONS else "") for name in MAY_IMPORT}
    return {
        ".".join(file.relative_to(above).with_suffix("").parts).removesuffix(".__init__"): file
        for name, above in folders.items()
        for file in ([above / f"{name}.py"] if name == "app" else (above / name).rglob("*.py"))
    }


FILES = files()


@cache
def imports(module: str) -> set[str]:
    """The project's modules that `module` imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        match node:
            case ast.Import(names=names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=str(package), names=names, level=0):
                whole = {f"{package}.{name.name}" for name in names}
                found |= whole & FILES.keys() or {package}
    return {name for name in found if name in FILES or part(name) == "tests"} - {module}


MAKES_PASSWORDS = ("tools.redis.redis-url", "orders.redis_client")
"""`redis-url` prints the URL that `redis_client` signs. It imports `redis_client` only for a cache on AWS."""


@cache
def calls_aws(module: str) -> bool:
    """Whether a module imports boto3 or reads the environment. Catching the errors of botocore is not a call."""
    text = FILES[module].read_text()
    return bool(re.search(r"^(?:import|from) (?:boto3|botocore\.(?:session|signers))\b|\bos\.environ\b", text, re.M))


def reached(module: str) -> set[str]:
    """The modules of the functions that `module` imports, directly or not."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        new = {name for name in imports(waiting.pop()) if part(name) in FUNCTIONS} - found
        found |= new
        waiting += new
    return found


def part(module: str) -> str:
    return module.partition(".")[0]


def room(module: str) -> str:
    """The room of a module. A folder of `tools` is one room."""
    return ".".join(module.split(".")[:2])


def circle(rooms: Callable[[str], str], modules: Iterator[str]) -> list[str]:
    """A circle of imports among `modules`, as the names of their rooms; empty if there is none."""
    graph: dict[str, set[str]] = {}
    for module in modules:
        graph.setdefault(rooms(module), set()).update(map(rooms, imports(module)))
    sorter = TopologicalSorter({one: others - {one} for one, others in graph.items()})
    try:
        sorter.prepare()
    except ValueError as error:
        return list(error.args[1])
    return []


def test_every_part_of_the_project_has_its_place() -> None:
    packages = {file.parent.name for file in [*PROJECT.glob("*/__init__.py"), *PROJECT.glob("lambdas/*/__init__.py")]}

    assert packages | {"app"} == MAY_IMPORT.keys()


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_a_part_imports_only_parts_below_it(name: str) -> None:
    arrows = {(module, other) for module in FILES if part(module) == name for other in imports(module)}

    assert {(module, other) for module, other in arrows if part(other) not in MAY_IMPORT[name] | {name}} == set()


def test_no_part_is_above_itself() -> None:
    TopologicalSorter(MAY_IMPORT).prepare()


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_no_two_modules_import_each_other(name: str) -> None:
    assert circle(str, (module for module in FILES if part(module) == name)) == []


def test_no_two_folders_of_tools_import_each_other() -> None:
    assert circle(room, (module for module in FILES if part(module) == "tools" and "." in module)) == []


def test_no_other_module_of_tools_imports_the_laptop_cloud() -> None:
    importing = {module for module in FILES if part(module) == "tools" and "local" in map(part, imports(module))}

    assert importing == OF_THE_LAPTOP


def test_only_handlers_and_the_listed_modules_of_the_functions_call_aws() -> None:
    """Add a module to CALL_AWS, or give it what it needs as arguments."""
    calling = {module for module in FILES if part(module) in FUNCTIONS and calls_aws(module)}

    assert {module for module in calling if not is_a_handler(module)} == CALL_AWS


def is_a_handler(module: str) -> bool:
    return re.search("^(?:def handler|handler = )", FILES[module].read_text(), re.M) is not None


def test_other_parts_import_only_rules_from_the_functions() -> None:
    """A stack or a command must not make an AWS client, or need the settings of a function, by importing."""
    others = [module for module in FILES if part(module) not in FUNCTIONS]
    wrong = {(module, name) for module in others for name in reached(module) if calls_aws(name)}

    assert wrong == {MAKES_PASSWORDS}


def test_the_documentation_has_the_same_table() -> None:
    """The failure shows the rows that docs/changing.md should have."""
    text = (PROJECT / "docs" / "changing.md").read_text()

    assert [row for row in table() if row not in text.splitlines()] == []


def table() -> list[str]:
    """The rows of the table in docs/changing.md#what-may-import-what."""
    names = {name: f"`lambdas/{name}`" if name in FUNCTIONS else f"`{name}`" for name in MAY_IMPORT}
    rows = []
    for name, below in MAY_IMPORT.items():
        listed = sorted(names[one] for one in below - FUNCTIONS)
        listed += ["rules of `lambdas`"] if below >= FUNCTIONS else sorted(names[one] for one in below & FUNCTIONS)
        rows.append(f"| {names[name]} | {', '.join(listed) or 'no other part'} |")
    return rows


def test_the_page_imports_nothing_from_elsewhere() -> None:
    website = PROJECT / "website"
    scripts = [file for file in website.rglob("*.js")]
    for script in scripts:
        for name in re.findall(r'^(?:import|export)\b[^;]*?from "([^"]+)"', script.read_text(), re.M):
            target = (website / name.lstrip("/") if name.startswith("/") else script.parent / name).resolve()
            assert target.is_file() and target.is_relative_to(website), f"{script} imports {name}"
    assert scripts
