"""Programs need no package that only tests install. Otherwise they would work in tests but not for users."""

import ast
import re
from functools import cache
from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.settings import PROJECT

FILES = ("requirements.txt", "lambdas/requirements.txt", "requirements-local.txt")
OURS = ("lambdas", "stacks", "local", "terminal", "costs", "tools")
MAY_MISS = {"requests": "only the service for Airflow imports it, and no app uses that"}
OPTIONAL = {"playwright": "only `make verify` opens a browser, and it says what to install if the package is missing"}


def test_the_engine_imports_no_package_that_only_tests_install() -> None:
    spec = find_spec("ministack")
    assert spec and spec.origin

    assert only_tests_have(Path(spec.origin).parent) == set(MAY_MISS), (
        "move their packages to requirements-local.txt, or say in MAY_MISS why the engine may miss them"
    )


def test_the_project_imports_no_package_that_only_tests_install() -> None:
    assert set().union(*(only_tests_have(PROJECT / folder) for folder in OURS)) == set(OPTIONAL)


def only_tests_have(folder: Path) -> set[str]:
    """The packages that modules in `folder` import although only tests install them."""
    dependencies = what_make_setup_installs()
    of_tests = {
        name
        for name, distributions in what_is_installed().items()
        if not {canonicalize_name(one) for one in distributions} & dependencies
    }
    # Parsing all modules of the engine takes six seconds, so only modules are parsed that may import one of them.
    names = "|".join(map(re.escape, of_tests))
    may_import = re.compile(rf"^\s*(?:from\s+(?:{names})\b|import\b.*\b(?:{names})\b)", re.MULTILINE)
    texts = [file.read_text() for file in folder.rglob("*.py") if "node_modules" not in file.parts]
    return of_tests & {name for text in texts if may_import.search(text) for name in imports_of(text)}


def imports_of(text: str) -> set[str]:
    """The packages that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


# Reading the lists of files of all distributions takes a second.
what_is_installed = cache(packages_distributions)


@cache
def what_make_setup_installs() -> set[str]:
    """The names of all distributions that `make setup` installs, dependencies included."""
    lines = [line for file in FILES for line in (PROJECT / file).read_text().splitlines()]
    waiting = [Requirement(line) for line in lines if re.match("[A-Za-z]", line)]
    names: set[str] = set()
    while waiting:
        one = waiting.pop()
        if (name := canonicalize_name(one.name)) not in names:
            names.add(name)
            extras = one.extras or {""}
            needed = map(Requirement, distribution(name).requires or ())
            waiting += [r for r in needed if not r.marker or any(r.marker.evaluate({"extra": e}) for e in extras)]
    return names
